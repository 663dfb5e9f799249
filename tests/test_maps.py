"""The page with the map, what its script asks for, and the picture on which somebody points out a place."""

import json

import pytest
from litestar.testing import TestClient

from domain import maps
from domain.database import Database
from domain.processes import Process
from routes.forms import Form
from routes.maps import picked
from tests.pages import Page
from tests.test_maps_domain import AREA, INSIDE, SQUARE, file, polygon


@pytest.fixture
def area(db: Database, process: Process) -> str:
    """Bezuidenhout has a boundary; Loosduinen has none."""
    db.execute("UPDATE areas SET boundary = ? WHERE name = 'Bezuidenhout'", [AREA])
    return AREA


def put(db: Database, project_id: str, lat: float | None, lon: float | None) -> None:
    db.execute("UPDATE plans SET lat = ?, lon = ? WHERE project_id = ?", [lat, lon, project_id])


def page_of(client: TestClient, path: str = "/bezuidenhout/kaart") -> Page:
    answer = client.get(path)
    assert answer.status_code == 200
    return Page(answer.text)


def test_plans_on_the_map_have_the_number_they_have_in_the_list(client, db, area):
    put(db, "tuin", 52.075, 4.31)
    put(db, "bank", 52.085, 4.33)
    page = page_of(client)
    svg = [a["href"] for a in page.all("a") if a.get("tabindex") == "-1"]
    assert svg == [client_url(db, "bank"), client_url(db, "tuin")]  # from north to south
    assert "2 plannen op de kaart 1 Bankjes onder de bomen 🌳 € 1.500 2 Pluktuin € 7.000" in page.words
    assert "Zonder plek op de kaart Fietsenstalling" in page.words
    assert len(page.all("circle")) == 2


def test_a_plan_shows_its_place_and_leads_to_it_on_the_map(client, db, area, process):
    put(db, "bank", 52.085, 4.33)
    put(db, "tuin", 52.075, 4.31)
    bench, garden, tap = (client_url(db, name) for name in ("bank", "tuin", "tap"))
    page = page_of(client, bench)
    (picture,) = [img["src"] for img in page.all("img") if "/kaart.svg" in img["src"]]
    assert "<circle" in client.get(picture).text
    (link,) = [a["href"] for a in page.all("a") if "?plan=" in a["href"]]
    marked = [tag.attrs for tag in page_of(client, link).tags if tag.attrs.get("class") == "marked"]
    assert [attrs.get("href", "in the list") for attrs in marked] == [bench, "in the list"]
    assert not [tag for tag in page_of(client).tags if tag.attrs.get("class") == "marked"]
    assert not [img for img in page_of(client, tap).all("img") if "/kaart.svg" in img["src"]]
    assert page_of(client, "/bezuidenhout/kaart?plan=x&plan=99999").words == page_of(client).words
    put(db, "tuin", 40.0, 4.31)  # not on the drawing
    assert not [img for img in page_of(client, garden).all("img") if "/kaart.svg" in img["src"]]


def client_url(db: Database, project_id: str) -> str:
    return (
        f"/bezuidenhout/plannen/{db.execute('SELECT id FROM plans WHERE project_id = ?', [project_id]).fetchone()[0]}"
    )


def test_a_plan_far_away_is_in_the_list_only(client, db, area):
    put(db, "tuin", 10.0, 10.0)
    page = page_of(client)
    assert not page.all("circle")
    assert "Pluktuin € 7.000 De pin staat buiten de kaart." in page.words


def test_without_a_boundary_a_plan_far_away_is_in_the_list_only(client, db, process):
    put(db, "bank", *INSIDE)
    put(db, "tap", 52.085, 4.33)
    before = page_of(client).all("circle")
    put(db, "tuin", 10.0, 10.0)
    page = page_of(client)
    assert page.all("circle") == before
    assert "Pluktuin € 7.000 De pin staat buiten de kaart." in page.words
    assert len(client.get("/bezuidenhout/kaart.json").json()["pins"]) == 2


def test_a_plan_that_is_not_public_or_withdrawn_is_not_on_the_map(client, db, area):
    for project_id in ("tuin", "bank", "rad"):
        put(db, project_id, *INSIDE)
    db.execute("UPDATE plans SET status = 'hidden', status_reason = 'dubbel' WHERE project_id = 'tuin'")
    page = page_of(client)
    assert len(page.all("circle")) == 1
    assert "Pluktuin" not in page.words
    assert "Reuzenrad" not in page.words
    assert [pin["title"] for pin in client.get("/bezuidenhout/kaart.json").json()["pins"]] == [
        "Bankjes onder de bomen 🌳"
    ]


def test_without_boundary_and_places_there_is_a_list(client, process):
    page = page_of(client, "/loosduinen/kaart")
    assert "nog geen plannen op de kaart" in page.words
    assert "Stadsstrand" in page.words
    assert not page.all("svg")
    assert client.get("/loosduinen/kaart.json").json() == {"boundary": None, "pins": []}


