"""Drawing codes in the browser: once, whole or not at all, and nothing of them stays behind."""

import csv
import io
import re
import zipfile
from typing import Any

import pytest
from httpx import Response
from litestar.testing import TestClient

from domain import audit, batches, codes, roll
from domain.database import Database, writing
from domain.processes import Process
from routes.site import Site
from routes.staff import codes as codes_route
from tests import towns
from tests.cast import AFTER, NOW, reload
from tests.conftest import Clock, Seal
from tests.pages import Page, words
from tests.staff import BEA, MO, NINA, STEF, sign_in, sign_in_as, sign_out
from tests.test_areas_domain import id_of, read_in
from tests.towns import BROEKDAM, HAVEN, KERKPLEIN

CODES = "/beheer/bezuidenhout/codes"
FILE = f"{CODES}/bestand"


@pytest.fixture
def bea(client: TestClient, db: Database, secret: bytes, process: Process) -> int:
    return sign_in_as(client, db, secret, process, BEA)


@pytest.fixture
def town(db: Database, process: Process) -> None:
    """The process is of Broekdam, with three buurten."""
    read_in(db, towns.broekdam())
    read_in(db, towns.kwb_csv(), "kwb-2024.csv", "Broekdam")
    db.execute("UPDATE processes SET area_id = ? WHERE id = ?", [id_of(db, BROEKDAM), process.id])


def asked(client: TestClient, kind: str = "list", /, **numbers: Any) -> dict[str, Any]:
    """What the form sends, from the page as it is now."""
    fields = Page(client.get(CODES).text).form(CODES).fields
    return {"verwacht": fields["verwacht"], "soort": kind, **{name.replace("_", "-"): n for name, n in numbers.items()}}


def drawn(client: TestClient, kind: str = "list", /, **numbers: Any) -> Response:
    """Both pages, as somebody goes through them."""
    page = client.post(CODES, data=asked(client, kind, **numbers))
    assert page.status_code == 200
    return client.post(FILE, data=Page(page.text).form(FILE).fields)


def rows_of(answer: Response) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


def issued(db: Database, process: Process) -> int:
    return roll.turnout(db, process.id).issued


def test_a_list_for_the_printer(client: TestClient, db: Database, secret: bytes, process: Process, bea: int) -> None:
    answer = drawn(client, aantal=20)
    assert answer.headers["content-disposition"] == 'attachment; filename="bezuidenhout-stemcodes.csv"'
    assert answer.headers["cache-control"] == "no-store"
    rows = rows_of(answer)
    assert len(rows) == 20
    for row in rows:
        assert row["url"] == f"http://testserver.local/bezuidenhout/stemmen#{row['code']}"
        assert roll.used(db, secret, process.id, codes.normal(row["code"], codes.CODE_LENGTH)) is False
    assert issued(db, process) == 6 + 20


def test_codes_per_buurt_come_with_its_name(
    client: TestClient, db: Database, process: Process, town: None, bea: int
) -> None:
    page = Page(client.get(CODES).text)
    assert "Kerkplein 900" in page.words
    numbers = {f"aantal_{id_of(db, KERKPLEIN)}": 3, f"aantal_{id_of(db, HAVEN)}": 2, "aantal": 1}
    assert sorted(row["area"] for row in rows_of(drawn(client, "list", **numbers))) == [
        "",
        "Haven",
        "Haven",
        *["Kerkplein"] * 3,
    ]
    assert batches.issued(db, process.id) == {None: 6 + 1, id_of(db, KERKPLEIN): 3, id_of(db, HAVEN): 2}
    assert "Kerkplein 3 Haven 2 Zonder buurt 7 Samen 12" in words(client.get(CODES).text)


