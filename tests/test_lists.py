"""Lists out and back in: what was exported comes back unchanged, and nothing is read in by half."""

from datetime import timedelta
from typing import Any

import pytest
from httpx import Response
from litestar.testing import TestClient

from domain import database, fields, lists, sheets, versions
from domain.database import Database, writing
from domain.processes import Process
from tests.cast import AICHA, BRAM, CHEN, EURO, NOW, reload
from tests.conftest import Clock
from tests.pages import Page, words
from tests.staff import BEA, MO, NINA, sign_in, sign_in_as
from tests.writing import VOTE_OPENS, arrives, insert_collecting, insert_plan, mails_of

EXPORT = "/beheer/benoordenhout/export"
IMPORT = "/beheer/benoordenhout/import"
FORMULA = '=HYPERLINK("http://kwaad.example";"klik")'
SCRIPT = "<script>alert(1)</script>"
ODD = [
    {"title": FORMULA, "summary": "+31 6; '-1", "description": 'Een\n\n* twee; "drie"\n\'=vier'},
    {"title": SCRIPT, "location": "@plein | 'hoek'", "for_whom": "-- iedereen", "own_work": "\u202e\u2028 vreemd"},
    {"title": "'=aanhaling", "planned": "1-5-2026", "description": "regel  met  spaties \r\nen een wagenterugloop"},
    {"title": "007", "location": "1,5", "lat": 52.08001, "lon": 4.3, "cost": 1234, "items": "[]"},
]


@pytest.fixture
def collecting(db: Database, secret: bytes) -> Process:
    """With plans that are hard on a spreadsheet."""
    process = insert_collecting(db, secret)
    aicha = arrives(db, secret, AICHA)
    for odd in ODD:
        insert_plan(db, process, aicha, **odd)
    with writing(db):
        db.execute("UPDATE plans SET status = 'hidden' WHERE title = '007'")
    return reload(db, process.slug)


@pytest.fixture
def bea(client: TestClient, db: Database, secret: bytes, collecting: Process) -> int:
    return sign_in_as(client, db, secret, collecting, BEA)


def exported(client: TestClient, name: str = "plannen.csv") -> bytes:
    answer = client.get(f"{EXPORT}/{name}")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == f'attachment; filename="benoordenhout-{name}"'
    return answer.content


def upload(client: TestClient, data: bytes) -> Response:
    return client.post(IMPORT, files={"lijst": ("lijst.csv", data)})


def confirm(client: TestClient, page: str, reason: str = "Aangevuld") -> Response:
    path = f"{IMPORT}/plannen"
    return client.post(path, data={**Page(page).form(path).fields, "reden": reason})


def csv(*rows: dict[str, Any]) -> bytes:
    return sheets.write_csv(rows, list(dict.fromkeys(name for row in rows for name in row)))


@pytest.mark.parametrize("file", ["plannen.csv", "plannen.xlsx"])
def test_what_was_exported_comes_back_unchanged(
    client: TestClient, db: Database, collecting: Process, bea: int, file: str
) -> None:
    page = upload(client, exported(client, file))
    assert page.status_code == 200
    assert "Lees de lijst in" not in words(page.text)
    made = lists.preview(collecting, sheets.read(exported(client, file)))
    assert not made.mistakes
    assert {line.kind for line in made.lines} == {"same"}
    assert len(made.lines) == len(collecting.all_plans)


def test_formulas_stay_text_in_both(client: TestClient, collecting: Process, bea: int) -> None:
    assert b'"=HYPERLINK' not in exported(client)
    for file in ("plannen.csv", "plannen.xlsx"):
        assert FORMULA in [row["titel"] for row in sheets.read(exported(client, file))]


def test_supports_are_counted_per_day_and_name_nobody(
    client: TestClient, db: Database, secret: bytes, collecting: Process, bea: int
) -> None:
    plan = collecting.plans[0]
    with writing(db):
        for who, on in ((AICHA, "2026-05-10"), (BRAM, "2026-05-10"), (CHEN, "2026-05-11")):
            row = {"plan_id": plan.id, "resident_id": residents_id(db, who), "given_on": on}
            database.insert(db, "supports", row)
    rows = sheets.read(exported(client, "steun.csv"))
    assert [(row["nummer"], row["dag"], row["steun"]) for row in rows] == [
        (plan.project_id, "2026-05-10", "2"),
        (plan.project_id, "2026-05-11", "1"),
    ]
    assert AICHA.email not in exported(client).decode()


