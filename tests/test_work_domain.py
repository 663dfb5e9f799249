"""What waits for whom, by the rules of the work list."""

from datetime import datetime, timedelta

import pytest

from domain import assessments, database, news, phases, questions, residents, work
from domain.assessments import Judgement, Seen
from domain.database import Database, writing
from domain.phases import Phase
from domain.processes import Process
from tests.cast import BEZUIDENHOUT, OPENS, insert_vote, reload
from tests.staff import account, give

BEFORE = OPENS - timedelta(days=3)
DAY = timedelta(days=1)


@pytest.fixture
def process(db: Database, secret: bytes) -> Process:
    """Bezuidenhout assesses its plans; no support is asked."""
    made = insert_vote(db, secret)
    with writing(db):
        phases.insert(db, made.id, [Phase("assess", BEFORE - DAY, OPENS)])
    return reload(db)


@pytest.fixture
def tessa(db: Database, process: Process) -> int:
    return member(db, process, "Tessa")


def member(db: Database, process: Process, name: str) -> int:
    with writing(db):
        number = account(db, name)
        give(db, number, process, "toetser")
    return number


def plan_id(process: Process, project_id: str) -> int:
    return next(plan.id for plan in process.all_plans if plan.project_id == project_id)


def titles(items: tuple[work.Item, ...]) -> list[str]:
    return [item.plan.title for item in items if item.plan]


def kinds(db: Database, process: Process, roles: set[str], who: int, now: datetime = BEFORE) -> set[str]:
    return {item.kind for item in work.waiting(db, reload(db, process.slug), roles, who, now)}


def support(db: Database, process: Process, project_id: str, supporters: int, reached: datetime) -> None:
    """That many support the plan, and it was told that they are enough."""
    number = plan_id(process, project_id)
    with writing(db):
        for who in BEZUIDENHOUT[:supporters]:
            resident = residents.arrived(db, who.code.encode().ljust(16)[:16], "nl", BEFORE)
            database.insert(db, "supports", {"plan_id": number, "resident_id": resident, "given_on": "2026-04-01"})
        news.tell(db, process.id, number, "enough_support", "", reached)


def judge(db: Database, process: Process, project_id: str, who: int, now: datetime = BEFORE) -> None:
    given = Judgement("infeasible", None, "Past niet.")
    with writing(db):
        assessments.judge(db, process, plan_id(process, project_id), given, {}, Seen(1, 0, 0), who, now)


def test_where_no_support_is_asked_every_plan_waits_once_assessing_opened(db: Database, process: Process) -> None:
    assert work.to_judge(db, process, BEFORE - 2 * DAY) == ()
    waiting = work.to_judge(db, process, BEFORE)
    assert len(waiting) == 5  # not the one that is withdrawn
    assert {item.since for item in waiting} == {BEFORE - DAY}


def test_or_once_collecting_closed(db: Database, process: Process) -> None:
    with writing(db):
        phases.insert(db, process.id, [Phase("collect", BEFORE - 9 * DAY, BEFORE - 5 * DAY)])
    assert len(work.to_judge(db, reload(db), BEFORE - 5 * DAY)) == 5
    assert work.to_judge(db, reload(db), BEFORE - 6 * DAY) == ()


def test_with_a_threshold_only_plans_with_enough_support_wait(db: Database, process: Process) -> None:
    with writing(db):
        db.execute("UPDATE processes SET support_threshold = 3 WHERE slug = 'bezuidenhout'")
    support(db, process, "bank", 4, BEFORE - DAY)
    support(db, process, "tuin", 3, BEFORE - 2 * DAY)
    support(db, process, "tap", 2, BEFORE - 3 * DAY)  # one was taken back since
    waiting = work.to_judge(db, reload(db), BEFORE)
    assert titles(waiting) == ["Pluktuin", "Bankjes onder de bomen 🌳"]  # who reached it first, first
    assert waiting[0].since == BEFORE - 2 * DAY


def test_nothing_waits_for_a_verdict_where_plans_are_not_assessed(db: Database, secret: bytes) -> None:
    assert work.to_judge(db, insert_vote(db, secret), BEFORE) == ()


def test_nothing_waits_for_a_verdict_once_the_vote_opened(db: Database, process: Process) -> None:
    assert work.to_judge(db, process, OPENS) == ()


def test_a_plan_with_a_verdict_waits_no_longer(db: Database, process: Process, tessa: int) -> None:
    judge(db, process, "bank", tessa)
    assert "Bankjes onder de bomen 🌳" not in titles(work.to_judge(db, reload(db), BEFORE))


def test_a_moderator_sees_new_plans_reports_and_reactions(db: Database, process: Process, tessa: int) -> None:
    at = phases.to_text(BEFORE)
    bench = plan_id(process, "bank")
    with writing(db):
        db.execute("UPDATE plans SET status = 'submitted', submitted_at = ? WHERE project_id = 'tuin'", [at])
        for _ in range(2):
            database.insert(db, "reports", {"plan_id": bench, "reason": "Reclame", "reported_at": at})
        reaction = {"plan_id": bench, "side": "for", "name": "Chen", "text": "Mooi", "status": "waiting"}
        database.insert(db, "reactions", reaction | {"created_at": at})
    waiting = work.waiting(db, reload(db), {"moderator"}, tessa, BEFORE)
    assert sorted((item.kind, item.count) for item in waiting) == [("new", 1), ("reaction", 1), ("report", 2)]
    assert kinds(db, process, {"stemhulp"}, tessa) == set()


