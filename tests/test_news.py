"""What is news, and who gets to see it."""

from datetime import timedelta

import pytest
from litestar.testing import TestClient

from domain import news
from domain.database import Database, writing
from domain.processes import Process
from tests.cast import CLOSES, NOW, OPENS
from tests.pages import words


def kinds(db: Database, process: Process, plan_id: int | None = None) -> list[str]:
    return [item.kind for item in news.newest(db, process.id, plan_id)]


def test_the_newest_comes_first_and_only_of_that_process(db: Database, process: Process, elsewhere: Process) -> None:
    first, second = process.plans[:2]
    with writing(db):
        news.tell(db, process.id, first.id, "published", "", NOW)
        news.tell(db, process.id, second.id, "feasible", "Past in het park", NOW + timedelta(minutes=1))
        news.tell(db, elsewhere.id, elsewhere.plans[0].id, "withdrawn", "Te duur", NOW)
    newest, older = news.newest(db, process.id)
    assert (newest.kind, newest.text, newest.title) == ("feasible", "Past in het park", second.title)
    assert older.plan_id == first.id
    assert kinds(db, elsewhere) == ["withdrawn"]


def test_of_a_plan_its_own_news_and_that_of_the_whole_process(db: Database, process: Process) -> None:
    first, second = process.plans[:2]
    with writing(db):
        news.tell(db, process.id, first.id, "published", "", NOW)
        news.tell(db, process.id, second.id, "published", "", NOW)
        news.tell(db, process.id, None, "result", "", NOW)
    assert kinds(db, process, first.id) == ["result", "published"]


def test_of_a_hidden_plan_nothing_is_told(db: Database, process: Process) -> None:
    plan = process.plans[0]
    with writing(db):
        news.tell(db, process.id, plan.id, "published", "", NOW)
        news.tell(db, process.id, plan.id, "merged", "Een ander plan", NOW)
        db.execute("UPDATE plans SET status = 'hidden' WHERE id = ?", [plan.id])
    assert kinds(db, process) == []
    with writing(db):
        db.execute("UPDATE plans SET status = 'merged' WHERE id = ?", [plan.id])
    assert kinds(db, process) == ["merged"]


def test_a_merge_is_told_once_on_the_page_of_the_process_with_the_plan_it_went_on_in(
    client: TestClient, db: Database, process: Process
) -> None:
    bank, tuin = (next(plan for plan in process.plans if plan.project_id == name) for name in ("bank", "tuin"))
    with writing(db):
        db.execute("UPDATE plans SET status = 'merged', merged_into = ? WHERE id = ?", [bank.id, tuin.id])
        news.tell(db, process.id, tuin.id, "merged", bank.title, NOW)
        news.tell(db, process.id, bank.id, "merged", tuin.title, NOW)
    assert kinds(db, process) == ["merged"]
    assert kinds(db, process, bank.id) == ["merged"]
    said = words(client.get(f"/{process.slug}").text)
    assert said.count("samengevoegd") == 1
    assert f"Het plan “ Pluktuin ” is samengevoegd met een ander plan: “ {bank.title} ”." in said


def test_news_that_nobody_has_words_for_is_refused(db: Database, process: Process) -> None:
    with pytest.raises(ValueError, match="gossip"), writing(db):
        news.tell(db, process.id, None, "gossip", "", NOW)


def test_at_most_fifty(db: Database, process: Process) -> None:
    with writing(db):
        for number in range(60):
            news.tell(db, process.id, process.plans[0].id, "published", "", NOW + timedelta(minutes=number))
    assert len(news.newest(db, process.id)) == 50


def test_the_opening_of_the_vote_is_told_once(db: Database, process: Process) -> None:
    soon = OPENS + timedelta(minutes=1)
    for at in (OPENS - timedelta(seconds=1), soon, soon, soon + timedelta(days=1)):
        pending = news.phases_to_tell(db, at)
        with writing(db):
            before = len(kinds(db, process))
            news.of_phases(db, at)
            assert pending == (len(kinds(db, process)) > before)
    assert kinds(db, process) == ["vote_opens"]


def test_a_vote_that_is_over_did_not_just_open(db: Database, process: Process) -> None:
    with writing(db):
        news.of_phases(db, CLOSES)
    assert kinds(db, process) == []


def test_how_each_plan_fared_is_news_of_that_plan(db: Database, process: Process) -> None:
    first, second = process.plans[:2]
    with writing(db):
        news.tell(db, process.id, first.id, "won", "20 stemmen", NOW)
        news.tell(db, process.id, second.id, "not_won", "Te duur", NOW)
    assert kinds(db, process, first.id) == ["won"]
    assert kinds(db, process) == []