def residents_id(db: Database, who: Any) -> int:
    row = {"key": who.receipt.encode()[:16], "name": who.name, "seen_on": "2026-05-12", "email": who.email}
    return database.insert(db, "residents", row)


def test_reactions_are_those_that_everyone_reads(
    client: TestClient, db: Database, collecting: Process, bea: int
) -> None:
    about = {"plan_id": collecting.plans[0].id, "side": "for", "name": "Chen", "created_at": "2026-05-12T10:00:00Z"}
    with writing(db):
        database.insert(db, "reactions", {**about, "text": FORMULA, "status": "published"})
        database.insert(db, "reactions", {**about, "text": "Verborgen", "status": "hidden"})
    for file in ("reacties.csv", "reacties.xlsx"):
        (row,) = sheets.read(exported(client, file))
        assert (row["tekst"], row["naam"], row["kant"]) == (FORMULA, "Chen", "voor")


def test_new_and_changed_plans_are_said_and_then_read_in(
    client: TestClient, db: Database, collecting: Process, bea: int
) -> None:
    bench = collecting.by_project_id["bank"]
    new = {"nummer": "", "titel": "Nieuwe fontein", "bedrag": "1.500,50", "themas": "Groen\nStraat"}
    more = {"nummer": "F-12", "titel": SCRIPT, "bedrag": "", "themas": "", "kosten": "Planten: 10\nAarde, zwart: 2,50"}
    changed = {"nummer": "bank", "titel": "Meer bankjes", "bedrag": "1500", "themas": "Groen"}
    page = upload(client, csv(new, more, changed))
    said = words(page.text)
    assert "gewijzigd: titel" in said
    assert SCRIPT not in page.text
    assert len(reload(db, collecting.slug).all_plans) == len(collecting.all_plans)
    assert confirm(client, page.text, reason=" ").status_code == 422
    answer = confirm(client, page.text)
    assert answer.headers["location"].endswith("nieuw=2&gewijzigd=1")
    there = reload(db, collecting.slug)
    fountain = next(plan for plan in there.plans if plan.title == "Nieuwe fontein")
    assert (fountain.cost, [theme.name for theme in fountain.themes]) == (150_050, ["Groen", "Straat"])
    assert fountain.project_id.isdigit()
    planting = next(plan for plan in there.plans if plan.project_id == "F-12")
    assert (planting.items, planting.cost) == ((("Planten", 1_000), ("Aarde, zwart", 250)), 1_250)
    assert there.by_id[bench.id].title == "Meer bankjes"
    (change,) = versions.history(db, bench.id)
    assert (change.account_id, change.reason) == (bea, "Aangevuld")
    assert confirm(client, page.text).status_code == 422  # the same upload is not read in twice


