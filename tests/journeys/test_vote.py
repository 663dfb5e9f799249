"""The whole vote, from the home page to the receipt check, with JavaScript and without."""

from playwright.sync_api import Page, expect

from tests.cast import AICHA
from tests.journeys.conftest import Demo
from tests.journeys.steps import (
    CLIMBING,
    LIBRARY,
    MUSIC,
    PUMPTRACK,
    box,
    choose,
    choose_plainly,
    expect_counted,
    expect_left,
    hand_in,
    heading,
    plan_button,
    type_code,
)


def find_a_plan(page: Page) -> None:
    """From the list: by theme, by a word, and page by page."""
    page.get_by_text("Menu").click()
    page.get_by_role("link", name="Plannen", exact=True).click()
    page.get_by_text("Plannen zoeken").click()
    page.get_by_label("Thema").select_option("Kunst en cultuur")
    page.get_by_role("button", name="Toon plannen").click()
    expect(page.get_by_role("status")).to_contain_text("5 plannen gevonden")
    page.get_by_label("Zoek een plan").fill("leesbankje")
    page.get_by_role("button", name="Toon plannen").click()
    expect(page.get_by_role("status")).to_contain_text("1 plan gevonden")


def plans_on_both_pages(page: Page, demo: Demo) -> list[str]:
    page.goto(demo("plannen"))
    titles = page.locator(".plan h2").all_inner_texts()
    page.get_by_role("link", name="Volgende").click()
    expect(page.get_by_role("status")).to_contain_text("U ziet plan 25 tot en met 28")
    return titles + page.locator(".plan h2").all_inner_texts()


def test_the_whole_vote_with_the_code_typed_last(phone: Page, demo: Demo, code: str) -> None:
    phone.goto(demo("/"))
    phone.get_by_role("link", name="Bezuidenhout begroot", exact=True).click()
    expect(heading(phone)).to_have_text("Bezuidenhout begroot")
    titles = plans_on_both_pages(phone, demo)
    assert len(titles) == len(set(titles)) == 28, "paging repeats or misses a plan"
    find_a_plan(phone)
    phone.get_by_role("link", name=LIBRARY).click()
    phone.get_by_role("button", name="Kies dit plan").click()
    expect(phone.get_by_role("button", name="Gekozen – haal weg")).to_be_visible()
    expect(phone.get_by_role("complementary")).to_contain_text("Nog niet ingediend")

    phone.get_by_role("link", name="Naar mijn stem").click()
    expect_left(phone, "€ 19.515 over")
    choose(phone, MUSIC)
    expect_left(phone, "€ 17.365 over")
    choose(phone, PUMPTRACK)
    expect(phone.locator("#count")).to_have_text("3 plannen gekozen")
    expect(phone.locator(".plan", has_text=CLIMBING)).to_contain_text("Past niet meer. U hebt nog € 5.365 over.")
    choose(phone, PUMPTRACK)
    expect_left(phone, "€ 17.365 over")

    phone.get_by_role("button", name="Stem indienen").click()
    expect(phone.locator("body")).to_contain_text("Nog niet ingediend")
    expect(phone.get_by_role("row", name=LIBRARY)).to_contain_text("€ 485")
    expect(phone.get_by_role("row", name="Samen")).to_contain_text("€ 2.635")
    type_code(phone, code.lower().replace("-", " "))
    phone.get_by_role("button", name="Ja, dien mijn stem in").click()
    receipt = expect_counted(phone)
    phone.get_by_text("Dit hebt u ingediend").click()
    expect(phone.get_by_role("row", name=MUSIC)).to_be_visible()
    expect(phone.locator("body")).not_to_contain_text("Nog niet ingediend")

    check_receipt(phone, receipt)
    vote_again(phone, demo, code)


def check_receipt(page: Page, receipt: str) -> None:
    page.get_by_role("button", name="Controleer nu").click()
    expect(page.get_by_role("heading", name="Ja, uw stem telt mee")).to_be_visible()
    expect(page.locator(".receipt-code")).to_have_text(receipt)
    expect(page.locator("main")).not_to_contain_text("€")


def vote_again(page: Page, demo: Demo, code: str) -> None:
    page.goto(demo("stemmen"))
    choose(page, PUMPTRACK)
    hand_in(page, code)
    expect(page.get_by_role("alert")).to_contain_text("Met deze stemcode is al gestemd")


def test_the_bar_says_what_is_left_before_any_answer_of_the_server(phone: Page, demo: Demo) -> None:
    phone.goto(demo("stemmen"))
    phone.route("**/stemmen", lambda route: None)  # never answers
    box(phone, PUMPTRACK).click()
    box(phone, CLIMBING).click()
    assert phone.locator("#left").inner_text() == "€\u00a03.600 te veel"
    assert phone.locator("#bar rect").count() == 2
    phone.unroute_all(behavior="ignoreErrors")


def test_a_ballot_that_costs_too_much_comes_back_with_what_was_chosen(phone: Page, demo: Demo) -> None:
    phone.goto(demo("stemmen"))
    choose(phone, PUMPTRACK)
    choose(phone, CLIMBING)
    phone.get_by_role("button", name="Stem indienen").click()
    expect(phone.get_by_role("alert").first).to_contain_text("Uw keuze is € 3.600 te duur")
    expect(phone.get_by_role("alert").first).to_be_focused()
    expect(box(phone, PUMPTRACK)).to_be_checked()
    expect(box(phone, CLIMBING)).to_be_checked()


