"""Search spaces: they hold the defaults, name options that exist, and fit the data."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from nettide.errors import OptionError, UnknownModelError
from nettide.models import MODELS, make_config, model_class
from nettide.models.recurrent_config import RecurrentConfig
from nettide.models.recurrent_space import recurrent_space
from nettide.models.search_space import SPACES, Choices, check_tunable, search_space, value_text
from nettide.panel import Channel, Panel, Series


def panel(steps: int, *, step_seconds: int = 3600, channels: int = 1) -> Panel:
    """Series of ones; spaces look at the shape alone."""
    names = tuple(Channel(f"c{place}") for place in range(channels))
    return Panel(np.ones((4, steps, channels)), 1_772_323_200, step_seconds, tuple(map(Series, "abcd")), names)


TUNABLE = sorted(set(SPACES) & set(MODELS))


@pytest.mark.parametrize("model", TUNABLE)
@pytest.mark.parametrize("steps", [60, 24 * 60])
def test_the_defaults_lie_in_the_space_and_every_end_of_it_makes_a_config(model: str, steps: int) -> None:
    def config(**options: str) -> object:
        context = options.pop("context", None)
        return make_config(model, horizon=6, context=int(context) if context else None, seed=0, options=options)

    found = search_space(model, config(), panel(steps, channels=2))
    assert set(found.defaults) == set(found.ranges)
    assert set(found.ranges).isdisjoint(MODELS[model].preset)
    assert set(found.ranges) <= {one.name for one in fields(model_class(model).Config)}
    for name, one in found.ranges.items():
        default = found.defaults[name]
        if isinstance(one, Choices):
            assert default in one.values
            assert len(set(one.values)) > 1
            ends = one.values
        else:
            assert one.low <= float(default) <= one.high
            ends = (one.low, one.high)
        for end in ends:
            config(**{name: value_text(end)})


def contexts(steps: int, *, step_seconds: int = 3600, horizon: int = 24, context: int | None = None) -> object:
    config = RecurrentConfig(horizon=horizon, context=context)
    one = recurrent_space(config, panel(steps, step_seconds=step_seconds)).ranges.get("context")
    return one.values if isinstance(one, Choices) else None


def test_half_and_twice_the_context_are_tried_in_whole_patches_where_history_allows() -> None:
    assert contexts(24 * 60) == (96, 168, 336)
    assert contexts(24 * 25) == (96, 168)
    assert contexts(2000, step_seconds=300, horizon=12) == (144, 288, 576)
    assert contexts(280, step_seconds=86_400, horizon=1) == (14, 28, 56)
    assert contexts(80) == (8, 16)


def test_channels_and_filters_are_tried_where_there_are_any() -> None:
    config = RecurrentConfig(horizon=24)
    assert "channels" not in recurrent_space(config, panel(900)).ranges
    assert "channels" in recurrent_space(config, panel(900, channels=3)).ranges
    assert "filters" not in recurrent_space(config, panel(900)).ranges
    fcn = recurrent_space(replace(config, convolution=True), panel(900))
    assert fcn.defaults["filters"] == "32,64,32"


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), (64, "64"), (0.00123456, "0.00123"), (0.0, "0"), ((8, 5, 3), "8,5,3"), ("a", "a")],
)
def test_a_value_is_written_as_set_reads_it(value: object, text: str) -> None:
    assert value_text(value) == text  # type: ignore[arg-type]


def test_models_without_a_space_are_refused_with_those_that_have_one() -> None:
    with pytest.raises(OptionError, match=r"model 'window-mean' has nothing to tune; models that have: .*gru.*, lstm"):
        check_tunable("window-mean")
    with pytest.raises(UnknownModelError, match="unknown model 'lsmt'; did you mean 'lstm'"):
        check_tunable("lsmt")
