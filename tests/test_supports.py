"""Supporting a plan: the button, who is asked what, and the panel on the page of the plan."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient, TestClient

from domain import codes, makers, news, phases, residents
from domain.database import Database, writing
from domain.phases import Phase
from domain.processes import Process
from routes.site import Site
from routes.visitors import CODE_COOKIE, COOKIE
from tests.cast import AFTER, AICHA, BEACH, BRAM, CHEN, NOW, OPENS, WILLEM, YVONNE, reload
from tests.conftest import Clock
from tests.mailbox import SEND, ask_mail, confirm, link_to, mail_to
from tests.pages import Page, words
from tests.writing import arrives, sign_in

CLOSES = NOW + timedelta(days=10)
HTMX = {"HX-Request": "true"}


@pytest.fixture
def process(db: Database, process: Process) -> Process:
    """Bezuidenhout gathers support until ten days from NOW: three likes bring a plan to assessment."""
    with writing(db):
        db.execute("UPDATE phases SET opens_at = ?, closes_at = ?", [phases.to_text(AFTER), "2026-09-01T00:00:00Z"])
        db.execute("UPDATE processes SET support_threshold = 3 WHERE id = ?", [process.id])
        phases.insert(db, process.id, [Phase("support", OPENS, CLOSES)])
    return reload(db)


@pytest.fixture
def by_code(db: Database, process: Process) -> Process:
    """Only who holds a stemcode supports."""
    db.execute("UPDATE processes SET supporters = 'code' WHERE id = ?", [process.id])
    return reload(db)


def bench(process: Process) -> str:
    """The path of the plan for benches."""
    return process.by_project_id["bank"].url


def support_of(db: Database, process: Process) -> int:
    (number,) = db.execute("SELECT supports FROM plans WHERE id = ?", [process.by_project_id["bank"].id]).fetchone()
    return int(number)


def test_a_maker_may_support_their_own_plan_once_like_anybody(
    client: TestClient, process: Process, db: Database, secret: bytes
) -> None:
    aicha = sign_in(client, db, secret, AICHA)
    with writing(db):
        makers.add(db, process.by_project_id["bank"].id, aicha, "Aïcha", "", NOW)
    assert "U mag uw eigen plan ook steunen" in words(client.get(bench(process)).text)
    for _ in range(2):
        client.post(f"{bench(process)}/steun")
    assert support_of(db, process) == 1
    assert "U mag uw eigen plan ook steunen" not in words(client.get(bench(process)).text)


def test_taking_support_back_is_said_once(client: TestClient, process: Process, db: Database, secret: bytes) -> None:
    sign_in(client, db, secret, AICHA)
    client.post(f"{bench(process)}/steun")
    client.post(f"{bench(process)}/steun", data={"weg": "1"})
    said = "Gelukt: uw steun is weggehaald."
    assert said in words(client.get(bench(process)).text)
    assert said not in words(client.get(bench(process)).text)
    client.post(f"{bench(process)}/steun")
    assert said in words(client.post(f"{bench(process)}/steun", data={"weg": "1"}, headers=HTMX).text)


def test_who_is_new_supports_by_mail(client: TestClient, process: Process, db: Database) -> None:
    assert "0 van 3 mensen steunen dit plan" in words(client.get(bench(process)).text)
    answer = client.post(f"{bench(process)}/steun")
    assert "U steunt het plan ‘Bankjes onder de bomen 🌳’" in words(answer.text)
    assert "Kijk in uw mail" in words(ask_mail(client, answer.text, AICHA.email).text)
    assert support_of(db, process) == 0
    answer = confirm(client, db, AICHA)
    assert answer.headers["location"] == f"{bench(process)}#steun"
    page = words(client.get(bench(process)).text)
    assert "1 van 3 mensen steunen dit plan" in page
    assert "U steunt dit plan." in page
    assert db.execute("SELECT email FROM residents").fetchone() == (None,)  # nobody needs it any more


def test_who_confirmed_once_supports_and_takes_back_with_one_click(
    client: TestClient, process: Process, db: Database, secret: bytes
) -> None:
    sign_in(client, db, secret, AICHA)
    for _ in range(2):  # double click
        answer = client.post(f"{bench(process)}/steun")
        assert (answer.status_code, answer.headers["location"]) == (303, f"{bench(process)}#steun")
    assert support_of(db, process) == 1
    for _ in range(2):  # two tabs
        assert client.post(f"{bench(process)}/steun", data={"weg": "1"}).status_code == 303
    assert support_of(db, process) == 0
    assert mail_to(db, AICHA) == []


def test_htmx_gets_the_panel_alone(client: TestClient, process: Process, db: Database, secret: bytes) -> None:
    sign_in(client, db, secret, AICHA)
    answer = client.post(f"{bench(process)}/steun", headers=HTMX)
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert "1 van 3 mensen steunen dit plan" in words(answer.text)
    assert "weg" in answer.text
    answer = client.post(f"{bench(process)}/steun", data={"weg": "1"}, headers=HTMX)
    assert "0 van 3 mensen steunen dit plan" in words(answer.text)


def test_htmx_gets_the_question_for_an_address_in_the_place_of_the_panel(
    client: TestClient, process: Process, db: Database
) -> None:
    answer = client.post(f"{bench(process)}/steun", headers=HTMX)
    assert "<html" not in answer.text
    assert ask_mail(client, answer.text, AICHA.email).status_code == 200
    confirm(client, db, AICHA)
    assert support_of(db, process) == 1


def test_two_people_see_their_own_button(client: TestClient, process: Process, db: Database, secret: bytes) -> None:
    """The page of others comes from memory; that of a supporter never gets into it."""
    sign_in(client, db, secret, AICHA)
    client.post(f"{bench(process)}/steun")
    assert "Haal mijn steun weg" in words(client.get(bench(process)).text)
    client.cookies.clear()
    for _ in range(2):
        page = words(client.get(bench(process)).text)
        assert "Ik steun dit plan" in page
        assert "Haal mijn steun weg" not in page
    sign_in(client, db, secret, BRAM)
    assert "Ik steun dit plan" in words(client.get(bench(process)).text)


def test_the_bar_says_the_same_as_the_words(client: TestClient, process: Process, db: Database, secret: bytes) -> None:
    for who, said in ((AICHA, "1 van 3"), (BRAM, "2 van 3"), (CHEN, "3 mensen steunen dit plan Genoeg steun")):
        with writing(db):
            id_ = residents.arrived(db, residents.key_of_address(secret, who.email), "nl", NOW)
            db.execute(
                "INSERT INTO supports (plan_id, resident_id, given_on) VALUES (?, ?, '2026-05-12')",
                [process.by_project_id["bank"].id, id_],
            )
        page = Page(client.get(bench(process)).text)
        assert said in page.words
        (bar,) = [tag for tag in page.all("svg") if "support-bar" in tag.get("class", "")]
        assert bar["viewbox"] == "0 0 3 1"
        assert {"width": str(support_of(db, process)), "height": "1"} in page.all("rect")
        assert said.partition(" Genoeg")[0] in words(client.get(f"/{process.slug}/plannen").text)


def test_before_and_after_the_phase_the_page_says_when(
    client: TestClient, process: Process, db: Database, secret: bytes, clock: Clock
) -> None:
    sign_in(client, db, secret, AICHA)
    client.post(f"{bench(process)}/steun")
    for now, said in ((OPENS - timedelta(days=1), "Steunen kan vanaf 1 mei 2026"), (CLOSES, "Steunen kon tot 22 mei")):
        clock.now = now
        page = words(client.get(bench(process)).text)
        assert said in page
        assert "Ik steun dit plan" not in page
        for data in ({}, {"weg": "1"}):
            answer = client.post(f"{bench(process)}/steun", data=data)
            assert answer.status_code == 409
            assert "Steunen kan nu niet" in words(answer.text)
            answer = client.post(f"{bench(process)}/steun", data=data, headers=HTMX)
            assert answer.status_code == 200  # htmx shows nothing of another
            assert "Er is niets veranderd" in words(answer.text)
    assert support_of(db, process) == 1
    client.cookies.clear()
    assert client.post(f"{bench(process)}/steun").status_code == 409  # nobody is asked for an address in vain


def test_who_confirms_too_late_hears_that_it_does_not_count(
    client: TestClient, process: Process, db: Database, clock: Clock
) -> None:
    clock.now = CLOSES - timedelta(hours=1)
    ask_mail(client, client.post(f"{bench(process)}/steun").text, AICHA.email)
    clock.now = CLOSES
    answer = confirm(client, db, AICHA)
    assert answer.status_code == 409
    assert "U bent te laat" in words(answer.text)
    assert bench(process) in {a["href"] for a in Page(answer.text).all("a")}
    assert support_of(db, process) == 0
    assert db.execute("SELECT count(*) FROM residents").fetchone()[0] == 0


def test_the_link_of_one_in_the_browser_of_another_counts_for_the_one(
    client: TestClient, process: Process, db: Database, secret: bytes
) -> None:
    """Bram opens what was mailed to Aïcha: the page says whose it is, and nothing of it becomes his."""
    ask_mail(client, client.post(f"{bench(process)}/steun").text, AICHA.email)
    bram = sign_in(client, db, secret, BRAM)
    assert AICHA.email in words(client.get(link_to(db, AICHA)).text)
    confirm(client, db, AICHA)
    assert db.execute("SELECT count(*) FROM supports WHERE resident_id = ?", [bram]).fetchone()[0] == 0
    assert support_of(db, process) == 1


def test_a_plan_of_another_process_is_not_found_here(
    client: TestClient, process: Process, elsewhere: Process, db: Database, secret: bytes
) -> None:
    sign_in(client, db, secret, AICHA)
    beach = elsewhere.by_project_id[BEACH.project_id].id
    for number in (beach, 99_999, 0):
        assert client.post(f"/{process.slug}/plannen/{number}/steun").status_code == 404
        assert client.get(f"/{process.slug}/plannen/{number}/steun").status_code == 404
    assert db.execute("SELECT count(*) FROM supports").fetchone()[0] == 0


def test_a_hidden_plan_can_not_be_found_by_its_button(client: TestClient, process: Process, db: Database) -> None:
    db.execute("UPDATE plans SET status = 'hidden' WHERE project_id = 'bank'")
    assert client.post(f"{bench(process)}/steun").status_code == 404


def test_who_supported_a_merged_plan_is_asked_on_the_other(
    client: TestClient, process: Process, db: Database, secret: bytes
) -> None:
    sign_in(client, db, secret, AICHA)
    client.post(f"{bench(process)}/steun")
    garden = process.by_project_id["tuin"]
    db.execute("UPDATE plans SET status = 'merged', merged_into = ? WHERE project_id = 'bank'", [garden.id])
    page = words(client.get(garden.url).text)
    assert "U steunde ‘Bankjes onder de bomen 🌳’. Dat plan is nu deel van dit plan." in page
    assert "Steunt u dit plan ook?" in page
    assert "Steunt u dat plan ook?" in words(client.get("/mijn").text)
    client.post(f"{garden.url}/steun")
    assert "Steunt u dit plan ook?" not in words(client.get(garden.url).text)
    assert client.post(f"{bench(process)}/steun").status_code == 409  # an old tab
    client.cookies.clear()
    assert "U steunde" not in words(client.get(garden.url).text)


def test_after_closing_the_page_of_a_merged_plan_offers_to_take_support_along(
    client: TestClient, process: Process, db: Database, secret: bytes, clock: Clock
) -> None:
    sign_in(client, db, secret, AICHA)
    client.post(f"{bench(process)}/steun")
    garden, benches = process.by_project_id["tuin"], process.by_project_id["bank"].id
    with writing(db):
        db.execute("UPDATE plans SET status = 'merged', merged_into = ? WHERE id = ?", [garden.id, benches])
        news.tell(db, process.id, benches, "merged", "", CLOSES)
    clock.now = CLOSES
    assert "U kunt uw steun meenemen naar het nieuwe plan" in words(client.get(bench(process)).text)
    sign_in(client, db, secret, BRAM)
    assert "meenemen" not in words(client.get(garden.url).text)  # known, and supported neither
    assert client.post(f"{garden.url}/steun").status_code == 409
    client.cookies.clear()
    page = client.get(garden.url).text  # nobody knows who this is: asked by mail
    assert "Uw steun meenemen naar dit plan kan" in words(page)
    asked = client.post(f"{garden.url}/steun", data=Page(page).form(f"{garden.url}/steun").fields)
    ask_mail(client, asked.text, AICHA.email)
    confirm(client, db, AICHA)
    there = words(client.get(garden.url).text)
    assert "U steunde dit plan." in there
    assert "Neem mijn steun mee" not in there
    assert reload(db).by_id[garden.id].supports == 1


# By stemcode


def give_code(client: TestClient, process: Process, typed: str) -> object:
    return client.post(f"{bench(process)}/steun", data={"code": typed})


def test_who_holds_a_code_supports_with_it(client: TestClient, by_code: Process, db: Database) -> None:
    page = client.post(f"{bench(by_code)}/steun")
    assert "Steun met uw stemcode" in words(page.text)
    assert SEND not in {form.action for form in Page(page.text).forms}
    answer = give_code(client, by_code, AICHA.letter)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{bench(by_code)}#steun")
    assert AICHA.code not in str(answer.headers)
    assert "U steunt dit plan." in words(client.get(bench(by_code)).text)
    client.post(f"{bench(by_code)}/steun", data={"weg": "1"})  # the code isn't asked again
    assert support_of(db, by_code) == 0
    assert give_code(client, by_code, AICHA.letter.lower()).status_code == 303
    assert support_of(db, by_code) == 1


def test_one_code_on_two_phones_is_one_support(client: TestClient, by_code: Process, db: Database) -> None:
    for _ in range(2):
        client.cookies.clear()
        assert give_code(client, by_code, AICHA.letter).status_code == 303
    assert support_of(db, by_code) == 1


def test_a_code_that_was_voted_with_still_supports(
    client: TestClient, by_code: Process, db: Database, secret: bytes
) -> None:
    db.execute("UPDATE roll SET used_on = '2026-05-12'")
    assert give_code(client, by_code, AICHA.letter).status_code == 303


def test_willem_and_yvonne_are_refused(client: TestClient, by_code: Process, db: Database, site: Site) -> None:
    for who in (WILLEM, YVONNE):
        answer = give_code(client, by_code, who.letter)
        assert answer.status_code == 422
        assert "Deze stemcode kennen wij niet" in words(answer.text)
        assert who.code not in answer.text.replace("-", "")
        assert CODE_COOKIE not in answer.cookies
    assert support_of(db, by_code) == 0
    for typed, said in (("", "Vul uw stemcode in"), ("K7QM3", "typefout"), (AICHA.receipt, "controlecode")):
        answer = give_code(client, by_code, typed)
        assert answer.status_code == 422
        assert said in words(answer.text)
    assert sum(map(len, site.tries.wrong.values())) == 2  # a typing error is no try


def test_guessing_codes_ends_soon_and_a_right_one_still_counts(
    client: TestClient, by_code: Process, db: Database, site: Site
) -> None:
    told = Counter()
    for _ in range(site.settings.wrong_codes + 3):
        told[give_code(client, by_code, codes.draw(codes.CODE_LENGTH)).status_code] += 1
    assert told == {422: site.settings.wrong_codes, 429: 3}
    assert give_code(client, by_code, AICHA.letter).status_code == 303


def test_an_address_does_not_do_where_codes_are_asked(
    client: TestClient, by_code: Process, db: Database, secret: bytes
) -> None:
    sign_in(client, db, secret, AICHA)
    assert "Steun met uw stemcode" in words(client.post(f"{bench(by_code)}/steun").text)
    assert support_of(db, by_code) == 0
    assert give_code(client, by_code, AICHA.letter).status_code == 303
    assert client.cookies[COOKIE]  # still signed in as the maker of their plans
    assert "U steunt dit plan." in words(client.get(bench(by_code)).text)


def test_a_mail_of_before_codes_were_asked_does_not_count(client: TestClient, process: Process, db: Database) -> None:
    ask_mail(client, client.post(f"{bench(process)}/steun").text, AICHA.email)
    db.execute("UPDATE processes SET supporters = 'code'")
    answer = confirm(client, db, AICHA)
    assert answer.status_code == 409
    assert "met uw stemcode" in words(answer.text)
    assert support_of(db, process) == 0


def test_a_session_by_code_counts_in_its_own_process_only(
    client: TestClient, by_code: Process, elsewhere: Process, db: Database
) -> None:
    """Also when its owner writes another process into the token."""
    give_code(client, by_code, AICHA.letter)
    token = client.cookies[CODE_COOKIE]
    with writing(db):
        db.execute("UPDATE processes SET supporters = 'code' WHERE id = ?", [elsewhere.id])
        phases.insert(db, elsewhere.id, [Phase("support", OPENS, CLOSES)])
    beach = reload(db, "loosduinen").by_project_id["strand"]
    assert "Steun met uw stemcode" in words(client.post(f"{beach.url}/steun").text)
    forged = f"{elsewhere.id}.{token.partition('.')[2]}"
    for name in (CODE_COOKIE, COOKIE):
        client.cookies.clear()
        client.cookies.set(name, forged, domain="testserver.local")
        assert "Steun met uw stemcode" in words(client.post(f"{beach.url}/steun").text)
    db.execute("UPDATE processes SET supporters = 'mail' WHERE id = ?", [elsewhere.id])
    client.cookies.clear()
    client.cookies.set(COOKIE, token, domain="testserver.local")  # nor does it do as an address
    assert SEND in {form.action for form in Page(client.post(f"{beach.url}/steun").text).forms}
    assert db.execute("SELECT supports FROM plans WHERE id = ?", [beach.id]).fetchone() == (0,)


def test_a_hundred_clicks_at_once_leave_one(app: Litestar, process: Process, db: Database, secret: bytes) -> None:
    with writing(db):
        id_ = residents.arrived(db, residents.key_of_address(secret, AICHA.email), "nl", NOW)
        token = residents.start_session(db, id_, NOW)

    async def race() -> list[int]:
        async with AsyncTestClient(app, base_url="http://testserver.local") as client:
            client.follow_redirects = False
            headers = {"Cookie": f"{COOKIE}={token}"}
            posts = [client.post(f"{bench(process)}/steun", headers=headers) for _ in range(100)]
            return [answer.status_code for answer in await asyncio.gather(*posts)]

    assert asyncio.run(race()) == [303] * 100
    assert support_of(db, process) == 1


def test_a_session_that_ended_supports_nothing(
    client: TestClient, process: Process, db: Database, secret: bytes, clock: Clock
) -> None:
    with writing(db):
        token = residents.start_session(db, id_of(db, secret), NOW - residents.SESSION)
    client.cookies.set(COOKIE, token, domain="testserver.local")
    assert SEND in {form.action for form in Page(client.post(f"{bench(process)}/steun").text).forms}
    assert support_of(db, process) == 0


def id_of(db: Database, secret: bytes) -> int:
    return residents.arrived(db, residents.key_of_address(secret, AICHA.email), "nl", NOW)


def test_a_process_without_support_says_nothing_of_it(
    client: TestClient, elsewhere: Process, db: Database, secret: bytes
) -> None:
    arrives(db, secret, AICHA)
    page = client.get(elsewhere.by_project_id["strand"].url).text
    assert "steun" not in words(page).replace("Mijn plannen en steun", "")