def test_makers_hear_that_their_plan_changed(client: TestClient, db: Database, collecting: Process, bea: int) -> None:
    number = collecting.all_plans[-1].project_id
    confirm(client, upload(client, csv({"nummer": number, "waar": "Op het plein"})).text)
    assert mails_of(db, "plan_edited") == [AICHA.email]
    assert reload(db, collecting.slug).all_plans[-1].location == "Op het plein"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"titel": "", "bedrag": "10"}, "Rij 3, kolom B (titel): Deze cel is leeg."),
        ({"titel": "x" * 81, "bedrag": "10"}, "Rij 3, kolom B (titel): Dit is te lang"),
        ({"titel": "Fontein", "bedrag": "veel"}, "Rij 3, kolom C (bedrag): Dit is geen bedrag"),
        ({"titel": "Fontein"}, "Rij 3, kolom C (bedrag): Deze cel is leeg."),
        ({"titel": "Fontein", "bedrag": "20000,01"}, "Rij 3, kolom C (bedrag): Dit is te duur. Het mag hoogstens"),
        ({"titel": "Fontein", "kosten": "Steen: 900000"}, "kolom D (kosten): Dit is te duur"),
        ({"titel": "Fontein", "bedrag": "10", "kosten": "Steen: 9"}, "Het bedrag is niet de som van de kosten"),
        ({"titel": "Fontein", "bedrag": "10", "kosten": "Steen"}, "Schrijf elke post op een eigen regel"),
        ({"titel": "Fontein", "bedrag": "10", "themas": "Sport"}, "Dit thema is er niet"),
        ({"titel": "Fontein", "bedrag": "10", "nummer": "a b"}, "alleen letters, cijfers"),
        ({"titel": "Fontein", "bedrag": "10", "breedtegraad": "99", "lengtegraad": "4"}, "geen plek op de kaart"),
        ({"titel": "Fontein", "bedrag": "10", "status": "weg"}, "kolom D (status): Deze status is er niet"),
        ({"titel": "Fontein", "bedrag": "10", "gepubliceerd": "gisteren"}, "Dit is geen datum"),
        ({"titel": "Fontein", "bedrag": "10", "bedenkers": "x" * 501}, "kolom D (bedenkers): Dit is te lang"),
        ({"nummer": "goed", "titel": "Fontein", "bedrag": "10"}, "Dit nummer staat er twee keer"),
    ],
)
def test_one_wrong_row_and_nothing_is_read_in(
    client: TestClient, db: Database, collecting: Process, bea: int, row: dict[str, str], said: str
) -> None:
    page = upload(client, csv({"nummer": "goed", "titel": "Goed plan", "bedrag": "10"}, row))
    assert page.status_code == 422
    assert said in words(page.text)
    token = "".join(Page(page.text).forms[-1].fields.get("bestand", []))
    client.post(f"{IMPORT}/plannen", data={"bestand": token, "reden": "x"})
    assert reload(db, collecting.slug).all_plans == collecting.all_plans


def test_who_comes_second_changes_nothing_at_all(
    client: TestClient, db: Database, collecting: Process, bea: int
) -> None:
    rows = {"nummer": "tuin", "titel": "Moestuin", "bedrag": ""}, {"nummer": "bank", "titel": "Bankjes", "bedrag": ""}
    page = upload(client, csv(*rows, {"nummer": "x1", "titel": "Nieuw", "bedrag": "5"}))
    with writing(db):  # a colleague is first with one of them
        versions.edit(db, collecting.by_project_id["bank"].id, 1, {"title": "Zitjes"}, NOW, bea, "Eerst")
    before = reload(db, collecting.slug).all_plans
    second = confirm(client, page.text)
    assert second.status_code == 409
    assert "Iemand was u voor" in words(second.text)
    assert reload(db, collecting.slug).all_plans == before


def test_a_list_changes_the_words_of_a_judged_plan_and_not_its_cost(
    client: TestClient, db: Database, collecting: Process, bea: int
) -> None:
    judge_garden(db, collecting)
    for costs in ({"bedrag": "4000"}, {"kosten": "Planten: 4000"}):
        page = upload(client, csv({"nummer": "tuin", "titel": "Moestuin"} | costs))
        assert page.status_code == 422
        assert "veranderen alleen met een nieuw oordeel" in words(page.text)
    assert confirm(client, upload(client, csv({"nummer": "tuin", "titel": "Moestuin"})).text).status_code == 303
    garden = reload(db, collecting.slug).by_project_id["tuin"]
    assert (garden.title, garden.cost) == ("Moestuin", collecting.by_project_id["tuin"].cost)


def test_a_verdict_after_the_preview_keeps_its_cost(
    client: TestClient, db: Database, collecting: Process, bea: int
) -> None:
    page = upload(client, csv({"nummer": "tuin", "titel": "Moestuin", "bedrag": "4000"}))
    judge_garden(db, collecting)
    refused = confirm(client, page.text)
    assert refused.status_code == 409
    assert "is intussen een oordeel gegeven" in words(refused.text)
    assert reload(db, collecting.slug).by_project_id["tuin"].title == "Pluktuin"


def judge_garden(db: Database, process: Process) -> None:
    verdict = "UPDATE plans SET verdict = 'feasible', verdict_reason = 'Past.' WHERE process_id = ? AND project_id = ?"
    with writing(db):
        db.execute(verdict, [process.id, "tuin"])


