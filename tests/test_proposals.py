"""Changing a plan on the site where staff read texts first: it waits, Mo reads the difference, and says yes or no."""

import pytest
from litestar.testing import TestClient

from domain import audit, photos, proposals, versions, work
from domain.database import Database, writing
from domain.photos import Pictures
from domain.processes import Process
from tests.cast import AICHA, NOW, WILLEM, reload
from tests.conftest import Clock
from tests.pages import Page, words
from tests.staff import MO, TESSA, sign_in_as
from tests.test_submissions import values_of
from tests.test_versions import edit
from tests.writing import SWING, VOTE_OPENS, arrives, insert_collecting, insert_plan, mails_of, sign_in, sign_out

NEW = "Wip in het park"


@pytest.fixture
def process(db: Database, secret: bytes) -> Process:
    """Benoordenhout reads plans before they are on the site."""
    insert_collecting(db, secret, plan_moderation="before")
    return reload(db, "benoordenhout")


@pytest.fixture
def plan_id(db: Database, secret: bytes, process: Process) -> int:
    return insert_plan(db, process, arrives(db, secret, AICHA), status="published")


@pytest.fixture
def here(client: TestClient, db: Database, secret: bytes, plan_id: int) -> str:
    """The plan's address; Aïcha is looking."""
    sign_in(client, db, secret, AICHA)
    return f"/benoordenhout/plannen/{plan_id}"


@pytest.fixture
def staff(plan_id: int) -> str:
    """Where Mo reads what Aïcha wants to change."""
    return f"/beheer/benoordenhout/plannen/{plan_id}/voorstel"


def title_of(db: Database, plan_id: int) -> str:
    return reload(db, "benoordenhout").by_id[plan_id].title


def waits(db: Database, process: Process) -> list[str]:
    return [item.kind for item in work.waiting(db, reload(db, process.slug), {"moderator"}, 0, NOW)]


def test_a_change_waits_and_only_its_makers_know(
    client: TestClient, db: Database, secret: bytes, process: Process, here: str, plan_id: int
) -> None:
    assert edit(client, here, process, title=NEW).headers["location"] == here
    page = words(client.get(here).text)
    assert "Gelukt: uw wijziging is bewaard. Wij lezen haar eerst" in page
    assert "Uw wijziging wacht" in words(client.get(here).text)
    assert (title_of(db, plan_id), waits(db, process)) == (SWING["title"], ["edit"])
    for who in (WILLEM, None):
        sign_in(client, db, secret, who) if who else sign_out(client)
        for path in (here, f"{here}/versies", "/benoordenhout/plannen"):
            assert NEW not in client.get(path).text
            assert "Uw wijziging wacht" not in client.get(path).text


def test_its_maker_goes_on_with_the_text_that_waits(
    client: TestClient, db: Database, process: Process, here: str, plan_id: int
) -> None:
    edit(client, here, process, title=NEW)
    shown = values_of(client.get(f"{here}/wijzigen").text)
    assert shown["title"] == NEW
    edit(client, here, process, title="Wip en glijbaan", mark=shown["mark"])
    waiting = proposals.of_plan(db, plan_id)
    assert waiting
    assert waiting.fields["title"] == "Wip en glijbaan"
    edit(client, here, process, mark=waiting.mark)  # back to the text on the site: nothing waits any more
    assert proposals.of_plan(db, plan_id) is None


def test_the_maker_who_comes_second_sees_what_the_other_wrote(
    client: TestClient, db: Database, process: Process, here: str
) -> None:
    edit(client, here, process, title=NEW)
    assert edit(client, here, process, title=NEW).status_code == 303  # a double click
    answer = edit(client, here, process, title="Glijbaan in het park")
    assert answer.status_code == 409
    assert "Weg: Wip" in words(answer.text)


def test_mo_reads_the_difference_and_puts_it_on_the_site(
    client: TestClient, db: Database, secret: bytes, process: Process, here: str, staff: str, plan_id: int
) -> None:
    edit(client, here, process, title=NEW, description="Een wip <script>alert(1)</script>")
    mo = sign_in_as(client, db, secret, process, MO)
    assert f"{staff}?werk=edit" in {a["href"] for a in Page(client.get("/beheer/benoordenhout/werk").text).all("a")}
    page = Page(client.get(staff).text)
    assert "Weg: Schommel Nieuw: Wip in het park" in page.words
    assert "alert(1)</script>" in page.words
    answer = client.post(staff, data=fields_of(page, staff))
    assert answer.headers["location"].endswith("?gedaan=allow")
    assert (title_of(db, plan_id), waits(db, process)) == (NEW, [])
    assert mails_of(db, "edit_judged") == [AICHA.email]
    assert (audit.page(db, None, 1)[0].action, audit.page(db, None, 1)[0].account_id) == ("edit_allowed", mo)
    assert "Door de bedenker" in words(client.get(f"{here}/versies").text)
    assert client.post(staff, data=fields_of(page, staff)).status_code == 409  # once


def fields_of(page: Page, action: str) -> dict[str, list[str]]:
    return page.form(action).fields


