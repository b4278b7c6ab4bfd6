"""``nettide billing`` at the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from command_line import refuse, succeed


def samples(days: int, seed: int) -> np.ndarray:
    step = np.arange(24 * days)
    noise = np.exp(0.1 * np.random.default_rng(seed).standard_normal(len(step)))
    return np.round(1e9 * (1 + 0.5 * np.sin(2 * np.pi * step / 24)) * noise)


@pytest.fixture(scope="module")
def links(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hourly readings of both directions of a link, from 1 January to 9 March."""
    values = samples(68, 0), 1.3 * samples(68, 1)
    times = np.datetime64("2026-01-01T00:00") + np.arange(24 * 68) * np.timedelta64(1, "h")
    lines = ["time,bits_in,bits_out"]
    lines += [f"{time}Z,{one:.0f},{other:.0f}" for time, one, other in zip(times, *values, strict=True)]
    path = tmp_path_factory.mktemp("links") / "link.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def reference(values: np.ndarray) -> float:
    ordered = sorted(values.tolist(), reverse=True)
    return float(ordered[len(ordered) // 20])


def test_a_month_is_billed_exactly_and_the_one_that_runs_is_forecast(links: Path) -> None:
    ran = succeed("billing", links, "--target", "*", "--unit", "bit/s", "--commit", "1.5G", "--price", 0.5, "--json")
    (link,) = json.loads(ran.out)["links"]
    january, february, march = link["months"]
    incoming, outgoing = samples(68, 0), np.round(1.3 * samples(68, 1))
    assert january["p95_by_direction"] == {"in": reference(incoming[:744]), "out": reference(outgoing[:744])}
    assert january["p95"] == reference(outgoing[:744])
    assert january["cost"] == pytest.approx(0.5 * max(1500, january["p95"] / 1e6))
    assert [one["complete"] for one in (january, february, march)] == [True, True, False]
    end = link["month_end"]
    assert end["month"] == "2026-03"
    assert end["p10"] <= end["p50"] <= end["p90"]
    assert end["p50"] == pytest.approx(february["p95"], rel=0.1)
    assert end["probability_over_commit"] > 0.9
    assert end["expected_cost"] == pytest.approx(end["p50"] / 1e6 * 0.5, rel=0.05)


def test_the_table_has_a_line_a_month_and_the_forecast_last(links: Path) -> None:
    ran = succeed(
        "billing", links, "--target", "*", "--unit", "bit/s", "--commit", "9G", "--price", 2, "--policy", "sum"
    )
    lines = ran.out.splitlines()
    assert lines[0] == "link.csv: policy sum, commit 9 Gbit/s"
    assert [line.split()[0] for line in lines[2:]] == ["bits", "2026-02", "2026-03", "2026-03"]
    assert "so far" in lines[4]
    assert "probability under 1 %" in lines[5]
    assert "18,000.00" in lines[5]
    assert "carriers bill samples of 5min, and the steps are 1h: a longer mean hides peaks and bills less" in ran.err


def test_a_short_history_is_billed_without_a_forecast(tmp_path: Path) -> None:
    path = tmp_path / "new.csv"
    times = np.datetime64("2026-01-01T00:00") + np.arange(24 * 9) * np.timedelta64(1, "h")
    path.write_text("\n".join(["time,bits", *(f"{time}Z,{place}" for place, time in enumerate(times))]))
    ran = succeed("billing", path, "--commit", "100", "--price", 1)
    assert "under 28 days with traffic are known: the end of the month cannot be forecast" in ran.err
    assert "–" in ran.out.splitlines()[-1]
    assert json.loads(succeed("billing", path, "--json").out)["links"][0]["month_end"]["p50"] is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--commit", "much"), "quantity 'much' is not understood"),
        (("--price", "-1"), "price -1 must be zero or more"),
        (("--overage-price", "1"), "an overage price needs the price of the commit too"),
        (("--unit", "bytes"), "an amount and not a rate"),
        (("--series", "bit"), "unknown link 'bit'; did you mean 'bits'"),
        (("--step", "7h"), "steps of 25200 seconds do not divide a day"),
    ],
)
def test_what_cannot_be_billed_is_refused(links: Path, options: tuple[str, ...], message: str) -> None:
    assert message in refuse("billing", links, "--target", "*", *options)


def test_one_direction_or_link_can_be_asked_for(links: Path) -> None:
    found = json.loads(succeed("billing", links, "--target", "*", "--series", "bits_in", "--json").out)
    assert [one["link"] for one in found["links"]] == ["bits_in"]
    found = json.loads(succeed("billing", links, "--target", "*", "--series", "bits", "--json").out)
    assert [one["link"] for one in found["links"]] == ["bits"]
