"""The system's Chromium, and windows of it that notice what a page must never do."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

WIDE, NARROW = (1280, 800), (390, 844)
PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
THIS_MACHINE = {"127.0.0.1", "localhost", "::1"}


def chromium_path() -> str:
    """The program of `$CHROMIUM`, else the first that the path has.

    :raises FileNotFoundError: if there is none; says what to install.
    """
    named = os.environ.get("CHROMIUM")
    path = next(filter(None, map(shutil.which, [named] if named else PROGRAMS)), None)
    if path is None:
        raise FileNotFoundError(
            "The tests in tests/browser need Chromium: install the system's package (`apt-get install chromium`,"
            " `dnf install chromium`, `brew install --cask chromium`), or set CHROMIUM to a program's path."
        )
    return path


@contextmanager
def started() -> Iterator[Browser]:
    """Chromium without a window on the screen."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path())
        try:
            yield browser
        finally:
            browser.close()


class Windows:
    """Windows of one test. Requests to other machines are stopped; they and errors of scripts are kept as problems."""

    def __init__(self, browser: Browser, folder: Path, test: str) -> None:
        self._browser, self._folder, self._test = browser, folder, test
        self._contexts: list[BrowserContext] = []
        self.problems: list[str] = []

    def open(
        self,
        address: str | None = None,
        size: tuple[int, int] = WIDE,
        colors: Literal["light", "dark"] = "light",
        **options: Any,
    ) -> Page:
        """A new window with a profile of its own.

        :param address: where it goes first.
        :param size: width and height of its content, in pixels.
        :param options: further ones of Playwright's `new_context`.
        """
        viewport: Any = {"width": size[0], "height": size[1]}
        context = self._browser.new_context(viewport=viewport, color_scheme=colors, **options)
        self._contexts.append(context)
        context.route(lambda url: urlsplit(url).hostname not in THIS_MACHINE, self._stop)
        page = context.new_page()
        page.on("pageerror", lambda error: self.problems.append(f"script: {error}"))
        page.on("console", self._hear)
        if address:
            page.goto(address)
        return page

    def screenshot(self, page: Page, name: str, whole: bool = True) -> Path:
        """A picture of a page, in the folder that `--screenshots` names.

        :param whole: with what is below the window's edge.
        """
        file = self._folder / f"{self._test}-{name}.png"
        page.screenshot(path=file, full_page=whole)
        return file

    def close(self) -> None:
        for context in self._contexts:
            context.close()

    def _stop(self, route: Any) -> None:
        self.problems.append(f"request to another machine: {route.request.url}")
        route.abort()

    def _hear(self, message: Any) -> None:
        if message.type == "error" and "Content Security Policy" in message.text:
            self.problems.append(message.text)


def overflows(page: Page) -> bool:
    """Whether a page is wider than its window, so that it has to be moved sideways to be read."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def tables_overflow(page: Page) -> bool:
    """Whether one of a page's tables is wider than its window: then it is moved by itself."""
    return bool(
        page.evaluate(
            "[...document.querySelectorAll('.wide table')].some(it => it.scrollWidth > it.parentElement.clientWidth)"
        )
    )


if __name__ == "__main__":
    try:
        print(f"Chromium: {chromium_path()}")
    except FileNotFoundError as error:
        sys.exit(str(error))
