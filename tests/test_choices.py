"""What staff choose for a process once it is there, its photo and the boundary of its area."""

import json
from datetime import timedelta
from typing import Any

import pytest
from httpx import Response
from litestar.testing import TestClient

from domain import audit, database, maps
from domain.database import Database, writing
from domain.processes import Process
from tests.cast import CHEN, EURO, reload
from tests.conftest import Clock
from tests.pages import Page, words
from tests.staff import BEA, MO, NINA, OLGA, TESSA, sign_in_as
from tests.writing import VOTE_OPENS, arrives, insert_collecting

SCRIPT = "<script>alert(1)</script>"
PATH = "/beheer/benoordenhout/keuzes"
AREA = "/beheer/benoordenhout/gebied"
STEPS = ("traject", "money", "collect", "vote", "look", "privacy")  # Benoordenhout has no other phases
SQUARE = [[4.33, 52.08], [4.35, 52.08], [4.35, 52.10], [4.33, 52.10], [4.33, 52.08]]
NEEDED = {"vote-vote_age": "12"}  # what the law or fairness needs, and an older process hasn't


@pytest.fixture
def collecting(db: Database, secret: bytes) -> Process:
    return insert_collecting(db, secret)


@pytest.fixture
def bea(client: TestClient, db: Database, secret: bytes, collecting: Process) -> int:
    return sign_in_as(client, db, secret, collecting, BEA)


def choose(client: TestClient, step: str, path: str = PATH, **changes: str) -> Response:
    """Change that in the form of a step, and send it; `theme_1_name` stands for theme-1-name."""
    form = Page(client.get(f"{path}/{step}").text).form(f"{path}/{step}")
    renamed = {name.replace("__", "-"): value for name, value in changes.items()}
    return client.post(form.action, data={**form.fields, **renamed})


def test_every_step_shows_what_was_chosen_before_it_is_opened(
    client: TestClient, collecting: Process, bea: int
) -> None:
    page = Page(client.get(PATH).text)
    assert {f"{PATH}/{step}" for step in STEPS} <= {a["href"] for a in page.all("a")}
    assert "€ 20.000" in page.words
    assert "Verdeel het geld: kies plannen zolang het past" in page.words
    assert client.get(f"{PATH}/planning").status_code == 404
    assert client.get(f"{PATH}/support").status_code == 404


def test_choices_are_saved_and_logged(client: TestClient, db: Database, collecting: Process, bea: int) -> None:
    choose(client, "traject", traject__name="Wij beslissen", traject__description="Een\n\ntwee")
    choose(client, "money", money__budget="€ 30.000", **{"theme-1-name": "Groen en water"})
    choose(client, "collect", collect__max_plan_cost="7500", collect__plan_moderation="before")
    there = reload(db, collecting.slug)
    assert (there.name, there.description) == ("Wij beslissen", "Een\n\ntwee")
    assert (there.budget, there.limits.max_sum_cost) == (30_000 * EURO, 30_000 * EURO)
    assert (there.max_plan_cost, there.plan_moderation) == (7_500 * EURO, "before")
    assert there.themes[0].name == "Groen en water"
    entries = audit.page(db, [collecting.id], 10)
    assert [set(entry.detail["changed"]) for entry in entries] == [
        {"max_plan_cost", "plan_moderation"},
        {"budget", "max_sum_cost", "themes"},
        {"name", "description"},
    ]
    assert "Wij beslissen" not in str(entries)


def test_untouched_nothing_changes(client: TestClient, db: Database, collecting: Process, bea: int) -> None:
    before = reload(db, collecting.slug)
    for step in ("traject", "money", "collect", "look"):
        assert choose(client, step).headers["location"].endswith("gedaan=niets"), step
    assert reload(db, collecting.slug) == before


def test_a_text_can_be_taken_away(client: TestClient, db: Database, collecting: Process, bea: int) -> None:
    choose(client, "traject", traject__summary="Kort")
    choose(client, "traject", traject__summary="")
    assert reload(db, collecting.slug).summary == ""


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("traject-name", " "),
        ("traject-name", "x" * 81),
        ("money-budget", ""),
        ("money-budget", "veel"),
        ("money-budget", "0"),
        ("collect-max_plan_cost", "-5"),
        ("collect-submitters", "everyone"),
        ("vote-vote_age", ""),
        ("vote-vote_age", "oud"),
        ("vote-max_length", "0"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    client: TestClient, db: Database, collecting: Process, bea: int, field: str, value: str
) -> None:
    page = choose(client, field.partition("-")[0], **{field: value})
    assert page.status_code == 422
    assert f'href="#{field}"' in page.text
    assert f'id="{field}"' in page.text
    assert reload(db, collecting.slug) == collecting