def test_mo_refuses_with_a_reason(
    client: TestClient, db: Database, secret: bytes, process: Process, here: str, staff: str, plan_id: int
) -> None:
    edit(client, here, process, title=NEW)
    sign_in_as(client, db, secret, process, MO)
    fields = fields_of(Page(client.get(staff).text), staff) | {"afwijzen": ["1"]}
    answer = client.post(staff, data=fields | {"reden": [" "]})
    assert answer.status_code == 422
    assert "De bedenkers lezen dit" in words(answer.text)
    assert client.post(staff, data=fields | {"reden": ["Dit is reclame"]}).headers["location"].endswith("refuse")
    assert (title_of(db, plan_id), waits(db, process)) == (SWING["title"], [])
    (reason,) = db.execute("SELECT json_extract(content, '$.reason') FROM outbox WHERE kind = 'edit_judged'").fetchone()
    assert reason == "Dit is reclame"


@pytest.mark.parametrize("refuses", [True, False])
def test_what_changed_while_mo_read_is_not_put_on_the_site(
    client: TestClient,
    db: Database,
    secret: bytes,
    process: Process,
    here: str,
    staff: str,
    plan_id: int,
    refuses: bool,
) -> None:
    edit(client, here, process, title=NEW)
    sign_in_as(client, db, secret, process, MO)
    fields = fields_of(Page(client.get(staff).text), staff)
    waiting = proposals.of_plan(db, plan_id)
    assert waiting
    edit(client, here, process, title="Iets heel anders", mark=waiting.mark)
    sends = fields | ({"afwijzen": ["1"], "reden": ["Nee"]} if refuses else {})
    answer = client.post(staff, data=sends)
    assert answer.status_code == 409
    assert "Terwijl u las" in words(answer.text)
    assert "Nieuw: Iets heel anders" in words(answer.text)
    assert (title_of(db, plan_id), waits(db, process)) == (SWING["title"], ["edit"])


def test_a_change_by_staff_makes_the_difference_another_one(
    client: TestClient, db: Database, secret: bytes, process: Process, here: str, staff: str, plan_id: int
) -> None:
    edit(client, here, process, title=NEW)
    mo = sign_in_as(client, db, secret, process, MO)
    fields = fields_of(Page(client.get(staff).text), staff)
    with writing(db):
        versions.edit(db, plan_id, 1, {"location": "Elders"}, NOW, mo, "Adres")
    assert client.post(staff, data=fields).status_code == 409
    assert title_of(db, plan_id) == SWING["title"]


def test_after_the_verdict_and_once_the_vote_opened_the_text_stays(
    client: TestClient,
    db: Database,
    secret: bytes,
    process: Process,
    here: str,
    staff: str,
    plan_id: int,
    clock: Clock,
) -> None:
    edit(client, here, process, title=NEW)
    sign_in_as(client, db, secret, process, MO)
    fields = fields_of(Page(client.get(staff).text), staff)
    with writing(db):
        db.execute("UPDATE plans SET verdict = 'infeasible', verdict_reason = 'Kan niet' WHERE id = ?", [plan_id])
    assert "al een oordeel gegeven" in words(client.post(staff, data=fields).text)
    with writing(db):
        db.execute("UPDATE plans SET verdict = '', verdict_reason = '' WHERE id = ?", [plan_id])
    clock.now = VOTE_OPENS
    sign_in_as(client, db, secret, process, MO)
    client.post(staff, data=fields)
    assert title_of(db, plan_id) == SWING["title"]


def test_who_does_not_moderate_can_not_allow_it(
    client: TestClient, db: Database, secret: bytes, process: Process, here: str, staff: str, plan_id: int
) -> None:
    edit(client, here, process, title=NEW)
    sign_in_as(client, db, secret, process, TESSA)
    assert client.get(staff).status_code == client.post(staff, data={}).status_code == 403
    assert title_of(db, plan_id) == SWING["title"]


def test_before_it_is_on_the_site_and_where_nobody_reads_first_a_change_is_made_at_once(
    client: TestClient, db: Database, secret: bytes, process: Process, here: str, plan_id: int
) -> None:
    with writing(db):
        db.execute("UPDATE plans SET status = 'submitted' WHERE id = ?", [plan_id])
    edit(client, here, process, title=NEW)
    assert title_of(db, plan_id) == NEW
    with writing(db):
        db.execute("UPDATE plans SET status = 'published' WHERE id = ?", [plan_id])
        db.execute("UPDATE processes SET plan_moderation = 'after'")
    edit(client, here, process, 2, title="Glijbaan")
    assert title_of(db, plan_id) == "Glijbaan"


def test_the_photo_of_a_change_that_waits_is_not_purged(db: Database, process: Process, plan_id: int) -> None:
    with writing(db):
        key = photos.store(db, Pictures({320: b"x", 640: b"x", 960: b"x"}))
        fields = {**versions.current(db, plan_id), "photo": key}
        assert not proposals.edit(db, plan_id, 1, "", fields, NOW)
        photos.purge(db)
    assert db.execute("SELECT count(*) FROM photos WHERE key = ?", [key]).fetchone() == (3,)
    with writing(db):
        proposals.remove(db, plan_id)
        photos.purge(db)
    assert db.execute("SELECT count(*) FROM photos WHERE key = ?", [key]).fetchone() == (0,)
