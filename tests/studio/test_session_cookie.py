from __future__ import annotations

import asyncio
from http.cookies import SimpleCookie

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Route
from starlette.types import Message

from nettide.studio.session_cookie import COOKIE, SessionCookie, new_key, valid_key


def _page(_: Request) -> HTMLResponse:
    return HTMLResponse("page")


def _json(_: Request) -> JSONResponse:
    return JSONResponse({})


APP = Starlette(routes=[Route("/", _page), Route("/json", _json)], middleware=[Middleware(SessionCookie)])


def given_cookie(path: str = "/", *, cookie: str = "", scheme: str = "http") -> str | None:
    """What the answer to a browser sets, asked without a server."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"cookie", cookie.encode())] if cookie else []
    scope = {"type": "http", "method": "GET", "path": path, "scheme": scheme, "headers": headers, "query_string": b""}
    asyncio.run(APP(scope, receive, send))
    return next((value.decode() for name, value in sent[0]["headers"] if name == b"set-cookie"), None)


def test_a_browser_without_a_key_gets_one_that_scripts_cannot_read() -> None:
    morsel = SimpleCookie(given_cookie())[COOKIE]
    assert valid_key(morsel.value) == morsel.value
    assert morsel["httponly"]
    assert morsel["samesite"] == "Lax"
    assert not morsel["secure"]


def test_a_browser_keeps_its_key() -> None:
    assert given_cookie(cookie=f"other=1; {COOKIE}={new_key()}") is None


def test_a_key_that_nobody_gave_is_replaced() -> None:
    for cookie in ("../../etc", "A" * 64, "a" * 63, '"'):
        assert given_cookie(cookie=f"{COOKIE}={cookie}") is not None


def test_over_https_the_cookie_stays_there() -> None:
    assert "; Secure" in (given_cookie(scheme="https") or "")


def test_only_pages_set_it() -> None:
    assert given_cookie("/json") is None


def test_keys_are_never_the_same() -> None:
    assert len({new_key() for _ in range(100)}) == 100
    assert valid_key(None) is None