def test_what_was_dealt_with_waits_no_longer(db: Database, process: Process, tessa: int) -> None:
    at, bench = phases.to_text(BEFORE), plan_id(process, "bank")
    with writing(db):
        row = {"plan_id": bench, "reason": "Reclame", "reported_at": at, "handled_at": at}
        database.insert(db, "reports", row)
        reaction = {"plan_id": bench, "side": "for", "name": "Chen", "text": "Mooi", "status": "published"}
        database.insert(db, "reactions", reaction | {"created_at": at})
    assert kinds(db, process, {"moderator"}, tessa) == set()


def test_a_second_opinion_waits_for_who_was_asked(db: Database, process: Process, tessa: int) -> None:
    tim, toos = member(db, process, "Tim"), member(db, process, "Toos")
    with writing(db):
        assessments.ask_opinion(db, process, plan_id(process, "bank"), tim, "", tessa, BEFORE)
    assert "opinion" in kinds(db, process, {"toetser"}, tim)
    assert "opinion" not in kinds(db, process, {"toetser"}, toos)
    assert "opinion" not in kinds(db, process, {"toetser"}, tessa)
    with writing(db):
        assessments.ask_opinion(db, process, plan_id(process, "tuin"), None, "", tessa, BEFORE)
    assert "opinion" in kinds(db, process, {"toetser"}, toos)
    assert "opinion" not in kinds(db, process, {"toetser"}, tessa)


def test_a_given_opinion_waits_for_who_asked_until_something_was_done_with_it(
    db: Database, process: Process, tessa: int
) -> None:
    tim, bench = member(db, process, "Tim"), plan_id(process, "bank")
    with writing(db):
        assessments.ask_opinion(db, process, bench, tim, "", tessa, BEFORE)
        (opinion,) = assessments.opinions(db, bench)
        given = (opinion.id, "unsure", "Vraag de netbeheerder.", tim)
        assert "opinion_given" not in kinds(db, process, {"toetser"}, tessa)
        assessments.give_opinion(db, process, bench, *given, BEFORE + DAY)
    assert "opinion_given" in kinds(db, process, {"toetser"}, tessa)
    assert "opinion_given" not in kinds(db, process, {"toetser"}, tim)
    with writing(db):
        assessments.write_note(db, process, bench, "Gevraagd.", tessa, BEFORE + 2 * DAY)
    assert "opinion_given" not in kinds(db, process, {"toetser"}, tessa)


def test_an_answer_waits_until_something_was_done_with_it(db: Database, process: Process, tessa: int) -> None:
    bench = plan_id(process, "bank")
    with writing(db):
        questions.ask(db, process, bench, "Waar?", tessa, BEFORE)
        db.execute("UPDATE questions SET answer = 'Hier', answered_at = ?", [phases.to_text(BEFORE + DAY)])
    assert "answer" in kinds(db, process, {"toetser"}, tessa)
    with writing(db):
        assessments.write_note(db, process, bench, "Klopt.", tessa, BEFORE + 2 * DAY)
    assert "answer" not in kinds(db, process, {"toetser"}, tessa)


def test_refused_mail_waits_for_the_beheerder(db: Database, process: Process, tessa: int) -> None:
    at = phases.to_text(BEFORE)
    row = {"message_id": "1", "kind": "news", "recipient": "a@b.nl", "language": "nl", "content": "{}"}
    row |= {"process_id": process.id, "created_at": at, "next_try_at": at, "failed_at": at, "error": "550 unknown"}
    with writing(db):
        database.insert(db, "outbox", row)
    assert "mail" in kinds(db, process, {"beheerder"}, tessa)
    assert "mail" not in kinds(db, process, {"toetser", "moderator"}, tessa)


def test_nothing_of_another_process_waits_here(db: Database, secret: bytes, process: Process, tessa: int) -> None:
    other = insert_vote(db, secret, slug="loosduinen")
    at = phases.to_text(BEFORE)
    with writing(db):
        row = {"plan_id": other.plans[0].id, "reason": "Reclame", "reported_at": at}
        database.insert(db, "reports", row)
    assert kinds(db, process, {"beheerder"}, tessa) == {"verdict"}


def test_after_the_last_of_a_kind_comes_the_oldest_of_another(process: Process) -> None:
    one, two, three = process.all_plans[:3]
    items = [work.Item("new", one, BEFORE), work.Item("report", two, BEFORE), work.Item("new", three, BEFORE)]
    mail = work.Item("mail", None, BEFORE)
    assert work.following(items, ("new", one.id), items[1:]) == items[2]
    assert work.following(items, ("new", three.id), items[:2]) == items[0]
    assert work.following(items, ("new", three.id), items[1:2]) == items[1]
    assert work.following(items, ("report", two.id), []) is None
    assert work.following([], ("mail", 0), [*items, mail]) == mail


def test_the_next_plan_is_the_one_behind_it_and_then_around() -> None:
    assert work.next_after([1, 2, 3], 2, {1, 3}) == 3
    assert work.next_after([1, 2, 3], 3, {1, 2}) == 1
    assert work.next_after([1, 2, 3], 1, {3}) == 3
    assert work.next_after([1, 2, 3], 9, {1, 2, 3}) == 1
    assert work.next_after([1], 1, {1}) is None
    assert work.next_after([], 1, set()) is None
