"""The generated part of docs/cli.md: every verb and every option, read from the functions of the verbs.

``python tests/cli_page.py`` (or ``make docs``) writes it; a test says when it is out of date.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import types
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import EnumMeta
from pathlib import Path
from typing import Any

from typer.models import OptionInfo

from nettide.cli.app import app
from nettide.models.recurrent_config import RecurrentConfig

PAGE = Path(__file__).parents[1] / "docs" / "cli.md"
MARK = "<!-- generated below; change the source and run: make docs -->\n"
_SHARED = "Reading the data"
_FIXED = ("horizon", "context", "seed", "cell")
_KINDS = {int: "N", float: "NUMBER", str: "TEXT", Path: "PATH"}


@dataclass(frozen=True)
class Parameter:
    """An argument or option of a verb.

    Args:
        names: as they are typed; one without dashes for an argument.
        value: what follows the name; empty for a flag.
        default: as shown.
        help: one sentence.
        shared: whether other verbs have it too.
    """

    names: str
    value: str
    default: str
    help: str
    shared: bool


def verbs() -> dict[str, Callable[..., Any]]:
    """The verbs of the application."""
    return {
        command.callback.__name__.replace("_", "-"): command.callback
        for command in app.registered_commands
        if command.callback
    }


def parameters(verb: Callable[..., Any]) -> Iterator[Parameter]:
    hints = typing.get_type_hints(verb, include_extras=True)
    for name, one in inspect.signature(verb).parameters.items():
        kind, info = typing.get_args(hints[name])
        bare = next(arg for arg in _alternatives(kind) if arg is not type(None))
        element = typing.get_args(bare)[0] if typing.get_origin(bare) is list else bare
        told = info.show_default if isinstance(info.show_default, str) else one.default
        default = "required" if one.default is inspect.Parameter.empty else _default_text(told)
        if isinstance(info, OptionInfo):
            value = "" if element is bool else info.metavar or _value_text(element)
            shared = info.rich_help_panel == _SHARED
            declared = (info.default, *(info.param_decls or ()))  # the first name of an annotated option is its default
            names = "/".join(one for one in declared if isinstance(one, str) and one.startswith("-"))
            yield Parameter(names, value, default, info.help or "", shared)
        else:
            yield Parameter(str(info.metavar), "", default, info.help or "", False)


def _alternatives(kind: Any) -> tuple[Any, ...]:
    return typing.get_args(kind) if isinstance(kind, types.UnionType) else (kind,)


def _value_text(kind: Any) -> str:
    return "\\|".join(one.value for one in kind) if isinstance(kind, EnumMeta) else _KINDS[kind]


def _default_text(default: Any) -> str:
    if default is None or default is False or default == "":
        return ""
    return "on" if default is True else f"`{getattr(default, 'value', default)}`"


def _table(rows: list[Parameter]) -> Iterator[str]:
    yield "| | default | |"
    yield "|---|---|---|"
    for one in rows:
        yield f"| `{f'{one.names} {one.value}'.strip()}` | {one.default} | {one.help.replace('|', chr(92) + '|')} |"


def _section(name: str, verb: Callable[..., Any]) -> Iterator[str]:
    about, _, example = inspect.cleandoc(verb.__doc__ or "").partition("Example: ")
    own = [one for one in parameters(verb) if not one.shared]
    yield from (f"## nettide {name}", "", *about.strip().splitlines(), "")
    yield from ("```sh", example.strip(), "```", "")
    yield from _table(own)
    if len(own) < len(list(parameters(verb))):
        yield from ("", "And the options of [reading the data](#reading-the-data).")
    yield ""


def _model_options() -> Iterator[str]:
    """The options of the networks with their defaults and meaning, from the docstring of their config."""
    text = inspect.cleandoc(RecurrentConfig.__doc__ or "").partition("Args:\n")[2].partition("\n\n")[0]
    about = {
        match[1]: " ".join(match[2].split())
        for match in re.finditer(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", text, flags=re.MULTILINE)
    }
    yield from ("## Options of the networks", "")
    yield from ("For `--set`, with `rnn`, `lstm`, `gru`, `gru-fcn` and `lstm-fcn`: `--set hidden=128`,",)
    yield from ("or for one model of several `--set lstm.hidden=128`.", "")
    yield from ("| option | default | |", "|---|---|---|")
    for field in dataclasses.fields(RecurrentConfig):
        if field.name not in _FIXED:
            default = field.default
            shown = ",".join(map(str, default)) if isinstance(default, tuple) else str(default)
            shown = shown.lower() if isinstance(default, bool) else shown
            meaning = about[field.name].replace("|", "\\|")
            yield f"| `{field.name}` | {'chosen' if default is None else f'`{shown}`'} | {meaning} |"


def generated() -> str:
    """Everything below the mark."""
    lines: list[str] = [""]
    for name, verb in verbs().items():
        lines += _section(name, verb)
    lines += ["## Reading the data", ""]
    lines += ["Shared by `check`, `backtest`, `fit`, `forecast` and `tune`; [sources](sources.md) tells more.", ""]
    lines += _table([one for one in parameters(verbs()["fit"]) if one.shared])
    lines += ["", *_model_options()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(PAGE.read_text().partition(MARK)[0] + MARK + generated())
