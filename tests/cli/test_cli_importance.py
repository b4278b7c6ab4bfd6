"""``nettide importance`` at the command line."""

from __future__ import annotations

import json
from pathlib import Path

from command_line import nettide, refuse, succeed

QUICK = ("--windows", 4, "--repeats", 2, "--horizon", 3)


def test_inputs_are_ranked_and_what_is_not_used_is_said(links: Path) -> None:
    ran = succeed("importance", links, *QUICK)
    lines = ran.out.splitlines()
    assert lines[0].split()[:3] == ["input", "rise", "of"]
    assert lines[1].startswith("past of ")
    assert any(line.startswith("calendar") for line in lines)
    assert "4 held-out windows of 3 series" in lines[-1]
    assert "asked of the pretrained network as it is" in ran.err


def test_a_saved_model_is_judged_and_what_it_was_fitted_on_is_said(fitted: Path, links: Path) -> None:
    ran = succeed("importance", fitted, links, "--windows", 4, "--repeats", 1, "--test-size", 60)
    assert "the model was fitted on the part it is judged on here" in ran.err
    assert "lstm" in ran.out


def test_json_is_one_document(links: Path) -> None:
    document = json.loads(succeed("importance", links, *QUICK, "--json", "--series", "link-00002").out)
    assert (document["model"], document["series"], document["loss"]) == ("base", 1, "pinball")
    assert document["inputs"][0].keys() >= {"name", "kind", "rise", "low", "high", "spread", "verdict"}


def test_table_and_page_are_written_once_and_not_over_one_another(links: Path, tmp_path: Path) -> None:
    out, html = tmp_path / "inputs.csv", tmp_path / "inputs.html"
    ran = succeed("importance", links, *QUICK, "--out", out, "--html", html)
    assert f"wrote {html}" in ran.err
    assert out.read_text().startswith('"name","kind","rise"')
    assert "nettide importance" in html.read_text()
    assert "already exists" in refuse("importance", links, *QUICK, "--html", html)
    assert "the ending '.svg' is of no known kind; write .html" in refuse(
        "importance", links, "--html", tmp_path / "x.svg"
    )


def test_too_little_to_hold_out_and_too_many_places_are_refused(links: Path) -> None:
    assert "inputs are exchanged between at least 3" in refuse("importance", links, "--horizon", 24, "--test-size", 30)
    assert nettide("importance", links, links, links).status == 2
