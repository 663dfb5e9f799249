"""What a demo holds: a process in each phase, in which residents said something and something waits for staff."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from domain import demo_crowds, demos, phases, work
from domain.database import Database, connect

NOW = datetime(2026, 5, 12, 10, tzinfo=UTC)
IN_EACH_PHASE = ("laak", "mariahoeve", "moerwijk", "bezuidenhout", "valkenbos", "scheveningen")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    made = demos.make(tmp_path_factory.mktemp("demo") / "demo.db", NOW)
    db = connect(made.path, readonly=True)
    yield db
    db.close()


@pytest.mark.parametrize("slug", IN_EACH_PHASE)
def test_residents_support_plans_and_react_in_every_phase(demo: Database, slug: str) -> None:
    process = demo_crowds.process_of(demo, slug)
    assert any(plan.supports for plan in process.plans)
    assert any(plan.reactions for plan in process.plans)


def test_plans_have_gone_every_way(demo: Database) -> None:
    plans = [plan for slug in IN_EACH_PHASE for plan in demo_crowds.process_of(demo, slug).all_plans]
    assert {plan.status for plan in plans} == {"submitted", "published", "hidden", "merged"}
    assert {plan.verdict for plan in plans} == {"", "feasible", "infeasible"}
    assert any(plan.withdrawn and plan.status_reason for plan in plans)
    assert any(plan.version > 1 and plan.staff_edited_at for plan in plans)
    assert all(plan.status_reason for plan in plans if plan.status == "hidden")


def test_something_waits_for_everyone_of_the_staff(demo: Database) -> None:
    (mo,) = demo.execute("SELECT id FROM accounts WHERE name = 'Mo'").fetchone()
    for slug in ("laak", "mariahoeve", "moerwijk"):
        process = demo_crowds.process_of(demo, slug)
        assert work.waiting(demo, process, {"moderator"}, mo, NOW), slug
    assert demo.execute("SELECT count(*) FROM questions WHERE answered_at IS NULL").fetchone()[0]


def test_every_verdict_was_given_by_tessa_as_it_stands_on_the_plan(demo: Database) -> None:
    on_plans = "SELECT id, verdict, iif(verdict = 'feasible', cost, NULL), verdict_reason FROM plans"
    given = "SELECT plan_id, verdict, cost, reason FROM verdicts ORDER BY plan_id"
    assert list(demo.execute(f"{on_plans} WHERE verdict != '' ORDER BY id")) == list(demo.execute(given))
    by = "SELECT DISTINCT name FROM verdicts JOIN accounts ON accounts.id = account_id"
    assert list(demo.execute(by)) == [("Tessa",)]
    assert max(phases.from_text(at) for (at,) in demo.execute("SELECT given_at FROM verdicts")) < NOW


def test_two_plans_wait_until_mo_has_seen_them(demo: Database) -> None:
    unread = "SELECT slug, status FROM plans JOIN processes ON processes.id = process_id WHERE unread"
    assert list(demo.execute(unread)) == [("laak", "published")] * 2
