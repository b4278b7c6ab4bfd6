"""What a person sees in a terminal of 80 columns: whole names and figures, bars, no cut cells."""

from __future__ import annotations

import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
from fcntl import ioctl
from pathlib import Path

import pytest
from command_line import TINY


def seen(*arguments: object, columns: int = 80) -> tuple[int, list[str]]:
    """Run a command in a terminal; gives its status and the lines that were drawn, each as it last stood."""
    master, slave = pty.openpty()
    ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    environment = {**os.environ, "TERM": "xterm", "OMP_NUM_THREADS": "1"}
    for name in ("COLUMNS", "LINES", "NO_COLOR", "TTY_COMPATIBLE", "CI"):
        environment.pop(name, None)
    process = subprocess.Popen(
        [sys.executable, "-m", "nettide", *map(str, arguments)],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=environment,
    )
    os.close(slave)
    drawn = b""
    while process.poll() is None or select.select([master], [], [], 0)[0]:
        if select.select([master], [], [], 0.1)[0]:
            try:
                drawn += os.read(master, 65536)
            except OSError:  # the other end is closed
                break
    os.close(master)
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", drawn.decode())
    return process.wait(), [line.strip() for line in re.split(r"[\r\n]+", text) if line.strip()]


@pytest.fixture(scope="module")
def compared(links: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, list[str]]:
    """What a backtest of three models draws."""
    options = ("--horizon", 6, "--context", 24, *TINY, "--out", tmp_path_factory.mktemp("compared") / "result")
    return seen("backtest", links, "--model", "naive", "--model", "seasonal-naive", "--model", "gru", *options)


def test_a_narrow_terminal_shows_whole_figures_and_names_what_it_left_out(compared: tuple[int, list[str]]) -> None:
    status, lines = compared
    assert status == 0
    header = next(place for place, line in enumerate(lines) if line.startswith("model "))
    assert lines[header].split()[:3] == ["model", "relMAE", "relWQL"]
    rows = lines[header + 1 : header + 4]
    assert {row.split()[0] for row in rows} == {"naive", "seasonal-naive", "gru"}
    assert all("…" not in row and len(row) <= 80 for row in rows)
    assert lines[header + 4].startswith("not shown for want of width: ")
    assert lines[header + 4].endswith("parameters")


def test_every_model_of_a_backtest_has_a_bar_that_says_how_it_did(compared: tuple[int, list[str]]) -> None:
    status, lines = compared
    assert status == 0
    assert any(re.match(r"seasonal-naive .*forecasts in", line) for line in lines)
    assert any(re.match(r"gru .*fitted in", line) for line in lines)


def test_a_fit_has_a_bar_that_ends_with_its_losses(links: Path, tmp_path: Path) -> None:
    options = ("--horizon", 6, "--context", 24, *TINY, "--model", "gru", "--out", tmp_path / "m")
    status, lines = seen("fit", links, *options)
    assert status == 0
    assert any(re.match(r"gru .*epoch 1/1 loss 0\.\d+ validation \d", line) for line in lines)


def test_a_wide_terminal_shows_every_column(links: Path, tmp_path: Path) -> None:
    options = ("--model", "naive", "--horizon", 6, "--out", tmp_path / "result")
    status, lines = seen("backtest", links, *options, columns=160)
    assert status == 0
    assert any(line.endswith("parameters") for line in lines)
    assert not any(line.startswith("not shown") for line in lines)


def test_the_bar_of_auto_says_which_challenger_is_tried(short: Path, tmp_path: Path) -> None:
    options = ("--horizon", 6, "--set", "challengers=base-tuned", "--budget", "1h", "--out", tmp_path / "m")
    status, lines = seen("fit", short, *options, columns=100)
    assert status == 0
    assert any(re.match(r"auto .*trying base-tuned \(1/1\) epoch \d+/\d+ loss 0\.\d+", line) for line in lines)
    assert any(re.match(r"auto .*fitting base-tuned \(1/1\) epoch", line) for line in lines)
    assert not any(line.startswith("auto: trying") for line in lines)
