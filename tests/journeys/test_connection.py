"""A phone that loses its connection or its battery, and one vote in two tabs."""

from playwright.sync_api import Page, expect

from tests.journeys.conftest import Demo, Watch
from tests.journeys.steps import LIBRARY, MUSIC, PUMPTRACK, box, choose, expect_counted, expect_left, hand_in, heading


def test_a_choice_without_connection_is_kept_as_soon_as_it_is_back(phone: Page, demo: Demo) -> None:
    phone.goto(demo("stemmen"))
    phone.context.set_offline(True)
    box(phone, MUSIC).click()
    expect_left(phone, "€ 17.850 over")
    expect(phone.locator("#connection")).to_contain_text("Geen verbinding")
    expect(phone.locator("#bar")).to_contain_text("Nog niet ingediend")
    with phone.expect_response("**/stemmen"):
        phone.context.set_offline(False)
    expect(phone.locator("#connection")).to_be_empty()
    phone.reload()
    expect(box(phone, MUSIC)).to_be_checked()
    expect_left(phone, "€ 17.850 over")


def test_without_connection_the_list_of_plans_says_so_until_there_is_one(phone: Page, demo: Demo) -> None:
    phone.goto(demo("plannen"))
    phone.get_by_text("Plannen zoeken").click()
    phone.context.set_offline(True)
    phone.get_by_label("Volgorde").select_option("title")
    expect(phone.get_by_role("alert")).to_contain_text("Er komt geen antwoord.")
    phone.context.set_offline(False)
    phone.get_by_label("Volgorde").select_option("cost")
    phone.wait_for_url("**volgorde=cost**")
    expect(phone.get_by_role("alert")).to_have_count(0)


def test_who_leaves_at_once_keeps_the_choice(phone: Page, demo: Demo) -> None:
    phone.goto(demo("stemmen"))
    box(phone, MUSIC).click()
    phone.goto(demo("/hulp"))
    wait_for_draft(phone)
    phone.goto(demo("stemmen"))
    expect(box(phone, MUSIC)).to_be_checked()


def wait_for_draft(page: Page) -> None:
    """The browser sends the last choice along while it leaves, beside the next page; its answer may come later."""
    for _ in range(100):
        if any(cookie["name"].startswith("concept_") for cookie in page.context.cookies()):
            return
        page.wait_for_timeout(50)
    raise AssertionError("the choice was never kept")


def test_a_phone_that_died_still_has_the_choice(phone: Page, demo: Demo) -> None:
    phone.goto(demo("stemmen"))
    choose(phone, MUSIC)
    context = phone.context
    phone.close()
    again = context.new_page()
    again.goto(demo("/"))
    expect(again.get_by_role("complementary")).to_contain_text("Nog niet ingediend 1 plan, € 17.850 over")
    again.get_by_role("link", name="Naar mijn stem").click()
    expect(box(again, MUSIC)).to_be_checked()


def test_of_two_tabs_one_is_handed_in_and_the_other_says_so(phone: Page, demo: Demo, code: str) -> None:
    other = phone.context.new_page()
    phone.goto(demo("stemmen"))
    choose(phone, MUSIC)
    other.goto(demo("stemmen"))
    choose(other, PUMPTRACK)
    other.get_by_role("button", name="Stem indienen").click()
    expect(heading(other)).to_have_text("Klopt uw stem?")

    hand_in(phone, code)
    expect_counted(phone)
    other.get_by_label("Uw stemcode").fill(code)
    other.get_by_role("button", name="Ja, dien mijn stem in").click()
    expect(other.get_by_role("alert")).to_contain_text("Met deze stemcode is al gestemd")


def test_of_two_tabs_with_the_code_kept_the_other_says_so_too(phone: Page, demo: Demo, code: str) -> None:
    phone.goto(demo(f"stemmen#{code}"))
    expect(phone.locator("main")).to_contain_text("Stemcode ingevuld")
    choose(phone, MUSIC)
    other = phone.context.new_page()
    other.goto(demo("stemmen"))
    other.get_by_role("button", name="Stem indienen").click()
    expect(heading(other)).to_have_text("Klopt uw stem?")

    hand_in(phone)
    expect_counted(phone)
    other.get_by_role("button", name="Ja, dien mijn stem in").click()
    expect(other.get_by_role("alert")).to_contain_text("Hebt u in een ander tabblad al ingediend?")


def test_the_same_hand_in_twice_shows_the_same_page(phone: Page, demo: Demo, code: str, watch: Watch) -> None:
    phone.goto(demo("stemmen"))
    choose(phone, MUSIC)
    phone.get_by_role("button", name="Stem indienen").click()
    phone.get_by_label("Uw stemcode").fill(code)
    phone.get_by_role("button", name="Ja, dien mijn stem in").dblclick()
    receipt = expect_counted(phone)
    phone.reload()
    assert expect_counted(phone) == receipt


def test_the_back_button_after_handing_in_shows_no_old_ballot(phone: Page, demo: Demo, code: str) -> None:
    phone.goto(demo("stemmen"))
    choose(phone, MUSIC)
    choose(phone, LIBRARY)
    hand_in(phone, code)
    expect_counted(phone)
    for _ in range(2):
        phone.go_back()
        expect(heading(phone)).to_contain_text("Verdeel")
        expect(phone.get_by_role("checkbox", checked=True)).to_have_count(0)
