"""When steps begin as people read it: days of a zone are its dates, all else is UTC."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from nettide.panel import Channel, Panel, Series
from nettide.prepare.shown_times import clock_sentence, shown_seconds, shown_texts, shown_zone, span_text

DAY = 86_400


def panel(step_seconds: int, start: datetime, *zones: str, steps: int = 10) -> Panel:
    series = tuple(Series(f"link-{place}", zone=zone) for place, zone in enumerate(zones))
    return Panel(np.ones((len(zones), steps, 1)), int(start.timestamp()), step_seconds, series, (Channel("y"),))


def test_days_of_a_zone_are_dates_also_where_its_clock_changes() -> None:
    days = panel(
        DAY, datetime(2026, 3, 26, 23, tzinfo=UTC), "Europe/Prague", "Europe/Prague"
    )  # summer time on the 29th
    assert shown_zone(days) == "Europe/Prague"
    dates = [f"2026-03-{day}" for day in (27, 28, 29, 30, 31)]
    assert shown_texts(days.seconds[:5], days) == dates
    assert not (shown_seconds(days.seconds, days) % DAY).any()
    assert span_text(int(days.seconds[0]), int(days.seconds[-1]), days) == "2026-03-27 to 2026-04-05 Europe/Prague"
    assert clock_sentence(days) == "Days are those of Europe/Prague."


@pytest.mark.parametrize(
    ("step", "zones"),
    [(3600, ["Europe/Prague"]), (DAY, ["UTC"]), (DAY, ["Europe/Prague", "Asia/Tokyo"]), (DAY // 2, ["Asia/Tokyo"])],
)
def test_all_else_is_told_in_utc(step: int, zones: list[str]) -> None:
    given = panel(step, datetime(2026, 3, 27, 12, tzinfo=UTC), *zones, steps=2)
    assert shown_zone(given) == "UTC"
    np.testing.assert_array_equal(shown_seconds(given.seconds, given), given.seconds)
    assert shown_texts(given.seconds[:1], given) == ["2026-03-27 12:00"]
    assert span_text(given.start, given.start + step, given).startswith("2026-03-27 12:00 to 2026-03-2")
    assert span_text(given.start, given.start + step, given).endswith(" UTC")
    assert clock_sentence(given) == "Times are UTC."


def test_no_steps_have_no_texts() -> None:
    assert shown_texts(np.array([], dtype=np.int64), panel(DAY, datetime(2026, 3, 27, tzinfo=UTC), "Asia/Tokyo")) == []