def test_the_rules_stay_once_the_vote_opened_and_are_shown_with_why(
    client: TestClient, db: Database, secret: bytes, process: Process
) -> None:
    sign_in_as(client, db, secret, process, BEA)
    path = "/beheer/bezuidenhout/keuzes"
    page = Page(client.get(f"{path}/money").text)
    assert "Dit ligt vast sinds de stemming openging" in page.words
    assert "/beheer/bezuidenhout/correcties" in {a["href"] for a in page.all("a")}
    assert "money-budget" not in page.form(f"{path}/money").fields
    choose(client, "money", path, **{"money-budget": "1", "theme-1-budget": "1", "theme-1-name": "Groener"})
    choose(client, "vote", path, **{"vote-blank_allowed": "no", "vote-max_length": "1"})
    there = reload(db)
    assert (there.budget, there.limits, there.blank_allowed) == (process.budget, process.limits, True)
    assert (there.themes[0].name, there.themes[0].budget) == ("Groener", process.themes[0].budget)
    assert choose(client, "traject", path, traject__name="Een andere naam").headers["location"].endswith("keuzes")


def test_a_form_from_before_the_vote_opened_changes_no_rule(
    client: TestClient, db: Database, collecting: Process, bea: int, clock: Clock
) -> None:
    form = Page(client.get(f"{PATH}/vote").text).form(f"{PATH}/vote")
    clock.now = VOTE_OPENS + timedelta(hours=1)
    sign_in = client.cookies  # the session is older than a working day by now
    assert sign_in is not None
    page = client.post(form.action, data={**form.fields, **NEEDED, "vote-blank_allowed": "no"})
    assert page.status_code == 303
    assert reload(db, collecting.slug).blank_allowed


def test_who_may_support_stays_once_somebody_did(
    client: TestClient, db: Database, secret: bytes, collecting: Process, bea: int
) -> None:
    with writing(db):
        row = {"opens_at": "2026-05-01T08:00:00Z", "closes_at": "2026-06-30T22:00:00Z"}
        database.insert(db, "phases", row | {"process_id": collecting.id, "kind": "support"})
    assert "Er is al steun gegeven" not in words(client.get(f"{PATH}/support").text)
    row = {"plan_id": collecting.plans[0].id, "resident_id": arrives(db, secret, CHEN), "given_on": "2026-05-12"}
    with writing(db):
        database.insert(db, "supports", row)
    assert "Er is al steun gegeven" in words(client.get(f"{PATH}/support").text)
    choose(client, "support", **{"support-supporters": "code", "support-support_threshold": "40"})
    there = reload(db, collecting.slug)
    assert (there.supporters, there.support_threshold) == ("mail", 40)


def test_a_theme_goes_only_if_no_plan_has_it(client: TestClient, db: Database, collecting: Process, bea: int) -> None:
    in_use = choose(client, "money", **{"theme-1-name": ""})
    assert in_use.status_code == 422
    assert "hoort kan niet weg" in words(in_use.text)
    choose(client, "money", **{"theme-4-name": "Spelen", "theme-4-max_length": "2"})
    last = reload(db, collecting.slug).themes[-1]
    assert (last.name, last.max_length) == ("Spelen", 2)
    choose(client, "money", **{"theme-4-name": "", "theme-4-max_length": ""})
    assert "Spelen" not in [theme.name for theme in reload(db, collecting.slug).themes]


def test_two_themes_swap_names_but_none_is_there_twice(
    client: TestClient, db: Database, collecting: Process, bea: int
) -> None:
    one, other, *_ = (theme.name for theme in collecting.themes)
    swapped = choose(client, "money", **{"theme-1-name": other, "theme-2-name": one, "theme-4-name": "Nieuw"})
    assert swapped.status_code == 303
    assert [theme.name for theme in reload(db, collecting.slug).themes][:2] == [other, one]
    twice = choose(client, "money", **{"theme-5-name": one.upper()})
    assert twice.status_code == 422
    assert "staat er twee keer" in words(twice.text)


