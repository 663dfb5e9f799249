"""Reporting a plan or a reaction: without a name, and not without end."""

from datetime import timedelta

import pytest
from httpx import Response
from litestar.testing import TestClient

from domain import reactions, reports
from domain.database import Database, writing
from domain.plans import Plan
from domain.processes import Process
from tests.cast import AICHA, NOW, OPENS
from tests.conftest import Clock
from tests.pages import words
from tests.staff import MO, TESSA, sign_in, sign_in_as
from tests.writing import arrives

REPORTS = "/beheer/bezuidenhout/meldingen"
REACTIONS = "/beheer/bezuidenhout/reacties"
SCRIPT = "<script>alert('x')</script>"


@pytest.fixture
def plan(process: Process) -> Plan:
    return process.plans[0]


@pytest.fixture
def reaction(db: Database, secret: bytes, process: Process, plan: Plan) -> str:
    """The address at which Aïcha's reaction is reported."""
    who = arrives(db, secret, AICHA)
    with writing(db):
        said = reactions.typed("for", "Stom plan", "Aïcha")[0]
        return f"/bezuidenhout/reacties/{reactions.write(db, process.id, plan.id, who, said, NOW)}/melding"


def report(client: TestClient, path: str, reason: str = "Dit is een scheldwoord.") -> Response:
    return client.post(path, data={"reason": reason})


def reasons(db: Database) -> list[str]:
    return [row[0] for row in db.execute("SELECT reason FROM reports WHERE handled_at IS NULL ORDER BY id")]


def test_anyone_reports_a_reaction_and_a_plan(client: TestClient, db: Database, plan: Plan, reaction: str) -> None:
    for path in (reaction, f"{plan.url}/melding"):
        assert client.get(path).status_code == 200
        sent = report(client, path)
        assert sent.status_code == 303
        assert "Dank u voor uw melding" in words(client.get(sent.headers["location"]).text)
    assert len(reasons(db)) == 2


def test_the_page_of_the_plan_leads_there(client: TestClient, plan: Plan, reaction: str) -> None:
    html = client.get(plan.url).text
    assert f'href="{reaction}"' in html
    assert f'href="{plan.url}/melding"' in html


def test_without_a_reason_the_form_comes_back(client: TestClient, db: Database, reaction: str) -> None:
    for reason in ("", "  ", "x" * 501):
        assert report(client, reaction, reason).status_code == 422
    assert reasons(db) == []


def test_the_same_report_twice_is_one(client: TestClient, db: Database, reaction: str) -> None:
    report(client, reaction)
    report(client, reaction)
    assert len(reasons(db)) == 1


def test_a_network_that_reports_without_end_is_stopped(client: TestClient, db: Database, reaction: str) -> None:
    answers = [report(client, reaction, f"Reden {number}") for number in range(12)]
    assert [answer.status_code for answer in answers] == [303] * 10 + [429] * 2
    assert "Reden 11" in answers[-1].text
    assert len(reasons(db)) == 10


def test_many_networks_can_not_fill_the_list(db: Database, process: Process, plan: Plan) -> None:
    with writing(db):
        for number in range(50):
            reports.report_plan(db, process.id, plan.id, f"Reden {number}", NOW)
    assert len(reasons(db)) == reports.MOST_OPEN


def test_what_is_not_there_can_not_be_reported(
    client: TestClient, db: Database, plan: Plan, elsewhere: Process, reaction: str
) -> None:
    there = elsewhere.plans[0]
    for path in (
        f"/bezuidenhout/plannen/{there.id}/melding",
        reaction.replace("bezuidenhout", "loosduinen"),
        "/bezuidenhout/reacties/999/melding",
    ):
        assert client.get(path).status_code == 404
        assert report(client, path).status_code == 404
    assert reasons(db) == []


def test_what_is_hidden_can_not_be_reported(client: TestClient, db: Database, reaction: str) -> None:
    with writing(db):
        db.execute("UPDATE reactions SET status = 'hidden', status_reason = 'weg'")
    assert report(client, reaction).status_code == 404


def test_mo_sees_reports_as_text_and_leaves_the_reaction(
    client: TestClient, db: Database, secret: bytes, process: Process, plan: Plan, reaction: str
) -> None:
    report(client, reaction, SCRIPT)
    sign_in_as(client, db, secret, process, MO)
    page = client.get(REPORTS)
    assert SCRIPT not in page.text
    assert SCRIPT in words(page.text)
    number = reaction.split("/")[3]
    data = {"verb": f"dismiss {number}:published", "toon": "gemeld"}
    assert client.post(REACTIONS, data=data).status_code == 303
    assert reasons(db) == []
    assert "Stom plan" in client.get(plan.url).text
    second = client.post(REACTIONS, data=data)
    assert second.status_code == 409
    assert "een collega was u voor" in words(second.text)
    assert [row[0] for row in db.execute("SELECT action FROM audit_log")] == ["reaction.report_dismissed"]


