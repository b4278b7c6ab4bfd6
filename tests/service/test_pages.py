"""The pages in a real browser: nothing is blocked by their own policy, and a forecast is drawn."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator

import pytest
from made_service import Service
from werkzeug.serving import make_server

playwright = pytest.importorskip("playwright.sync_api")


@pytest.fixture(scope="module")
def address(shared: Service) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, shared.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.slow
def test_pages_draw_a_forecast_and_the_documentation_and_break_no_rule(shared: Service, address: str) -> None:
    complaints: list[str] = []
    with playwright.sync_playwright() as library:
        try:
            browser = library.chromium.launch(executable_path=shutil.which("chromium"))
        except playwright.Error as error:
            pytest.skip(f"Chromium does not start here: {str(error).splitlines()[0]}")
        page = browser.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(address)
        page.fill("#key", shared.key()["Authorization"].removeprefix("Bearer "))
        page.click("#example")
        page.click("button[type=submit]")
        page.wait_for_selector("#chart path.ahead", timeout=60_000)
        assert "24 steps ahead by model base" in page.inner_text("#said")
        assert page.locator("#chart path.band").count() == 1
        page.fill("#values", "1, two")
        page.click("button[type=submit]")
        page.wait_for_selector("#said.wrong")
        assert '"two" is not a number' in page.inner_text("#said")
        page.goto(f"{address}/docs")
        page.wait_for_selector("#operations-default-forecast", timeout=60_000)
        browser.close()
    assert complaints == []
