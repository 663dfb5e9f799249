"""What residents do on the pages, in steps that every journey shares."""

import re

from playwright.sync_api import Locator, Page, expect

MUSIC = "Muziek op de stoep"  # € 2.150
LIBRARY = "Minibieb met een leesbankje"  # € 485
PUMPTRACK = "Pumptrack voor stepjes, skates en BMX"  # € 12.000
CLIMBING = "Klauterbomen bij het Spaarwaterveld"  # € 11.600


def box(page: Page, title: str) -> Locator:
    return page.get_by_role("checkbox", name=title)


def choose(page: Page, title: str) -> None:
    """Tick a plan, or untick it, and wait until the draft is kept."""
    with page.expect_response(lambda response: response.request.method == "POST" and response.ok):
        box(page, title).click()


def choose_plainly(page: Page, title: str) -> None:
    """The same without JavaScript, where every choice is a button."""
    plan_button(page, "Kies", title).click()
    expect(plan_button(page, "Haal weg", title)).to_be_visible()


def plan_button(page: Page, verb: str, title: str) -> Locator:
    """The button of a plan: its name is the verb, and for who can't see the card the title."""
    return page.get_by_role("button", name=re.compile(rf"^{verb}\W.*{re.escape(title)}"))


def type_code(page: Page, code: str) -> None:
    page.get_by_label("Uw stemcode").fill(code)


def hand_in(page: Page, code: str = "") -> None:
    """From the ballot to the answer, with the code typed last if it is given here."""
    page.get_by_role("button", name="Stem indienen").click()
    expect(heading(page)).to_have_text("Klopt uw stem?")
    if code:
        type_code(page, code)
    page.get_by_role("button", name="Ja, dien mijn stem in").click()


def preset(page: Page, title: str) -> Locator:
    """The button that begins with that preset."""
    return page.get_by_role("button", name=re.compile(f"Begin hiermee.*{title}"))


def save(page: Page, following: str) -> None:
    """Save a step of the wizard, and be at the next."""
    page.get_by_role("button", name="Bewaar en ga verder").click()
    expect(heading(page)).to_have_text(following)


def heading(page: Page) -> Locator:
    return page.get_by_role("heading", level=1)


def expect_counted(page: Page) -> str:
    """The page that leaves no doubt; returns the controlecode on it."""
    expect(heading(page)).to_have_text("Uw stem telt mee")
    return page.locator(".receipt-code").inner_text()


def expect_left(page: Page, words: str) -> None:
    expect(page.locator("#left")).to_have_text(words)
