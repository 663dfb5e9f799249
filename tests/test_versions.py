"""Changing a plan, and what everybody sees of it."""

import pytest
from litestar.testing import TestClient

from domain import versions
from domain.database import Database, writing
from domain.processes import Process
from tests.cast import AICHA, NOW, reload
from tests.conftest import Clock
from tests.pages import Page
from tests.test_maps_domain import AREA
from tests.test_submissions import SCRIPT, photo, values_of
from tests.writing import COLLECT_CLOSES, SWING, arrives, insert_collecting, insert_plan, sign_in, swing


@pytest.fixture
def process(db: Database, secret: bytes) -> Process:
    return insert_collecting(db, secret)


@pytest.fixture
def plan_id(db: Database, secret: bytes, process: Process) -> int:
    return insert_plan(db, process, arrives(db, secret, AICHA))


@pytest.fixture
def here(client: TestClient, db: Database, secret: bytes, plan_id: int) -> str:
    """The plan's address; Aïcha is looking."""
    sign_in(client, db, secret, AICHA)
    return f"/benoordenhout/plannen/{plan_id}"


def edit(  # type: ignore[no-untyped-def]
    client: TestClient,
    here: str,
    process: Process,
    version: int = 1,
    changed: dict[str, str] | None = None,
    **changes: str,
):
    return client.post(
        f"{here}/wijzigen", data={**swing(process, **(changed or changes)), "version": str(version), "bewaar": "1"}
    )


def test_the_form_holds_the_plan_as_it_is(client: TestClient, here: str) -> None:
    shown = values_of(client.get(f"{here}/wijzigen").text)
    assert shown["title"] == SWING["title"]
    assert (shown["what-1"], shown["euros-1"], shown["euros-2"], shown["version"]) == ("Schommel", "1500", "12,50", "1")


def test_a_change_shows_on_the_plan_and_on_the_page_of_versions(
    client: TestClient, here: str, process: Process
) -> None:
    assert edit(client, here, process, title="Wip in het park").headers["location"] == here
    client.cookies.clear()
    assert "Wip in het park" in Page(client.get(here).text).words
    page = Page(client.get(f"{here}/versies").text)
    assert "Door de bedenker" in page.words
    assert "Weg: Schommel" in page.words
    assert "Nieuw: Wip" in page.words
    assert {"del", "ins"} <= {tag.name for tag in page.tags}


def test_a_change_by_staff_shows_as_such(client: TestClient, db: Database, here: str, plan_id: int) -> None:
    with writing(db):
        db.execute("INSERT INTO accounts (id, email, name, created_at) VALUES (1, 't@g.example', 'Tessa', '')")
        versions.edit(db, plan_id, 1, {"title": "Wip"}, NOW, 1, "Korter <b>")
    html = client.get(f"{here}/versies").text
    assert "Door de gemeente of organisatie" in Page(html).words
    assert "Korter &lt;b&gt;" in html
    assert "Tessa" not in html


def test_who_comes_second_sees_the_difference_and_keeps_the_text(
    client: TestClient, db: Database, here: str, process: Process, plan_id: int
) -> None:
    edit(client, here, process, title="Wip in het park")
    answer = edit(client, here, process, title="Glijbaan in het park")
    assert answer.status_code == 409
    page = Page(answer.text)
    assert "Iemand was u voor" in page.words
    assert "Weg: Wip" in page.words
    assert "Nieuw: Glijbaan" in page.words
    assert values_of(answer.text)["title"] == "Glijbaan in het park"
    assert reload(db, "benoordenhout").by_id[plan_id].title == "Wip in het park"
    assert edit(client, here, process, 2, title="Glijbaan in het park").headers["location"] == here


def test_the_same_change_twice_is_one(
    client: TestClient, db: Database, here: str, process: Process, plan_id: int
) -> None:
    for _ in range(2):
        assert edit(client, here, process, title="Wip").headers["location"] == here
    assert len(versions.history(db, plan_id)) == 1


