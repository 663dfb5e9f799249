"""Taking a plan back."""

import pytest

from domain import ballots, news, sealing, withdrawals
from domain.database import Database, writing
from domain.processes import Process
from domain.withdrawals import TooLate
from tests.cast import AFTER, AICHA, BRAM, NOW, insert_vote, reload


def withdraw(db: Database, plan_id: int, reason: str = "Ik verhuis") -> bool:
    with writing(db):
        return withdrawals.withdraw(db, plan_id, reason, NOW)


def test_a_plan_withdrawn_shows_with_its_reason_and_once(db: Database, process: Process) -> None:
    plan = process.by_project_id["tuin"]
    assert withdraw(db, plan.id)
    assert not withdraw(db, plan.id, "Een andere reden")
    now = reload(db).by_id[plan.id]
    assert (now.withdrawn, now.status_reason, now.public) == (True, "Ik verhuis", True)
    assert [(item.kind, item.text) for item in news.newest(db, process.id, plan.id)] == [("withdrawn", "Ik verhuis")]


def test_a_ballot_that_names_it_stays_valid_and_it_cannot_win(db: Database, secret: bytes, process: Process) -> None:
    with writing(db):
        ballots.hand_in(db, secret, process, AICHA.code, ["tuin", "bank"], AICHA.receipt, NOW)
    plan = process.by_project_id["tuin"]
    withdraw(db, plan.id)
    now = reload(db)
    assert plan.id in {one.id for one in now.contest} - {one.id for one in now.on_ballot}
    with writing(db), pytest.raises(ballots.Refused):
        ballots.hand_in(db, secret, now, BRAM.code, ["tuin"], BRAM.receipt, NOW)


def test_what_won_has_won(db: Database, secret: bytes) -> None:
    process = insert_vote(db, secret)
    sealing.seal(db, process.slug, AFTER)
    with pytest.raises(TooLate):
        withdraw(db, process.by_project_id["tuin"].id)
