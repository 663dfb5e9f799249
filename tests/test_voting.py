"""The whole vote as a resident goes through it, with a browser that runs no script.

Whatever happens, no answer holds a stemcode: not in the page, not in an address, not in a header.
"""

import contextlib
import sqlite3
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta
from typing import Any

import pytest
from httpx import Response
from litestar._parsers import parse_cookie_string, parse_url_encoded_form_data
from litestar.testing import TestClient

from domain import ballots, codes, drafts, roll
from domain.database import Database, Writer, writing
from domain.drafts import Draft
from domain.processes import Process
from routes.forms import read_form
from routes.site import Site
from tests.cast import (
    AFTER,
    AICHA,
    BEZUIDENHOUT,
    BRAM,
    CHEN,
    CLOSES,
    EURO,
    NOW,
    OPENS,
    WILLEM,
    YVONNE,
    insert_vote,
    reload,
)
from tests.conftest import Clock, HandIn, Seal
from tests.pages import SITE_PAGES, Page, pages_of, words

BALLOT = "/bezuidenhout/stemmen"
CONFIRMATION = f"{BALLOT}/bevestiging"
HAND_IN = f"{BALLOT}/inzending"

NOT_YET = "Nog niet ingediend"
COUNTED = "Uw stem telt mee"
NOT_COUNTED = "Uw stem telt niet mee"


@pytest.fixture(autouse=True)
def no_answer_holds_a_code(client: TestClient) -> None:
    client.event_hooks["response"].append(refuse_codes)


def refuse_codes(response: Response) -> None:
    seen = f"{response.read().decode(errors='replace')} {response.headers} {response.url}".upper()
    for resident in (*BEZUIDENHOUT, WILLEM, YVONNE):
        assert resident.letter not in seen
        assert resident.code not in seen


def choose(client: TestClient, *project_ids: str, **more: str) -> Response:
    """Tick these plans, and only these, and press “Stem indienen” or the button named in `more`."""
    return client.post(BALLOT, data={"compleet": "1", "plan": list(project_ids), **(more or {"indienen": "1"})})


def give_code(client: TestClient, typed: str) -> Response:
    return client.post(BALLOT, data={"code": typed, "bewaar": "1"})


def confirmed(client: TestClient, code: str = "") -> Response:
    """Press “Ja, dien mijn stem in” on the confirmation as it is; `code` is typed there if it still must be."""
    form = Page(client.get(CONFIRMATION).text).form(HAND_IN)
    fields: dict[str, Any] = dict(form.fields)
    return client.post(form.action, data=fields | ({"code": code} if code else {}))


def ticked(client: TestClient) -> set[str]:
    """What is ticked when the resident opens the ballot again."""
    return set(Page(client.get(BALLOT).text).form(BALLOT).fields.get("plan", []))


def in_the_box(db: Database, process: Process) -> list[set[str]]:
    """Every ballot handed in, by project_id."""
    names = {str(plan.id): plan.project_id for plan in process.plans}
    rows = db.execute("SELECT vote FROM ballots WHERE process_id = ? ORDER BY vote", [process.id]).fetchall()
    return [{names[id_] for id_ in vote.split(",") if id_} for (vote,) in rows]


def is_used(db: Database, secret: bytes, process: Process, resident: Any) -> bool | None:
    return roll.used(db, secret, process.id, resident.code)


# The way through


def test_aicha_chooses_first_and_gives_her_code_last(client: TestClient, process: Process, db: Database) -> None:
    client.get(BALLOT)
    answer = choose(client, "bank", "tuin")
    assert (answer.status_code, answer.headers["location"]) == (303, CONFIRMATION)
    page = words(client.get(CONFIRMATION).text)
    assert "Klopt uw stem?" in page
    assert "Bankjes onder de bomen 🌳 € 1.500 Pluktuin € 7.000" in page
    assert "Samen € 8.500 Niet verdeeld € 11.500" in page
    assert in_the_box(db, process) == []

    success = confirmed(client, AICHA.letter)
    assert success.status_code == 200
    assert COUNTED in words(success.text)
    assert in_the_box(db, process) == [{"bank", "tuin"}]


def test_bram_gives_his_code_first_and_chooses_then(client: TestClient, process: Process, db: Database) -> None:
    answer = give_code(client, BRAM.letter)
    assert (answer.status_code, answer.headers["location"]) == (303, BALLOT)
    assert "Stemcode ingevuld" in words(client.get(BALLOT).text)
    choose(client, "fiets", "bank")
    page = Page(client.get(CONFIRMATION).text)
    assert "Stemcode ingevuld" in page.words
    assert "code" not in page.form(HAND_IN).fields, "the code is known; nobody has to type it twice"
    assert COUNTED in words(confirmed(client).text)
    assert in_the_box(db, process) == [{"fiets", "bank"}]


