"""When has a whole HTTP/1.1 request come? Decided on bytes alone, so that no thread waits for a slow client.

Only where a request ends is judged here; what it says is left to gunicorn's parser, which refuses what is malformed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MOST_HEAD_BYTES = 65_536
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([^\r\n]*?)[ \t]*(?=\r\n)", re.IGNORECASE)
_CODING = re.compile(rb"\r\ntransfer-encoding[ \t]*:", re.IGNORECASE)
_EXPECTS = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*\r\n", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that is answered without reading on.

    Args:
        status: HTTP status.
        detail: one sentence.
    """

    status: int
    detail: str


@dataclass(frozen=True, slots=True)
class Extent:
    """How long a request is.

    Args:
        total: bytes of head and body.
        expects: whether its client waits for ``100 Continue`` before it sends the body.
        path: what it asks for, up to any question mark.
    """

    total: int
    expects: bool
    path: bytes


def extent(raw: bytes | bytearray, *, most_body: int) -> Extent | Refusal | None:
    """Say how long the request is that begins a buffer.

    Args:
        raw: what has come.
        most_body: most bytes of a body.

    Returns:
        None while its head has not ended.
    """
    end = raw.find(b"\r\n\r\n", 0, MOST_HEAD_BYTES + 4)
    if end < 0:
        return Refusal(431, "the headers are too long") if len(raw) > MOST_HEAD_BYTES else None
    head = bytes(raw[: end + 2])
    if _CODING.search(head):  # RFC 9112 6.3: a server may refuse a body without Content-Length
        return Refusal(411, "send a Content-Length; chunked bodies are not taken")
    lengths = set(_LENGTH.findall(head))
    if not lengths:
        length = 0
    elif len(lengths) > 1 or not (text := lengths.pop()).isdigit() or len(text) > 18:
        return Refusal(400, "Content-Length is no one number")
    else:
        length = int(text)
    if length > most_body:
        return Refusal(413, f"the body is larger than the {most_body:,} bytes that this service takes")
    line = head.split(b"\r\n", 1)[0].split(b" ")
    path = line[1].partition(b"?")[0] if len(line) > 1 else b""
    return Extent(end + 4 + length, bool(_EXPECTS.search(head)), path)