def test_what_is_wrong_is_said_and_nothing_changes(
    client: TestClient, db: Database, here: str, process: Process, plan_id: int
) -> None:
    answer = edit(client, here, process, title="", summary="Iets anders")
    assert answer.status_code == 422
    assert values_of(answer.text)["summary"] == "Iets anders"
    assert versions.history(db, plan_id) == []


def test_a_photo_is_replaced_and_survives_an_error(
    client: TestClient, db: Database, here: str, process: Process, plan_id: int
) -> None:
    files = {"photo": ("foto.jpg", photo(), "image/jpeg")}
    data = {**swing(process, title="", photo_alt="Een schommel"), "version": "1", "bewaar": "1"}
    answer = client.post(f"{here}/wijzigen", data=data, files=files)
    assert answer.status_code == 422
    key = values_of(answer.text)["photo_key"]
    edit(client, here, process, photo_alt="Een schommel", photo_key=key)
    assert reload(db, "benoordenhout").by_id[plan_id].photo == key
    assert f"/foto/{key}-640.webp" in client.get(here).text
    assert "Foto Dit is veranderd." in Page(client.get(f"{here}/versies").text).words


def test_a_photo_that_does_not_exist_is_asked_again(client: TestClient, here: str, process: Process) -> None:
    answer = edit(client, here, process, photo_key="bestaat-niet", photo_alt="Niets")
    assert answer.status_code == 422


def test_after_the_phase_closed_nothing_changes(
    client: TestClient, here: str, process: Process, clock: Clock, db: Database, plan_id: int
) -> None:
    clock.now = COLLECT_CLOSES
    refused = edit(client, here, process, title="Wip")
    assert refused.status_code == 409
    assert "Uw wijziging is niet bewaard" in Page(refused.text).words
    assert "Dit had u geschreven. Het staat niet op de site. Titel Wip" in Page(refused.text).words
    assert "niet meer veranderen" in Page(client.get(f"{here}/wijzigen").text).words
    assert versions.history(db, plan_id) == []


@pytest.mark.parametrize(
    "change",
    [
        "verdict = 'infeasible', verdict_reason = 'Te diep'",
        "withdrawn_at = '2026-05-12T10:00:00Z'",
        "status = 'merged'",
    ],
)
def test_a_plan_that_was_judged_withdrawn_or_merged_does_not_change(
    client: TestClient, db: Database, here: str, process: Process, plan_id: int, change: str
) -> None:
    with writing(db):
        db.execute(f"UPDATE plans SET {change} WHERE id = ?", [plan_id])
    assert edit(client, here, process, title="Wip").status_code == 409


@pytest.mark.parametrize(
    "name", ["title", "summary", "description", "for_whom", "location", "planned", "own_work", "what-1"]
)
def test_every_version_shows_as_text(client: TestClient, here: str, process: Process, name: str) -> None:
    edit(client, here, process, 1, {name: f"a {SCRIPT} b"})
    edit(client, here, process, 2, {name: f"a {SCRIPT} c"})
    answers = [client.get(f"{here}/versies"), edit(client, here, process, 1, {name: f"{SCRIPT} d"})]
    assert [answer.status_code for answer in answers] == [200, 409]
    assert all(SCRIPT not in answer.text for answer in answers)


def test_a_plan_that_never_changed_says_so(client: TestClient, here: str) -> None:
    assert "nog niet veranderd" in Page(client.get(f"{here}/versies").text).words


def test_a_pin_is_not_moved_far_out_of_the_area(
    client: TestClient, db: Database, here: str, process: Process, plan_id: int
) -> None:
    with writing(db):
        db.execute("UPDATE areas SET boundary = ?", [AREA])
    answer = edit(client, here, process, lat="10", lon="10", title="Wip in het park")
    assert answer.status_code == 422
    assert "De pin staat te ver buiten het gebied." in Page(answer.text).words
    assert values_of(answer.text)["title"] == "Wip in het park"
    assert versions.history(db, plan_id) == []
