"""Ctrl-C pressed twice: the run ends and leaves nothing half written."""

from __future__ import annotations

import signal
from pathlib import Path

from command_line import LSTM, TINY, lines_in, nettide, start, wait_until

from nettide.store.models import load_model


def test_ctrl_c_pressed_twice_leaves_a_whole_model_or_none(links: Path, tmp_path: Path) -> None:
    folder, log = tmp_path / "m", tmp_path / "log"
    shape = ("--horizon", 6, "--context", 24, *TINY[:-1], 9999, "--set", "patience=0")
    process = start("fit", links, *LSTM, "--out", folder, *shape, "--log", log)
    wait_until(lambda: lines_in(log) >= 2, process)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert not list(folder.glob("*.tmp"))
    if (folder / "model.json").exists():
        assert load_model(folder).training.ending == "interrupted"
    else:
        assert nettide("fit", links, *LSTM, "--out", folder, *shape[:4], *TINY).status == 0


def test_ctrl_c_outside_a_training_ends_with_130_one_sentence_and_no_file(tmp_path: Path) -> None:
    for attempt in range(3):  # on a busy machine the file may be whole before the signal is sent
        out = tmp_path / f"fleet-{attempt}.parquet"
        process = start("synth", out, "--series", 4_000, "--days", 365)
        wait_until(lambda: any(tmp_path.iterdir()), process)  # it writes
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        if process.returncode:
            break
        out.unlink()
    assert process.returncode == 130
    assert "stopped by Ctrl-C" in err
    assert "Traceback" not in err
    assert not any(tmp_path.iterdir())
