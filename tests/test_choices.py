"""What staff choose for a process, its photo and area, and a new process."""

import json
from typing import Any

import pytest
from httpx import Response
from litestar.testing import TestClient

from domain import audit, database
from domain.database import Database, writing
from domain.processes import Process
from tests.cast import CHEN, EURO, reload
from tests.pages import Page, words
from tests.staff import BEA, MO, NINA, OLGA, TESSA, sign_in_as
from tests.writing import arrives, insert_collecting

SCRIPT = "<script>alert(1)</script>"
PATH = "/beheer/benoordenhout/keuzes"
AREA = "/beheer/benoordenhout/gebied"
SQUARE = [[4.33, 52.08], [4.35, 52.08], [4.35, 52.10], [4.33, 52.10], [4.33, 52.08]]


@pytest.fixture
def collecting(db: Database, secret: bytes) -> Process:
    return insert_collecting(db, secret)


@pytest.fixture
def bea(client: TestClient, db: Database, secret: bytes, collecting: Process) -> int:
    return sign_in_as(client, db, secret, collecting, BEA)


def typed(client: TestClient, path: str = PATH) -> dict[str, Any]:
    """What a browser sends when nothing was touched."""
    fields = {name: values[-1] for name, values in Page(client.get(path).text).form(path).fields.items()}
    chosen = {"summary": "", "description": "", "supporters": "mail"}
    return fields | chosen | {"plan_moderation": "after", "reaction_moderation": "after"}


def choose(client: TestClient, path: str = PATH, **changes: str) -> Response:
    return client.post(path, data={**typed(client, path), **changes})


def test_choices_are_saved_and_logged(client: TestClient, db: Database, collecting: Process, bea: int) -> None:
    answer = choose(
        client,
        name="Wij beslissen",
        description="Een\n\ntwee",
        budget="€ 30.000",
        max_plan_cost="7500",
        support_threshold="25",
        plan_moderation="before",
        **{"theme-1": "Groen en water"},
    )
    assert answer.status_code == 303
    there = reload(db, collecting.slug)
    assert (there.name, there.budget, there.limits.max_sum_cost) == ("Wij beslissen", 30_000 * EURO, 30_000 * EURO)
    assert (there.support_threshold, there.max_plan_cost, there.plan_moderation) == (25, 7_500 * EURO, "before")
    assert there.themes[0].name == "Groen en water"
    entry = audit.page(db, [collecting.id], 1)[0]
    assert entry.action == "choices_changed"
    assert set(entry.detail["changed"]) >= {"name", "budget", "themes"}
    assert "Wij beslissen" not in str(entry)


def test_untouched_nothing_changes(client: TestClient, db: Database, collecting: Process, bea: int) -> None:
    before = reload(db, collecting.slug)
    assert choose(client).headers["location"].endswith("gedaan=niets")
    assert reload(db, collecting.slug) == before


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "),
        ("name", "x" * 81),
        ("budget", ""),
        ("budget", "veel"),
        ("budget", "0"),
        ("support_threshold", "0"),
        ("support_threshold", "tien"),
        ("max_plan_cost", "-5"),
        ("supporters", "everyone"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    client: TestClient, db: Database, collecting: Process, bea: int, field: str, value: str
) -> None:
    page = choose(client, **{field: value})
    assert page.status_code == 422
    assert f'href="#{field}"' in page.text
    assert f'id="{field}"' in page.text
    assert reload(db, collecting.slug) == collecting


def test_the_budget_stays_once_the_vote_opened(
    client: TestClient, db: Database, secret: bytes, process: Process
) -> None:
    sign_in_as(client, db, secret, process, BEA)
    path = "/beheer/bezuidenhout/keuzes"
    page = choose(client, path, budget="1")
    assert page.status_code == 422
    assert "Het budget kan niet meer veranderen" in words(page.text)
    assert reload(db).budget == process.budget
    assert choose(client, path, name="Een andere naam").status_code == 303


def test_who_may_support_stays_once_somebody_did(
    client: TestClient, db: Database, secret: bytes, collecting: Process, bea: int
) -> None:
    row = {"plan_id": collecting.plans[0].id, "resident_id": arrives(db, secret, CHEN), "given_on": "2026-05-12"}
    with writing(db):
        database.insert(db, "supports", row)
    page = choose(client, supporters="code")
    assert page.status_code == 422
    assert "Er is al steun gegeven" in words(page.text)