@pytest.mark.parametrize(("kind", "piece"), [("letter", "letter"), ("card", "card")])
def test_letters_and_cards_to_print(client: TestClient, process: Process, bea: int, kind: str, piece: str) -> None:
    answer = drawn(client, kind, aantal=9)
    assert answer.headers["content-type"].startswith("text/html")
    sheets = re.findall(rf'<section class="{piece}">.*?</section>', answer.text, re.DOTALL)
    found = [re.findall(r"[2-9A-Y]{5}-[2-9A-Y]{5}-[2-9A-Y]{4}", words(sheet)) for sheet in sheets]
    assert len({code for each in found for code in each}) == 9
    assert all(len(each) == 1 and len(Page(sheet).all("svg")) == 1 for each, sheet in zip(found, sheets, strict=True))
    assert "url(" not in answer.text
    assert not [tag for tag in Page(answer.text).tags if {"src", "href"} & tag.attrs.keys()]


def test_more_files_come_as_one_zip(
    client: TestClient, db: Database, process: Process, town: None, bea: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codes_route, "ON_ONE_FILE", 2)
    answer = drawn(client, "letter", **{f"aantal_{id_of(db, KERKPLEIN)}": 3, "aantal": 1})
    assert answer.headers["content-disposition"] == 'attachment; filename="bezuidenhout-brieven.zip"'
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.namelist() == [
        "bezuidenhout-brieven.html",
        "bezuidenhout-brieven-kerkplein-1.html",
        "bezuidenhout-brieven-kerkplein-2.html",
    ]
    assert [archive.read(name).decode().count('<section class="letter">') for name in archive.namelist()] == [1, 2, 1]


def test_many_qr_codes_are_drawn_by_other_processes(
    client: TestClient, process: Process, bea: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codes_route, "MANY", 3)
    assert drawn(client, "letter", aantal=4).text.count("<svg") == 4


def test_before_it_happens_the_page_warns_and_nothing_is_drawn(
    client: TestClient, db: Database, process: Process, bea: int
) -> None:
    page = client.post(CODES, data=asked(client, aantal="1.200"))
    assert "U ziet deze codes één keer" in words(page.text)
    assert "U gaat 1.200 stemcodes maken" in words(page.text)
    assert issued(db, process) == 6


def test_nothing_but_keyed_hashes_and_a_number_stays(
    client: TestClient, db: Database, process: Process, site: Site, bea: int
) -> None:
    rows = rows_of(drawn(client, aantal=20))
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    on_disk = b"".join(path.read_bytes() for path in site.settings.db.parent.iterdir() if path.is_file())
    for row in rows:
        assert row["code"].encode() not in on_disk
        assert row["code"].replace("-", "").encode() not in on_disk
    (entry,) = [entry for entry in audit.page(db, None, 5) if entry.action == "codes_drawn"]
    assert (entry.account_id, entry.detail) == (bea, {"areas": 1, "kind": "list", "number": 20})


def test_the_same_question_twice_gives_one_batch(client: TestClient, db: Database, process: Process, bea: int) -> None:
    """A double click, or a colleague who was first."""
    page = client.post(CODES, data=asked(client, aantal=5))
    fields = Page(page.text).form(FILE).fields
    assert client.post(FILE, data=fields).status_code == 200
    again = client.post(FILE, data=fields)
    assert again.status_code == 409
    assert "Er zijn net al codes gemaakt" in words(again.text)
    assert issued(db, process) == 6 + 5


