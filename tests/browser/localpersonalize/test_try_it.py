"""Trying a campaign: with the mouse, with the keyboard, without JavaScript."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.browser import NARROW, Windows, overflows
from tests.support.localpersonalize.films import EVIL_ID, EVIL_TITLE, Films

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.long]


def _options(page: Page) -> Any:
    return page.get_by_role("listbox").get_by_role("option")


def _titles(page: Page) -> list[str]:
    return page.locator(".recommended .what strong").all_inner_texts()


def test_a_user_a_filter_and_a_context(trial: str, films: Films, windows: Windows):
    from playwright.sync_api import expect

    page = windows.open(trial)
    expect(page.locator("fieldset[data-of=genre-and-year]")).to_be_hidden()
    user = page.get_by_role("combobox", name="User")
    user.press_sequentially("user-02")
    expect(_options(page).first).to_contain_text("user-020")
    expect(_options(page)).to_have_count(8)
    windows.screenshot(page, "suggestions")
    _options(page).nth(3).click()
    expect(user).to_have_value("user-023")
    page.get_by_label("Filter", exact=True).select_option("genre-and-year")
    page.get_by_label("$GENRE").fill("Western, Drama")
    page.get_by_label("$SINCE").fill("1980")
    page.get_by_label("DEVICE").fill("tv")
    page.get_by_role("button", name="Recommend").click()
    rows = page.locator(".recommended li")
    expect(rows).to_have_count(10)
    for details in page.locator(".recommended .details").all_inner_texts():
        assert re.search("Western|Drama", details), details
        assert int(re.findall(r"\d{4}", details)[0]) >= 1980
    expect(page.get_by_role("heading", name="What user-023 did last")).to_be_visible()
    page.get_by_text("The same request in Python").click()
    expect(page.locator("details.code")).to_contain_text("'GENRE': '\"Western\",\"Drama\"'")
    windows.screenshot(page, "answer")
    before = _titles(page)
    page.reload()
    assert _titles(page) == before, "the address says what was asked"
    page.go_back()
    expect(page.locator(".recommended")).to_have_count(0)


def test_an_event_changes_the_list_and_heads_the_history(trial: str, windows: Windows):
    from playwright.sync_api import expect

    page = windows.open(f"{trial}&user=user-007")
    before = _titles(page)
    other = page.locator(".recommended li").last
    title = other.locator("strong").inner_text()
    page.get_by_label("Event type").fill("Watch")
    other.get_by_role("button").click()
    expect(page.locator("#was-put")).to_contain_text("Put: Watch of")
    expect(page.locator("#was-put")).to_be_focused()
    assert _titles(page) != before
    expect(page.locator(".moved").first).to_be_visible()
    newest = page.locator("table.events tbody tr").first
    expect(newest).to_contain_text("Watch")
    expect(newest).to_contain_text(title)
    expect(page.get_by_label("Event type")).to_have_value("Watch")
    windows.screenshot(page, "event")


def test_a_refused_event_leaves_the_list_and_says_why(trial: str, windows: Windows):
    from playwright.sync_api import expect

    page = windows.open(f"{trial}&user=user-008")
    page.get_by_label("Value").fill("much")
    page.locator(".recommended li").first.get_by_role("button").click()
    expect(page.get_by_role("alert")).to_contain_text("The value of an event is a number, not much.")
    expect(page.locator(".recommended li")).to_have_count(10)
    windows.screenshot(page, "refused-event")


def test_a_request_that_is_refused(trial: str, windows: Windows):
    from playwright.sync_api import expect

    page = windows.open(f"{trial}&user=user-001&filter=genre-and-year")
    expect(page.get_by_role("alert")).to_contain_text("Missing values for filter parameters: GENRE, SINCE")
    windows.screenshot(page, "refused-request")


def test_suggestions_that_come_late_do_not_open_what_was_closed(trial: str, windows: Windows):
    from playwright.sync_api import expect

    page = windows.open(trial)
    page.locator("#user").fill("user-05")
    page.keyboard.press("Escape")  # before the first suggestion is asked for
    page.keyboard.press("Enter")
    expect(page.locator(".recommended li")).to_have_count(10)
    page.wait_for_timeout(500)
    expect(page.get_by_role("listbox")).to_have_count(0)


def test_with_the_keyboard_alone(films: Films, windows: Windows):
    from playwright.sync_api import expect

    page = windows.open(films.live.endpoint)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="To the content")).to_be_focused()
    windows.screenshot(page, "skip-link")
    _tab_to(page, "films")
    page.keyboard.press("Enter")
    page.wait_for_url("**/groups/films")
    _tab_to(page, "Try it")
    page.keyboard.press("Enter")
    page.wait_for_url("**/try")
    _tab_to(page, "for-you campaign")
    page.keyboard.press("Enter")
    page.wait_for_url("**for-you**")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "user":
            break
    page.keyboard.type("user-01")
    expect(_options(page).first).to_contain_text("user-010")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    windows.screenshot(page, "keyboard", whole=False)
    page.keyboard.press("Enter")
    expect(page.locator("#user")).to_have_value("user-011")
    expect(page.get_by_role("listbox")).to_have_count(0)
    page.keyboard.press("Enter")
    expect(page.locator(".recommended li")).to_have_count(10)
    _tab_to(page, "+ event")
    windows.screenshot(page, "keyboard-focus", whole=False)
    page.keyboard.press("Enter")
    expect(page.locator("#was-put")).to_be_focused()


def test_escape_closes_suggestions_and_ids_that_nobody_has_are_sent(trial: str, windows: Windows):
    from playwright.sync_api import expect

    page = windows.open(trial)
    page.locator("#user").press_sequentially("somebody new")
    expect(page.get_by_role("listbox")).to_contain_text("Nothing in the datasets matches")
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_have_count(0)
    page.keyboard.press("Enter")
    expect(page.locator("[data-answer]")).to_contain_text("no event names this user")
    expect(page.locator(".recommended li")).to_have_count(10)
    page.wait_for_timeout(500)
    expect(page.get_by_role("listbox")).to_have_count(0)
    windows.screenshot(page, "new-user")


def test_while_an_answer_is_waited_for(trial: str, windows: Windows):
    from playwright.sync_api import expect

    page = windows.open(f"{trial}&user=user-001")
    waiting: list[Any] = []
    page.route("**/try?*", lambda route: waiting.append(route))
    page.get_by_role("button", name="Recommend").click()
    expect(page.locator("[data-answer]")).to_have_attribute("aria-busy", "true")
    expect(page.get_by_role("button", name="Recommend")).to_be_disabled()
    windows.screenshot(page, "loading", whole=False)
    waiting[0].abort()
    expect(page.locator("#offline")).to_be_visible()
    expect(page.get_by_role("button", name="Recommend")).to_be_enabled()


def test_without_javascript(trial: str, windows: Windows):
    from playwright.sync_api import expect

    page = windows.open(trial, java_script_enabled=False)
    page.locator("#user").fill("user-030")
    page.get_by_role("button", name="Recommend").click()
    expect(page.locator(".recommended li")).to_have_count(10)
    page.locator(".recommended li").nth(8).get_by_role("button").click()
    expect(page.locator("#was-put")).to_contain_text("Put: Click of")
    expect(page.locator(".moved").first).to_be_visible()


def test_ids_and_titles_are_text(trial: str, windows: Windows):
    from playwright.sync_api import expect

    page = windows.open(trial.replace("for-you", "popular") + "&user=user-001")
    page.on("dialog", lambda dialog: windows.problems.append(f"a script ran: {dialog.message}"))
    first = page.locator(".recommended li").first
    expect(first.locator("strong")).to_have_text(EVIL_TITLE)
    expect(first).to_contain_text(EVIL_ID)
    first.get_by_role("button").click()
    expect(page.locator("#was-put")).to_contain_text(f"Put: Click of {EVIL_ID}")
    page.get_by_role("combobox", name="Item").press_sequentially("<script")
    expect(_options(page)).to_contain_text(EVIL_TITLE)
    _options(page).click()
    expect(page.get_by_role("combobox", name="Item")).to_have_value(EVIL_ID)
    windows.screenshot(page, "text")


def test_on_a_narrow_window_the_answer_comes_into_view(trial: str, windows: Windows):
    from playwright.sync_api import expect

    page = windows.open(trial, NARROW)
    page.locator("#user").fill("user-001")
    page.get_by_role("button", name="Recommend").click()
    expect(page.locator(".recommended li").nth(2)).to_be_in_viewport()
    windows.screenshot(page, "narrow-answer", whole=False)


@pytest.mark.parametrize("colors", ["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 800), NARROW], ids=["wide", "narrow"])
def test_every_page_fits_and_can_be_read(
    size: tuple[int, int], colors: Any, trial: str, films: Films, windows: Windows
):
    answered = f"{trial}&user=user-001&filter=genre-and-year&value.GENRE=Crime&value.SINCE=1950"
    group = f"{films.live.endpoint}/_page/groups/films"
    for name, address in {
        "home": films.live.endpoint,
        "group": group,
        "try": trial,
        "answer": answered,
        "nothing": f"{group}-no",
    }.items():
        page = windows.open(address, size, colors)
        windows.screenshot(page, name)
        assert not overflows(page), name
        assert page.evaluate(FAINT_TEXTS) == [], name


# Texts whose contrast with what is behind them is less than WCAG 2.2 asks for (4.5).
FAINT_TEXTS = """() => {
  const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const luminance = (colour) => {
    const [r, g, b] = channels(colour).slice(0, 3).map((v) => v / 255)
      .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if ((channels(colour)[3] ?? 1) > 0) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const faint = [];
  for (const element of document.querySelectorAll("body *")) {
    const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!hasText || !element.checkVisibility() || element.closest("svg")) continue;
    const [light, dark] = [getComputedStyle(element).color, behind(element)].map(luminance).sort((a, b) => b - a);
    const contrast = (light + 0.05) / (dark + 0.05);
    if (contrast < 4.5) faint.push(`${element.tagName} ${element.className} ${contrast.toFixed(2)}`);
  }
  return [...new Set(faint)];
}"""


def _tab_to(page: Page, text: str) -> None:
    """Press Tab until what has the focus reads so."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent").strip() == text:
            return
    raise AssertionError(f"Tab does not lead to {text}")
