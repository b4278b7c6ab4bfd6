"""The page about sources names what there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from nettide.sources import SUFFIXES

PAGE = (Path(__file__).parents[2] / "docs" / "sources.md").read_text(encoding="utf-8")
OPTIONS = (
    "time",
    "id",
    "target",
    "zone",
    "step",
    "aggregate",
    "missing",
    "invalid",
    "duplicates",
    "counter",
    "capacity",
    "country",
    "holidays",
    "events",
)


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_has_its_row(option: str) -> None:
    assert any(line.startswith(f"| `--{option} ") for line in PAGE.splitlines())


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_ending_is_named(suffix: str) -> None:
    assert f"`{suffix}`" in PAGE


def test_the_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"2026-03-01 {10 + i // 4}:{i % 4 * 15:02d},a,{i}\n" for i in range(8))
    Path("traffic.csv").write_text("timestamp,host,bytes\n" + rows)
    program = PAGE.split("```python\n")[1].split("```")[0]
    exec(compile(program, "sources.md", "exec"), {})
    assert capsys.readouterr().out == (
        "traffic.csv: time column 'timestamp', id column 'host' (guessed; set with --time, --id)\n"
        "traffic.csv: 8 readings became 2 steps of 1h by mean\n"
    )
