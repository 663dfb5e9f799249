"""The receipt check: is my ballot counted. Nothing about what is on it."""

import hashlib

from litestar.testing import TestClient

from domain import codes
from domain.processes import Process
from routes.site import Site
from tests.cast import AFTER, AICHA, BRAM, CHEN, WILLEM
from tests.conftest import Clock, HandIn, Seal
from tests.pages import Page, words

CHECK = "/bezuidenhout/controle"
LIST = f"{CHECK}/lijst.txt"


def test_aichas_ballot_is_there(client: TestClient, process: Process, hand_in: HandIn) -> None:
    hand_in(process, AICHA, "bank", "tuin")
    for typed in (AICHA.receipt, codes.grouped(AICHA.receipt), f" {AICHA.receipt.lower()} "):
        answer = client.post(CHECK, data={"code": typed})
        assert answer.status_code == 200
        assert "Ja, uw stem telt mee" in words(answer.text)
        assert "Het wordt meegeteld als het stemmen sluit." in words(answer.text)


def test_it_tells_nothing_about_what_is_on_the_ballot(client: TestClient, process: Process, hand_in: HandIn) -> None:
    hand_in(process, AICHA, "bank", "tuin")
    hand_in(process, BRAM)  # blank
    pages = [
        client.post(CHECK, data={"code": who.receipt}).text.replace(shown, "")
        for who in (AICHA, BRAM)
        for shown in (codes.grouped(who.receipt),)
    ]
    assert pages[0] == pages[1]


def test_chen_who_did_not_vote_and_willem_are_not_known(
    client: TestClient, process: Process, elsewhere: Process, hand_in: HandIn
) -> None:
    hand_in(elsewhere, WILLEM, "strand")
    for resident in (CHEN, WILLEM):
        answer = client.post(CHECK, data={"code": resident.receipt})
        assert answer.status_code == 200
        assert "Deze controlecode kennen wij niet" in words(answer.text)
    answer = client.post("/loosduinen/controle", data={"code": WILLEM.receipt})
    assert "Ja, uw stem telt mee" in words(answer.text)


def test_a_typing_error_is_told_and_what_was_typed_is_kept(client: TestClient, process: Process) -> None:
    for typed in (AICHA.receipt[:-1], "💚 שלום", '"><script>', "\u202eABC", "x" * 100):
        answer = client.post(CHECK, data={"code": typed})
        assert answer.status_code == 422
        page = Page(answer.text)
        assert "In de controlecode zit een typefout" in page.words
        assert page.form(CHECK).fields["code"] == [typed]
        assert {"code"} <= {tag.attrs.get("id") for tag in page.tags}, "the summary links to the field"


def test_far_too_much_is_cut_off(client: TestClient, process: Process) -> None:
    answer = client.post(CHECK, data={"code": "💚" * 4_000})
    assert answer.status_code == 422
    assert len(answer.content) < 20_000


def test_nothing_typed_or_no_form_at_all_is_a_typing_error(client: TestClient, process: Process) -> None:
    assert client.post(CHECK, data={"code": ""}).status_code == 422
    assert client.post(CHECK).status_code == 422


def test_the_answer_is_not_kept_and_not_in_an_address(client: TestClient, process: Process) -> None:
    answer = client.post(CHECK, data={"code": AICHA.receipt})
    assert answer.headers["cache-control"] == "no-store"
    assert "content-encoding" not in answer.headers
    form = Page(client.get(CHECK).text).form(CHECK)
    assert form.method == "post"
    ignored = client.get(CHECK, params={"code": AICHA.receipt})
    assert "kennen wij niet" not in words(ignored.text)


def test_after_sealing_anyone_can_look_up_the_receipts_in_a_list(
    client: TestClient, process: Process, hand_in: HandIn, seal: Seal, clock: Clock
) -> None:
    hand_in(process, AICHA, "bank")
    hand_in(process, BRAM)
    assert client.get(LIST).status_code == 404, "a list that grows would count the ballots"
    clock.now = AFTER
    seal(process)
    answer = client.get(LIST)
    assert answer.headers["content-type"].startswith("text/plain")
    hashes = sorted(hashlib.sha256(resident.receipt.encode()).hexdigest() for resident in (AICHA, BRAM))
    assert answer.text == "".join(f"{line}\n" for line in hashes)
    checked = words(client.post(CHECK, data={"code": AICHA.receipt}).text)
    assert "Bij deze controlecode hoort een stembiljet dat is meegeteld." in checked
    assert LIST in {a["href"] for a in Page(client.get(CHECK).text).all("a")}


def test_checking_a_receipt_is_no_try(client: TestClient, process: Process, site: Site) -> None:
    for _ in range(12):
        assert client.post(CHECK, data={"code": CHEN.receipt}).status_code == 200
    assert not site.tries.wrong


def test_a_stemcode_in_the_place_of_the_receipt_is_told_and_not_shown(client: TestClient, process: Process) -> None:
    answer = client.post(CHECK, data={"code": AICHA.letter})
    assert "Dit lijkt uw stemcode" in words(answer.text)
    assert AICHA.letter not in answer.text
    assert AICHA.code not in answer.text
