"""The whole vote with Tab, Space and Enter, and nothing else."""

from playwright.sync_api import Locator, Page, Route, expect

from tests.journeys.conftest import Demo
from tests.journeys.steps import LIBRARY, MUSIC, box, expect_counted, expect_left, heading

MOST_TABS = 150
# Where the keyboard is, must be seen: an outline, on screen, and nothing on top of it.
IS_SEEN = """() => {
  const focused = document.activeElement;
  const drawn = focused.closest(".choice") ?? focused;
  const style = getComputedStyle(drawn);
  const { left, right, top, bottom } = drawn.getBoundingClientRect();
  const onScreen = top >= 0 && left >= 0 && bottom <= innerHeight + 1 && right <= innerWidth + 1;
  const above = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
  return {
    focus: focused !== document.body,
    outline: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    onScreen: onScreen || bottom - top > innerHeight / 2,
    onTop: Boolean(above && (drawn.contains(above) || above.contains(drawn))),
  };
}"""
ALL_SEEN = {"focus": True, "outline": True, "onScreen": True, "onTop": True}


def tab_to(page: Page, target: Locator, *, forward: bool = True) -> None:
    """Press Tab until the target has the focus. On the way the focus is never out of sight."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab" if forward else "Shift+Tab")
        where = page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
        assert page.evaluate(IS_SEEN) == ALL_SEEN, where
        if target.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"{MOST_TABS} times Tab, and never at {target}")


def press(page: Page, key: str, target: Locator) -> None:
    tab_to(page, target)
    page.keyboard.press(key)


def test_the_whole_vote_by_keyboard(phone: Page, demo: Demo, code: str) -> None:
    phone.goto(demo("/"))
    press(phone, "Enter", phone.get_by_role("link", name="Naar de inhoud"))
    expect(phone.locator("main")).to_be_focused()
    press(phone, "Enter", phone.get_by_role("link", name="Bezuidenhout begroot", exact=True))
    expect(heading(phone)).to_have_text("Bezuidenhout begroot")
    press(phone, "Enter", phone.get_by_role("link", name="Stem mee", exact=True))
    expect(heading(phone)).to_contain_text("Verdeel")

    press(phone, "Space", box(phone, MUSIC))
    expect(box(phone, MUSIC)).to_be_focused()
    expect_left(phone, "€ 17.850 over")
    phone.keyboard.press("Enter")  # it looks like a button, so Enter works as on a button
    expect_left(phone, "€ 20.000 over")
    with phone.expect_response(lambda response: response.request.method == "POST" and response.ok):
        phone.keyboard.press("Enter")
    expect_left(phone, "€ 17.850 over")

    phone.reload()
    expect(box(phone, MUSIC)).to_be_checked()
    press(phone, "Enter", phone.get_by_role("link", name="Naar ‘Stem indienen’"))
    expect(phone.locator("#bar")).to_be_focused()
    press(phone, "Enter", phone.get_by_role("button", name="Stem indienen"))
    expect(heading(phone)).to_have_text("Klopt uw stem?")
    tab_to(phone, phone.get_by_label("Uw stemcode"))
    phone.keyboard.type(code)
    press(phone, "Enter", phone.get_by_role("button", name="Ja, dien mijn stem in"))
    expect_counted(phone)


def test_the_code_is_handed_in_with_enter(phone: Page, demo: Demo, code: str) -> None:
    phone.goto(demo("stemmen"))
    press(phone, "Enter", phone.get_by_text("Vul nu uw stemcode in"))
    tab_to(phone, phone.get_by_label("Uw stemcode"))
    phone.keyboard.type(code)
    phone.keyboard.press("Enter")
    expect(phone.locator("main")).to_contain_text("Stemcode ingevuld")
    expect(heading(phone)).to_contain_text("Verdeel")


def test_the_focus_survives_that_the_bar_is_swapped(phone: Page, demo: Demo) -> None:
    phone.goto(demo("stemmen"))
    button = phone.get_by_role("button", name="Stem indienen")
    held: list[Route] = []
    phone.route("**/stemmen", lambda route: held.append(route))
    box(phone, LIBRARY).focus()
    with phone.expect_request("**/stemmen"):
        phone.keyboard.press("Space")
    button.focus()
    with phone.expect_response("**/stemmen"):
        held.pop().continue_()
    expect_swapped(phone)
    expect(button).to_be_focused()
    phone.unroute_all(behavior="ignoreErrors")


def expect_swapped(page: Page) -> None:
    """The bar that the server sent is there: it alone has drawn its parts without what the script adds."""
    expect(page.locator("#bar.htmx-added, #bar.htmx-settling, #bar.htmx-swapping")).to_have_count(0)
    expect_left(page, "€ 19.515 over")


def test_the_first_tab_offers_to_skip_and_the_list_of_plans_keeps_the_focus(phone: Page, demo: Demo) -> None:
    phone.goto(demo("plannen"))
    press(phone, "Enter", phone.get_by_text("Plannen zoeken"))
    tab_to(phone, phone.get_by_label("Zoek een plan"))
    phone.keyboard.type("leesbankje")
    phone.keyboard.press("Enter")
    expect(phone.get_by_role("status")).to_contain_text("1 plan gevonden")
    expect(phone.get_by_label("Zoek een plan")).to_be_focused()
