from __future__ import annotations

import numpy as np
import pytest

from nettide.studio.charts import (
    Band,
    Line,
    autocorrelation_figure,
    axis_of,
    local_times,
    loss_figure,
    time_figure,
    week_figure,
)

HOURS = 1_767_225_600 + 3600 * np.arange(48, dtype=np.int64)


@pytest.mark.parametrize(
    ("largest", "unit", "title"),
    [
        (1.5e9, "bit/s", "load (Gbit/s)"),
        (999.0, "bit/s", "load (bit/s)"),
        (4e4, "packets", "load (k packets)"),
        (4e4, "%", "load (%)"),
        (4e4, "", "load (k)"),
        (12.0, "", "load"),
        (np.nan, "bit/s", "load (bit/s)"),
    ],
)
def test_an_axis_has_a_prefix_and_its_unit(largest: float, unit: str, title: str) -> None:
    assert axis_of(np.array([0.0, largest]), unit, "load").title == title


def test_values_are_drawn_in_the_unit_of_the_axis_on_the_clock_of_the_zone() -> None:
    values = np.full(48, 3e9)
    figure = time_figure([Line("uplink", HOURS, values)], unit="bit/s", name="y", zone="Asia/Tokyo")
    trace = figure.data[0]
    assert trace.y[0] == 3.0
    assert str(trace.x[0]).startswith("2026-01-01T09:00")
    assert figure.layout.yaxis.title.text == "y (Gbit/s)"
    assert figure.layout.xaxis.title.text == "time (Asia/Tokyo)"
    assert figure.layout.xaxis.rangeslider.visible


def test_a_name_that_is_markup_is_drawn_as_text() -> None:
    name = "<script>alert(1)</script>"
    figure = time_figure([Line(name, HOURS, np.ones(48))], unit="", name=name, zone="UTC")
    assert "<script" not in figure.to_json().replace("\\u003c", "<")
    assert figure.data[0].name == "&lt;script&gt;alert(1)&lt;/script&gt;"


def test_bands_marks_and_a_legend_stand_beside_the_line() -> None:
    band = Band("80 %", HOURS, np.zeros(48), np.full(48, 2e6))
    line = Line("actual", HOURS, np.ones(48) * 1e6)
    figure = time_figure([line], unit="bit/s", name="y", zone="UTC", bands=[band], marks=[(int(HOURS[10]), "now")])
    assert [one.name for one in figure.data] == [None, "80 %", "actual"]
    assert figure.data[1].y[0] == 2.0
    assert figure.layout.annotations[0].text == "now"
    assert figure.layout.shapes[0].x0.startswith("2026-01-01T10:00")
    assert figure.layout.showlegend


def test_a_hundred_thousand_points_are_thinned() -> None:
    seconds = 60 * np.arange(100_000, dtype=np.int64)
    figure = time_figure([Line("y", seconds, np.random.default_rng(0).random(100_000))], unit="", name="y", zone="UTC")
    assert len(figure.data[0].x) < 5000


def test_the_week_has_seven_days_and_the_lags_are_in_days() -> None:
    week = week_figure(np.arange(168.0).reshape(7, 24) * 1e6, unit="bit/s", name="y", zone="Europe/Prague")
    assert week.data[0].z.max() == 167.0
    assert week.layout.xaxis.title.text == "hour of the day (Europe/Prague)"
    lags = autocorrelation_figure(np.linspace(1, 0, 200), step_seconds=3600, marks=[(24, "day"), (500, "never")])
    assert lags.layout.xaxis.title.text == "lag (days)"
    assert [one.text for one in lags.layout.annotations] == ["day"]


def test_losses_without_validation_are_one_curve() -> None:
    figure = loss_figure([("lstm-1", [0.3, 0.2], [None, None])])
    assert [one.name for one in figure.data] == ["training loss"]
    two = loss_figure([("a", [0.3], [0.4]), ("b", [0.2], [0.3])])
    assert [one.name for one in two.data] == [
        "a: training loss", "a: validation loss", "b: training loss", "b: validation loss",
    ]  # fmt: skip


def test_daylight_saving_is_on_the_axis() -> None:
    summer = np.array([1_783_080_000], dtype=np.int64)  # 2026-07-03 12:00 UTC
    assert str(local_times(summer, "Europe/Prague")[0]).startswith("2026-07-03T14:00")
