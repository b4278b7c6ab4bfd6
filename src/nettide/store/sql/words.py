"""Names and identifiers that the tables hold: how they are made, and what is refused."""

from __future__ import annotations

import re
import secrets

from nettide.errors import OptionError

_ID = re.compile(r"[0-9a-f]{20}")


def new_id() -> str:
    """Give an identifier of 80 random bits for a job or result."""
    return secrets.token_hex(10)


def is_id(text: str) -> bool:
    """Say whether a text could be an identifier; no other is ever sent to the database."""
    return _ID.fullmatch(text) is not None


def checked(what: str, text: str, *, most: int) -> str:
    """Give a text back if it has 1 to so many printable characters.

    Args:
        what: what it is, for the message.
        text: as given.
        most: most characters.

    Raises:
        OptionError: it is empty, longer, or holds a character that cannot be printed.
    """
    if not 1 <= len(text) <= most or not text.isprintable() or text != text.strip():
        raise OptionError(
            f"{what} {text[:40]!r} cannot be used; write 1 to {most} printable characters, no space at either end"
        )
    return text
