"""JSON as RFC 8259 has it and no more: no NaN, no repeated names, no deep nesting."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from nettide.service.problems import ProblemError

_BRACKETS = bytes(one for one in range(256) if one not in b"[]{}")


def parse(raw: bytes, *, depth: int) -> Any:
    """Read a JSON document.

    Args:
        raw: UTF-8.
        depth: how deep arrays and objects may nest.

    Raises:
        ProblemError: 400, saying what is wrong.
    """
    if raw.count(b"[") + raw.count(b"{") > depth and _depth(raw, most=depth) > depth:
        raise _refused(f"nests deeper than {depth} levels")
    try:
        return json.loads(raw.decode("utf-8"), parse_constant=_constant, object_pairs_hook=_object)
    except UnicodeDecodeError:
        raise _refused("is not UTF-8") from None
    except RecursionError:
        raise _refused("nests too deeply") from None
    except json.JSONDecodeError as error:
        raise _refused(f"breaks off or goes wrong at character {error.pos}: {error.msg.lower()}") from None
    except ValueError as error:  # a number of more than 4,300 digits
        raise _refused(str(error).partition(";")[0]) from None


def _depth(raw: bytes, *, most: int) -> int:
    """Give how deep brackets nest outside of strings, or a number above ``most`` as soon as it is reached."""
    if b"\\" in raw:
        raw = raw.replace(b"\\\\", b"").replace(b'\\"', b"")
    outside = b"".join(raw.split(b'"')[::2])
    depth = deepest = 0
    for bracket in outside.translate(None, _BRACKETS):
        depth += 1 if bracket in b"[{" else -1
        if depth > deepest:
            deepest = depth
            if deepest > most:
                break
    return deepest


def _constant(text: str) -> Any:
    raise _refused(f"holds {text}, which is no JSON number; write null for an unknown value")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        again = next(name for name in names if names.count(name) > 1)
        raise _refused(f"has the name {again[:80]!r} twice in one object")
    return found


def _refused(what: str) -> ProblemError:
    return ProblemError(HTTPStatus.BAD_REQUEST, f"the JSON body {what}")