def test_nothing_is_read_in_once_the_vote_opened(
    client: TestClient, db: Database, secret: bytes, collecting: Process, bea: int, clock: Clock
) -> None:
    clock.now = VOTE_OPENS - timedelta(minutes=1)
    sign_in(client, db, secret, collecting, "beheerder", now=clock.now)
    rows = {"nummer": "nieuw", "titel": "Nieuw", "bedrag": "5"}, {"nummer": "tuin", "titel": "Moestuin"}
    pages = [upload(client, csv(row)).text for row in rows]
    clock.now = VOTE_OPENS
    for page in pages:
        late = confirm(client, page)
        assert late.status_code == 409
        assert "De stemming is begonnen" in words(late.text)
    said = words(upload(client, csv(rows[0])).text)
    assert "De stemming is begonnen" in said
    assert "Lees de lijst in" not in said
    assert reload(db, collecting.slug).all_plans == collecting.all_plans


@pytest.mark.parametrize(
    "data", [b"", b"\x00\x01\x02", b"PK\x03\x04 geen xlsx", b"\n\n", b"a;b\n1;2;3\n", b"kleur\nrood\n"]
)
def test_what_is_no_list_is_refused(
    client: TestClient, db: Database, collecting: Process, bea: int, data: bytes
) -> None:
    assert upload(client, data).status_code == 422
    assert reload(db, collecting.slug).all_plans == collecting.all_plans


def test_others_get_no_list_and_read_none_in(
    client: TestClient, db: Database, secret: bytes, collecting: Process, elsewhere: Process, bea: int
) -> None:
    waits = upload(client, csv({"nummer": "x", "titel": "Nieuw", "bedrag": "5"}))
    for who in (NINA, MO):
        sign_in_as(client, db, secret, elsewhere if who is NINA else collecting, who)
        for path in (EXPORT, IMPORT, f"{EXPORT}/plannen.csv"):
            assert client.get(path).status_code == 403
        assert upload(client, csv({"titel": "x"})).status_code == 403
        assert confirm(client, waits.text).status_code == 403
    sign_in_as(client, db, secret, elsewhere, NINA)
    token = Page(waits.text).form(f"{IMPORT}/plannen").fields["bestand"]
    theirs = client.post("/beheer/loosduinen/import/plannen", data={"bestand": token, "reden": "x"})
    assert theirs.status_code == 422
    assert len(reload(db, "loosduinen").all_plans) == 1


def test_a_list_says_once_which_characters_it_uses(client: TestClient, collecting: Process, bea: int) -> None:
    assert client.get(f"{EXPORT}/plannen.csv").headers["content-type"] == "text/csv; charset=utf-8"


def test_there_are_only_these_lists(client: TestClient, collecting: Process, bea: int) -> None:
    for name in ("plannen.pdf", "makers.csv", "plannen", "..%2Fplannen.csv"):
        assert client.get(f"{EXPORT}/{name}").status_code == 404


def test_amounts_are_in_euros() -> None:
    assert [lists.euros(cents) for cents in (0, 100, 150 * EURO)] == [0, 1, 150]
    assert str(lists.euros(1_250)) == "12.5"


def test_staff_read_dutch_words_and_the_list_comes_back_with_them_or_with_the_old_ones(
    client: TestClient, db: Database, collecting: Process, bea: int
) -> None:
    with writing(db):
        db.execute("UPDATE plans SET verdict = 'infeasible', verdict_reason = 'Te duur' WHERE project_id = '2'")
        db.execute("UPDATE plans SET withdrawn_at = '2026-05-01T00:00:00Z' WHERE project_id = '3'")
    rows = {row["nummer"]: row for row in sheets.read(exported(client, "plannen.xlsx"))}
    assert (rows["2"]["status"], rows["2"]["oordeel"]) == ("openbaar", "niet haalbaar")
    assert rows["3"]["status"] == "ingetrokken"
    process = reload(db, collecting.slug)
    older = [row | {"status": "published", "oordeel": "feasible"} for row in rows.values()]
    for listed in (list(rows.values()), older):
        made = lists.preview(process, listed)
        assert not made.mistakes
        assert {line.kind for line in made.lines} == {"same"}


