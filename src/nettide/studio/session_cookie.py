"""The cookie that tells browsers apart: set by the server on the first page, unreadable to scripts.

A key in the address would be shared with every link, bookmark and screenshot, and a second tab opened at the bare
address would be a stranger; a cookie that no script can read does neither.
"""

from __future__ import annotations

import re
import secrets
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "nettide_session"
_KEY = re.compile(r"[0-9a-f]{64}")
_YEAR_SECONDS = 31_536_000


def new_key() -> str:
    """Make the key of a session, which nobody can guess."""
    return secrets.token_hex(32)


def valid_key(key: str | None) -> str | None:
    """Give a key back if it is of the form that ``new_key`` makes, else None."""
    return key if key is not None and _KEY.fullmatch(key) else None


class SessionCookie:
    """ASGI middleware that gives a key to every browser that asks for a page and has none.

    Args:
        app: what answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http" or _key_of(Headers(scope=scope).get("cookie", "")) is not None:
            await self._app(scope, receive, send)
            return
        secure = "; Secure" if scope.get("scheme") == "https" else ""

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("content-type", "").startswith("text/html"):
                    headers.append(
                        "set-cookie",
                        f"{COOKIE}={new_key()}; Path=/; Max-Age={_YEAR_SECONDS}; HttpOnly; SameSite=Lax{secure}",
                    )
            await send(message)

        await self._app(scope, receive, answer)


def _key_of(header: str) -> str | None:
    try:
        morsel = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return None
    return None if morsel is None else valid_key(morsel.value)
