"""Merging plans: credit goes along, support doesn't, and until the vote it can be undone."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from config.settings import Settings
from domain import audit, database, makers, merges, moderation, news, versions
from domain.database import Database, Writer, writing
from domain.moderation import Refused
from domain.processes import Process
from tests.cast import AICHA, BRAM, CHEN, NOW, Resident, reload
from tests.staff import account
from tests.writing import VOTE_OPENS, arrives, insert_collecting, insert_plan, mails_of

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def bea(db: Database) -> int:
    with writing(db):
        return account(db, "Bea")


@pytest.fixture
def collecting(db: Database, secret: bytes) -> Process:
    return insert_collecting(db, secret)


def plan_of(db: Database, secret: bytes, process: Process, who: Resident) -> int:
    return insert_plan(db, process, arrives(db, secret, who), who.name)


def merge(db: Database, process: Process, plan_id: int, into_id: int, who: int, now: object = LATER) -> None:
    with writing(db):
        merges.merge(db, process, plan_id, into_id, now, who)  # type: ignore[arg-type]


def undo(db: Database, process: Process, plan_id: int, who: int, now: object = NOW) -> None:
    with writing(db):
        merges.undo(db, process, plan_id, now, who)  # type: ignore[arg-type]


def refused_kind(db: Database, verb: object, *arguments: object) -> str:
    with pytest.raises(Refused) as refused:
        verb(db, *arguments)  # type: ignore[operator]
    return refused.value.kind


def support(db: Database, plan_id: int, resident_id: int) -> None:
    with writing(db):
        database.insert(db, "supports", {"plan_id": plan_id, "resident_id": resident_id, "given_on": "2026-05-12"})


def test_the_makers_go_along_and_the_supports_stay(db: Database, secret: bytes, collecting: Process, bea: int) -> None:
    swing, slide = plan_of(db, secret, collecting, AICHA), plan_of(db, secret, collecting, BRAM)
    support(db, swing, arrives(db, secret, CHEN))
    merge(db, collecting, swing, slide, bea)
    by_id = reload(db, collecting.slug).by_id
    assert (by_id[swing].status, by_id[swing].merged_into) == ("merged", slide)
    assert by_id[slide].maker == "Bram en Aïcha"
    assert (by_id[swing].supports, by_id[slide].supports) == (1, 0)
    assert merges.destination(by_id, by_id[swing]) == by_id[slide]


def test_makers_and_followers_of_both_are_told(db: Database, secret: bytes, collecting: Process, bea: int) -> None:
    swing, slide = plan_of(db, secret, collecting, AICHA), plan_of(db, secret, collecting, BRAM)
    merge(db, collecting, swing, slide, bea)
    assert sorted(mails_of(db, "plan_merged")) == sorted([AICHA.email, BRAM.email])
    for plan_id in (swing, slide):
        assert news.newest(db, collecting.id, plan_id)[0].kind == "merged"
    assert audit.page(db, None, 1)[0].action == "plan_merged"


def test_undone_it_is_as_it_was(db: Database, secret: bytes, collecting: Process, bea: int) -> None:
    swing, slide = plan_of(db, secret, collecting, AICHA), plan_of(db, secret, collecting, BRAM)
    before = reload(db, collecting.slug)
    merge(db, collecting, swing, slide, bea)
    undo(db, collecting, swing, bea)
    after = reload(db, collecting.slug)
    assert after.all_plans == before.all_plans
    assert makers.names(db, slide) == ["Bram"]


def test_a_maker_of_both_stays_one_when_it_is_undone(
    db: Database, secret: bytes, collecting: Process, bea: int
) -> None:
    swing, slide = plan_of(db, secret, collecting, AICHA), plan_of(db, secret, collecting, AICHA)
    with writing(db):
        db.execute("UPDATE makers SET since = '2026-05-01T00:00:00Z' WHERE plan_id = ?", [slide])
    merge(db, collecting, swing, slide, bea)
    undo(db, collecting, swing, bea)
    assert makers.names(db, slide) == ["Aïcha"]


def test_a_waiting_plan_waits_again_when_it_is_undone(
    db: Database, secret: bytes, collecting: Process, bea: int
) -> None:
    swing, slide = plan_of(db, secret, collecting, AICHA), plan_of(db, secret, collecting, BRAM)
    with writing(db):
        db.execute("UPDATE plans SET status = 'submitted' WHERE id = ?", [swing])
    merge(db, collecting, swing, slide, bea)
    undo(db, collecting, swing, bea)
    assert reload(db, collecting.slug).by_id[swing].status == "submitted"


def test_plans_of_a_list_name_both_too(db: Database, collecting: Process, bea: int) -> None:
    bench, garden = (collecting.by_project_id[name].id for name in ("bank", "tuin"))
    with writing(db):
        db.execute("UPDATE plans SET maker = 'Wijkberaad' WHERE id = ?", [bench])
        db.execute("UPDATE plans SET maker = 'De school' WHERE id = ?", [garden])
    merge(db, collecting, bench, garden, bea)
    assert reload(db, collecting.slug).by_id[garden].maker == "De school en Wijkberaad"
    undo(db, collecting, bench, bea)
    assert reload(db, collecting.slug).by_id[garden].maker == "De school"


def test_of_two_at_once_exactly_one_happens(db: Database, secret: bytes, collecting: Process, bea: int) -> None:
    swing, slide = plan_of(db, secret, collecting, AICHA), plan_of(db, secret, collecting, BRAM)
    third = plan_of(db, secret, collecting, CHEN)
    merge(db, collecting, swing, slide, bea)
    assert refused_kind(db, merge, collecting, swing, third, bea) == "merged"
    assert refused_kind(db, merge, collecting, slide, swing, bea) == "target_gone"
    assert reload(db, collecting.slug).by_id[swing].merged_into == slide


def test_chains_lead_to_the_last_and_come_apart_from_there(
    db: Database, secret: bytes, collecting: Process, bea: int
) -> None:
    a, b, c = (plan_of(db, secret, collecting, who) for who in (AICHA, BRAM, CHEN))
    merge(db, collecting, a, b, bea)
    merge(db, collecting, b, c, bea)
    by_id = reload(db, collecting.slug).by_id
    assert merges.destination(by_id, by_id[a]) == by_id[c]
    assert by_id[c].maker == "Chen, Aïcha en Bram"
    assert refused_kind(db, undo, collecting, a, bea) == "target_gone"
    undo(db, collecting, b, bea)
    undo(db, collecting, a, bea)
    assert {plan.maker for plan in reload(db, collecting.slug).plans if plan.id in (a, b, c)} == {
        "Aïcha",
        "Bram",
        "Chen",
    }


def test_what_cannot_be_merged(db: Database, secret: bytes, collecting: Process, elsewhere: Process, bea: int) -> None:
    swing = plan_of(db, secret, collecting, AICHA)
    wheel = next(plan.id for plan in collecting.plans if plan.withdrawn)
    beach = elsewhere.plans[0].id
    assert refused_kind(db, merge, collecting, swing, swing, bea) == "same"
    assert refused_kind(db, merge, collecting, swing, wheel, bea) == "target_gone"
    assert refused_kind(db, merge, collecting, wheel, swing, bea) == "withdrawn"
    assert refused_kind(db, merge, collecting, swing, beach, bea) == "unknown"
    assert refused_kind(db, merge, collecting, beach, swing, bea) == "unknown"
    assert refused_kind(db, undo, collecting, swing, bea) == "not_merged"


def test_once_the_vote_opened_nothing_is_merged_or_undone(
    db: Database, secret: bytes, collecting: Process, bea: int
) -> None:
    a, b, c = (plan_of(db, secret, collecting, who) for who in (AICHA, BRAM, CHEN))
    merge(db, collecting, a, b, bea)
    assert refused_kind(db, merge, collecting, b, c, bea, VOTE_OPENS) == "frozen"
    assert refused_kind(db, undo, collecting, a, bea, VOTE_OPENS) == "frozen"


async def many(settings: Settings, *writes: tuple[Any, ...]) -> list[str]:
    """Everyone presses at once; what became of each: “done”, or the kind of the refusal."""
    writer = Writer(settings.db)

    async def one(verb: Any, *arguments: Any) -> str:
        try:
            await writer.write(verb, *arguments)
        except (Refused, versions.Stale) as refused:
            return getattr(refused, "kind", "stale")
        return "done"

    try:
        return list(await asyncio.gather(*(one(*write) for write in writes)))
    finally:
        await writer.close()


def test_of_a_hundred_merges_at_once_exactly_one_happens(
    db: Database, secret: bytes, settings: Settings, collecting: Process, bea: int
) -> None:
    a, b, c = (plan_of(db, secret, collecting, who) for who in (AICHA, BRAM, CHEN))
    writes = [(merges.merge, collecting, a, (b, c)[n % 2], LATER, bea) for n in range(100)]
    outcomes = asyncio.run(many(settings, *writes))
    assert Counter(outcomes) == {"done": 1, "merged": 99}
    assert len(mails_of(db, "plan_merged")) == 2
    assert [plan.maker for plan in reload(db, collecting.slug).plans if plan.id == b] == ["Bram en Aïcha"]


def test_of_a_hundred_edits_at_once_exactly_one_happens(
    db: Database, secret: bytes, settings: Settings, collecting: Process, bea: int
) -> None:
    plan_id = plan_of(db, secret, collecting, AICHA)
    writes = [(moderation.edit, collecting, plan_id, 1, {"title": f"Titel {n}"}, "Beter", NOW, bea) for n in range(100)]
    assert Counter(asyncio.run(many(settings, *writes))) == {"done": 1, "stale": 99}
    assert reload(db, collecting.slug).by_id[plan_id].title == "Titel 0"
    assert len(mails_of(db, "plan_edited")) == 1


def test_the_makers_of_each_hear_that_it_is_undone(db: Database, secret: bytes, collecting: Process, bea: int) -> None:
    one, other = plan_of(db, secret, collecting, AICHA), plan_of(db, secret, collecting, BRAM)
    merge(db, collecting, one, other, bea)
    undo(db, collecting, one, bea)
    told = db.execute("SELECT recipient, content ->> 'path' FROM outbox WHERE kind = 'plan_unmerged'").fetchall()
    paths = {AICHA.email: one, BRAM.email: other}
    assert dict(told) == {email: f"/{collecting.slug}/plannen/{plan_id}" for email, plan_id in paths.items()}
    assert len(told) == 2