def test_a_theme_goes_only_if_no_plan_has_it(client: TestClient, db: Database, collecting: Process, bea: int) -> None:
    in_use = choose(client, **{"theme-1": ""})
    assert in_use.status_code == 422
    assert "hoort bij een plan en kan niet weg" in words(in_use.text)
    choose(client, **{"theme-4": "Spelen"})
    assert [theme.name for theme in reload(db, collecting.slug).themes][-1] == "Spelen"
    choose(client, **{"theme-4": ""})
    assert "Spelen" not in [theme.name for theme in reload(db, collecting.slug).themes]


def test_two_themes_swap_names_but_none_is_there_twice(
    client: TestClient, db: Database, collecting: Process, bea: int
) -> None:
    one, other, *_ = (theme.name for theme in collecting.themes)
    assert choose(client, **{"theme-1": other, "theme-2": one, "theme-4": "Nieuw"}).status_code == 303
    assert [theme.name for theme in reload(db, collecting.slug).themes][:2] == [other, one]
    twice = choose(client, **{"theme-5": one.upper()})
    assert twice.status_code == 422
    assert "Dit thema staat er twee keer" in words(twice.text)


def test_a_theme_of_another_process_is_left_alone(
    client: TestClient, db: Database, collecting: Process, elsewhere: Process, bea: int
) -> None:
    theirs = elsewhere.themes[0]
    page = choose(client, **{"theme-4-id": str(theirs.id), "theme-4": "Gekaapt"})
    assert page.status_code == 422
    assert reload(db, elsewhere.slug).themes[0].name == theirs.name


def test_who_comes_second_sees_what_differs(client: TestClient, db: Database, collecting: Process, bea: int) -> None:
    form = typed(client)
    choose(client, name="De naam van Bea")
    second = client.post(PATH, data={**form, "summary": "Van Olga"})
    assert second.status_code == 409
    assert "Naam: De naam van Bea" in words(second.text)
    assert "Van Olga" in second.text
    assert reload(db, collecting.slug).summary == ""


def test_scripts_show_as_text(client: TestClient, collecting: Process, bea: int) -> None:
    choose(client, name=SCRIPT, summary=SCRIPT, description=SCRIPT, **{"theme-1": SCRIPT, "theme-4": SCRIPT})
    for path in (PATH, AREA, "/beheer/benoordenhout", "/beheer", "/benoordenhout", "/beheer/benoordenhout/plannen"):
        assert SCRIPT not in client.get(path).text, path
    assert SCRIPT not in choose(client, budget=SCRIPT, name=SCRIPT).text


# The photo


def test_a_photo_that_is_none_is_refused(client: TestClient, db: Database, collecting: Process, bea: int) -> None:
    for data, said in ((b"<svg onload=alert(1)>", "Dit bestand is geen foto"), (b"", "Kies eerst een foto")):
        page = client.post("/beheer/benoordenhout/foto", files={"photo": ("a.svg", data)})
        assert page.status_code == 422
        assert said in words(page.text)
    assert reload(db, collecting.slug).photo == ""


# The boundary


def geojson(coordinates: Any) -> bytes:
    return json.dumps({"type": "Polygon", "coordinates": [coordinates]}).encode()


def test_a_boundary_is_looked_at_before_it_is_kept(
    client: TestClient, db: Database, collecting: Process, bea: int
) -> None:
    page = client.post(AREA, files={"grens": ("wijk.geojson", geojson(SQUARE))})
    assert "Klopt deze grens?" in words(page.text)
    assert "<path d=" in page.text
    assert "Er is nog geen grens" in words(client.get(AREA).text)
    kept = {name: values[-1] for name, values in Page(page.text).form(f"{AREA}/grens").fields.items()}
    assert client.post(f"{AREA}/grens", data=kept).status_code == 303
    assert "<path d=" in client.get(AREA).text
    assert client.post(f"{AREA}/grens", data={"weg": "1"}).status_code == 303
    assert "Er is nog geen grens" in words(client.get(AREA).text)


def test_a_boundary_that_somebody_else_uploaded_is_not_to_be_had(
    client: TestClient, db: Database, secret: bytes, collecting: Process, bea: int
) -> None:
    page = client.post(AREA, files={"grens": ("wijk.geojson", geojson(SQUARE))})
    kept = {name: values[-1] for name, values in Page(page.text).form(f"{AREA}/grens").fields.items()}
    sign_in_as(client, db, secret, collecting, OLGA)
    assert client.post(f"{AREA}/grens", data=kept).status_code == 422
    assert client.post(f"{AREA}/grens", data={"bestand": "geraden"}).status_code == 422