def test_who_went_away_leaves_no_codes(
    client: TestClient, db: Database, process: Process, bea: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(_: Any) -> bool:
        return True

    monkeypatch.setattr(codes_route, "went_away", gone)
    assert drawn(client, aantal=5).status_code == 409
    assert issued(db, process) == 6


def test_a_file_that_can_not_be_made_leaves_no_codes(
    client: TestClient, db: Database, process: Process, bea: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(codes_route, "packed", full)
    assert drawn(client, aantal=5).status_code == 500
    assert issued(db, process) == 6


@pytest.mark.parametrize(
    ("kind", "typed", "told"),
    [
        ("list", "", "Vul in hoeveel codes u wilt"),
        ("list", "0", "Vul in hoeveel codes u wilt"),
        ("list", "veel", "Dit is geen getal"),
        ("list", "-3", "minstens 0"),
        ("list", "100001", "hoogstens 100.000"),
        ("letter", "10001", "Kies de lijst voor de drukker"),
        ("boek", "5", "Kies wat u wilt hebben"),
    ],
)
def test_what_can_not_be_drawn(
    client: TestClient, db: Database, process: Process, bea: int, kind: str, typed: str, told: str
) -> None:
    for path in (CODES, FILE):
        page = client.post(path, data=asked(client, kind, aantal=typed))
        assert (page.status_code, told in words(page.text)) == (422, True)
        (field,) = [field for field in Page(page.text).all("input") if field["name"] == "aantal"]
        assert field["value"] == typed
    assert issued(db, process) == 6


def test_an_area_of_somewhere_else_is_not_asked_for(
    client: TestClient, db: Database, process: Process, elsewhere: Process, bea: int
) -> None:
    other = db.execute("SELECT area_id FROM processes WHERE id = ?", [elsewhere.id]).fetchone()[0]
    page = client.post(FILE, data=asked(client, "list", **{f"aantal_{other}": 5}))
    assert page.status_code == 422
    assert issued(db, process) == 6


def test_after_closing_nobody_gets_a_code(
    client: TestClient, db: Database, secret: bytes, process: Process, clock: Clock, bea: int, seal: Seal
) -> None:
    fields = asked(client, aantal=5)
    clock.now = AFTER
    sign_in(client, db, secret, process, "beheerder", now=AFTER)
    for path in (CODES, FILE):
        assert client.post(path, data=fields).status_code == 409
    assert "De stemming is gesloten" in words(client.get(CODES).text)
    seal(process)
    assert client.post(FILE, data=fields).status_code == 409
    assert issued(db, process) == 6


def test_the_vote_may_close_while_the_file_is_made(db: Database, secret: bytes, process: Process) -> None:
    batch = batches.draw(secret, process.id, {None: 3})
    for now, expected, kind in ((AFTER, 6, "closed"), (NOW, 5, "somebody_first")):
        with pytest.raises(batches.Refused) as refused, writing(db):
            batches.enter(db, process, batch, expected, "list", now, 1)
        assert refused.value.kind == kind
    with writing(db):
        db.execute("DELETE FROM phases WHERE process_id = ?", [process.id])
    with pytest.raises(batches.Refused, match="no_vote"):
        batches.refuse(db, reload(db), NOW)


def test_only_who_runs_the_process_draws_codes(
    client: TestClient, db: Database, secret: bytes, process: Process, elsewhere: Process, bea: int
) -> None:
    fields = asked(client, aantal=5)
    for who, of in ((MO, process), (STEF, process), (NINA, elsewhere)):
        sign_in_as(client, db, secret, of, who)
        assert client.get(CODES).status_code == 403
        assert client.post(CODES, data=fields).status_code == 403
        assert client.post(FILE, data=fields).status_code == 403
    sign_out(client)
    assert client.post(FILE, data=fields).status_code == 303
    assert issued(db, process) == 6


def test_a_name_that_a_spreadsheet_would_compute_is_disarmed(
    client: TestClient, db: Database, process: Process, town: None, bea: int
) -> None:
    db.execute("UPDATE areas SET name = '=1+1' WHERE code = ?", [HAVEN])
    assert rows_of(drawn(client, "list", **{f"aantal_{id_of(db, HAVEN)}": 1}))[0]["area"] == "'=1+1"


def test_cards_are_offered_first_where_the_process_hands_them_out(
    client: TestClient, db: Database, process: Process, bea: int
) -> None:
    def offered() -> list[str]:
        return [field["value"] for field in Page(client.get(CODES).text).all("input") if "checked" in field]

    assert offered() == ["letter"]
    db.execute("UPDATE processes SET codes_by = 'card' WHERE id = ?", [process.id])
    assert offered() == ["card"]
