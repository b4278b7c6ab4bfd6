"""The page: one file, no network, no harm from names, and whole whatever is missing."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from made_backtests import Profile, contenders, made_backtest, made_panel
from nettide.backtest.coverage import coverages
from nettide.backtest.evaluate import Backtest, Contender, backtest
from nettide.backtest.leaderboard import score
from nettide.backtest.skill import compare_with_naive
from nettide.report.content import Future, ReportContent
from nettide.report.page import render
from nettide.report.timelines import MOST_FUTURES, apart, best_and_worst

EVIL = ["<script>alert(1)</script>", "<img src=x onerror=alert(2)>", "</script><b>%{y}</b>", "a & 'b' \"c\"", "--ink"]


@dataclass
class Page(HTMLParser):
    """The parts of a page that tests look at."""

    html: str
    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    charts: dict[str, Any] = field(default_factory=dict)
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__()
        self._inside = ""
        self._chart: str | None = None
        self.feed(self.html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag
        if tag == "script":
            self._chart = dict(attrs).get("data-chart")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "script" and self._chart:
            self.charts[self._chart] = json.loads(data)
        elif self._inside == "script":
            self.scripts.append(data)
        elif self._inside != "style":
            self.text += data + "\n"

    def policy(self) -> str:
        return next(str(a["content"]) for tag, a in self.tags if tag == "meta" and "http-equiv" in a)


def content(result: Backtest, *, future: bool = True, **changes: Any) -> ReportContent:
    made = ReportContent(
        title="traffic.csv",
        backtest=result,
        scores=score(result),
        coverages=coverages(result),
        comparisons=compare_with_naive(result),
        verdict=("2 series are fit to forecast.",),
        command="nettide backtest traffic.csv --horizon 24 --out results",
        versions={"nettide": "0.1.0"},
        made="2026-03-01",
        future=future_of(result) if future else None,
    )
    return replace(made, **changes)


def future_of(result: Backtest) -> Future:
    model = Profile(result.horizon)
    model.fit(result.panel)
    return Future("profile", model.predict(result.panel, np.array([result.panel.steps - 1])), result.panel)


def page(result: Backtest, **changes: Any) -> Page:
    return Page(render(content(result, **changes)))


@pytest.fixture(scope="module")
def whole() -> Page:
    return page(made_backtest(series=16))


def valid(chart: dict[str, Any]) -> go.Figure:
    """Check a chart against plotly's own description, colours and positions filled in as the page's script does."""

    def coloured(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: coloured(one, name) for name, one in value.items()}
        if isinstance(value, list):
            return [coloured(one) if isinstance(one, dict) else one for one in value]
        return "#123456" if key.endswith("color") and str(value).startswith("--") else value

    data = []
    for trace in coloured(chart["data"]):
        at = trace.pop("at", None)
        x = trace.pop("x", None) or chart["times"]
        data.append({**trace, "x": x if at is None else [None if one is None else chart["times"][one] for one in at]})
        assert len(data[-1]["x"]) == len(data[-1]["y"])
    return go.Figure(data=data, layout=coloured(chart["layout"]))


def test_the_page_shows_everything_it_was_given(whole: Page) -> None:
    for part in (
        "traffic.csv",
        "profile is best",
        "2 series are fit",
        "--horizon 24",
        "nettide 0.1.0",
        "weekly naive",
        "Do the bands hold?",
    ):
        assert part in whole.text
    assert {"losses", "steps", "calibration", "hours", "skill", "predicted-0", "predicted-1", "future-0"} <= set(
        whole.charts
    )


def test_every_chart_is_valid_for_plotly_and_has_its_place(whole: Page) -> None:
    ids = {attributes["id"] for _, attributes in whole.tags if "id" in attributes}
    for name, chart in whole.charts.items():
        valid(chart)
        assert name in ids


def test_nothing_is_loaded_from_anywhere(whole: Page) -> None:
    for tag, attributes in whole.tags:
        assert tag not in {"link", "img", "iframe", "object", "embed", "base", "form"}
        assert not {"src", "href", "srcset", "action", "data", "style"} & set(attributes), (tag, attributes)
        assert not any(name.startswith("on") for name in attributes)
    css = re.search(r"<style>(.*?)</style>", whole.html, re.S)
    assert css
    assert "url(" not in css.group(1)
    assert "@import" not in css.group(1)
    assert "default-src 'none'" in whole.policy()
    assert "http" not in whole.policy().replace("http-equiv", "")


def test_only_the_two_scripts_of_ours_may_run(whole: Page) -> None:
    assert len(whole.scripts) == 2
    hashes = [base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() for one in whole.scripts]
    assert f"script-src 'sha256-{hashes[0]}' 'sha256-{hashes[1]}';" in whole.policy()
    assert whole.html.count("* plotly.js v") == 1


def test_names_that_are_html_stay_text_everywhere() -> None:
    result = made_backtest(series=5, ids=EVIL, unit="<script>alert(4)</script>%{x}")
    plain, evil = (
        page(made_backtest(series=5)),
        page(result, title=EVIL[0], verdict=EVIL, command=EVIL[2], made=EVIL[1]),
    )
    extra = len(EVIL) - 1  # further sentences of the verdict
    assert len(evil.tags) == len(plain.tags) + extra
    assert len(evil.scripts) == 2
    assert EVIL[0] in evil.text
    # in charts the names are texts of plotly.js, which reads HTML in them unless it is escaped
    for chart in evil.charts.values():
        valid(chart)
        for text in texts({**chart, "times": []}):
            assert "<" not in text.replace("<extra></extra>", "").replace("<br>", "")


def texts(value: Any) -> Sequence[str]:
    if isinstance(value, dict):
        return [text for one in value.values() for text in texts(one)]
    if isinstance(value, list):
        return [text for one in value for text in texts(one)]
    return [value] if isinstance(value, str) else []


def test_a_series_with_many_steps_keeps_the_page_small() -> None:
    result = made_backtest(series=5, steps=288 * 60, step_seconds=300, horizon=12, stride=3)
    text = render(content(result))
    assert len(text) < 8e6
    assert len(Page(text).charts["predicted-0"]["times"]) <= 3000


def test_one_series_and_one_cutoff_make_a_page() -> None:
    panel = made_panel(series=1)
    result = backtest(panel, contenders(24), test_start=panel.steps - 24, horizon=24, stride=24)
    made = page(result)
    assert "skill" not in made.charts
    assert "predicted-1" not in made.charts
    assert "Only 1 cutoff was tested" in made.text
    for chart in made.charts.values():
        valid(chart)


def test_one_step_ahead_makes_a_page_without_the_error_by_step() -> None:
    made = page(made_backtest(series=1, steps=280, step_seconds=86_400, horizon=1, stride=1))
    assert "steps" not in made.charts
    for chart in made.charts.values():
        valid(chart)


def test_point_models_alone_make_a_page_without_bands() -> None:
    models = [Contender("point", lambda: Profile(24, levels=())), Contender("other", lambda: Profile(24, 2, levels=()))]
    result = backtest(made_panel(), models, test_start=840, horizon=24, stride=24)
    made = page(result, future=False)
    assert "calibration" not in made.charts
    assert "losses" not in made.charts
    assert not any("fill" in trace for chart in made.charts.values() for trace in chart["data"])
    assert "the shade is" not in made.text


def test_a_page_is_made_even_if_every_model_failed() -> None:
    result = backtest(made_panel(), contenders(12), test_start=840, horizon=24, stride=24)
    made = page(result, future=False)
    assert "No model could be evaluated." in made.text
    assert "model 'profile' forecasts 12 steps ahead, fewer than 24" in made.text
    assert not made.charts


def test_a_page_is_made_even_if_no_truth_is_known() -> None:
    panel = made_panel(series=2)
    panel.values[:, 840:] = np.nan
    result = backtest(panel, contenders(24), test_start=840, horizon=24, stride=24)
    made = page(result)
    assert "No forecast could be compared with a known value." in made.text
    for chart in made.charts.values():
        valid(chart)


def test_more_than_forty_series_are_drawn_as_a_histogram_that_counts_each_once() -> None:
    made = page(made_backtest(series=60), future=False)
    bars = made.charts["skill"]["data"]
    assert {trace["type"] for trace in bars} == {"bar"}
    assert [sum(trace["y"]) for trace in bars] == [60, 60, 60]


def test_the_future_offers_the_largest_series_and_starts_now() -> None:
    result = made_backtest(series=20)
    made = page(result)
    names = [name for name in made.charts if name.startswith("future-")]
    assert len(names) == MOST_FUTURES
    totals = np.nansum(result.panel.target[:, -48:], axis=1)
    assert result.panel.ids[int(totals.argmax())] in made.text
    chart = made.charts["future-0"]
    now = str(result.panel.times[-1]).replace("T", " ")[:16]
    assert chart["layout"]["shapes"][0]["x0"] == now
    forecast = next(trace for trace in chart["data"] if trace["name"] == "forecast by profile")
    drawn = [time for time, value in zip(chart["times"], forecast["y"], strict=True) if value is not None]
    assert len(drawn) in (24, 25)  # with the last measured value, where that is known
    assert drawn[-1] == str(result.panel.times[-1] + np.timedelta64(24, "h")).replace("T", " ")[:16]


def test_history_after_now_is_not_drawn_as_history() -> None:
    result = made_backtest(series=1, holes=0)
    model = Profile(24)
    model.fit(result.panel)
    earlier = Future("profile", model.predict(result.panel, np.array([900])), result.panel)
    made = Page(render(replace(content(result, future=False), future=earlier))).charts["future-0"]
    measured = next(trace for trace in made["data"] if trace.get("name") == "measured")
    last = [time for time, value in zip(made["times"], measured["y"], strict=True) if value is not None][-1]
    assert last == made["layout"]["shapes"][0]["x0"] == str(result.panel.times[900]).replace("T", " ")[:16]
    assert made["times"] == sorted(made["times"])


def test_forecasts_that_are_laid_one_after_the_other_do_not_overlap() -> None:
    assert apart(np.array([10, 11, 12, 13, 14, 15, 16]), 3).tolist() == [0, 3, 6]
    assert apart(np.array([10, 20, 30]), 3).tolist() == [0, 1, 2]
    assert apart(np.array([5]), 24).tolist() == [0]


def test_between_forecasts_that_leave_a_gap_the_line_is_broken() -> None:
    result = made_backtest(series=2, holes=0, horizon=6, stride=24)
    chart = page(result, future=False).charts["predicted-0"]
    first = next(trace for trace in chart["data"] if trace.get("name") == "profile")
    assert [value is None for value in first["y"][:30]] == [False] * 6 + [True] * 18 + [False] * 6


def test_a_series_that_ends_early_is_neither_best_nor_worst() -> None:
    panel = made_panel(series=3, holes=0)
    panel.values[1, 860:] = np.nan
    result = backtest(panel, contenders(24), test_start=840, horizon=24, stride=24)
    point = result.outcomes[0].forecast.point.copy()
    point[1] = 0.0  # by far the worst
    assert {place for place, _ in best_and_worst(result, point)} == {0, 2}


def test_best_and_worst_series_are_those_of_the_best_model() -> None:
    result = made_backtest(series=4)
    best = score(result)[0].model
    point = next(one.forecast.point for one in result.outcomes if one.name == best)
    (first, what), (last, other) = best_and_worst(result, point)
    errors = np.nanmean(np.abs(result.truth - point), axis=(1, 2))
    yardstick = np.nanmean(np.where(np.isnan(point), np.nan, np.abs(result.truth - result.yardstick)), axis=(1, 2))
    assert (first, last) == (int((errors / yardstick).argmin()), int((errors / yardstick).argmax()))
    assert what.startswith("best series, relative error 0.")
    assert other.startswith("worst series")