def test_what_is_no_boundary_is_refused(client: TestClient, collecting: Process, bea: int) -> None:
    for data in (b"", b"geen json", geojson([[52.08, 4.33], [52.08, 4.35], [52.1, 4.35], [52.08, 4.33]])):
        assert client.post(AREA, files={"grens": ("a.geojson", data)}).status_code == 422


# A new process


def new_process(client: TestClient, **changes: str) -> Response:
    form = {
        name: values[-1] for name, values in Page(client.get("/beheer/nieuw").text).form("/beheer/nieuw").fields.items()
    }
    about = {"name": "Móói Mariahoeve!", "municipality": "Den Haag", "area": "Mariahoeve", "budget": "50.000"}
    more = {"summary": "", "themes": "Groen\r\nSpelen\r\nGroen", "support_threshold": "25"}
    return client.post("/beheer/nieuw", data={**form, **about, **more, **changes})


def test_the_owner_makes_a_process_that_is_ready_to_begin(
    client: TestClient, db: Database, secret: bytes, collecting: Process
) -> None:
    olga = sign_in_as(client, db, secret, None, OLGA)
    answer = new_process(client)
    assert answer.headers["location"] == "/beheer/mooi-mariahoeve"
    made = reload(db, "mooi-mariahoeve")
    assert (made.area, made.municipality, made.budget) == ("Mariahoeve", "Den Haag", 50_000 * EURO)
    assert (made.method, made.limits.max_sum_cost, made.blank_allowed) == ("knapsack", made.budget, True)
    assert [phase.kind for phase in made.phases] == ["collect", "support", "assess", "vote", "result", "deliver"]
    assert [theme.name for theme in made.themes] == ["Groen", "Spelen"]
    assert db.execute("SELECT count(*) FROM checklist_items WHERE process_id = ?", [made.id]).fetchone()[0] > 5
    assert db.execute("SELECT account_id, role FROM roles WHERE process_id = ?", [made.id]).fetchall() == [
        (olga, "beheerder")
    ]
    assert client.get("/mooi-mariahoeve").status_code == 200
    assert new_process(client).headers["location"] == "/beheer/mooi-mariahoeve-2"


def test_a_new_process_that_is_not_right_comes_back(
    client: TestClient, db: Database, secret: bytes, collecting: Process
) -> None:
    sign_in_as(client, db, secret, None, OLGA)
    for changes, field in (
        ({"name": ""}, "name"),
        ({"budget": "veel"}, "budget"),
        ({"vote-closes_date": "2020-01-01"}, "vote-closes_date"),
        ({"vote-opens_date": ""}, "vote-opens_date"),
        ({"themes": "x" * 41}, "themes"),
    ):
        page = new_process(client, **changes)
        assert page.status_code == 422
        assert f'href="#{field}"' in page.text
    assert new_process(client, name="api").headers["location"] == "/beheer/api-2"
    assert new_process(client, name=SCRIPT).status_code == 303
    assert SCRIPT not in client.get("/beheer").text


def test_a_process_without_a_vote_yet(client: TestClient, db: Database, secret: bytes, collecting: Process) -> None:
    sign_in_as(client, db, secret, None, OLGA)
    new_process(client, **{"vote-opens_date": "", "vote-closes_date": ""})
    assert reload(db, "mooi-mariahoeve").voting_phase is None


def test_others_may_not(
    client: TestClient, db: Database, secret: bytes, collecting: Process, elsewhere: Process
) -> None:
    for who in (NINA, MO, TESSA):
        sign_in_as(client, db, secret, elsewhere if who is NINA else collecting, who)
        for path in (PATH, AREA, "/beheer/nieuw"):
            assert client.get(path).status_code == 403
            assert client.post(path, data={"name": "x"}).status_code == 403
        assert client.post("/beheer/benoordenhout/foto", data={"weg": "1"}).status_code == 403
        assert client.post(f"{AREA}/grens", data={"weg": "1"}).status_code == 403
    sign_in_as(client, db, secret, collecting, BEA)
    assert client.post("/beheer/nieuw", data={"name": "x"}).status_code == 403