def test_without_a_boundary_the_map_is_around_the_plans(client, db, process):
    put(db, "bank", *INSIDE)
    assert len(page_of(client).all("circle")) == 1


def test_a_plan_that_is_moved_is_moved_on_the_next_visit(client, db, area):
    put(db, "bank", *INSIDE)
    before = page_of(client).all("circle")
    put(db, "bank", 52.072, 4.302)
    assert page_of(client).all("circle") != before


def test_the_map_that_moves_is_asked_for_by_a_button_that_needs_a_script(client, area):
    page = page_of(client)
    button = next(tag for tag in page.all("button") if "data-show-map" in tag)
    assert "hidden" in button
    box = next(tag for tag in page.all("div") if "data-map" in tag)
    assert client.get(box["data-map"]).json()["boundary"]["type"] == "MultiPolygon"
    for asset in (
        box["data-script"],
        box["data-style"],
        next(s["src"] for s in page.all("script") if "map.js" in s["src"]),
    ):
        assert client.get(asset).status_code == 200
    assert not [s for s in page.all("script") if "leaflet" in s["src"]]  # only when asked for
    assert box["data-attribution"] == "Kaartgegevens © Kadaster"


def test_the_list_of_plans_leads_to_the_map_if_a_plan_is_on_it(client, db, process):
    assert "/bezuidenhout/kaart" not in client.get("/bezuidenhout/plannen").text
    put(db, "bank", *INSIDE)
    assert 'href="/bezuidenhout/kaart"' in client.get("/bezuidenhout/plannen").text


def test_a_title_shows_as_text_on_the_map(client, db, area):
    put(db, "bank", *INSIDE)
    title = "</title><script>alert(1)</script>"
    db.execute("UPDATE plans SET title = ? WHERE project_id = 'bank'", [title])
    assert "<script>alert" not in client.get("/bezuidenhout/kaart").text
    answer = client.get("/bezuidenhout/kaart.json")
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.json()["pins"][0]["title"] == title


@pytest.mark.parametrize(
    "path", ["/nergens/kaart", "/nergens/kaart.svg", "/nergens/kaart.json", "/loosduinen/kaart.svg"]
)
def test_a_map_of_nothing_is_not_found(client, process, path):
    assert client.get(path).status_code == 404


# Pointing out a place


def test_the_picture_shows_the_pin_where_it_was_put(client, area):
    plain = client.get("/bezuidenhout/kaart.svg")
    assert plain.headers["content-type"].startswith("image/svg+xml")
    assert f'width="{maps.PICK_WIDTH}"' in plain.text
    assert "<circle" not in plain.text
    assert "<circle" in client.get(f"/bezuidenhout/kaart.svg?lat={INSIDE[0]}&lon={INSIDE[1]}").text


@pytest.mark.parametrize(
    "query", ["lat=x&lon=y", "lat=nan&lon=nan", "lat=inf&lon=1", "lat=90&lon=4", "lat=<script>", "lat=52"]
)
def test_a_pin_that_is_nowhere_is_not_drawn(client, area, query):
    answer = client.get(f"/bezuidenhout/kaart.svg?{query}")
    assert answer.status_code == 200
    assert "<circle" not in answer.text
    assert "<script" not in answer.text


class Asked:
    """A request as `picked` looks at it."""

    def __init__(self, client: TestClient) -> None:
        self.app = client.app


def clicked(client: TestClient, process: Process, x: str, y: str) -> maps.Point | None:
    return picked(Asked(client), process, Form([("prik.x", x), ("prik.y", y)]))  # type: ignore[arg-type]


def test_a_click_on_the_picture_is_a_place_in_the_area(client, process, area):
    drawing = maps.drawn(area, [INSIDE], maps.PICK_WIDTH)
    assert drawing
    assert drawing.places[0]
    x, y = (str(round(n)) for n in drawing.places[0])
    place = clicked(client, process, x, y)
    assert place == pytest.approx(INSIDE, abs=0.0005)


@pytest.mark.parametrize(
    ("x", "y"), [("0", "0"), ("", ""), ("-5", "3"), ("1e5", "1"), ("٣", "1"), ("12345678", "1"), ("a", "b")]
)
def test_what_is_no_click_is_no_place(client, process, area, x, y):
    assert clicked(client, process, x, y) is None


def test_without_a_boundary_nothing_is_pointed_out(client, elsewhere, process):
    assert clicked(client, elsewhere, "100", "100") is None


def test_the_boundary_of_the_area_is_that_of_its_processes(db, process, elsewhere, area):
    assert json.loads(maps.boundary_of(db, process.id)) == json.loads(maps.boundary(file(polygon(SQUARE))))
    assert maps.boundary_of(db, elsewhere.id) == ""