def test_a_typing_error_in_the_code_is_no_wrong_code(phone: Page, demo: Demo, code: str) -> None:
    phone.goto(demo("stemmen"))
    choose(phone, MUSIC)
    swapped = code[:1] + code[2] + code[1] + code[3:]
    hand_in(phone, swapped if swapped != code else "A" + code[1:])
    expect(phone.get_by_role("alert")).to_contain_text("In de stemcode zit een typefout")
    phone.get_by_role("alert").get_by_role("link", name="typefout").click()
    expect(phone.get_by_label("Uw stemcode")).to_be_focused()
    type_code(phone, code)
    phone.get_by_role("button", name="Ja, dien mijn stem in").click()
    expect_counted(phone)


def test_a_blank_ballot_is_handed_in_on_purpose(phone: Page, demo: Demo, code: str) -> None:
    phone.goto(demo("stemmen"))
    phone.get_by_role("button", name="Stem indienen").click()
    expect(phone.get_by_role("alert").first).to_contain_text("U hebt nog geen plan gekozen")
    phone.get_by_role("button", name="Ik stem blanco").click()
    expect(phone.locator("main")).to_contain_text("U stemt blanco")
    type_code(phone, code)
    phone.get_by_role("button", name="Ja, ik stem blanco").click()
    expect_counted(phone)
    phone.get_by_text("Dit hebt u ingediend").click()
    expect(phone.locator("main")).to_contain_text("U stemde blanco")


def test_the_whole_vote_without_javascript_with_the_code_first(plain_phone: Page, demo: Demo, code: str) -> None:
    page = plain_phone
    page.goto(demo("/"))
    page.get_by_role("link", name="Bezuidenhout begroot", exact=True).click()
    find_a_plan(page)
    page.goto(demo("stemmen"))
    page.get_by_text("Vul nu uw stemcode in").click()
    type_code(page, code)
    page.get_by_role("button", name="Bewaar stemcode").click()
    expect(page.locator("main")).to_contain_text("Stemcode ingevuld")
    choose_plainly(page, MUSIC)
    choose_plainly(page, LIBRARY)
    choose_plainly(page, CLIMBING)
    plan_button(page, "Haal weg", CLIMBING).click()
    expect_left(page, "€ 17.365 over")

    page.reload()
    expect_chosen_plainly(page)
    page.get_by_role("link", name=PUMPTRACK).click()
    expect(page.get_by_role("complementary")).to_contain_text("Nog niet ingediend")
    page.go_back()
    expect_chosen_plainly(page)
    page.get_by_text("Menu").click()
    page.get_by_role("button", name="English").click()
    expect_left(page, "€17,365 left")
    page.get_by_text("Menu").click()
    page.get_by_role("button", name="Nederlands").click()
    expect_chosen_plainly(page)

    hand_in(page)
    receipt = expect_counted(page)
    check_receipt(page, receipt)


def expect_chosen_plainly(page: Page) -> None:
    expect(page.get_by_role("button", name="Haal weg")).to_have_count(2)
    expect(page.locator("main")).to_contain_text("Stemcode ingevuld")
    expect_left(page, "€ 17.365 over")


def test_a_vote_is_changed_where_the_process_allows_it(plain_phone: Page, demo: Demo) -> None:
    page = plain_phone
    page.goto(demo(f"/{demo.approval}/stemmen"))
    page.get_by_role("button", name="Stem indienen").click()
    expect(page.get_by_role("alert")).to_contain_text("Kies minstens één plan")
    for title in ("Bankjes onder de bomen", "Pluktuin"):
        plan_button(page, "Kies", title).click()
    hand_in(page, AICHA.letter)
    first = expect_counted(page)
    page.goto(demo(f"/{demo.approval}/stemmen"))
    for title in ("Fietsenstalling", "Tapwaterkranen"):
        plan_button(page, "Kies", title).click()
    hand_in(page, AICHA.letter)
    expect(page.locator("main")).to_contain_text("Hij vervangt uw vorige stem")
    expect(page.locator("main")).to_contain_text("De controlecode die u eerder kreeg, blijft geldig")
    check_receipt_at(page, demo(f"/{demo.approval}/controle"), first)


def check_receipt_at(page: Page, address: str, receipt: str) -> None:
    page.goto(address)
    page.get_by_label("Uw controlecode").fill(receipt)
    page.get_by_role("button", name="Controleer").click()
    expect(page.get_by_role("heading", name="Ja, uw stem telt mee")).to_be_visible()


def test_the_bar_counts_per_theme_and_says_which_plan_no_longer_fits(phone: Page, demo: Demo) -> None:
    """Baardwijk: at most two plans per theme."""
    phone.goto(demo("/baardwijk-beslist/stemmen"))
    green = phone.locator("#shares li").filter(has_text="Groen").locator("strong")
    expect(green).to_have_text("0 van 2")
    for title in ("Boomspiegels vol bloemen", "Bijenhotels op elk veldje"):
        choose(phone, title)
    expect(green).to_have_text("2 van 2")
    rain = phone.locator("li.plan").filter(has_text="Regentonnen voor honderd huizen")
    expect(rain.locator(".fit")).to_have_text("Bij ‘Groen’ hebt u er al 2 gekozen. Meer mag niet.")
    choose(phone, "Regentonnen voor honderd huizen")
    expect(green).to_have_text("1 te veel")
    phone.get_by_role("button", name="Stem indienen").click()
    expect(
        phone.get_by_role("alert").get_by_role("link", name="Kies er hoogstens 2 bij het thema ‘Groen’.")
    ).to_be_visible()
    expect(green).to_have_text("1 te veel")
