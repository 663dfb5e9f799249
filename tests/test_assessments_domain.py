"""The rules of the assessment, also when a hundred judge at the same moment."""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from config.settings import Settings
from domain import assessments, audit, checklists, phases, versions
from domain.assessments import Judgement, NotPossible, Seen, Stale
from domain.checklists import NoSuchItem
from domain.database import Database, Writer, writing
from domain.phases import Phase
from domain.processes import Process
from tests.cast import EURO, OPENS, insert_vote, reload
from tests.staff import account, give

BEFORE = OPENS - timedelta(days=3)
CROWD = 100
NONE_YET = Seen(version=1, verdict=0, checklist=0)
NO = Judgement("infeasible", None, "De grond is niet van ons.")


def yes(euros: int, reason: str = "Het past.") -> Judgement:
    return Judgement("feasible", euros * EURO, reason)


@pytest.fixture
def process(db: Database, secret: bytes) -> Process:
    """Bezuidenhout assesses its plans until the vote opens."""
    made = insert_vote(db, secret)
    with writing(db):
        phases.insert(db, made.id, [Phase("assess", BEFORE - timedelta(days=1), OPENS)])
        checklists.insert_default(db, made.id)
    return reload(db)


@pytest.fixture
def crowd(db: Database, process: Process) -> list[int]:
    """A hundred who assess."""
    with writing(db):
        members = [account(db, f"Toetser{n}") for n in range(CROWD)]
        for member in members:
            give(db, member, process, "toetser")
    return members


@pytest.fixture
def bench(process: Process) -> int:
    return next(plan.id for plan in process.plans if plan.project_id == "bank")


@pytest.fixture
def at_once(db: Database, settings: Settings) -> Callable[..., list[Any]]:
    """`at_once(verb, [arguments, …])`: all of these writes together, through the one writer; what each returned or
    raised."""

    def at_once(verb: Callable[..., Any], many: list[tuple[Any, ...]]) -> list[Any]:
        async def run() -> list[Any]:
            writer = Writer(settings.db)
            try:
                return await asyncio.gather(*(writer.write(verb, *one) for one in many), return_exceptions=True)
            finally:
                await writer.close()

        return asyncio.run(run())

    return at_once


def judge(db: Database, process: Process, plan_id: int, given: Judgement, seen: Seen, who: int) -> int:
    with writing(db):
        return assessments.judge(db, process, plan_id, given, {}, seen, who, BEFORE)


def test_of_a_hundred_verdicts_at_once_one_is_given(
    db: Database, process: Process, bench: int, crowd: list[int], at_once: Callable[..., list[Any]]
) -> None:
    many = [(process, bench, yes(1_000 + n), {}, NONE_YET, who, BEFORE) for n, who in enumerate(crowd)]
    outcomes = at_once(assessments.judge, many)
    assert Counter(type(outcome).__name__ for outcome in outcomes) == {"int": 1, "Stale": CROWD - 1}
    (verdict,) = assessments.verdicts(db, bench)
    plan = reload(db).by_id[bench]
    assert (plan.verdict, plan.cost) == ("feasible", verdict.cost)
    assert len(list(db.query("SELECT * FROM news"))) == 1


def test_a_hundred_times_the_same_verdict_of_one_person_is_one(
    db: Database, process: Process, bench: int, crowd: list[int], at_once: Callable[..., list[Any]]
) -> None:
    outcomes = at_once(assessments.judge, [(process, bench, yes(2_000), {}, NONE_YET, crowd[0], BEFORE)] * CROWD)
    assert len(set(outcomes)) == 1
    assert len(assessments.verdicts(db, bench)) == 1
    assert len(versions.history(db, bench)) == 1


