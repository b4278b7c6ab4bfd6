"""What a model remembers of its data, and what it refuses later."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from nettide.errors import DamagedError, MismatchError
from nettide.models.fitted import Fitted
from nettide.panel import Channel, Panel, Series


def panel(*names: str, step: int = 3600, unit: str = "bit/s", channel_unit: str = "") -> Panel:
    values = np.arange(2.0 * 5 * len(names)).reshape(2, 5, len(names))
    channels = tuple(Channel(name, channel_unit if place else "") for place, name in enumerate(names))
    return Panel(values, 0, step, (Series("a", unit), Series("b", unit)), channels)


def test_the_same_panel_passes_and_is_not_copied() -> None:
    shown = panel("y", "load")
    assert Fitted.of(shown).matching(shown) is shown


def test_another_step_is_refused_with_both_steps() -> None:
    with pytest.raises(
        MismatchError, match=r"model was fitted on steps of 1h, the data has 5min; bring the data to 1h"
    ):
        Fitted.of(panel("y")).check(panel("y", step=300))


def test_missing_channels_are_named() -> None:
    with pytest.raises(MismatchError, match=r"needs channel 'load', 'flows', which the data lacks; it has y, other"):
        Fitted.of(panel("y", "load", "flows")).check(panel("y", "other"))


def test_another_target_is_refused() -> None:
    with pytest.raises(MismatchError, match=r"forecasts 'y', the target of the data is 'load'; choose 'y' as target"):
        Fitted.of(panel("y")).check(panel("load", "y"))


def test_another_known_unit_of_the_target_is_refused_and_an_unknown_one_passes() -> None:
    fitted = Fitted.of(panel("y"))
    fitted.check(panel("y", unit=""))
    with pytest.raises(MismatchError, match=r"fitted on 'y' in bit/s, series 'a' is in B/s; convert it"):
        fitted.check(panel("y", unit="B/s"))


def test_another_known_unit_of_a_channel_is_refused() -> None:
    fitted = Fitted.of(panel("y", "load", channel_unit="%"))
    with pytest.raises(MismatchError, match=r"channel 'load' in %, the data has 1; convert it"):
        fitted.check(panel("y", "load", channel_unit="1"))


def test_series_of_several_units_leave_the_unit_open() -> None:
    mixed = replace(panel("y"), series=(Series("a", "bit/s"), Series("b", "1/s")))
    assert Fitted.of(mixed).units == ("",)
    Fitted.of(mixed).check(panel("y", unit="B/s"))


def test_matching_brings_the_fitted_channels_in_their_order() -> None:
    shown = panel("y", "other", "load")
    kept = Fitted.of(panel("y", "load")).matching(shown)
    assert [one.name for one in kept.channels] == ["y", "load"]
    assert (kept.values == shown.values[:, :, [0, 2]]).all()
    assert np.shares_memory(Fitted.of(panel("y")).matching(shown).values, shown.values)


def test_the_document_gives_the_same_facts_back() -> None:
    fitted = Fitted.of(panel("y", "load", channel_unit="%"))
    assert Fitted.from_document(json.loads(json.dumps(fitted.to_document()))) == fitted


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"step_seconds": "1h"},
        {"step_seconds": 0},
        {"channels": []},
        {"channels": "y"},
        {"units": []},
        {"units": [1]},
    ],
)
def test_a_document_without_the_facts_is_damaged(broken: dict[str, object]) -> None:
    document = {**Fitted.of(panel("y")).to_document(), **broken} if broken else {}
    with pytest.raises(DamagedError, match="does not say which step, channels and units"):
        Fitted.from_document(document)
