from __future__ import annotations

import pytest

from nettide.studio.words import plain, seconds_text, value_text


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (1.94e12, "bit/s", "1.94 Tbit/s"),
        (35_200, "connections", "35.2 k connections"),
        (12, "connections", "12 connections"),
        (0.000396, "%", "0.000396 %"),
        (12.345, "ms", "12.3 ms"),
        (0.25, "", "0.25"),
        (float("nan"), "bit/s", "–"),
    ],
)
def test_a_value_is_written_as_people_write_it(value: float, unit: str, words: str) -> None:
    assert value_text(value, unit) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.84, "0.8 s"), (42, "42 s"), (60, "1 min"), (200, "3 min 20 s"), (3900, "1 h 5 min")]
)
def test_a_time_is_written_in_its_largest_units(seconds: float, words: str) -> None:
    assert seconds_text(seconds) == words


def test_markup_is_shown_to_the_letter() -> None:
    assert plain("<b>*x*</b> $a$ [l](u)") == r"\<b\>\*x\*\</b\> \$a\$ \[l\]\(u\)"
