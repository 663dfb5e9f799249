"""English as complete as Dutch; what residents wrote themselves stays as they wrote it."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Demo, Visitor
from tests.journeys.steps import CLIMBING, MUSIC, box, choose, expect_left, heading

DUTCH = re.compile(r"\b(uw|niet|het|een|kunt|stemmen|plannen|gekozen|wordt|deze|dat|gaat|bij|vul)\b", re.IGNORECASE)
# What isn't marked as Dutch must be English.
TEXT = """() => {
  const body = document.body.cloneNode(true);
  for (const part of body.querySelectorAll("[lang=nl], script")) part.remove();
  return body.textContent.replace(/\\S+@\\S+/g, "").replace(/\\s+/g, " ");
}"""
PATHS = [
    "/",
    "/bezuidenhout",
    "/bezuidenhout/plannen",
    "/bezuidenhout/stemmen",
    "/bezuidenhout/stemmen/bevestiging",
    "/bezuidenhout/controle",
    "/bezuidenhout/uitslag",
    "/bezuidenhout-2019",
    "/bezuidenhout-2019/stemmen",
    "/bezuidenhout-2019/uitslag",
    "/bezuidenhout-2019/controle",
    "/drie-plannen/stemmen",
    "/straks/stemmen",
    "/hulp",
    "/privacy",
    "/toegankelijkheid",
    "/bestaat-niet",
]


@pytest.mark.parametrize("path", PATHS)
def test_no_dutch_is_left_on_an_english_page(visitor: Visitor, demo: Demo, path: str) -> None:
    page = visitor(locale="en-GB")
    page.goto(demo(path))
    assert page.locator("html").get_attribute("lang") == "en"
    text = page.evaluate(TEXT)
    assert [text[max(found.start() - 30, 0) : found.end() + 30] for found in DUTCH.finditer(text)] == []


def test_a_plan_is_marked_as_dutch_on_an_english_page(visitor: Visitor, demo: Demo) -> None:
    page = visitor(locale="en-GB")
    page.goto(demo(f"plannen?zoek={MUSIC}"))
    card = page.locator("li.plan", has_text=MUSIC)
    assert card.evaluate("element => element.closest('[lang]').lang") == "nl"


def test_the_choice_survives_a_change_of_language(phone: Page, demo: Demo) -> None:
    phone.goto(demo("stemmen"))
    choose(phone, MUSIC)
    phone.get_by_text("Menu").click()
    phone.get_by_role("button", name="English").click()
    expect(heading(phone)).to_contain_text("€20,000")
    expect(box(phone, MUSIC)).to_be_checked()
    expect_left(phone, "€17,850 left")
    with phone.expect_response(lambda response: response.request.method == "POST"):
        box(phone, CLIMBING).click()
    expect_left(phone, "€6,250 left")

    phone.goto(demo("/hulp"))
    expect(phone.get_by_role("complementary")).to_contain_text("2 plans, €6,250 left")
    phone.get_by_text("Menu").click()
    phone.get_by_role("button", name="Nederlands").click()
    expect(heading(phone)).to_have_text("Hulp en contact")
    expect(phone.get_by_role("complementary")).to_contain_text("2 plannen, € 6.250 over")
