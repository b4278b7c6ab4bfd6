"""A widget for each option of a model, whatever the model; what is left as it is goes into no command."""

from __future__ import annotations

import math
from collections.abc import Mapping

from streamlit.delta_generator import DeltaGenerator

from nettide.studio.remembered import kept
from nettide.tasks.knobs import Knob

_CHOSEN = "chosen"
LABELS: Mapping[str, str] = {
    "hidden": "Hidden units",
    "layers": "Layers",
    "dropout": "Dropout",
    "optimizer": "Optimizer",
    "learning_rate": "Learning rate",
    "batch_size": "Batch size",
    "scaling": "Scaling",
    "channels": "Channels as inputs",
    "calendar": "Calendar as input",
    "anchors": "Seasonal lags as inputs",
}


def knob_widget(knob: Knob, where: DeltaGenerator, *, prefix: str, given: str | None) -> str | None:
    """Show an option.

    Args:
        knob: the option.
        where: the column.
        prefix: of the widget's key.
        given: what it is now, as text; None leaves it as it is by default.

    Returns:
        What was chosen as ``--set`` takes it, None where that is the default.
    """
    label = LABELS.get(knob.name, knob.name.replace("_", " ").capitalize())
    key, about = f"{prefix}{knob.name}", sentence(knob.about)
    if knob.kind == "bool":
        begin = knob.default if given is None else given == "true"
        chosen = where.toggle(label, **kept(key, begin), help=about)
        return None if chosen == knob.default else str(chosen).lower()
    if knob.kind == "choice":
        choices = knob.choices if knob.default is not None else (_CHOSEN, *knob.choices)
        usual = _CHOSEN if knob.default is None else str(knob.default)
        begin = given if given in choices else usual
        picked = where.selectbox(label, choices, **kept(key, begin, among=choices), help=about)
        return None if picked == usual else str(picked)
    if knob.kind == "text":
        usual = "" if knob.default is None else str(knob.default)
        written = where.text_input(label, **kept(key, usual if given is None else given), help=about)
        return None if written.strip() in ("", usual) else written.strip()
    return _number(knob, where, label=label, key=key, about=about, given=given)


def sentence(words: str) -> str:
    """Give words as a sentence for a help, with Markdown's marks of code left as they are."""
    return f"{words[:1].upper()}{words[1:]}"


def _number(knob: Knob, where: DeltaGenerator, *, label: str, key: str, about: str, given: str | None) -> str | None:
    default = knob.default if isinstance(knob.default, int | float) else None
    whole = knob.kind == "int"
    begin = default if given is None else _parsed(given, whole=whole)
    number: float | None
    if whole:
        count = where.number_input(
            label, step=1, **kept(key, begin), help=about, placeholder=_CHOSEN, min_value=0, value=None
        )
        number = count
    else:
        step = 10 ** math.floor(math.log10(default)) / 2 if default else 0.01
        number = where.number_input(
            label, step=step, format="%g", **kept(key, begin), help=about, placeholder=_CHOSEN, value=None
        )
    if number is None or number == default:
        return None
    return str(int(number)) if whole else f"{number:.12g}"


def _parsed(text: str, *, whole: bool) -> float | int | None:
    try:
        return int(text) if whole else float(text)
    except ValueError:
        return None