def test_of_a_hundred_checklists_at_once_one_is_kept(
    db: Database, process: Process, bench: int, crowd: list[int], at_once: Callable[..., list[Any]]
) -> None:
    items = [item.id for item in checklists.of_process(db, process.id)]
    # Everybody answers otherwise: the number in the digits of base three.
    answers = [{item: assessments.ANSWERS[n // 3**k % 3] for k, item in enumerate(items)} for n in range(CROWD)]
    many = [(process, bench, answers[n], 0, who, BEFORE) for n, who in enumerate(crowd)]
    outcomes = at_once(assessments.save, many)
    assert Counter(type(outcome).__name__ for outcome in outcomes) == {"int": 1, "Stale": CROWD - 1}
    winner = next(n for n, outcome in enumerate(outcomes) if outcome == 1)
    assert assessments.of_plan(db, bench).answers == answers[winner]


def test_of_a_hundred_opinions_at_once_one_is_kept(
    db: Database, process: Process, bench: int, crowd: list[int], at_once: Callable[..., list[Any]]
) -> None:
    asker, *others = crowd
    with writing(db):
        assessments.ask_opinion(db, process, bench, None, "Kan dit?", asker, BEFORE)
    (opinion,) = assessments.opinions(db, bench)
    many = [(process, bench, opinion.id, "unsure", f"Mening {n}", who, BEFORE) for n, who in enumerate(others)]
    outcomes = at_once(assessments.give_opinion, many)
    assert Counter(type(outcome).__name__ for outcome in outcomes) == {"NoneType": 1, "AlreadyGiven": CROWD - 2}


def test_who_saw_another_verdict_is_told_and_nothing_is_written(
    db: Database, process: Process, bench: int, crowd: list[int]
) -> None:
    first = judge(db, process, bench, yes(1_500), NONE_YET, crowd[0])
    with pytest.raises(Stale) as stale:
        judge(db, process, bench, NO, NONE_YET, crowd[1])
    assert stale.value.kind == "verdict"
    assert reload(db).by_id[bench].verdict == "feasible"
    judge(db, process, bench, NO, Seen(1, first, 0), crowd[1])
    assert reload(db).by_id[bench].verdict == "infeasible"


def test_the_cost_that_was_asked_survives_every_revision(
    db: Database, process: Process, bench: int, crowd: list[int]
) -> None:
    seen = NONE_YET
    for given, cost, asked in (
        (yes(2_000), 2_000, 1_500),
        (yes(1_000, "Goedkoper."), 1_000, 1_500),
        (NO, 1_500, None),
        (yes(1_800), 1_800, 1_500),
        (yes(1_500), 1_500, None),
    ):
        number = judge(db, process, bench, given, seen, crowd[0])
        plan = reload(db).by_id[bench]
        assert (plan.cost, plan.asked_cost) == (cost * EURO, asked and asked * EURO)
        seen = Seen(plan.version, number, 0)
    assert [one.cost for one in assessments.verdicts(db, bench)] == [150_000, 180_000, None, 100_000, 200_000]


def test_the_schema_itself_refuses_a_verdict_without_a_reason(
    db: Database, process: Process, bench: int, crowd: list[int]
) -> None:
    with pytest.raises(Exception, match="CHECK constraint failed"):
        judge(db, process, bench, yes(1_500, ""), NONE_YET, crowd[0])
    assert assessments.verdicts(db, bench) == []


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ("UPDATE plans SET withdrawn_at = '2026-04-01T00:00:00Z'", "withdrawn"),
        ("UPDATE plans SET status = 'hidden'", "hidden"),
        ("UPDATE plans SET status = 'submitted'", "submitted"),
        ("UPDATE plans SET status = 'merged'", "merged"),
        ("UPDATE phases SET opens_at = '2026-04-01T00:00:00Z' WHERE kind = 'vote'", "frozen"),
    ],
)
def test_a_plan_that_is_not_in_the_running_is_not_judged(
    db: Database, process: Process, bench: int, crowd: list[int], change: str, kind: str
) -> None:
    with writing(db):
        db.execute(change)
    with pytest.raises(NotPossible) as refused:
        judge(db, process, bench, yes(1_500), NONE_YET, crowd[0])
    assert refused.value.kind == kind


def test_answers_to_what_this_process_does_not_ask_are_refused(
    db: Database, secret: bytes, process: Process, bench: int, crowd: list[int]
) -> None:
    other = insert_vote(db, secret, slug="loosduinen")
    with writing(db):
        checklists.insert_default(db, other.id)
    theirs = checklists.of_process(db, other.id)[0].id
    ours = checklists.of_process(db, process.id)[0].id
    for answers in ({theirs: "yes"}, {ours: "misschien"}, {999: "yes"}):
        with pytest.raises(NoSuchItem), writing(db):
            assessments.save(db, process, bench, answers, 0, crowd[0], BEFORE)
    assert assessments.of_plan(db, bench).version == 0


def test_a_checklist_is_made_once_and_stays_empty_where_it_was_emptied(
    db: Database, process: Process, crowd: list[int]
) -> None:
    with writing(db):
        checklists.insert_default(db, process.id)
        for item in checklists.of_process(db, process.id):
            checklists.retire(db, process.id, item.id, crowd[0], BEFORE)
        checklists.insert_default(db, process.id)
    assert checklists.of_process(db, process.id) == []
    assert len(checklists.of_process(db, process.id, retired=True)) == len(checklists.DEFAULT["nl"])


def test_a_question_moves_no_further_than_the_ends(db: Database, process: Process, crowd: list[int]) -> None:
    first, *_, last = checklists.of_process(db, process.id)
    with writing(db):
        checklists.move(db, process.id, first.id, -1, crowd[0], BEFORE)
        checklists.move(db, process.id, last.id, 1, crowd[0], BEFORE)
        assert checklists.of_process(db, process.id)[0] == first
        checklists.move(db, process.id, last.id, -20, crowd[0], BEFORE)
    assert checklists.of_process(db, process.id)[0] == last


def test_the_audit_log_names_numbers_and_no_words(db: Database, process: Process, bench: int, crowd: list[int]) -> None:
    judge(db, process, bench, yes(2_000, "Geheime reden"), NONE_YET, crowd[0])
    with writing(db):
        assessments.write_note(db, process, bench, "Bel Aïcha", crowd[0], BEFORE)
        assessments.ask_opinion(db, process, bench, crowd[1], "Wat vindt Bram?", crowd[0], BEFORE)
    log = str(list(db.query("SELECT action, subject, detail FROM audit_log")))
    for action in ("verdict_given", "note_written", "opinion_asked"):
        assert action in log
    assert not any(word in log for word in ("Geheime", "Aïcha", "Bram"))
    assert audit.check(db).whole


def test_a_beheerder_can_be_asked_too_and_a_moderator_not(db: Database, process: Process) -> None:
    with writing(db):
        tessa, bea, mo = account(db, "Tessa"), account(db, "Bea"), account(db, "Mo")
        for who, role in ((tessa, "toetser"), (bea, "beheerder"), (bea, "toetser"), (mo, "moderator")):
            give(db, who, process, role)
    assert [name for _, name, _ in assessments.colleagues(db, process.id, tessa)] == ["Bea"]
