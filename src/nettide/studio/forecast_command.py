"""Commands that do what a page shows, to copy."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

import streamlit as st

from nettide.studio.forecast_model import InUse
from nettide.studio.workspace import DataSet
from nettide.tasks.reading_document import reading_options

_WIDTH = 88


def command(verb: str, data: DataSet, options: Sequence[str] = (), *, model: InUse | None = None) -> str:
    """Give a command, a few options a line.

    Args:
        verb: of ``nettide``.
        data: what it reads.
        options: names and values in turn, as ``--horizon``, ``24``; a name without a value has an empty one.
        model: put before the data, unless it is the pretrained network; None for verbs that take none.
    """
    places = [] if model is None or model.folder is None else [str(model.folder)]
    words = [f"nettide {verb}", *map(shlex.quote, (*places, data.location))]
    given = (*reading_options(data.reading), *options)
    words += [
        f"{name} {shlex.quote(value)}" if value else name for name, value in zip(given[::2], given[1::2], strict=True)
    ]
    lines = [words[0]]
    for word in words[1:]:
        if len(lines[-1]) + 1 + len(word) > _WIDTH and lines[-1] != "  ":
            lines[-1] += " \\"
            lines.append(f"  {word}")
        else:
            lines[-1] += f" {word}"
    return "\n".join(lines)


def show_command(text: str) -> None:
    """Show a command, folded away."""
    with st.expander("The same on the command line", icon=":material/terminal:"):
        st.code(text, language="bash", wrap_lines=True)
