"""Who the makers of a plan are."""

from datetime import datetime

import pytest

from domain import makers
from domain.database import Database, writing
from domain.makers import LastMaker, NoMorePlan, TooMany, TooManyToday
from domain.outbox import Recipient
from domain.processes import Process
from domain.residents import Resident
from tests.cast import AICHA, BRAM, NOW, WILLEM, crowd, reload
from tests.cast import Resident as Cast
from tests.writing import VOTE_OPENS, arrives, insert_collecting, insert_plan, mails_of


@pytest.fixture
def process(db: Database, secret: bytes) -> Process:
    return insert_collecting(db, secret)


@pytest.fixture
def aicha(db: Database, secret: bytes) -> int:
    return arrives(db, secret, AICHA)


@pytest.fixture
def bram(db: Database, secret: bytes) -> int:
    return arrives(db, secret, BRAM)


@pytest.fixture
def plan_id(db: Database, process: Process, aicha: int) -> int:
    return insert_plan(db, process, aicha)


def shown(db: Database, plan_id: int) -> str:
    return str(db.execute("SELECT maker FROM plans WHERE id = ?", [plan_id]).fetchone()[0])


def invited(db: Database, plan_id: int, by: int, resident_id: int, name: str = "Bram") -> str:
    with writing(db):
        return makers.confirmed(db, resident_id, {"plan": plan_id, "name": name, "by": by}, NOW)


def test_whoever_accepts_an_invitation_is_a_maker(
    db: Database, process: Process, plan_id: int, aicha: int, bram: int
) -> None:
    assert invited(db, plan_id, aicha, bram) == f"/{process.slug}/plannen/{plan_id}"
    assert shown(db, plan_id) == "Aïcha en Bram"
    assert makers.recipients(db, plan_id) == [Recipient(AICHA.email, "nl"), Recipient(BRAM.email, "nl")]
    invited(db, plan_id, aicha, bram, "Nog eens Bram")
    assert makers.names(db, plan_id) == ["Aïcha", "Bram"]


def test_willem_is_no_maker(db: Database, secret: bytes, plan_id: int) -> None:
    assert not makers.is_maker(db, plan_id, arrives(db, secret, WILLEM))


def test_the_last_maker_cannot_leave(db: Database, process: Process, plan_id: int, aicha: int, bram: int) -> None:
    with writing(db), pytest.raises(LastMaker):
        makers.leave(db, process, plan_id, aicha, NOW)
    invited(db, plan_id, aicha, bram)
    with writing(db):
        makers.leave(db, process, plan_id, aicha, NOW)
    assert shown(db, plan_id) == "Bram"


def test_an_invitation_of_somebody_who_left_is_worth_nothing(
    db: Database, secret: bytes, process: Process, plan_id: int, aicha: int, bram: int
) -> None:
    invited(db, plan_id, aicha, bram)
    with writing(db):
        makers.leave(db, process, plan_id, aicha, NOW)
    with pytest.raises(NoMorePlan):
        invited(db, plan_id, aicha, arrives(db, secret, WILLEM))


@pytest.mark.parametrize("change", ["status = 'merged'", "withdrawn_at = '2026-05-12T10:00:00Z'"])
def test_nobody_joins_a_plan_that_is_no_more(db: Database, plan_id: int, aicha: int, bram: int, change: str) -> None:
    with writing(db):
        db.execute(f"UPDATE plans SET {change} WHERE id = ?", [plan_id])
    with pytest.raises(NoMorePlan):
        invited(db, plan_id, aicha, bram)


def test_a_plan_has_a_most_of_makers(db: Database, secret: bytes, process: Process, plan_id: int, aicha: int) -> None:
    for who in crowd(makers.MOST - 1):
        invited(db, plan_id, aicha, arrives(db, secret, who), who.name)
    with pytest.raises(TooMany):
        invited(db, plan_id, aicha, arrives(db, secret, BRAM))
    now, by = reload(db, process.slug), Resident(aicha, "Aïcha", AICHA.email, "nl")
    with writing(db), pytest.raises(TooMany):
        makers.invite(db, now, plan_id, by, Recipient(BRAM.email), "Bram", NOW)


def invite(db: Database, process: Process, plan_id: int, by: int, who: Cast, now: datetime = NOW) -> None:
    with writing(db):
        inviter = Resident(by, "Aïcha", AICHA.email, "nl")
        makers.invite(db, process, plan_id, inviter, Recipient(who.email), who.name, now)


def test_who_is_invited_counts_as_a_maker(db: Database, process: Process, plan_id: int, aicha: int) -> None:
    now, guests = reload(db, process.slug), crowd(makers.MOST)
    for who in guests[:-1]:
        invite(db, now, plan_id, aicha, who)
    with pytest.raises(TooMany):
        invite(db, now, plan_id, aicha, guests[-1])
    assert len(mails_of(db, "maker_invited")) == makers.MOST - 1
    invite(db, now, plan_id, aicha, guests[-1], NOW + makers.INVITATION)  # nobody came


def test_nobody_invites_half_the_town_in_a_day(
    db: Database, secret: bytes, process: Process, plan_id: int, aicha: int
) -> None:
    """Also not by taking invitations back, or with more than one plan."""
    plan_ids = [plan_id, insert_plan(db, process, aicha, title="Wip")]
    now, guests = reload(db, process.slug), crowd(makers.MOST_A_DAY + 1)
    for number, who in enumerate(guests[:-1]):
        invite(db, now, plan_ids[number % 2], aicha, who)
        for waiting in makers.invitations(db, plan_ids[number % 2], aicha, NOW):
            with writing(db):
                assert makers.take_back(db, plan_ids[number % 2], aicha, waiting.key, NOW)
    with pytest.raises(TooManyToday):
        invite(db, now, plan_id, aicha, guests[-1])
    assert len(mails_of(db, "maker_invited")) == makers.MOST_A_DAY
    invite(db, now, plan_id, aicha, guests[-1], NOW + makers.DAY)


def test_who_is_forgotten_is_no_longer_named(db: Database, plan_id: int, aicha: int, bram: int) -> None:
    invited(db, plan_id, aicha, bram)
    with writing(db):
        db.execute("DELETE FROM residents WHERE id = ?", [aicha])
        makers.show_names(db, plan_id)
    assert shown(db, plan_id) == "Bram"


def test_once_the_vote_opened_nobody_joins(db: Database, secret: bytes) -> None:
    process = insert_collecting(db, secret)
    aicha, bram = arrives(db, secret, AICHA), arrives(db, secret, BRAM)
    plan_id = insert_plan(db, process, aicha)
    by = Resident(aicha, "Aïcha", AICHA.email, "nl")
    payload = {"plan": plan_id, "name": "Bram", "by": aicha}
    with writing(db):
        with pytest.raises(makers.Frozen):
            makers.invite(db, reload(db, process.slug), plan_id, by, Recipient(BRAM.email), "Bram", VOTE_OPENS)
        with pytest.raises(makers.Frozen):
            makers.confirmed(db, bram, payload, VOTE_OPENS)
        makers.confirmed(db, aicha, payload | {"name": "Aïcha"}, VOTE_OPENS)  # who is one already stays so
    assert makers.names(db, plan_id) == ["Aïcha"]
