"""Ctrl-C where no training runs, and twice: the run ends and leaves nothing half written."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

from command_line import TINY, lines_in, nettide, start, wait_until

from nettide.store.models import load_model


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


def test_ctrl_c_pressed_twice_leaves_a_whole_model_or_none(links: Path, tmp_path: Path) -> None:
    folder, log = tmp_path / "m", tmp_path / "log"
    shape = ("--horizon", 6, "--context", 24, *TINY[:-1], 9999, "--set", "patience=0")
    process = start("fit", links, "--out", folder, *shape, "--log", log)
    wait_until(lambda: lines_in(log) >= 2, process)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert not list(folder.glob("*.tmp"))
    if (folder / "model.json").exists():
        assert load_model(folder).training.ending == "interrupted"
    else:
        assert nettide("fit", links, "--out", folder, *shape[:4], *TINY).status == 0
