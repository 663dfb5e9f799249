"""A process in which plans can be handed in, and what its residents type."""

from datetime import UTC, datetime
from typing import Any

from litestar.testing import TestClient

from domain import makers, phases, residents, submissions
from domain.database import Database, writing
from domain.phases import Phase
from domain.processes import Process
from routes.visitors import COOKIE
from tests.cast import EURO, NOW, Resident, insert_vote, reload

COLLECT_OPENS = datetime(2026, 5, 1, 8, tzinfo=UTC)
COLLECT_CLOSES = datetime(2026, 5, 31, 22, tzinfo=UTC)
VOTE_OPENS = datetime(2026, 9, 1, 8, tzinfo=UTC)
VOTE_CLOSES = datetime(2026, 9, 30, 22, tzinfo=UTC)

SWING = {
    "title": "Schommel in het park",
    "summary": "Een schommel voor groot en klein.",
    "description": "Wij willen een schommel.\n\nMet een **stevige** balk.",
    "theme": "",
    "for_whom": "Voor kinderen",
    "location": "Naast de vijver",
    "planned": "In de lente",
    "what-1": "Schommel",
    "euros-1": "1.500",
    "what-2": "Zand",
    "euros-2": "12,50",
    "own_work": "Wij graven het gat.",
    "photo_alt": "",
    "name": "Aïcha",
    "contact": "06 12345678",
    "lat": "",
    "lon": "",
}
SWING_COST = 1_512 * EURO + 50


def insert_collecting(db: Database, secret: bytes, slug: str = "benoordenhout", **changes: Any) -> Process:
    """Benoordenhout collects plans at NOW: at most € 5.000 each; its vote is in September."""
    process = insert_vote(
        db, secret, slug=slug, opens_at=VOTE_OPENS, closes_at=VOTE_CLOSES, **{"max_plan_cost": 5_000 * EURO} | changes
    )
    with writing(db):
        phases.insert(db, process.id, [Phase("collect", COLLECT_OPENS, COLLECT_CLOSES)])
    return reload(db, slug)


def swing(process: Process, **changes: str) -> dict[str, str]:
    """What is typed for a swing, with the theme that fits."""
    return {**SWING, "theme": str(process.themes[0].id), **changes}


def arrives(db: Database, secret: bytes, who: Resident, now: datetime = NOW) -> int:
    """The resident's id, once they confirmed their address."""
    with writing(db):
        id_ = residents.arrived(db, residents.key_of_address(secret, who.email), "nl", now)
        db.execute("UPDATE residents SET email = ?, name = ? WHERE id = ?", [who.email, who.name, id_])
    return id_


def sign_in(client: TestClient, db: Database, secret: bytes, who: Resident) -> int:
    """Give the browser the session of that resident. Returns their id."""
    id_ = arrives(db, secret, who)
    with writing(db):
        token = residents.start_session(db, id_, NOW)
    sign_out(client)
    client.cookies.set(COOKIE, token, domain="testserver.local")
    return id_


def sign_out(client: TestClient) -> None:
    for cookie in list(client.cookies.jar):
        if cookie.name == COOKIE:
            client.cookies.jar.clear(cookie.domain, cookie.path, cookie.name)


def insert_plan(db: Database, process: Process, maker_id: int, name: str = "Aïcha", **changes: Any) -> int:
    """A swing that is on the site, made by that resident."""

    typed = typed_of(swing(process))
    values, wrong = submissions.checked(process, typed, "")
    assert not wrong
    with writing(db):
        plan_id = submissions.insert(db, process, values, NOW)
        makers.add(db, plan_id, maker_id, name, "", NOW)
        for column, value in changes.items():
            db.execute(f"UPDATE plans SET {column} = ? WHERE id = ?", [value, plan_id])
    return plan_id


def typed_of(form: dict[str, str]) -> Any:
    from routes.forms import Form
    from routes.submissions import typed_from

    return typed_from(Form(list(form.items())))


def mails_of(db: Database, kind: str) -> list[str]:
    """Who got a mail of that kind."""
    return [row[0] for row in db.execute("SELECT recipient FROM outbox WHERE kind = ? ORDER BY id", [kind])]


def draft_row(db: Database) -> dict[str, Any]:
    rows = list(db.query("SELECT * FROM submissions"))
    assert len(rows) == 1
    return rows[0]
