"""Remarks on models: what they leave unused, decided on the way, or could not do, to be said beside their results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nettide.models import MODELS
from nettide.models.contract import FallsBack, Model, Training
from nettide.tasks.occasions import NOWHERE, OccasionChoice
from nettide.tasks.remarks import listed

_NAIVE = "nettide.models.naive:"  # what a naive forecast repeats, its name says


def unheeded_occasions(names: Sequence[str], choice: OccasionChoice) -> Iterator[str]:
    """Say which models make no use of holidays and events that somebody asked for.

    Args:
        names: of the table of models.
        choice: where occasions come from; holidays that nobody asked for need no remark.
    """
    asked = choice.country not in (None, NOWHERE) or choice.holidays is not None or choice.events is not None
    deaf = [name for name in names if not MODELS[name].occasions and not MODELS[name].path.startswith(_NAIVE)]
    if asked and deaf:
        yield (
            f"{', '.join(deaf)} {'makes' if len(deaf) == 1 else 'make'} no use of holidays and events: "
            "those that were given have no effect there"
        )


def training_remarks(name: str, training: Training) -> Iterator[str]:
    """Say what a model decided while it was fitted."""
    yield from (f"{name}: {note}" for note in training.notes)


def fallback_remarks(name: str, model: Model) -> Iterator[str]:
    """Say for which series a model fell back to the seasonal naive forecast when it forecast last."""
    if not isinstance(model, FallsBack) or (told := model.fallbacks) is None:
        return
    often = f" in {told.failures:,} of {told.fits:,} fits" if told.fits > told.series else ""
    yield (
        f"{name}: {len(told.ids):,} of {told.series:,} series fell back to the seasonal naive forecast{often}: "
        f"{listed(told.ids)}"
    )
