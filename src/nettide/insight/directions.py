"""Series that are the two directions of one link, told by their names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

Direction = Literal["in", "out", ""]
_COUNTERPARTS = (
    ("in", "out"), ("rx", "tx"), ("ingress", "egress"), ("inbound", "outbound"), ("input", "output"),
    ("received", "sent"), ("receive", "transmit"), ("download", "upload"),
)  # fmt: skip
_WORD = re.compile(r"[A-Z]{2,}(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+")
_MARKS = " _-./:|"


def paired(ids: Iterable[str]) -> dict[str, tuple[str, Direction]]:
    """Find the in and the out series of links, such as ``core1-eth0-in`` and ``core1-eth0-out``.

    Two series are a pair where their names differ in one word, which is in and out (or in to and out of), rx and tx,
    ingress and egress, inbound and outbound, input and output, received and sent, receive and transmit or download and
    upload.

    Returns:
        Id -> name of the link and the direction; a series without a counterpart is its own link, its direction empty.
    """
    names = list(ids)
    known = set(names)
    found: dict[str, tuple[str, Direction]] = {}
    for name in names:
        if name in found:
            continue
        other = next((one for one in _counterparts(name) if one[0] in known and one[0] not in found), None)
        if other is None:
            found[name] = (name, "")
            continue
        counterpart, link, direction = other
        found[name] = (link, direction)
        found[counterpart] = (link, "out" if direction == "in" else "in")
    return found


def _counterparts(name: str) -> Iterable[tuple[str, str, Direction]]:
    """Give what the other direction would be called, the link and the direction of this one, the last word first."""
    for word in reversed(list(_WORD.finditer(name))):
        text = word.group()
        for incoming, outgoing in _COUNTERPARTS:
            if text.lower() not in (incoming, outgoing):
                continue
            is_in = text.lower() == incoming
            other = _cased(outgoing if is_in else incoming, text)
            link = _joined(name[: word.start()], name[word.end() :]) or name
            direction: Direction = "in" if is_in else "out"
            before, after = name[: word.start()], name[word.end() :]
            yield before + other + after, link, direction
            here, there = ("to", "of") if is_in else ("of", "to")  # eth0_in_to_net and eth0_out_of_net
            if phrase := re.match(rf"[{re.escape(_MARKS)}]{here}(?![a-zA-Z])", after):
                rest = after[phrase.end() :]
                yield before + other + after[0] + there + rest, _joined(before, rest) or name, direction


def _cased(text: str, like: str) -> str:
    if like.isupper():
        return text.upper()
    return text.capitalize() if like[0].isupper() else text


def _joined(before: str, after: str) -> str:
    """Give what is left of a name, without doubled or dangling marks between its words."""
    if not before or not after:
        return (before + after).strip(_MARKS)
    if before[-1] in _MARKS and after[0] in _MARKS:
        return before[:-1] + after
    return before + after
