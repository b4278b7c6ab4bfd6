"""Fixtures of journeys: one Chromium, one studio for several journeys, and a browser of its own for each."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from studio_browser import HEIGHT, WIDTH, Studio, Visitor


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Chromium; skips where it or Playwright is absent.

    It ends with each file, as Playwright keeps an event loop running in this thread, where no other test can run one.
    """
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as library:
        try:
            browser = library.chromium.launch(executable_path=shutil.which("chromium"))
        except playwright.Error as error:
            pytest.skip(f"Chromium does not start here: {str(error).splitlines()[0]}")
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A studio that runs for all journeys that do not stop it."""
    with Studio(tmp_path_factory.mktemp("journeys") / "workspace", "--theme", "light") as running:
        yield running
    assert "Traceback" not in running.said, running.said


@pytest.fixture(scope="module")
def _contexts(chromium: Any) -> Iterator[list[Any]]:
    """Browsers that have loaded the scripts of the page before: a third of the time of opening it."""
    made: list[Any] = []
    yield made
    for one in made:
        one.close()


@pytest.fixture
def visitor_on(chromium: Any, _contexts: list[Any]) -> Iterator[Callable[[Studio], Visitor]]:
    """Makes browsers, each a stranger to the others; at the end none of them has a complaint."""
    visitors: list[Visitor] = []

    def visit(studio: Studio) -> Visitor:
        if len(visitors) == len(_contexts):
            size = {"width": WIDTH, "height": HEIGHT}
            _contexts.append(chromium.new_context(viewport=size, timezone_id="Europe/Prague", reduced_motion="reduce"))
        visitors.append(Visitor(_contexts[len(visitors)].new_page(), studio.address))
        visitors[-1].open()
        return visitors[-1]

    yield visit
    for one in _contexts:
        for page in one.pages:
            page.close()
        one.clear_cookies()
    assert [one.complaints for one in visitors if one.complaints] == []


@pytest.fixture
def visitor(visitor_on: Callable[[Studio], Visitor], studio: Studio) -> Visitor:
    """A browser that has just opened the studio."""
    return visitor_on(studio)
