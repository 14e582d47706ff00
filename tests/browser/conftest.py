"""One browser for the tests of pages: Debian's Chromium, driven by Playwright, without a network.

Both are looked for, and the tests skip with the reason where one is missing: nothing is downloaded.
"""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-default-apps", "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)  # fmt: skip
# The width of an m, in hundredths of the font's size.
WIDTH_OF_M = """() => {
    const context = document.createElement("canvas").getContext("2d");
    context.font = "100px Arial, sans-serif";
    return context.measureText("m").width;
}"""


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("needs chromium, which is not installed")
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="needs playwright, which is not installed"
    )
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield started
        started.close()


@pytest.fixture(scope="module")
def tab(browser: Any) -> Iterator[Any]:
    """A page that measures: what is asked of it is a script, which a report's policy refuses."""
    context = browser.new_context(offline=True, bypass_csp=True, locale="en-GB")
    page = context.new_page()
    if abs(page.evaluate(WIDTH_OF_M) - 83.3) > 0.5:  # as in Adobe's font metrics of Helvetica
        pytest.skip("needs a font of Arial's widths, such as Debian's fonts-liberation")
    yield page
    context.close()


@pytest.fixture
def strict(browser: Any) -> Iterator[Any]:
    """A page as a reader's browser shows it, its policy in force."""
    context = browser.new_context(offline=True, locale="en-GB")
    yield context.new_page()
    context.close()
