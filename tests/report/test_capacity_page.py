"""The page of capacities."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np

from nettide.insight.capacity import outlooks
from nettide.insight.capacity_choice import CapacityChoice
from nettide.panel import Channel, Panel, Series
from nettide.report.capacity_page import MOST_FANS, headline, render_capacity
from nettide.tasks.capacity import urgency

CHOICE = CapacityChoice(paths=100, horizon_days=60)


def panel_of(*levels: float, ids: tuple[str, ...] = (), days: int = 60) -> Panel:
    noise = np.exp(0.02 * np.random.default_rng(0).standard_normal((len(levels), days)))
    names = ids or tuple(f"s{place}" for place in range(len(levels)))
    series = tuple(Series(id, "bit/s", capacity=1e9) for id in names)
    return Panel((np.array(levels)[:, None] * noise)[..., None], 1_767_571_200, 86400, series, (Channel("y"),))


def test_the_headline_counts_what_is_full() -> None:
    found = outlooks(panel_of(1.2e9, 0.1e9, 0.2e9), CHOICE)
    assert headline(found, CHOICE) == (
        "100 % of the capacity: 1 of 3 series is there already, 0 more are likely to be within 60 days."
    )
    short = outlooks(panel_of(5e8, days=9), CHOICE)
    assert (
        headline(short, CHOICE)
        == "No run-out date can be told: every series is too short, silent or without recent readings."
    )


def test_a_new_link_that_is_over_its_capacity_is_named_though_it_has_no_date() -> None:
    new = outlooks(panel_of(1.5e9, days=9, ids=("new",)), CHOICE)
    said = " new is above it, too, though its history is too short for dates."
    assert headline(new, CHOICE).endswith(said)
    old = outlooks(panel_of(0.99e9, days=60), CHOICE)
    assert headline((*old, *new), CHOICE).endswith(f"within 60 days.{said}")
    assert [one.id for one in sorted((*old, *new), key=urgency)] == ["new", "s0"]


def test_the_page_has_a_row_a_series_and_a_chart_of_the_most_urgent_ones() -> None:
    found = outlooks(panel_of(*np.linspace(1e8, 9e8, MOST_FANS + 3)), CHOICE)
    page = render_capacity(found, choice=CHOICE, title="links", notes=["a note"], command="nettide capacity links")
    assert page.count('<th scope="row">') == MOST_FANS + 3
    assert page.count("data-chart=") == MOST_FANS
    assert "a note" in page
    chart = json.loads(re.findall(r'data-chart="fan-0">(.*?)</script>', page)[0])
    assert len(chart["times"]) == 60 + 60
    assert chart["times"][0] == "2026-01-05"
    assert [shape["y0"] for shape in chart["layout"]["shapes"][1:]] == [7e8, 8.5e8, 1e9]
    assert {trace["name"] for trace in chart["data"]} >= {"measured", "median", "80 % of days inside"}


def test_a_series_without_a_date_says_why() -> None:
    page = render_capacity(outlooks(panel_of(1e9, days=9), CHOICE), choice=CHOICE, title="links")
    assert "too short a history: 9 whole days are known, 28 are needed" in page
    assert "data-chart=" not in page


def test_a_series_that_ended_before_the_others_has_no_date_and_says_since_when() -> None:
    panel = panel_of(9.9e8, 9.9e8)
    panel.values[1, 40:] = np.nan
    found = outlooks(panel, CHOICE)
    page = render_capacity(sorted(found, key=urgency), choice=CHOICE, title="links")
    row = page.partition('<th scope="row">s1</th>')[2].partition("</tr>")[0]
    assert re.findall("<td>(.*?)</td>", row) == ["1 Gbit/s", "–", "–", "–", "no readings since 2026-02-13", "", ""]
    assert page.count("data-chart=") == 1


def test_names_cannot_run_as_script() -> None:
    bad = "<script>alert(1)</script>"
    found = outlooks(panel_of(5e8, ids=(bad,)), CHOICE)
    page = render_capacity(
        [replace(one, unit=bad) for one in found], choice=CHOICE, title=bad, notes=[bad], command=bad
    )
    assert "<script>alert" not in page