def test_a_code_may_be_typed_the_way_people_type(client: TestClient, process: Process) -> None:
    for typed in (
        AICHA.code.lower(),
        f"  {' '.join(AICHA.code)} ",
        AICHA.letter.replace("-", "–"),
        AICHA.letter + "\n",
    ):
        assert give_code(client, typed).status_code == 303, typed
        client.cookies.clear()


def test_the_letter_after_the_code_page_says_the_receipt_once(client: TestClient, process: Process) -> None:
    choose(client, "bank")
    drawn = Page(client.get(CONFIRMATION).text).form(HAND_IN).fields["receipt"][0]
    page = words(client.post(HAND_IN, data={"code": AICHA.letter, "plan": "bank", "receipt": drawn}).text)
    assert codes.grouped(drawn) in page
    assert "Dit hebt u ingediend" in page
    assert "Bankjes onder de bomen 🌳 € 1.500" in page
    answer = client.post("/bezuidenhout/controle", data={"code": codes.grouped(drawn)})
    assert "Ja, uw stem telt mee" in words(answer.text)


def test_plans_are_chosen_and_unchosen_one_by_one_without_a_script(client: TestClient, process: Process) -> None:
    garden = process.by_project_id["tuin"]
    for press, expected in (("bank", {"bank"}), ("tuin", {"bank", "tuin"}), ("bank", {"tuin"})):
        answer = client.post(BALLOT, data={"compleet": "1", "plan": list(ticked(client)), "wissel": press})
        place = process.by_project_id[press].id
        assert answer.headers["location"] == f"{BALLOT}#plan-{place}", "the page comes back where the button was"
        assert ticked(client) == expected
    answer = client.post(BALLOT, data={"wissel": "tuin", "terug": garden.url})
    assert answer.headers["location"] == garden.url
    assert ticked(client) == set()


def test_a_plan_is_chosen_on_its_own_page(client: TestClient, process: Process) -> None:
    for project_id, words_then in (("tuin", "Gekozen – haal weg"), ("bank", "Gekozen – haal weg")):
        url = process.by_project_id[project_id].url
        form = Page(client.get(f"{url}?volgorde=cost").text).form(BALLOT)
        answer = client.post(form.action, data=form.fields)
        assert answer.headers["location"] == f"{url}?volgorde=cost#keuze"
        assert words_then in words(client.get(url).text)
    assert ticked(client) == {"tuin", "bank"}


def test_the_bar_says_what_is_left(client: TestClient, process: Process) -> None:
    for chosen, said in (
        ((), "€ 20.000 over"),
        (("bank",), "€ 18.500 over 1 plan gekozen"),
        (("tap", "bank", "feest"), "€ 500 over 3 plannen gekozen"),
        (("tap", "tuin"), "€ 2.000 te veel 2 plannen gekozen"),
    ):
        choose(client, *chosen, bewaar="1")
        assert said in words(client.get(BALLOT).text)


