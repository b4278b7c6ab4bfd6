"""What is odd about a posted history, and what a model cannot heed or was never shown, to be said beside an answer."""

from __future__ import annotations

from collections.abc import Iterator

from nettide.forecast import Forecast
from nettide.models import MODELS
from nettide.models.pretrained.model import never_shown
from nettide.panel import Panel
from nettide.service.given import GivenHistory
from nettide.service.occasions import NOWHERE
from nettide.service.served import BASE
from nettide.service.shelf import Held
from nettide.tasks.remarks import remarks_on

_LEARNED_BY_BASE = frozenset({"holiday"})


def remarks(panel: Panel, given: GivenHistory, held: Held, made: Forecast | None) -> list[str]:
    """Say what is odd about the history, what the pretrained network was never shown, and what occasions do.

    Args:
        panel: the history, with its occasions.
        given: as the client sent it.
        held: the model.
        made: from the end of the history; None where points of the history itself are judged.
    """
    untrained = never_shown(panel.step_seconds) if held.record is None else ()
    return [*remarks_on(panel, enough=held.described.context), *untrained, *_on_occasions(panel, given, held, made)]


def _on_occasions(panel: Panel, given: GivenHistory, held: Held, made: Forecast | None) -> Iterator[str]:
    """Say which occasions a model cannot heed, and which it learned from and is not told now."""
    kind = BASE if held.record is None else held.record.model
    if not MODELS[kind].occasions:
        if given.holidays or given.events or given.country not in (None, NOWHERE):
            yield f"model {held.name!r} is of a kind ({kind}) that takes no account of holidays and events"
        return
    learned = set(_LEARNED_BY_BASE if held.record is None else held.record.data.occasions)
    horizon = 0 if made is None else made.horizon
    if missing := sorted(learned - {one.kind for one in panel.occasions} - _LEARNED_BY_BASE):
        yield f"the model learned from occasions of kind {', '.join(missing)}, and none is sent now: send its events"
    end = panel.start + panel.step_seconds * panel.steps
    spanned = {one.kind for one in panel.occasions if one.touches(panel.start, end + panel.step_seconds * horizon)}
    if strange := sorted(spanned - learned - _LEARNED_BY_BASE):
        yield f"occasions of kind {', '.join(strange)} have no effect: the model never saw any while it learned"
