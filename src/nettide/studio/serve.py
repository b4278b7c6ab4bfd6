"""Start the server of the studio."""

from __future__ import annotations

import socket
from pathlib import Path

from starlette.middleware import Middleware
from streamlit.starlette import App

from nettide.errors import StoreError
from nettide.store.files import one_sentence
from nettide.studio.session_cookie import SessionCookie
from nettide.studio.settings import StudioSettings, start_with
from nettide.studio.theme import theme_options
from nettide.studio.warm_up import warm_up_aside

_MEGABYTE = 1 << 20


def serve(settings: StudioSettings, *, host: str, port: int, headless: bool) -> None:
    """Serve the studio until Ctrl-C.

    Args:
        settings: what the pages run with.
        host: address to listen on.
        port: to listen on; 0 takes a free one.
        headless: whether no browser is to be opened.

    Raises:
        StoreError: the workspace cannot be made, or the port cannot be used.
    """
    with one_sentence(f"cannot make {settings.workspace}"):
        settings.workspace.mkdir(mode=0o700, parents=True, exist_ok=True)
    start_with(settings)
    app = App(Path(__file__).parent / "frame" / "app.py", middleware=[Middleware(SessionCookie)])
    chosen_port = free_port(host, port)
    warm_up_aside()
    try:
        app.run(
            config={
                **theme_options(settings.theme),
                "server.address": host,
                "server.port": chosen_port,
                "server.headless": headless,
                "server.maxUploadSize": -(-settings.upload_limit_bytes // _MEGABYTE),
                "server.fileWatcherType": "none",
                "server.runOnSave": False,
                "browser.gatherUsageStats": False,
                "client.toolbarMode": "viewer",
                "client.showErrorDetails": "none",
            }
        )
    finally:
        from nettide.studio.analysis_answers import JOBS  # with the pages, not before the server answers

        JOBS.stop_all()  # what is being worked out would hold the process up


def free_port(host: str, port: int) -> int:
    """Give the port if it is free, or a free one for 0.

    Raises:
        StoreError: another program uses it, or the address is not of this machine.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            return int(probe.getsockname()[1])
    except (OSError, OverflowError) as error:
        raise StoreError(f"cannot listen on {host} port {port}: {error}; choose another --host or --port") from None