def hidden_and_others(db: Database) -> None:
    """Plans of every status, and what a list does not bring along."""
    db.execute("UPDATE plans SET submitted_at = '2026-05-01T10:00:00Z', published_at = '2026-05-02T10:00:00Z'")
    for number, change in {
        "1": "status = 'hidden', status_reason = 'Reclame', maker = 'Jan'",
        "2": "status = 'submitted', published_at = NULL, channel = 'paper', own_work = ''",
        "3": "withdrawn_at = '2026-05-03T10:00:00Z', status_reason = 'Verhuisd'",
        "bank": "verdict = 'infeasible', verdict_reason = 'Te duur', supports = 3",
        "rad": "status = 'hidden', status_reason = 'Nooit openbaar', published_at = NULL, withdrawn_at = NULL",
    }.items():
        db.execute(f"UPDATE plans SET {change} WHERE project_id = ?", [number])
    bench = "(SELECT id FROM plans WHERE project_id = 'bank')"
    db.execute(f"UPDATE plans SET status = 'merged', merged_into = {bench} WHERE project_id = 'tuin'")


def test_an_export_read_into_an_empty_process_gives_the_same_list(
    client: TestClient, db: Database, secret: bytes, collecting: Process, bea: int
) -> None:
    with writing(db):
        hidden_and_others(db)
    listed = sheets.read(exported(client))
    empty = insert_collecting(db, secret, "leeg", max_plan_cost=20_000 * EURO)
    with writing(db):
        db.execute("DELETE FROM plan_themes WHERE plan_id IN (SELECT id FROM plans WHERE process_id = ?)", [empty.id])
        db.execute("DELETE FROM plans WHERE process_id = ?", [empty.id])
    made = lists.preview(reload(db, "leeg"), listed)
    assert not made.mistakes
    flagged = {line.number: line.left for line in made.lines if line.left}
    assert flagged == {"tuin": ("status",), "bank": ("oordeel", "reden oordeel", "steun")}
    with writing(db):
        lists.read_in(db, reload(db, "leeg"), made.lines, "", NOW, bea)
    there = [{name: sheets.shown(cell) for name, cell in row.items()} for row in lists.plans_of(reload(db, "leeg"))]
    kept = [name for name in lists.PLANS if name not in (*lists.BY_VERDICT, *lists.COUNTED)]
    for before, after in zip(listed, there, strict=True):
        if before["status"] == "samengevoegd":
            before |= {"status": "wacht op publicatie", "gepubliceerd": ""}
        assert [fields.text(after[name]) for name in kept] == [fields.text(before[name]) for name in kept]


def test_a_row_says_who_made_the_plan_and_what_it_is_to_residents(
    client: TestClient, db: Database, collecting: Process, bea: int
) -> None:
    row = {"nummer": "x1", "titel": "Fontein", "bedrag": "10", "status": "verborgen", "bedenkers": "Jan"}
    page = upload(client, csv(row | {"steun": "4"}))
    assert "nieuw, verborgen" in words(page.text)
    assert "Niet overgenomen: steun" in words(page.text)
    assert confirm(client, page.text).status_code == 303
    plan = reload(db, collecting.slug).all_plans[-1]
    assert (plan.status, plan.maker, plan.public) == ("hidden", "Jan", False)
    again = upload(client, csv({"nummer": "x1", "status": "openbaar", "bedenkers": "Piet"}))
    assert "Niet overgenomen: bedenkers, status" in words(again.text)


def test_a_place_is_named_once_for_each_column(client: TestClient, collecting: Process, bea: int) -> None:
    page = words(upload(client, csv({"nummer": "tuin", "breedtegraad": "52,08", "lengtegraad": "4,31"})).text)
    assert "gewijzigd: breedtegraad, lengtegraad" in page


def test_the_letter_of_a_column_is_that_of_the_spreadsheet() -> None:
    rows: list[dict[str, Any]] = [{"nummer": "a", "titel": "b"}]
    for data in (sheets.write_csv(rows, ["nummer", "titel"]), sheets.write_xlsx(rows, ["nummer", "titel"])):
        assert sheets.letters(data) == {"nummer": "A", "titel": "B"}
    assert sheets.letters(b"nummer;;titel") == {"nummer": "A", "titel": "C"}


def test_the_page_says_what_is_not_read_in(client: TestClient, bea: int) -> None:
    page = words(client.get(IMPORT).text)
    assert "Foto’s worden niet ingelezen." in page
    assert "Een plan mag hoogstens €" in page