def test_htmx_saves_what_is_ticked_and_gets_the_bar_back(client: TestClient, process: Process) -> None:
    answer = client.post(BALLOT, data={"compleet": "1", "plan": ["tap", "tuin"]}, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert answer.text.strip().startswith('<div id="bar"')
    assert "€ 2.000 te veel" in words(answer.text)
    assert ticked(client) == {"tap", "tuin"}


def test_half_a_code_is_no_mistake_while_somebody_types(client: TestClient, process: Process) -> None:
    answer = client.post(BALLOT, data={"compleet": "1", "code": "K7QM3"}, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "typefout" not in answer.text


# Kept until it is handed in


def test_what_is_chosen_survives_reload_and_every_other_page(client: TestClient, process: Process) -> None:
    choose(client, "bank", "tuin", bewaar="1")
    for path in (*SITE_PAGES, *pages_of(process), "/bestaat-niet"):
        assert NOT_YET in words(client.get(path).text), path
    assert ticked(client) == {"bank", "tuin"}


def test_what_is_chosen_survives_a_change_of_language(client: TestClient, process: Process) -> None:
    give_code(client, AICHA.letter)
    answer = client.post(BALLOT, data={"compleet": "1", "plan": ["bank", "feest"], "taal": "en"})
    assert (answer.status_code, answer.headers["location"]) == (303, BALLOT)
    page = Page(client.get(BALLOT).text)
    assert page.all("html")[0]["lang"] == "en"
    assert ticked(client) == {"bank", "feest"}
    client.post("/taal", data={"taal": "nl", "terug": BALLOT})
    assert ticked(client) == {"bank", "feest"}
    assert "Stemcode ingevuld" in words(client.get(BALLOT).text)


def test_a_code_alone_is_a_draft_too(client: TestClient, process: Process) -> None:
    give_code(client, AICHA.letter)
    assert NOT_YET in words(client.get("/bezuidenhout").text)


def test_the_draft_is_in_the_cookie_and_nowhere_else(
    client: TestClient, process: Process, db: Database, secret: bytes
) -> None:
    before = b"".join(str(row).encode() for row in db.conn.iterdump())
    answer = choose(client, "bank", "tuin", code=AICHA.letter, bewaar="1")
    assert answer.headers["location"] == BALLOT
    assert b"".join(str(row).encode() for row in db.conn.iterdump()) == before

    sealed = client.cookies[f"concept_{process.id}"].strip('"')
    for told in (AICHA.code, AICHA.letter, "bank", "tuin"):
        assert told.encode() not in urlsafe_b64decode(sealed)
    plans = tuple(process.by_project_id[name].id for name in ("bank", "tuin"))
    assert drafts.unseal(secret, process.id, sealed) == Draft(plans, AICHA.code)


def test_a_cookie_tampered_with_is_an_empty_draft(client: TestClient, process: Process) -> None:
    choose(client, "bank", "tuin", bewaar="1")
    name = f"concept_{process.id}"
    good = client.cookies[name].strip('"')
    turned = bytearray(urlsafe_b64decode(good))
    turned[-1] ^= 1
    for bad in (urlsafe_b64encode(turned).decode(), good[:-8], good[8:], "x", "é", "====", "A" * 4000):
        client.cookies.clear()
        answer = client.get(BALLOT, headers={"Cookie": f"{name}={bad}".encode()})
        assert answer.status_code == 200, bad
        assert "€ 20.000 over" in words(answer.text), bad
    assert "2 plannen gekozen" in words(client.get(BALLOT, headers={"Cookie": f"{name}={good}"}).text)


def test_a_draft_of_loosduinen_is_nothing_in_bezuidenhout(
    client: TestClient, process: Process, elsewhere: Process, secret: bytes
) -> None:
    theirs = drafts.seal(secret, elsewhere.id, Draft((1, 2), WILLEM.code))
    answer = client.get(BALLOT, headers={"Cookie": f"concept_{process.id}={theirs}"})
    assert "€ 20.000 over" in words(answer.text)
    assert "Stemcode ingevuld" not in words(answer.text)


def test_two_votes_have_a_draft_each(client: TestClient, process: Process, elsewhere: Process) -> None:
    choose(client, "bank", bewaar="1")
    client.post("/loosduinen/stemmen", data={"plan": "strand", "bewaar": "1"})
    client.post(HAND_IN, data=AICHA.form("bank"))
    assert NOT_YET in words(client.get("/loosduinen").text)
    assert NOT_YET not in words(client.get("/bezuidenhout").text)


def test_a_resident_may_start_again(client: TestClient, process: Process) -> None:
    choose(client, "bank", "tuin", code=AICHA.letter, bewaar="1")
    client.post(BALLOT, data={"wis_code": "1"})
    assert "Stemcode ingevuld" not in words(client.get(BALLOT).text)
    assert ticked(client) == {"bank", "tuin"}
    client.post(BALLOT, data={"wis": "1"})
    assert ticked(client) == set()
    assert f"concept_{process.id}" not in client.cookies


def test_handed_in_the_draft_is_gone_and_no_page_says_not_yet(client: TestClient, process: Process) -> None:
    choose(client, "bank", "tuin", code=AICHA.letter)
    success = confirmed(client)
    assert f"concept_{process.id}" not in client.cookies
    assert NOT_YET not in words(success.text)
    for path in (*SITE_PAGES, *pages_of(process)):
        if path != BALLOT:  # an empty ballot is not handed in, and says so
            assert NOT_YET not in words(client.get(path).text), path
    assert ticked(client) == set()


# The confirmation and the success page


def test_what_nobody_may_keep_is_not_stored_and_not_compressed(client: TestClient, process: Process) -> None:
    choose(client, "bank", code=AICHA.letter)
    for answer in (client.get(CONFIRMATION), confirmed(client)):
        assert answer.headers["cache-control"] == "no-store"
        assert "content-encoding" not in answer.headers
        assert "etag" not in answer.headers


def test_every_confirmation_draws_a_receipt_of_its_own(client: TestClient, process: Process) -> None:
    choose(client, "bank")
    drawn = {Page(client.get(CONFIRMATION).text).form(HAND_IN).fields["receipt"][0] for _ in range(3)}
    assert len(drawn) == 3
    assert all(codes.normal(receipt, codes.RECEIPT_LENGTH) == receipt for receipt in drawn)


def test_there_is_nothing_to_confirm_before_it_is_right(client: TestClient, process: Process) -> None:
    choose(client, "tap", "tuin", bewaar="1")
    answer = client.get(CONFIRMATION)
    assert (answer.status_code, answer.headers["location"]) == (303, BALLOT)


def test_the_address_of_the_hand_in_leads_back_to_the_ballot(client: TestClient, process: Process) -> None:
    answer = client.get(HAND_IN)
    assert (answer.status_code, answer.headers["location"]) == (303, BALLOT)


def test_the_same_hand_in_twice_is_one_ballot_and_the_same_answer(
    client: TestClient, process: Process, db: Database
) -> None:
    for _ in range(3):
        answer = client.post(HAND_IN, data=AICHA.form("bank", "tuin"))
        assert answer.status_code == 200
        assert COUNTED in words(answer.text)
        assert codes.grouped(AICHA.receipt) in words(answer.text)
    assert in_the_box(db, process) == [{"bank", "tuin"}]


def test_every_voter_reads_only_what_is_of_that_voter(client: TestClient, process: Process, db: Database) -> None:
    """The page around it is made once for all; Aïcha, Bram and Chen come one after the other, in the same second."""
    with writing(db):
        db.execute("UPDATE plans SET title = '<i>Pluktuin</i> & meer' WHERE project_id = 'tuin'")
    pages = {
        who: client.post(HAND_IN, data=who.form(*chosen)).text
        for who, chosen in ((AICHA, ("bank", "tuin")), (BRAM, ("tuin",)), (CHEN, ()))
    }
    assert "Bankjes onder de bomen 🌳 € 1.500 <i>Pluktuin</i> & meer € 7.000 Samen € 8.500" in words(pages[AICHA])
    assert "Bedrag <i>Pluktuin</i> & meer € 7.000 Samen € 7.000" in words(pages[BRAM])
    assert "U stemde blanco" in words(pages[CHEN])
    for who, page in pages.items():
        assert [other for other in pages if codes.grouped(other.receipt) in page] == [who]
        assert "\0" not in page
    asked = {Page(page).form("/bezuidenhout/stemmen/vragen").fields["kaart"][0] for page in pages.values()}
    assert len(asked) == 3


def test_the_answer_that_got_lost_comes_after_closing_too(client: TestClient, process: Process, clock: Clock) -> None:
    client.post(HAND_IN, data=AICHA.form("bank"))
    clock.now = AFTER
    answer = client.post(HAND_IN, data=AICHA.form("bank"))
    assert answer.status_code == 200
    assert COUNTED in words(answer.text)


def test_a_blank_vote_is_a_vote(client: TestClient, process: Process, db: Database) -> None:
    answer = client.post(BALLOT, data={"compleet": "1", "blanco": "1"})
    assert "U stemt blanco" in words(answer.text)
    success = words(client.post(HAND_IN, data=Page(answer.text).form(HAND_IN).fields | {"code": AICHA.letter}).text)
    assert COUNTED in success
    assert "U stemde blanco" in success
    assert in_the_box(db, process) == [set()]


def test_nothing_chosen_is_not_blank_by_accident(client: TestClient, process: Process, db: Database) -> None:
    answer = client.post(BALLOT, data={"compleet": "1", "indienen": "1"})
    assert answer.status_code == 422
    assert "U hebt nog geen plan gekozen" in words(answer.text)


def test_who_keeps_no_cookies_still_votes(client: TestClient, process: Process, db: Database) -> None:
    """Nothing of the ballot may get lost on the way, and surely not so that it becomes blank."""
    answer = client.post(BALLOT, data={"compleet": "1", "plan": ["bank", "tuin"], "indienen": "1"})
    assert "Bankjes onder de bomen 🌳 € 1.500 Pluktuin € 7.000" in words(answer.text)
    fields = Page(answer.text).form(HAND_IN).fields
    client.cookies.clear()
    assert COUNTED in words(client.post(HAND_IN, data=fields | {"code": AICHA.letter}).text)
    assert in_the_box(db, process) == [{"bank", "tuin"}]


def test_the_confirmation_without_a_choice_leads_back_to_choosing(client: TestClient, process: Process) -> None:
    assert client.get(CONFIRMATION).headers["location"] == BALLOT


def test_where_blank_is_not_allowed_the_page_asks_for_a_plan(
    client: TestClient, process: Process, db: Database
) -> None:
    db.execute("UPDATE processes SET blank_allowed = 0")
    answer = client.post(BALLOT, data={"compleet": "1", "indienen": "1"})
    assert answer.status_code == 422
    assert "U hebt nog niets gekozen. Kies minstens één plan." in words(answer.text)
    answer = client.post(HAND_IN, data=AICHA.form())
    assert answer.status_code == 422
    assert in_the_box(db, process) == []


def test_chen_changes_her_vote_where_that_is_allowed(
    client: TestClient, process: Process, db: Database, secret: bytes
) -> None:
    db.execute("UPDATE processes SET change_allowed = 1")
    client.post(HAND_IN, data=CHEN.form("bank"))
    give_code(client, CHEN.letter)
    choose(client, "tuin")
    page = words(confirmed(client).text)
    assert "Uw nieuwe stem is ingediend" in page
    assert "De controlecode die u eerder kreeg, blijft geldig" in page
    assert in_the_box(db, process) == [{"tuin"}]
    answer = client.post("/bezuidenhout/controle", data={"code": CHEN.receipt})
    assert "Ja, uw stem telt mee" in words(answer.text)


# Codes that can't be used


def test_a_used_code_says_so_and_changes_nothing(
    client: TestClient, process: Process, db: Database, hand_in: HandIn
) -> None:
    hand_in(process, AICHA, "bank")
    answer = client.post(HAND_IN, data=AICHA.form("tuin", receipt=BRAM.receipt))
    assert answer.status_code == 422
    assert "Met deze stemcode is al gestemd" in words(answer.text)
    assert "Met deze stemcode is al gestemd" in words(give_code(client, AICHA.letter).text)
    assert in_the_box(db, process) == [{"bank"}]


def test_willem_and_yvonne_are_refused_in_the_same_words(client: TestClient, process: Process, db: Database) -> None:
    """Willem's code is of Loosduinen, Yvonne's of nowhere: the page must not tell which codes exist."""
    refusals = []
    for stranger in (WILLEM, YVONNE):
        client.cookies.clear()
        answers = give_code(client, stranger.letter), client.post(HAND_IN, data=stranger.form("bank"))
        assert [answer.status_code for answer in answers] == [422, 422]
        assert all("Deze stemcode kennen wij niet" in words(answer.text) for answer in answers)
        refusals.append(Page(answers[1].text).words)
    assert refusals[0] == refusals[1]
    assert in_the_box(db, process) == []


def test_a_code_of_loosduinen_stays_good_there(
    client: TestClient, process: Process, elsewhere: Process, db: Database, secret: bytes
) -> None:
    client.post(HAND_IN, data=WILLEM.form("bank"))
    assert is_used(db, secret, elsewhere, WILLEM) is False
    assert client.post("/loosduinen/stemmen/inzending", data=WILLEM.form("strand")).status_code == 200
    assert in_the_box(db, elsewhere) == [{"strand"}]


def test_a_typing_error_is_told_and_counts_for_nothing(client: TestClient, process: Process, site: Site) -> None:
    wrong = AICHA.code[:5] + ("2" if AICHA.code[5] != "2" else "3") + AICHA.code[6:]
    for typed in (wrong, AICHA.code[:-1], AICHA.code + "2", "stemcode?", "💚💚💚", "שלום", "\u202e" + AICHA.code[:-1]):
        for answer in (give_code(client, typed), client.post(HAND_IN, data=AICHA.form("bank", code=typed))):
            assert answer.status_code == 422, typed
            assert "In de stemcode zit een typefout" in words(answer.text), typed
    assert not site.tries.wrong


def test_no_code_at_all_is_asked_for(client: TestClient, process: Process) -> None:
    for answer in (give_code(client, " "), client.post(HAND_IN, data=AICHA.form("bank", code=""))):
        assert answer.status_code == 422
        assert "Vul uw stemcode in" in words(answer.text)


def test_what_was_chosen_is_kept_when_the_code_is_wrong(client: TestClient, process: Process) -> None:
    choose(client, "bank", "tuin")
    page = Page(confirmed(client, YVONNE.letter).text)
    assert page.form(HAND_IN).fields["plan"] == ["bank", "tuin"]
    assert "Bankjes onder de bomen" in page.words
    assert ticked(client) == {"bank", "tuin"}
    assert COUNTED in words(confirmed(client, AICHA.letter).text)


# When the vote is not open


def test_before_the_vote_opens_the_page_says_when_it_does(client: TestClient, process: Process, clock: Clock) -> None:
    clock.now = OPENS - timedelta(seconds=1)
    for path in (BALLOT, CONFIRMATION):
        answer = client.get(path)
        assert answer.status_code == 200
        assert "Stemmen begint op 1 mei 2026 om 10.00 uur" in words(answer.text)


def test_who_hands_in_too_early_or_too_late_hears_that_it_does_not_count(
    client: TestClient, process: Process, db: Database, secret: bytes, clock: Clock
) -> None:
    """Aïcha opened the page in time; what counts is when the hand-in arrived."""
    choose(client, "bank", code=AICHA.letter)
    form = Page(client.get(CONFIRMATION).text).form(HAND_IN)
    for moment in (OPENS - timedelta(seconds=1), CLOSES, AFTER):
        clock.now = moment
        for path in (BALLOT, HAND_IN):
            answer = client.post(path, data=form.fields)
            assert answer.status_code == 409
            assert NOT_COUNTED in words(answer.text)
    assert "Uw stem kwam na dat moment bij ons aan" in words(answer.text)
    assert in_the_box(db, process) == []
    assert is_used(db, secret, process, AICHA) is False


def test_the_last_second_still_counts(client: TestClient, process: Process, clock: Clock) -> None:
    clock.now = CLOSES - timedelta(seconds=1)
    assert COUNTED in words(client.post(HAND_IN, data=AICHA.form("bank")).text)


def test_after_sealing_nothing_counts_any_more_whatever_the_dates_say(
    client: TestClient, process: Process, db: Database, seal: Seal
) -> None:
    seal(process)
    answer = client.post(HAND_IN, data=AICHA.form("bank"))
    assert answer.status_code == 409
    assert NOT_COUNTED in words(answer.text)
    assert in_the_box(db, process) == []


def test_where_there_is_no_vote_the_page_says_so(client: TestClient, process: Process, db: Database) -> None:
    db.execute("DELETE FROM phases WHERE process_id = ?", [process.id])
    assert "In dit traject wordt niet gestemd" in words(client.get(BALLOT).text)
    assert client.post(HAND_IN, data=AICHA.form("bank")).status_code == 409


# Ballots that break a rule: said in words, kept as chosen, in the box comes nothing

REFUSED = (
    (["tap", "tuin"], "U mag € 20.000 verdelen. Uw keuze is € 2.000 te duur.", {"tap", "tuin"}),
    (["bank", "strand"], "Een van de gekozen plannen staat niet op dit stembiljet.", {"bank"}),
    (["bank", "nergens"], "Een van de gekozen plannen staat niet op dit stembiljet.", {"bank"}),
    (["bank", "rad"], "Het plan ‘Reuzenrad’ is ingetrokken. U kunt er niet meer op stemmen.", {"bank"}),
    (["bank", "bank"], "Het plan ‘Bankjes onder de bomen 🌳’ stond twee keer in uw keuze.", {"bank"}),
    (["bank", "\u202ebank"], "Een van de gekozen plannen staat niet op dit stembiljet.", {"bank"}),
    (["bank", "💚" * 500], "Een van de gekozen plannen staat niet op dit stembiljet.", {"bank"}),
)


def test_a_ballot_that_breaks_a_rule_is_given_back_with_the_reason(
    client: TestClient, process: Process, db: Database, secret: bytes
) -> None:
    for chosen, reason, kept in REFUSED:
        for answer in (choose(client, *chosen), client.post(HAND_IN, data=AICHA.form(*chosen))):
            page = Page(answer.text)
            assert answer.status_code == 422, reason
            assert "Uw stem is nog niet ingediend" in page.words
            assert reason in page.words
            assert set(page.form(BALLOT).fields["plan"]) == kept == ticked(client)
    assert in_the_box(db, process) == []
    assert is_used(db, secret, process, AICHA) is False


def test_too_few_and_too_many_are_told_in_numbers(client: TestClient, process: Process, db: Database) -> None:
    db.execute("UPDATE processes SET voting_method = 'approval', max_sum_cost = NULL, min_length = 2, max_length = 3")
    answer = choose(client, "bank")
    assert answer.status_code == 422
    assert "U moet er minstens 2 kiezen. Kies nog 1 plan." in words(answer.text)
    answer = choose(client, "bank", "tuin", "tap", "fiets", "feest")
    assert "U mag er hoogstens 3 kiezen. Haal 2 plannen weg." in words(answer.text)
    assert "2 te veel gekozen" in words(answer.text)
    assert choose(client, "bank", "tuin", "tap").headers["location"] == CONFIRMATION
    assert COUNTED in words(confirmed(client, AICHA.letter).text)
    assert in_the_box(db, reload(db)) == [{"bank", "tuin", "tap"}]


def test_limits_of_a_theme_are_told_with_its_name(client: TestClient, db: Database, secret: bytes) -> None:
    themes = {"Groen": {"max_sum_cost": 8_000 * EURO}, "Straat": {"min_length": 1, "max_length": 1}}
    insert_vote(db, secret, max_sum_cost=60_000 * EURO, themes=themes)
    page = words(choose(client, "bank", "tuin").text)
    assert "Bij het thema ‘Groen’ mag u € 8.000 verdelen. Uw keuze is € 500 te duur." in page
    assert "Kies er minstens 1 bij het thema ‘Straat’." in page
    assert "Kies er hoogstens 1 bij het thema ‘Straat’." in words(choose(client, "tap", "fiets").text)


def test_a_forged_price_is_worth_nothing(client: TestClient, process: Process, db: Database) -> None:
    forged = {"cost": "1", "data-cost": "1", "max_sum_cost": "99999999", "budget": "99999999", "left": "1"}
    answer = client.post(HAND_IN, data=AICHA.form("tap", "tuin", **forged))
    assert answer.status_code == 422
    assert "te duur" in words(answer.text)
    assert in_the_box(db, process) == []


def test_a_hand_in_without_a_receipt_is_asked_for_once_more(client: TestClient, process: Process, db: Database) -> None:
    for receipt in ("", "kort", "💚", AICHA.code):
        answer = client.post(HAND_IN, data=AICHA.form("bank", receipt=receipt))
        assert answer.status_code == 422
        assert "Uw stem telt nog niet mee. Druk nog een keer op de knop." in words(answer.text)
        assert Page(answer.text).form(HAND_IN).fields["plan"] == ["bank"]
    assert in_the_box(db, process) == []


def test_nobody_hands_in_under_the_receipt_of_somebody_else(client: TestClient, process: Process, db: Database) -> None:
    client.post(HAND_IN, data=AICHA.form("bank"))
    answer = client.post(HAND_IN, data=BRAM.form("tuin", receipt=AICHA.receipt))
    assert answer.status_code == 422
    assert in_the_box(db, process) == [{"bank"}]
    assert COUNTED in words(client.post(HAND_IN, data=BRAM.form("tuin")).text)


def test_a_plan_that_is_withdrawn_meanwhile_leaves_the_draft(
    client: TestClient, process: Process, db: Database
) -> None:
    choose(client, "bank", "tuin", code=AICHA.letter)
    form = Page(client.get(CONFIRMATION).text).form(HAND_IN)
    db.execute("UPDATE plans SET withdrawn_at = '2026-05-12T10:00:00Z' WHERE project_id = 'tuin'")
    answer = client.post(HAND_IN, data=form.fields)
    assert answer.status_code == 422
    assert "Het plan ‘Pluktuin’ is ingetrokken" in words(answer.text)
    assert ticked(client) == {"bank"}
    assert in_the_box(db, process) == []


PROBLEMS = {
    "code_missing": AICHA.form("bank", code=""),
    "code_typo": AICHA.form("bank", code="K7QM3"),
    "code_unknown": YVONNE.form("bank"),
    "code_used": BRAM.form("bank", receipt=CHEN.receipt),
    "receipt_missing": AICHA.form("bank", receipt=""),
    "too_few": AICHA.form("bank"),
    "too_many": AICHA.form("bank", "feest", "tuin", "fiets"),
    "too_expensive": AICHA.form("tap", "tuin"),
    "unknown_plan": AICHA.form("bank", "nergens"),
    "withdrawn_plan": AICHA.form("bank", "rad"),
    "duplicate_plan": AICHA.form("bank", "bank"),
    "blank_not_allowed": AICHA.form(),
}


def test_every_problem_has_a_sentence_in_both_languages(
    client: TestClient, process: Process, db: Database, secret: bytes
) -> None:
    with writing(db):
        assert ballots.use(db, secret, process, BRAM.code, NOW)
    db.execute("UPDATE processes SET blank_allowed = 0, max_length = 3")
    for kind, form in PROBLEMS.items():
        db.execute("UPDATE processes SET min_length = ?", [2 if kind == "too_few" else 0])
        said = []
        for language in ("nl", "en"):
            client.cookies.clear()
            answer = client.post(HAND_IN, data=form, headers={"Accept-Language": language})
            assert answer.status_code == 422, kind
            said.append(summary_of(answer.text))
        assert all(said), kind
        assert said[0] != said[1], kind


def summary_of(html: str) -> str:
    """The list of what was wrong, on top of the page, each linked to a place that is there."""
    start = html.index('<div class="problems"')
    summary = Page(html[start : html.index("</div>", start)])
    places = {tag.attrs.get("id") for tag in Page(html).tags}
    for link in summary.all("a"):
        assert link["href"].startswith(("/hulp#", "tel:")) or link["href"].removeprefix("#") in places
    return " ".join(text for _, text in summary.said[1:])


# What no browser sends


def test_a_full_disk_says_that_the_vote_does_not_count(
    client: TestClient, process: Process, site: Site, db: Database, secret: bytes
) -> None:
    """Voters are let in until the disk is full; whoever is refused hears it, and can vote later."""
    choose(client, "bank", "tuin", code=AICHA.letter)
    form = Page(client.get(CONFIRMATION).text).form(HAND_IN)
    fill_up(site.writer.db, process)
    answer = client.post(HAND_IN, data=form.fields)
    assert answer.status_code == 507
    assert "Uw stem telt niet mee" in words(answer.text)
    assert answer.headers["cache-control"] == "no-store"
    assert in_the_box(db, process) == []
    assert is_used(db, secret, process, AICHA) is False
    assert ticked(client) == {"bank", "tuin"}

    site.writer.db.execute("PRAGMA max_page_count = 100000")  # somebody made room
    assert COUNTED in words(confirmed(client).text)


def fill_up(writer: Database, process: Process) -> None:
    """Until the page that holds the receipts is full and the file can't get another."""
    (pages,) = writer.execute("PRAGMA page_count").fetchone()
    writer.execute(f"PRAGMA max_page_count = {pages}")
    with contextlib.suppress(sqlite3.OperationalError):
        while True:
            writer.execute("INSERT INTO receipts (process_id, hash) VALUES (?, randomblob(32))", [process.id])


def test_a_database_that_is_busy_is_no_lost_vote(
    client: TestClient, process: Process, site: Site, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Writer, "PATIENCE", 20)
    db.execute("BEGIN IMMEDIATE")  # somebody else writes, for too long
    answer = client.post(HAND_IN, data=AICHA.form("bank"))
    db.execute("ROLLBACK")
    assert answer.status_code == 503
    assert "Met één stemcode telt altijd maar één stem mee" in words(answer.text)
    assert in_the_box(db, process) == []
    assert COUNTED in words(client.post(HAND_IN, data=AICHA.form("bank")).text)


def test_emoji_and_right_to_left_text_do_no_harm_anywhere(client: TestClient, process: Process) -> None:
    odd = "👩‍👩‍👧 שלום \u202eevil\u202c مرحبا \x00"
    for fields in ({"code": odd}, {"plan": odd}, {"wissel": odd}, {"terug": odd, "wissel": "bank"}, {"taal": odd}):
        assert client.post(BALLOT, data={"bewaar": "1", **fields}).status_code in (303, 422), fields
    for fields in ({"code": odd}, {"receipt": odd}, {"plan": [odd]}):
        assert client.post(HAND_IN, data={**AICHA.form("bank"), **fields}).status_code == 422, fields


def test_who_holds_the_door_open_until_after_closing_is_too_late(
    client: TestClient, process: Process, db: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hand-in has arrived when all of it has, not when its first line came in."""

    async def slowly(request: Any) -> Any:
        form = await read_form(request)
        clock.now = AFTER
        return form

    monkeypatch.setattr("routes.ballots.read_form", slowly)
    answer = client.post(HAND_IN, data=AICHA.form("bank"))
    assert answer.status_code == 409
    assert NOT_COUNTED in words(answer.text)
    assert in_the_box(db, process) == []


def test_the_framework_keeps_no_body_and_no_cookie(client: TestClient, process: Process) -> None:
    """Its own parsers cache the last thousand of each: codes beside choices, for as long as the server runs."""
    before = parse_url_encoded_form_data.cache_info(), parse_cookie_string.cache_info()
    give_code(client, AICHA.letter)
    choose(client, "bank")
    confirmed(client)
    assert (parse_url_encoded_form_data.cache_info(), parse_cookie_string.cache_info()) == before


def test_how_long_a_page_is_tells_not_what_is_on_it(client: TestClient, process: Process) -> None:
    client.get(BALLOT)
    lengths = set()
    for plans in (["bank"], ["bank", "tuin"], ["bank", "tuin", "feest"]):
        choose(client, *plans)
        lengths.add(len(client.get(CONFIRMATION).content))
    lengths.add(len(confirmed(client, AICHA.letter).content))
    assert len(lengths) == 1


def test_a_controlecode_in_the_place_of_the_stemcode_is_told(client: TestClient, process: Process) -> None:
    choose(client, "bank")
    answer = client.post(HAND_IN, data=AICHA.form("bank", code=codes.grouped(AICHA.receipt)))
    assert "Dit lijkt uw controlecode" in words(answer.text)


def test_wiping_the_choice_keeps_the_code(client: TestClient, process: Process) -> None:
    give_code(client, AICHA.letter)
    choose(client, "bank")
    choose(client, wis="1")
    page = words(client.get(BALLOT).text)
    assert "0 plannen gekozen" in page
    assert "Stemcode ingevuld" in page
