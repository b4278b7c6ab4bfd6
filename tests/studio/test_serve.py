from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nettide.cli.app import app
from nettide.errors import NettideError, StoreError
from nettide.studio.serve import free_port
from nettide.studio.settings import StudioSettings, current_settings, default_workspace, start_with
from nettide.studio.theme import theme_options


def test_the_server_answers_with_a_cookie_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    port = free_port("127.0.0.1", 0)
    words = ["studio", "--no-browser", "--port", str(port), "--workspace", str(tmp_path / "new")]
    server = subprocess.Popen(
        [sys.executable, "-m", "nettide", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        end = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
                    assert "nettide_session=" in answer.headers["set-cookie"]
                    break
            except urllib.error.URLError:
                assert time.monotonic() < end
                assert server.poll() is None, server.stdout.read()  # type: ignore[union-attr]
                time.sleep(0.1)
        with pytest.raises(StoreError, match=f"cannot listen on 127.0.0.1 port {port}: .*; choose another --host"):
            free_port("127.0.0.1", port)
    finally:
        server.send_signal(2)
        said, _ = server.communicate(timeout=30)
    assert f"http://127.0.0.1:{port}" in said.decode()
    assert b"Traceback" not in said
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


def test_a_free_port_is_free() -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", free_port("127.0.0.1", 0)))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--host", "no.such.host.invalid", "--no-browser"], "cannot listen on no.such.host.invalid port 8501"),
        (["--upload-limit", "much"], "quantity 'much' is not understood"),
    ],
)
def test_a_wrong_option_is_one_sentence(tmp_path: Path, words: list[str], said: str) -> None:
    done = CliRunner().invoke(app, ["studio", "--workspace", str(tmp_path), *words])
    assert isinstance(done.exception, NettideError)
    assert said in str(done.exception)


def test_a_port_out_of_range_is_a_usage_error() -> None:
    assert CliRunner().invoke(app, ["studio", "--port", "99999"]).exit_code == 2


def test_the_pages_run_with_what_the_server_was_started_with(tmp_path: Path) -> None:
    settings = StudioSettings(tmp_path, upload_limit_bytes=5, paths=False)
    start_with(settings)
    assert current_settings() is settings


def test_the_workspace_of_a_user_follows_the_desktop_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert default_workspace() == Path("/data/nettide/studio")
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    assert default_workspace() == Path.home() / ".local/share/nettide/studio"


def test_a_theme_is_one_ground_or_both() -> None:
    both = theme_options("system")
    assert {"theme.light.backgroundColor", "theme.dark.backgroundColor"} <= both.keys()
    assert "theme.base" not in both
    assert theme_options("dark")["theme.base"] == "dark"
    assert theme_options("light")["theme.backgroundColor"] == "#ffffff"
