"""Publishing, hiding and restoring plans: what changes, who hears of it, and what can't be any more."""

import json
from typing import Any

import pytest

from domain import audit, moderation, news
from domain.database import Database, writing
from domain.moderation import Refused
from domain.processes import Process
from tests.cast import AICHA, NOW, reload
from tests.staff import account
from tests.writing import VOTE_OPENS, arrives, insert_collecting, insert_plan, mails_of

REASON = "Dit is reclame <b>voor</b> een winkel."


@pytest.fixture
def mo(db: Database) -> int:
    """The id of Mo, who moderates."""
    with writing(db):
        return account(db, "Mo")


@pytest.fixture
def collecting(db: Database, secret: bytes) -> Process:
    return insert_collecting(db, secret)


@pytest.fixture
def waiting(db: Database, secret: bytes, collecting: Process) -> int:
    """A plan of Aïcha that waits for publication."""
    return insert_plan(db, collecting, arrives(db, secret, AICHA), status="submitted", published_at=None)


def does(db: Database, verb: str, process: Process, plan_id: int, who: int, **changes: Any) -> None:
    with writing(db):
        moderation.VERBS[verb](db, process, plan_id, changes.get("reason", REASON), changes.get("now", NOW), who)


def kind_of(refused: Any) -> str:
    return str(refused.value.kind)


def test_a_plan_is_published_and_its_maker_and_followers_hear(
    db: Database, collecting: Process, waiting: int, mo: int
) -> None:
    assert not reload(db, collecting.slug).by_id[waiting].public
    does(db, "publish", collecting, waiting, mo)
    plan = reload(db, collecting.slug).by_id[waiting]
    assert (plan.public, plan.published_at) == (True, NOW)
    assert mails_of(db, "plan_published")[-1:] == [AICHA.email]
    assert news.newest(db, collecting.id, waiting)[0].kind == "published"


def test_a_hidden_plan_says_why_to_everyone_and_comes_back(
    db: Database, collecting: Process, waiting: int, mo: int
) -> None:
    does(db, "publish", collecting, waiting, mo)
    does(db, "hide", collecting, waiting, mo)
    plan = reload(db, collecting.slug).by_id[waiting]
    assert (plan.status, plan.status_reason, plan.public) == ("hidden", REASON, False)
    (content,) = db.execute("SELECT content FROM outbox WHERE kind = 'plan_hidden'").fetchone()
    assert json.loads(content)["reason"] == REASON
    does(db, "restore", collecting, waiting, mo)
    plan = reload(db, collecting.slug).by_id[waiting]
    assert (plan.public, plan.status_reason, plan.published_at) == (True, "", NOW)
    assert mails_of(db, "plan_restored") == [AICHA.email]


def test_a_plan_that_never_was_public_waits_again_when_it_comes_back(
    db: Database, collecting: Process, waiting: int, mo: int
) -> None:
    does(db, "hide", collecting, waiting, mo)
    does(db, "restore", collecting, waiting, mo)
    plan = reload(db, collecting.slug).by_id[waiting]
    assert (plan.status, plan.status_reason, plan.published_at) == ("submitted", "", None)
    assert news.newest(db, collecting.id, waiting) == []
    (content,) = db.execute("SELECT content FROM outbox WHERE kind = 'plan_restored'").fetchone()
    assert json.loads(content)["waits"]
    does(db, "publish", collecting, waiting, mo)
    assert reload(db, collecting.slug).by_id[waiting].public


def test_a_public_plan_of_which_nobody_wrote_down_since_when_comes_back_public(
    db: Database, collecting: Process, mo: int
) -> None:
    bench = collecting.by_project_id["bank"]
    assert bench.published_at is None  # as one from a Pabulib file
    for verb in ("hide", "restore"):
        does(db, verb, collecting, bench.id, mo)
    assert reload(db, collecting.slug).by_id[bench.id].public


def test_every_action_is_in_the_log_without_its_words(db: Database, collecting: Process, waiting: int, mo: int) -> None:
    for verb in ("publish", "hide", "restore"):
        does(db, verb, collecting, waiting, mo)
    logged = audit.page(db, None, 10)
    assert [entry.action for entry in logged] == ["plan_restored", "plan_hidden", "plan_published"]
    assert {(entry.account_id, entry.subject, entry.process_id) for entry in logged} == {
        (mo, f"plan {waiting}", collecting.id)
    }
    assert REASON not in str(logged)


