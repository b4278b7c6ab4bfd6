"""A series that fell silent is forecast to stay so, and only then."""

from __future__ import annotations

import numpy as np
import pytest

from nettide.arrays import Floats
from nettide.forecast import LEVELS
from nettide.models import make_model
from nettide.models.silence import fallen_silent, silenced
from nettide.panel import Channel, Panel, Series

HOURS = np.arange(24 * 28)


def days() -> Floats:
    return 1e8 * (2 + np.sin(2 * np.pi * HOURS / 24)) * np.random.default_rng(0).lognormal(0, 0.05, len(HOURS))


def silent_for(steps: int, *, earlier: int = 0) -> Floats:
    values = days()
    values[len(values) - steps :] = 0.0
    values[200 : 200 + earlier] = 0.0
    return values


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (days(), False),
        (silent_for(5), False),
        (silent_for(6), True),
        (silent_for(240), True),
        (silent_for(12, earlier=10), False),
        (silent_for(13, earlier=10), True),
        (np.zeros(len(HOURS)), True),
        (np.where(HOURS % 24 < 12, 0.0, days()), False),
    ],
)
def test_silence_is_longer_than_ever_before(values: Floats, found: bool) -> None:
    assert fallen_silent(values[None], day_steps=24).tolist() == [found]


def test_unknown_steps_neither_end_nor_lengthen_silence() -> None:
    values = silent_for(8)
    values[-4:-2] = np.nan
    assert fallen_silent(values[None], day_steps=24).all()
    values[-6:] = np.nan
    assert not fallen_silent(values[None], day_steps=24).any()


def test_a_link_that_falls_silent_is_noticed_after_a_quarter_of_a_day() -> None:
    past = np.random.default_rng(1).uniform(1, 2, (3, 400))
    past[0, -6:] = 0
    past[1, -5:] = 0
    assert fallen_silent(past, day_steps=24).tolist() == [True, False, False]
    assert fallen_silent(past[:, :0], day_steps=24).tolist() == [False] * 3


def test_silence_that_is_a_habit_is_not_noticed() -> None:
    nightly = np.tile(np.r_[np.ones(16), np.zeros(8)], 20)[None]
    assert not fallen_silent(nightly, day_steps=24)[0]
    longer = np.c_[nightly, np.zeros((1, 3))]
    assert fallen_silent(longer, day_steps=24)[0]
    unknown = np.r_[np.ones(100), np.full(20, np.nan)][None]
    assert not fallen_silent(unknown, day_steps=24)[0]


def test_a_link_that_never_carried_anything_is_silent() -> None:
    past = np.array([[0.0] * 200, [np.nan] * 190 + [0.0] * 10, [np.nan] * 200])
    assert fallen_silent(past, day_steps=24).tolist() == [True, True, False]


def test_a_silent_link_is_zero_but_for_the_highest_quantile() -> None:
    found = silenced(np.arange(1.0, 10.0)[None], np.array(LEVELS))
    assert found.tolist() == [[0, 0, 0, 0, 0, 0, 0, 0, 9]]


def test_the_pretrained_network_lets_a_dead_link_be_dead() -> None:
    target = np.stack([days(), silent_for(240)])
    series = (Series("alive", "bit/s"), Series("dead", "bit/s"))
    panel = Panel(target[..., None], 1_772_323_200, 3600, series, (Channel("y", "bit/s"),))
    model = make_model("base", horizon=24)
    model.fit(panel)
    made = model.predict(panel, np.array([panel.steps - 1]))
    assert (made.quantiles[0] > 1e7).all()
    assert (made.quantiles[1, 0, :, :8] == 0).all()
    assert (made.quantiles[1, 0, :, 8] >= 0).all()
    before = model.predict(panel, np.array([panel.steps - 241]))
    assert (before.quantiles[1] > 1e7).all()  # nothing is known of it yet
