"""Ctrl-C where no training runs: the run ends with status 130 and leaves nothing."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

from command_line import nettide


def test_ctrl_c_outside_a_training_ends_the_run_in_one_sentence(links: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "log")  # opening it waits for a reader that never comes
    this = threading.get_ident()
    timer = threading.Timer(1.0, signal.pthread_kill, (this, signal.SIGINT))
    timer.start()
    ran = nettide("fit", links, "--horizon", 6, "--out", tmp_path / "m", "--log", tmp_path / "log")
    timer.join()
    assert ran.status == 130
    assert ran.out == ""
    assert ran.err.splitlines()[-1] == "nettide: stopped by Ctrl-C; no file is left half written"
    assert not (tmp_path / "m").exists()
