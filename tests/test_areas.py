"""The pages of areas: only the owner reads in a file, sees first what it does, and gets what was typed back."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from httpx import Response
from litestar.testing import TestClient

from domain import area_files, areas, audit, database, processes
from domain.database import Database, writing
from domain.processes import Process
from routes.staff import area_imports
from tests import towns
from tests.pages import Page, words
from tests.staff import BEA, MO, sign_in, sign_in_as, sign_out
from tests.test_areas_domain import id_of, pinned, read_in
from tests.towns import BROEKDAM, CENTRUM, HAVEN, IN_HAVEN, MOLENBUURT, OOST, buurt, collection

START = "/beheer/wijken"
IMPORT = f"{START}/inlezen"


@pytest.fixture
def olga(client: TestClient, db: Database, secret: bytes, process: Process) -> int:
    return sign_in(client, db, secret, process, "owner")


@pytest.fixture
def town(db: Database, olga: int) -> int:
    read_in(db, towns.broekdam())
    return id_of(db, BROEKDAM)


def upload(client: TestClient, data: bytes, name: str = "buurten.json", **typed: str) -> Response:
    return client.post(IMPORT, data={"gemeente": "", "jaar": "", **typed}, files={"bestand": (name, data)})


def confirm(client: TestClient, page: Response) -> Response:
    path = f"{IMPORT}/gebieden"
    return client.post(path, data=Page(page.text).form(path).fields)


def test_a_file_is_looked_at_and_then_read_in(client: TestClient, db: Database, process: Process, olga: int) -> None:
    page = upload(client, towns.broekdam())
    assert page.status_code == 200
    assert "nieuw 6 gewijzigd 0 ongewijzigd 0" in words(page.text)
    assert "wijkbudget backup" in words(page.text)
    assert not db.execute("SELECT 1 FROM areas WHERE code = ?", [HAVEN]).fetchone()
    done = confirm(client, page)
    assert done.headers["location"] == f"{START}?gedaan=ingelezen&nieuw=6&gewijzigd=0&plannen=0"
    figures = upload(client, towns.kwb_csv(), "kwb-2024.csv", gemeente="Broekdam")
    assert "kwb-2024.csv heeft cijfers van 2024 over GM9001" in words(figures.text)
    confirm(client, figures)
    tree = client.get(f"{START}?gedaan=ingelezen&nieuw=6&gewijzigd=0&plannen=0")
    assert "Nieuwe gebieden: 6." in words(tree.text)
    assert "Haven buurt BU90010001 500 ja" in words(tree.text)
    assert len(Page(tree.text).all("path")) == 3  # three buurten on the map
    assert "Alles in dit bestand staat hier al" in words(upload(client, towns.broekdam()).text)
    assert [entry.action for entry in audit.page(db, None, 2)] == ["areas_imported"] * 2


def test_plans_get_the_area_of_their_pin(client: TestClient, db: Database, process: Process, olga: int) -> None:
    plan_id = pinned(db, process, IN_HAVEN)
    root = processes.area(db, "Broekdam")
    db.execute("UPDATE processes SET area_id = ? WHERE id = ?", [root, process.id])
    done = confirm(client, upload(client, towns.broekdam()))
    assert done.headers["location"].endswith("nieuw=5&gewijzigd=1&plannen=1")
    assert "Haven" in words(client.get(f"/{process.slug}/plannen/{plan_id}").text)


def test_a_file_that_does_not_fit_says_why_and_keeps_what_was_typed(
    client: TestClient, db: Database, olga: int
) -> None:
    page = upload(client, b"naam;inwoners\r\nHaven;500", "haven.csv", gemeente="Broekdam", jaar="2024")
    assert page.status_code == 422
    told = words(page.text)
    assert "Er is niets ingelezen" in told
    assert "Deze kolommen zijn er wel: naam, inwoners." in told
    kept = {field["name"]: field.get("value") for field in Page(page.text).all("input")}
    assert kept == {"bestand": None, "gemeente": "Broekdam", "jaar": "2024", "terug": IMPORT}  # after another language
    assert "niet in graden" in words(upload(client, rijksdriehoek()).text)
    assert "Kies eerst een bestand" in words(client.post(IMPORT, data={"gemeente": ""}).text)
    assert "Dit is geen jaar" in words(upload(client, towns.broekdam(), jaar="24").text)


def municipality_filled_in(client: TestClient) -> str:
    (field,) = [each for each in Page(client.get(IMPORT).text).all("input") if each["name"] == "gemeente"]
    return field["value"]


def test_the_municipality_is_filled_in_where_there_is_one(client: TestClient, db: Database, olga: int) -> None:
    assert municipality_filled_in(client) == ""  # what volunteers are called stands in no file
    read_in(db, towns.broekdam())
    assert municipality_filled_in(client) == "Broekdam"
    database.insert(db, "areas", {"name": "Elders", "level": "municipality"})
    assert municipality_filled_in(client) == ""


def test_another_municipality_is_told_which_ones_the_file_has(client: TestClient, olga: int) -> None:
    country = collection(*(buurt(f"BU{number:04}0000", number, gemeentenaam=f"Dorp {number}") for number in range(12)))
    told = words(upload(client, country, gemeente="Wijkberaad").text)
    assert "Er staan 12 andere in, zoals: Dorp 0, Dorp 1, Dorp 10, Dorp 11, Dorp 2," in told
    assert "Dorp 9" not in told
    assert "Deze wel: Broekdam." in words(upload(client, towns.broekdam(), gemeente="Wijkberaad").text)


def test_the_page_says_where_the_files_come_from(client: TestClient, olga: int) -> None:
    text = client.get(IMPORT).text
    page = Page(text)
    assert "Wijk- en buurtkaart" in page.words
    assert "items?gemeentecode=GM0518&amp;limit=1000" in text
    hosts = {urlsplit(link["href"]).hostname for link in page.all("a")}
    assert {"www.pdok.nl", "www.cbs.nl"} <= hosts


def rijksdriehoek() -> bytes:
    metres = {"type": "Polygon", "coordinates": [[[81000, 454000], [82000, 454000], [82000, 455000], [81000, 454000]]]}
    return towns.collection(towns.feature(towns.BUURTEN[0]["properties"], metres))


def test_every_flaw_has_words(client: TestClient, olga: int, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = re.findall(r'Flaw\("(\w+)"', Path(area_files.__file__).read_text("utf-8"))
    assert len(set(kinds)) > 15
    for kind in set(kinds):
        flaw = area_files.Flaw(kind, "age_65", 3, 7)

        def refuse(*_: object, flaw: area_files.Flaw = flaw) -> None:
            raise area_files.FlawedAreaFile(flaw)

        monkeypatch.setattr(area_files, "read_apart", refuse)
        told = words(upload(client, towns.broekdam()).text)
        assert "beschadigd" not in told, kind


def test_a_file_that_is_too_large_is_refused(client: TestClient, olga: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(area_imports, "LARGEST", 100)
    page = upload(client, towns.broekdam())
    assert (page.status_code, "te groot" in words(page.text)) == (422, True)


def test_one_large_file_at_a_time(client: TestClient, olga: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(area_imports.Alone, "busy", True)
    assert upload(client, towns.broekdam()).status_code == 503
    area_imports.Alone.free()
    assert upload(client, towns.broekdam()).status_code == 200
    assert not area_imports.Alone.busy


def test_a_preview_is_of_who_made_it_and_is_used_once(
    client: TestClient, db: Database, secret: bytes, process: Process, olga: int
) -> None:
    page = upload(client, towns.broekdam())
    sign_in(client, db, secret, process, "owner", "Otto")
    assert confirm(client, page).status_code == 422
    sign_in(client, db, secret, process, "owner")
    assert confirm(client, page).status_code == 303
    assert "niet bewaard gebleven" in words(confirm(client, page).text)


def test_nobody_but_the_owner_comes_here(
    client: TestClient, db: Database, secret: bytes, process: Process, town: int
) -> None:
    pages = (START, IMPORT, f"{START}/{town}")
    for who in (BEA, MO):
        sign_in_as(client, db, secret, process, who)
        assert [client.get(path).status_code for path in pages] == [403] * 3
        assert upload(client, towns.broekdam()).status_code == 403
        assert client.post(f"{START}/{town}/verwijdering").status_code == 403
    sign_out(client)
    assert [client.get(path).status_code for path in pages] == [303] * 3


def test_an_area_shows_who_lives_there_and_can_be_changed(client: TestClient, db: Database, town: int) -> None:
    read_in(db, towns.kwb_csv(), "kwb-2024.csv", "Broekdam")
    haven, oost = id_of(db, HAVEN), id_of(db, OOST)
    told = words(client.get(f"{START}/{haven}").text)
    assert "Wijken en buurten › Broekdam › Wijk 00 Centrum" in told
    assert "inwoners 500 2024" in told
    assert client.post(f"{START}/{haven}/naam", data={"naam": " Oude  Haven "}).status_code == 303
    assert client.post(f"{START}/{haven}/plaats", data={"in": str(oost)}).status_code == 303
    made = client.post(f"{START}/{town}/gebieden", data={"nieuw-naam": "Noord", "nieuw-soort": "district"})
    assert "Het gebied is gemaakt" in words(client.get(made.headers["location"]).text)
    assert client.post(f"{START}/{haven}/verwijdering").headers["location"] == f"{START}?gedaan=weg"
    assert areas.of(db, haven) is None
    assert client.get(f"{START}/{haven}").status_code == 404


def test_what_can_not_be_says_why_and_keeps_what_was_typed(client: TestClient, db: Database, town: int) -> None:
    haven, centrum = id_of(db, HAVEN), id_of(db, CENTRUM)
    for path, typed, told in (
        ("naam", {"naam": "Kerkplein"}, "al een gebied met deze naam"),
        ("naam", {"naam": ""}, "Vul dit in"),
        ("plaats", {"in": ""}, "Kies een gebied"),
        ("plaats", {"in": str(id_of(db, MOLENBUURT))}, "altijd in een groter soort gebied"),
        ("gebieden", {"nieuw-naam": "Nog een", "nieuw-code": "BU1", "nieuw-soort": ""}, "geen code van het CBS"),
        ("gebieden", {"nieuw-naam": "Nog een", "nieuw-code": HAVEN, "nieuw-soort": ""}, "heeft deze code al"),
    ):
        page = client.post(f"{START}/{haven}/{path}", data=typed)
        assert (page.status_code, told in words(page.text)) == (422, True), (path, typed)
        values = [field.get("value") for field in Page(page.text).all("input")]
        assert all(text in values for name, text in typed.items() if name in ("naam", "nieuw-naam", "nieuw-code"))
    assert "Haal die eerst weg" in words(client.post(f"{START}/{centrum}/verwijdering").text)


def test_an_area_in_use_says_for_what(client: TestClient, db: Database, process: Process, town: int) -> None:
    root = areas.of_process(db, process.id)
    with writing(db):
        db.execute("UPDATE plans SET area_id = ? WHERE process_id = ?", [root, process.id])
    assert "in gebruik en kan niet weg: een traject, plannen." in words(client.get(f"{START}/{root}").text)
    assert "Het kan niet weg" in words(client.post(f"{START}/{root}/verwijdering").text)


def test_hundreds_of_areas_are_folded_by_wijk(client: TestClient, db: Database, olga: int) -> None:
    read_in(db, towns.large_town(12, 5))
    page = Page(client.get(START).text)
    assert len([tag for tag in page.tags if tag.name == "details" and tag.attrs.get("class") == "details"]) == 5
    assert "Wijk 04 9 gebieden" in page.words