def test_nothing_is_hidden_without_a_reason(db: Database, collecting: Process, waiting: int, mo: int) -> None:
    with pytest.raises(Refused) as refused:
        does(db, "hide", collecting, waiting, mo, reason=" \n")
    assert kind_of(refused) == "missing_reason"


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [("publish", "publish", "published"), ("hide", "hide", "hidden"), ("publish", "restore", "not_hidden")],
)
def test_who_comes_second_is_told_so(
    db: Database, collecting: Process, waiting: int, mo: int, first: str, second: str, kind: str
) -> None:
    does(db, first, collecting, waiting, mo)
    mails = db.execute("SELECT count(*) FROM outbox").fetchone()
    with pytest.raises(Refused) as refused:
        does(db, second, collecting, waiting, mo)
    assert kind_of(refused) == kind
    assert db.execute("SELECT count(*) FROM outbox").fetchone() == mails


def test_plans_on_the_ballot_stay_once_the_vote_opened(db: Database, process: Process, mo: int) -> None:
    bench = process.by_project_id["bank"].id
    with pytest.raises(Refused) as refused:
        does(db, "hide", process, bench, mo)
    assert kind_of(refused) == "frozen"
    assert reload(db).by_id[bench].public


def test_a_plan_that_waits_does_not_get_on_the_ballot_of_an_open_vote(
    db: Database, collecting: Process, waiting: int, mo: int
) -> None:
    with pytest.raises(Refused) as refused:
        does(db, "publish", collecting, waiting, mo, now=VOTE_OPENS)
    assert kind_of(refused) == "frozen"


def test_a_plan_that_is_not_on_the_ballot_can_still_be_hidden(db: Database, process: Process, mo: int) -> None:
    bench = process.by_project_id["bank"].id
    with writing(db):
        db.execute(
            "INSERT INTO phases (process_id, kind, opens_at, closes_at) "
            "VALUES (?, 'assess', '2026-04-01T00:00:00Z', '2026-04-30T00:00:00Z')",
            [process.id],
        )
        db.execute("UPDATE plans SET verdict = 'infeasible', verdict_reason = 'Te duur' WHERE id = ?", [bench])
    assert bench not in {plan.id for plan in reload(db).contest}
    does(db, "hide", process, bench, mo)
    assert not reload(db).by_id[bench].public


def test_a_plan_of_another_process_is_unknown_here(db: Database, process: Process, elsewhere: Process, mo: int) -> None:
    beach = elsewhere.plans[0].id
    for verb in moderation.VERBS:
        with pytest.raises(Refused) as refused:
            does(db, verb, process, beach, mo)
        assert kind_of(refused) == "unknown"
    with writing(db):
        (done,) = moderation.each(db, "hide", process, {beach: None}, REASON, NOW, mo)
    assert (done.refused, done.title) == ("unknown", "")


def test_in_bulk_each_plan_says_what_became_of_it(
    db: Database, secret: bytes, collecting: Process, waiting: int, mo: int
) -> None:
    public = insert_plan(db, collecting, arrives(db, secret, AICHA))
    with writing(db):
        done = moderation.each(db, "publish", collecting, {waiting: None, public: None}, "", NOW, mo)
    assert [(each.plan_id, each.refused) for each in done] == [(waiting, ""), (public, "published")]


def test_a_text_that_changed_since_it_was_read_does_not_become_public(
    db: Database, collecting: Process, waiting: int, mo: int
) -> None:
    version = reload(db, collecting.slug).by_id[waiting].version
    with writing(db):
        (late,) = moderation.each(db, "publish", collecting, {waiting: version - 1}, "", NOW, mo)
        (done,) = moderation.each(db, "publish", collecting, {waiting: version}, "", NOW, mo)
    assert (late.refused, done.refused) == ("changed", "")


def test_staff_withdraw_a_plan_from_an_open_ballot(db: Database, process: Process, mo: int) -> None:
    bench = process.by_project_id["bank"].id
    with writing(db):
        moderation.withdraw(db, process, bench, "De boom is om", NOW, mo)
    plan = reload(db).by_id[bench]
    assert (plan.withdrawn, plan.status_reason) == (True, "De boom is om")
    with writing(db), pytest.raises(Refused) as refused:
        moderation.withdraw(db, process, bench, "Nog eens", NOW, mo)
    assert kind_of(refused) == "withdrawn"


def test_the_makers_hear_that_staff_withdrew_their_plan(
    db: Database, collecting: Process, waiting: int, mo: int
) -> None:
    with writing(db):
        moderation.withdraw(db, collecting, waiting, "Dubbel", NOW, mo)
        with pytest.raises(Refused):
            moderation.withdraw(db, collecting, waiting, "Nog eens", NOW, mo)
    told = db.execute("SELECT recipient, content ->> 'reason' FROM outbox WHERE kind = 'plan_withdrawn'").fetchall()
    assert told == [(AICHA.email, "Dubbel")]
