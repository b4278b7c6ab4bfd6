"""The page of a search: one file, no harm from names, and whole whatever the trials were."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from nettide.report.tuning import counts_text, render_tuning, trial_rows
from nettide.report.tuning_content import Trial, TuningContent

EVIL = "</script><script>alert(1)</script>"


def trial(number: int, score: float | None, **changes: Any) -> Trial:
    options = {"hidden": str(2**number), "learning_rate": f"{0.001 * (number + 1):.3g}", "filters": "8,5,3"}
    return replace(Trial(number, "complete" if score else "pruned", options, score, 1.5), **changes)


TRIALS = (
    trial(0, 0.6, defaults=True),
    trial(1, 0.5),
    trial(2, None),
    trial(3, None, state="failed", reason="training diverged"),
    trial(4, None, state="unfinished"),
)
CONTENT = TuningContent(
    "links.csv", "lstm", "relWQL", "Best.", ("A remark.",), TRIALS, 1, {"hidden": 1.0}, {"Data": "3"}
)


def charts(page: str) -> dict[str, Any]:
    found = re.findall(r'<script type="application/json" data-chart="([^"]+)">(.*?)</script>', page)
    return {name: json.loads(text) for name, text in found}


def test_it_draws_the_history_the_importance_and_the_options() -> None:
    drawn = charts(render_tuning(CONTENT))
    assert set(drawn) == {"history", "importance", "slice-hidden"}
    trials, best = drawn["history"]["data"]
    assert (trials["x"], trials["y"], best["y"]) == ([0, 1], [0.6, 0.5], [0.6, 0.5])
    assert drawn["history"]["layout"]["shapes"][0]["y0"] == 0.6
    assert drawn["slice-hidden"]["data"][1]["x"] == ["2"]


def test_without_importance_every_option_is_drawn() -> None:
    drawn = charts(render_tuning(replace(CONTENT, importance={})))
    assert set(drawn) == {"history", "slice-hidden", "slice-learning-rate", "slice-filters"}


@pytest.mark.parametrize(("values", "kind"), [([1, 2, 3, 4, 5, 6, 7], None), ([1e-6, 1e-5, 1e-4, 2, 3, 4, 5], "log")])
def test_many_numbers_are_drawn_on_an_axis(values: list[float], kind: str | None) -> None:
    trials = tuple(trial(place, 0.5, options={"x": str(value)}) for place, value in enumerate(values))
    drawn = charts(render_tuning(replace(CONTENT, trials=trials, importance={})))
    assert drawn["slice-x"]["layout"]["xaxis"].get("type") == kind
    assert drawn["slice-x"]["data"][0]["x"] == values


def test_few_values_stand_in_the_order_of_their_size() -> None:
    trials = tuple(trial(place, 0.5, options={"x": text}) for place, text in enumerate(("128", "64", "256", "all")))
    axis = charts(render_tuning(replace(CONTENT, trials=trials, importance={})))["slice-x"]["layout"]["xaxis"]
    assert axis["categoryarray"] == ["64", "128", "256", "all"]


def test_the_table_has_the_best_first_and_the_defaults_wherever_they_came() -> None:
    rows = trial_rows(CONTENT, most=1)
    assert [(one.number, one.tag) for one in rows] == [(1, "best"), (0, "defaults")]
    assert rows[0].cells == ("0.5000", "1.5", "2", "0.002", "8,5,3")


def test_trials_are_counted_by_how_they_ended() -> None:
    assert counts_text(TRIALS) == (
        "2 trials to the end, 1 ended early where others did better, 1 failed, 1 stopped and not counted"
    )


def test_one_trial_alone_makes_a_page() -> None:
    assert set(charts(render_tuning(replace(CONTENT, trials=TRIALS[:1], best=0)))) >= {"history"}


def test_no_text_can_leave_its_place() -> None:
    trials = tuple(replace(one, options={EVIL: EVIL}, reason=EVIL) for one in TRIALS)
    content = replace(
        CONTENT, title=EVIL, model=EVIL, headline=EVIL, remarks=(EVIL,), trials=trials, importance={EVIL: 1.0}
    )
    page = render_tuning(replace(content, command=EVIL, again=EVIL, facts={EVIL: EVIL}, made=EVIL))
    assert EVIL not in page
    assert "alert(1)" in page


def test_it_loads_nothing_from_elsewhere() -> None:
    page = render_tuning(CONTENT)
    assert "default-src 'none'" in page
    assert not re.findall(r'<(?:script|link|img)[^>]*(?:src|href)="', page)
