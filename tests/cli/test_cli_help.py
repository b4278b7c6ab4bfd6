"""Help, version and how light the command line starts."""

from __future__ import annotations

import subprocess
import sys

import pytest
from command_line import nettide, succeed

import nettide as package

VERBS = ("check", "backtest", "fit", "forecast", "explain-choice", "models", "synth", "tune")
HEAVY = (
    "torch",
    "optuna",
    "numpy",
    "pyarrow",
    "narwhals",
    "plotly",
    "jinja2",
    "rich.progress",
    "rich.console",
    "pandas",
    "polars",
)


def test_help_names_every_verb() -> None:
    text = succeed("--help").out
    assert all(f"  {verb} " in text for verb in VERBS)


def test_no_verb_shows_the_help() -> None:
    assert "Commands:" in nettide().out + nettide().err


@pytest.mark.parametrize("verb", VERBS)
def test_the_help_of_a_verb_has_an_example_and_says_something_of_every_option(verb: str) -> None:
    text = succeed(verb, "-h").out
    assert f"Example: nettide {verb} " in text
    assert "Usage: nettide" in text


def test_the_help_says_what_ctrl_c_does() -> None:
    assert "Ctrl-C ends the training that runs" in " ".join(succeed("backtest", "--help").out.split())
    assert "Ctrl-C ends training and keeps the best weights" in " ".join(succeed("fit", "--help").out.split())


def test_the_version() -> None:
    assert succeed("--version").out == f"nettide {package.__version__}\n"


@pytest.mark.parametrize(
    "arguments", [["--help"], ["fit", "--help"], ["tune", "--help"], ["backtest", "--help"], ["--version"]]
)
def test_help_starts_light(arguments: list[str]) -> None:
    script = (
        f"import sys; sys.argv = ['nettide', *{arguments!r}]\n"
        "from nettide.cli import main\n"
        "try: main()\n"
        f"finally: sys.stderr.write(' '.join(name for name in {HEAVY!r} if name in sys.modules))\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert ran.returncode == 0
    assert ran.stderr == ""


def test_the_package_can_be_run_as_a_module() -> None:
    ran = subprocess.run([sys.executable, "-m", "nettide", "--version"], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, f"nettide {package.__version__}\n", "")