def test_a_theme_of_another_process_is_left_alone(
    client: TestClient, db: Database, collecting: Process, elsewhere: Process, bea: int
) -> None:
    theirs = elsewhere.themes[0]
    page = choose(client, "money", **{"theme-4-id": str(theirs.id), "theme-4-name": "Gekaapt"})
    assert page.status_code == 422
    assert reload(db, elsewhere.slug).themes[0].name == theirs.name


def test_who_comes_second_sees_what_differs(client: TestClient, db: Database, collecting: Process, bea: int) -> None:
    form = Page(client.get(f"{PATH}/traject").text).form(f"{PATH}/traject")
    choose(client, "traject", traject__name="De naam van Bea")
    second = client.post(form.action, data={**form.fields, "traject-summary": "Van Olga"})
    assert second.status_code == 409
    assert "Hoe heet het traject? De naam van Bea" in words(second.text)
    assert "Van Olga" in second.text
    assert reload(db, collecting.slug).summary == ""
    again = Page(second.text).form(f"{PATH}/traject").fields
    assert client.post(form.action, data=again).status_code == 303
    assert reload(db, collecting.slug).summary == "Van Olga"


def test_scripts_show_as_text(client: TestClient, collecting: Process, bea: int) -> None:
    choose(client, "traject", traject__name=SCRIPT, traject__summary=SCRIPT, traject__description=SCRIPT)
    choose(client, "money", **{"theme-1-name": SCRIPT, "theme-4-name": SCRIPT + "!"})
    pages = [f"{PATH}/{step}" for step in STEPS]
    for path in (*pages, PATH, AREA, "/beheer/benoordenhout", "/beheer", "/benoordenhout", "/benoordenhout/plannen"):
        assert SCRIPT not in client.get(path).text, path
    assert SCRIPT not in choose(client, "money", **{"money-budget": SCRIPT}).text


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
    assert "Er is nu geen grens" in words(client.get(AREA).text)
    kept = {name: values[-1] for name, values in Page(page.text).form(f"{AREA}/grens").fields.items()}
    assert client.post(f"{AREA}/grens", data=kept).status_code == 303
    assert "<path d=" in client.get(AREA).text
    assert client.post(f"{AREA}/grens", data={"weg": "1"}).status_code == 303
    assert "Er is nu geen grens" in words(client.get(AREA).text)


def test_a_removed_boundary_can_be_put_back_until_there_is_another(
    client: TestClient, db: Database, collecting: Process, bea: int
) -> None:
    def keep(corners: Any) -> None:
        page = client.post(AREA, files={"grens": ("wijk.geojson", geojson(corners))})
        client.post(f"{AREA}/grens", data={k: v[-1] for k, v in Page(page.text).form(f"{AREA}/grens").fields.items()})

    keep(SQUARE)
    before = maps.boundary_of(db, collecting.id)
    assert before
    for _ in range(2):
        client.post(f"{AREA}/grens", data={"weg": "1"})  # a double click forgets nothing
    assert not maps.boundary_of(db, collecting.id)
    assert "Zet de laatste grens terug" in words(client.get(AREA).text)
    assert "teruggezet" in words(client.get(client.post(f"{AREA}/grens", data={"terug": "1"}).headers["location"]).text)
    assert maps.boundary_of(db, collecting.id) == before
    client.post(f"{AREA}/grens", data={"weg": "1"})
    keep([[x, y + 0.001] for x, y in SQUARE])
    after = maps.boundary_of(db, collecting.id)
    assert client.post(f"{AREA}/grens", data={"terug": "1"}).headers["location"] == AREA
    assert maps.boundary_of(db, collecting.id) == after != before


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


# Who may not


def test_others_may_not(
    client: TestClient, db: Database, secret: bytes, collecting: Process, elsewhere: Process
) -> None:
    for who in (NINA, MO, TESSA):
        sign_in_as(client, db, secret, elsewhere if who is NINA else collecting, who)
        for path in (PATH, f"{PATH}/money", "/beheer/benoordenhout/ontwerp.toml", AREA):
            assert client.get(path).status_code == 403
        assert client.post(f"{PATH}/money", data={"money-budget": "1"}).status_code == 403
        assert client.post("/beheer/benoordenhout/foto", data={"weg": "1"}).status_code == 403
        assert client.post(f"{AREA}/grens", data={"weg": "1"}).status_code == 403
