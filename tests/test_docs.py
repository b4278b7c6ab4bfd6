"""What the documents say is true: verbs, options, links, Python."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path

import pytest
import typer.main

import nettide
from cli_page import MARK, PAGE, generated, parameters, verbs
from nettide.cli.app import app

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])


def commands_in(text: str) -> list[list[str]]:
    """The nettide commands in the code blocks of a page, as lists of words."""
    blocks = re.findall(r"^```(?:sh|console|bash)?\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    plain = [line.removeprefix("$ ").partition(" #")[0].strip() for line in lines]
    return [shlex.split(line) for line in plain if line.startswith("nettide ")]


def test_the_reference_is_what_the_application_has() -> None:
    assert PAGE.read_text().partition(MARK)[2] == generated(), "run: make docs"


@pytest.mark.parametrize("verb", verbs())
def test_every_verb_and_option_has_its_help_and_an_example_in_the_reference(verb: str) -> None:
    text = PAGE.read_text()
    section = text.partition(f"## nettide {verb}\n")[2].partition("\n## ")[0]
    assert f"nettide {verb} " in section
    shared = text.partition("## Reading the data\n")[2].partition("\n## ")[0]
    found = list(parameters(verbs()[verb]))
    assert found
    for one in found:
        assert len(one.help) > 8
        assert one.help.endswith(".")
        assert f"| `{one.names}" in (shared if one.shared else section)
        assert one.help.replace("|", "\\|") in (shared if one.shared else section)


def test_every_shared_option_is_the_same_in_all_verbs_that_have_it() -> None:
    shared = {verb: {one for one in parameters(function) if one.shared} for verb, function in verbs().items()}
    assert shared["check"] == shared["fit"] == shared["backtest"] == shared["forecast"]
    assert len(shared["fit"]) > 10


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_in_a_page_have_verbs_and_options_that_exist(path: Path) -> None:
    known = {
        name: {option for one in command.params for option in (*one.opts, *one.secondary_opts)} | {"--help"}
        for name, command in typer.main.get_command(app).commands.items()  # type: ignore[attr-defined]
    }
    for words in commands_in(path.read_text()):
        if words[1] == "check" and "|" in words:  # the list of verbs
            continue
        assert words[1] in {*known, "--help", "--version", "VERB"}, words
        for word in words[2:]:
            if word.startswith("--"):
                assert word in known.get(words[1], {"--help"}), words


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_in_a_page_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text()):
        if not target.startswith(("https://", "http://")):
            assert (path.parent / target).exists(), target


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_python_in_a_page_can_be_parsed_and_imports_what_exists(path: Path) -> None:
    for block in re.findall(r"^```python\n(.*?)^```", path.read_text(), flags=re.MULTILINE | re.DOTALL):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("nettide"):
                module = __import__(str(node.module), fromlist=[one.name for one in node.names])
                assert all(hasattr(module, one.name) for one in node.names)


def test_the_index_names_every_page() -> None:
    index = (ROOT / "docs" / "index.md").read_text()
    for path in (ROOT / "docs").glob("*.md"):
        assert path.name == "index.md" or f"({path.name})" in index, path.name


def test_the_public_names_are_importable_and_listed() -> None:
    assert {"Forecaster", "Panel", "Series", "Channel", "Forecast", "make_model"} <= set(dir(nettide))
    for name in nettide.__all__:
        assert getattr(nettide, name) is not None
    with pytest.raises(AttributeError, match="module 'nettide' has no attribute 'Forcaster'"):
        _ = nettide.Forcaster  # type: ignore[attr-defined]