def test_hiding_a_reaction_handles_what_was_reported(
    client: TestClient, db: Database, secret: bytes, process: Process, reaction: str
) -> None:
    report(client, reaction)
    mo = sign_in_as(client, db, secret, process, MO)
    data = {"verb": "hide", "reactie": f"{reaction.split('/')[3]}:published", "reason": "Scheldwoord"}
    client.post(REACTIONS, data=data)
    assert list(db.execute("SELECT account_id, handled_at IS NOT NULL FROM reports")) == [(mo, 1)]


def test_reports_of_a_plan_are_handled_together(
    client: TestClient, db: Database, secret: bytes, process: Process, plan: Plan
) -> None:
    for reason in ("Reclame", "Niet waar"):
        report(client, f"{plan.url}/melding", reason)
    sign_in_as(client, db, secret, process, MO)
    seen = words(client.get(REPORTS).text)
    assert plan.title in seen
    assert "Reclame" in seen
    assert "Niet waar" in seen
    assert "Gemelde reacties" not in seen, "no heading with nothing under it"
    assert client.post(REPORTS, data={"plan": str(plan.id)}).headers["location"] == f"{REPORTS}?wat=plan&gedaan=2"
    assert client.post(REPORTS, data={"plan": str(plan.id)}).headers["location"] == f"{REPORTS}?wat=plan&gedaan=0"
    assert reasons(db) == []


def test_hiding_a_plan_handles_what_was_reported_of_it_and_not_of_its_reactions(
    client: TestClient, db: Database, secret: bytes, process: Process, clock: Clock, plan: Plan, reaction: str
) -> None:
    report(client, f"{plan.url}/melding", "Reclame")
    report(client, reaction, "Scheldwoord")
    clock.now = OPENS - timedelta(days=3)  # on the ballot it would have to stay
    mo = sign_in(client, db, secret, process, "moderator", now=clock.now)
    hidden = {"actie": "hide", "plan": str(plan.id), "reden": "Dit is reclame."}
    assert client.post(f"/beheer/{process.slug}/moderatie", data=hidden).status_code == 303
    assert reasons(db) == ["Scheldwoord"]
    assert "Meldingen (1)" in words(client.get(f"/beheer/{process.slug}/werk").text)  # of the reaction
    assert list(db.execute("SELECT account_id, reason FROM reports WHERE handled_at IS NOT NULL")) == [(mo, "Reclame")]


def test_a_moderator_handles_nothing_of_another_process(
    client: TestClient, db: Database, secret: bytes, process: Process, plan: Plan, elsewhere: Process
) -> None:
    there = elsewhere.plans[0]
    report(client, f"{there.url}/melding")
    sign_in_as(client, db, secret, process, MO)
    assert there.title not in client.get(REPORTS).text
    assert client.post(REPORTS, data={"plan": str(there.id)}).status_code == 404
    assert len(reasons(db)) == 1


def test_who_assesses_does_not_moderate(
    client: TestClient, db: Database, secret: bytes, process: Process, plan: Plan
) -> None:
    report(client, f"{plan.url}/melding")
    sign_in_as(client, db, secret, process, TESSA)
    assert client.get(REPORTS).status_code == 403
    assert client.post(REPORTS, data={"plan": str(plan.id)}).status_code == 403
    assert len(reasons(db)) == 1


def test_every_page_counts_the_same_reports(
    client: TestClient, db: Database, secret: bytes, process: Process, plan: Plan, reaction: str
) -> None:
    for reason in ("Reclame", "Niet waar"):
        report(client, f"{plan.url}/melding", reason)
    report(client, reaction)
    sign_in_as(client, db, secret, process, MO)
    assert "3 meldingen" in words(client.get("/beheer").text)
    assert "3 meldingen" in words(client.get(f"/beheer/{process.slug}").text)
    assert "Meldingen (3)" in words(client.get(f"/beheer/{process.slug}/werk").text)
    assert "Gemeld (3)" in words(client.get(REPORTS).text)


def test_what_is_said_afterwards_is_what_was_done(
    client: TestClient, db: Database, secret: bytes, process: Process, plan: Plan, reaction: str
) -> None:
    report(client, f"{plan.url}/melding")
    report(client, reaction)
    sign_in_as(client, db, secret, process, MO)
    seen = f"{reaction.split('/')[3]}:published"
    said = []
    for path, data in (
        (REPORTS, {"plan": str(plan.id)}),
        (REPORTS, {"plan": str(plan.id)}),
        (REACTIONS, {"verb": "dismiss", "reactie": seen}),
        (REACTIONS, {"verb": "hide", "reactie": seen, "reason": "Scheldwoord"}),
    ):
        said.append(words(client.get(client.post(path, data=data).headers["location"]).text))
    assert "1 melding is afgehandeld. Aan het plan is niets veranderd." in said[0]
    assert "Er was niets meer af te handelen." in said[1]
    assert "De melding is afgehandeld. De reactie blijft zoals die was." in said[2]
    assert "De reactie is van de site gehaald." in said[3]
    assert not any("Gelukt" in page for page in said)
