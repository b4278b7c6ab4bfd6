"""The verdict on real traffic: what is known to be wrong with each set is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from nettide.prepare.grid import GridChoice
from nettide.prepare.quality import Verdict
from nettide.sources.contract import Layout
from nettide.tasks.check import check
from nettide.tasks.load import Reading

pytestmark = pytest.mark.data


def verdict_on(path: Path, **grid: str) -> Verdict:
    return check(str(path), Reading(layout=Layout(target="y"), grid=GridChoice(**grid)))


def test_the_isp_link_has_a_wrong_clock(data: Path) -> None:
    (link,) = verdict_on(data / "isp_eu_5min.parquet").series
    assert 7 * link.figures.measured_day_steps == pytest.approx(1982, abs=3)
    assert link.judgement == "with care"
    assert [one.kind for one in link.findings] == ["clock", "history"]


def test_seventy_milan_cells_end_early(data: Path) -> None:
    verdict = verdict_on(data / "milan_cells_hourly.parquet")
    early = [one for one in verdict.series if one.figures.ends_before_seconds]
    assert len(early) == 70
    assert verdict.counts() == {"fit to forecast": 211, "with care": 5, "not": 65}
    whole = [one for one in verdict.series if one not in early]
    assert sorted(one.figures.daily_strength for one in whole)[len(whole) // 10] > 0.6
    assert [one.id for one in whole if one.judgement != "fit to forecast"] == ["milan_cell_00100"]  # falls in December


def test_abilene_misses_a_seventh_in_four_gaps(data: Path) -> None:
    verdict = verdict_on(data / "abilene_nodes_5min.parquet")
    for one in verdict.series:
        assert one.figures.missing == pytest.approx(0.139, abs=0.001)
        assert (one.figures.gaps, one.figures.longest_gap) == (4, 18 * 288)
    assert {shift.date for one in verdict.series for shift in one.figures.shifts} == {"2004-04-29"}


def test_cesnet_addresses_are_silent_not_unmeasured(data: Path) -> None:
    path = data / "cesnet_ip_hourly.parquet"
    gaps = verdict_on(path)
    assert (len(gaps.series), gaps.rows, gaps.step_seconds) == (148, 699_642, 3600)
    assert any("if a missing row means no traffic, add --missing zero" in note for note in gaps.notes)
    zeros = verdict_on(path, missing="zero")
    assert max(one.figures.missing for one in zeros.series) == 0
    assert zeros.counts()["not"] == 3


def test_the_institution_is_fit(data: Path) -> None:
    verdict = check(str(data / "cesnet_institution_daily.csv"), Reading(layout=Layout(target="n_bytes")))
    assert verdict.counts()["fit to forecast"] == 1
    assert 0.3 < verdict.series[0].figures.weekly_strength < 0.7
