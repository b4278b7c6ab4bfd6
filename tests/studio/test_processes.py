"""Processes that work outside the server."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from nettide.studio.processes import is_running, kill_process, start_process
from nettide.studio.workspace import read_document

WAITING = "import os, sys, time\n\nos.replace(sys.argv[1] + '/begin', sys.argv[1] + '/begun')\ntime.sleep(60)\n"


def test_what_works_outside_lets_pages_go_first_and_ends_when_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "waits_outside.py").write_text(WAITING)
    (tmp_path / "begin").touch()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    start_process(tmp_path, "waits_outside")
    try:
        end = time.monotonic() + 30
        while not (tmp_path / "begun").exists() and time.monotonic() < end:
            time.sleep(0.02)
        assert is_running(tmp_path)
        pid = int((read_document(tmp_path / "process.json") or {})["pid"])
        assert os.getpriority(os.PRIO_PROCESS, pid) == min(19, os.getpriority(os.PRIO_PROCESS, 0) + 5)
    finally:
        kill_process(tmp_path)
    while is_running(tmp_path) and time.monotonic() < end:
        time.sleep(0.02)
    assert not is_running(tmp_path)
