"""Plans and signatures that staff put in for somebody: the rules, and two colleagues at once."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain import database, makers, paper, phases, residents, submissions, supports
from domain.database import Database, writing
from domain.fields import WrongFields
from domain.paper import Entry, Refused
from domain.phases import Phase
from domain.processes import Process
from domain.submissions import Closed
from routes.confirmations import use
from tests import staff
from tests.cast import AICHA, BRAM, EURO, NOW, reload
from tests.mailbox import link_to
from tests.writing import (
    COLLECT_CLOSES,
    COLLECT_OPENS,
    SWING,
    arrives,
    insert_collecting,
    insert_plan,
    mails_of,
    swing,
    typed_of,
)

LATE = COLLECT_CLOSES + timedelta(days=1)
TOMORROW = NOW + timedelta(days=1)


@pytest.fixture
def process(db: Database, secret: bytes) -> Process:
    """A plan needs the support of ten."""
    return insert_collecting(db, secret, support_threshold=10)


@pytest.fixture
def stef(db: Database, process: Process) -> int:
    return helper(db, process, "Stef")


def helper(db: Database, process: Process, name: str) -> int:
    with writing(db):
        account_id = staff.account(db, name)
        staff.give(db, account_id, process, "stemhulp")
    return account_id


@pytest.fixture
def plan(db: Database, secret: bytes, process: Process) -> int:
    return insert_plan(db, process, arrives(db, secret, AICHA))


def draft(db: Database, process: Process, **changes: str) -> int:
    with writing(db):
        typed = typed_of(swing(process, **changes))
        return submissions.save(db, process.id, submissions.new_token(), typed, None, NOW).id


def hand_in(db: Database, draft_id: int, stef: int, now: datetime = NOW, **said: str) -> int:
    with writing(db):
        return paper.hand_in(db, draft_id, Entry("paper", **said), now, stef)


def row_of(db: Database, plan_id: int) -> dict[str, Any]:
    return next(db.query("SELECT * FROM plans WHERE id = ?", [plan_id]))


def test_a_plan_from_paper_is_a_plan_like_any_other_and_knows_how_it_came(
    db: Database, process: Process, stef: int
) -> None:
    plan_id = hand_in(db, draft(db, process), stef)
    row = row_of(db, plan_id)
    assert (row["status"], row["channel"], row["account_id"]) == ("published", "paper", stef)
    assert (row["title"], row["maker"], row["cost"]) == (SWING["title"], "Aïcha", 1_512 * EURO + 50)
    assert [(one.name, one.contact, one.email) for one in makers.of_plan(db, plan_id)] == [
        ("Aïcha", SWING["contact"], None)
    ]
    assert not mails_of(db, "plan_published")
    assert db.execute("SELECT action, subject FROM audit_log").fetchall() == [("paper_plan_entered", f"plan {plan_id}")]


def test_it_waits_where_every_plan_waits(db: Database, secret: bytes) -> None:
    strict = insert_collecting(db, secret, slug="streng", plan_moderation="before")
    plan_id = hand_in(db, draft(db, strict), helper(db, strict, "Stef"))
    assert row_of(db, plan_id)["status"] == "submitted"


def test_the_same_draft_twice_is_one_plan(db: Database, process: Process, stef: int) -> None:
    draft_id = draft(db, process)
    assert hand_in(db, draft_id, stef) == hand_in(db, draft_id, stef)
    assert db.execute("SELECT count(*) FROM makers").fetchone() == (1,)


def test_staff_are_bound_by_the_rules_of_a_plan(db: Database, process: Process, stef: int) -> None:
    with pytest.raises(WrongFields) as refused:
        hand_in(db, draft(db, process, **{"euros-1": "9.000", "name": ""}), stef)
    assert {(one.field, one.kind) for one in refused.value.wrong} == {("items", "too_dear"), ("name", "missing")}


def test_after_closing_only_for_a_few_days_and_with_a_reason(db: Database, process: Process, stef: int) -> None:
    draft_id = draft(db, process)
    with pytest.raises(Closed):
        hand_in(db, draft_id, stef, COLLECT_OPENS - timedelta(seconds=1))
    with pytest.raises(Closed):
        hand_in(db, draft_id, stef, LATE)
    with pytest.raises(Closed):
        hand_in(db, draft_id, stef, COLLECT_CLOSES + paper.LATE, reason="Het lag al in de bus.")
    plan_id = hand_in(db, draft_id, stef, LATE, reason="Het lag al in de bus.")
    assert db.execute("SELECT plan_id, text, account_id FROM notes").fetchone() == (
        *(plan_id, "Het lag al in de bus.", stef),
    )
    assert '"late":true' in db.execute("SELECT detail FROM audit_log WHERE id = 1").fetchone()[0]


def test_never_once_the_vote_opened(db: Database, process: Process) -> None:
    with writing(db):
        db.execute("UPDATE phases SET opens_at = ? WHERE kind = 'vote'", [phases.to_text(LATE)])
    there = reload(db, process.slug)
    assert paper.entry(there, LATE - timedelta(seconds=1)) == "late"
    assert paper.entry(there, LATE) == ""


def test_a_maker_with_an_address_takes_the_plan_over(db: Database, secret: bytes, process: Process, stef: int) -> None:
    plan_id = hand_in(db, draft(db, process), stef, email=AICHA.email)
    assert mails_of(db, "plan_entered") == [AICHA.email]
    token = link_to(db, AICHA).rpartition("/")[2]
    with writing(db):
        confirmed = use(db, secret, token, "", "nl", NOW)
    assert confirmed
    assert confirmed[1] == f"/{process.slug}/plannen/{plan_id}"
    assert [(one.name, one.contact, one.email) for one in makers.of_plan(db, plan_id)] == [
        ("Aïcha", SWING["contact"], AICHA.email)
    ]
    assert row_of(db, plan_id)["maker"] == "Aïcha"
    assert db.execute("SELECT count(*) FROM residents").fetchone() == (1,)  # nobody else is left


def test_who_made_other_plans_takes_it_over_too_and_nobody_else_does(
    db: Database, secret: bytes, process: Process, stef: int, plan: int
) -> None:
    plan_id = hand_in(db, draft(db, process), stef, email=AICHA.email)
    token = link_to(db, AICHA).rpartition("/")[2]
    with writing(db):
        use(db, secret, token, "", "nl", NOW)
        assert use(db, secret, token, "", "nl", NOW) is None
    aicha = db.execute("SELECT id FROM residents WHERE email = ?", [AICHA.email]).fetchone()[0]
    assert makers.is_maker(db, plan, aicha)
    assert makers.is_maker(db, plan_id, aicha)
    assert not makers.is_maker(db, plan_id, arrives(db, secret, BRAM))


# Lists of signatures


def enter(db: Database, process: Process, plan: int, stef: int, number: int = 1, count: int = 4, **when: Any) -> None:
    with writing(db):
        paper.enter(db, process.id, plan, number, count, when.get("now", NOW), stef)


def undo(db: Database, process: Process, account_id: int, now: datetime = NOW, *, manages: bool = False) -> None:
    with writing(db):
        paper.undo(db, process.id, 1, now, account_id, manages=manages)


def refused(action: Any, *arguments: Any, **more: Any) -> Refused:
    with pytest.raises(Refused) as found:
        action(*arguments, **more)
    return found.value


def test_a_list_counts_for_as_many_as_signed_and_names_nobody(
    db: Database, process: Process, plan: int, stef: int
) -> None:
    enter(db, process, plan, stef, number=7, count=3)
    assert row_of(db, plan)["supports"] == 3
    assert set(db.execute("SELECT resident_id, channel, account_id, given_on FROM supports")) == {
        (None, "paper", stef, "2026-05-12")
    }
    assert [(one.number, one.supports, one.by) for one in paper.entered(db, process.id)] == [(7, 3, "Stef")]
    assert paper.next_number(db, process.id) == 8


def test_a_number_counts_once_whoever_enters_it(db: Database, process: Process, plan: int, stef: int) -> None:
    enter(db, process, plan, stef)
    second = refused(enter, db, process, plan, helper(db, process, "Sanne"), count=9)
    assert second.kind == "number_taken"
    assert second.taken is not None
    assert (second.taken.by, second.taken.supports) == ("Stef", 4)
    assert row_of(db, plan)["supports"] == 4


def test_a_number_of_another_process_is_another_number(
    db: Database, secret: bytes, process: Process, plan: int, stef: int
) -> None:
    other = insert_collecting(db, secret, slug="statenkwartier")
    there = insert_plan(db, other, arrives(db, secret, BRAM))
    enter(db, process, plan, stef)
    enter(db, other, there, stef)
    assert refused(enter, db, process, there, stef, number=2).kind == "gone"


def test_enough_support_is_news_once_though_it_comes_in_heaps(
    db: Database, process: Process, plan: int, stef: int
) -> None:
    enter(db, process, plan, stef, number=1, count=9)
    told = "SELECT count(*) FROM news WHERE kind = 'enough_support'"
    assert db.execute(told).fetchone() == (0,)
    enter(db, process, plan, stef, number=2, count=30)
    enter(db, process, plan, stef, number=3, count=30)
    assert db.execute(told).fetchone() == (1,)


def test_no_support_where_or_when_nobody_can_support(
    db: Database, secret: bytes, process: Process, plan: int, stef: int
) -> None:
    assert refused(enter, db, process, plan, stef, now=COLLECT_CLOSES).kind == "closed"
    with writing(db):
        db.execute("UPDATE plans SET status = 'hidden', status_reason = 'x' WHERE id = ?", [plan])
    assert refused(enter, db, process, plan, stef).kind == "gone"
    assert refused(enter, db, process, 9_999, stef).kind == "gone"
    coded = insert_collecting(db, secret, slug="met-codes", supporters="code")
    there = insert_plan(db, coded, arrives(db, secret, BRAM))
    assert refused(enter, db, coded, there, stef).kind == "codes_only"
    assert db.execute("SELECT count(*) FROM supports").fetchone() == (0,)


def test_a_list_has_thirty_lines_and_a_day_an_end(
    db: Database, process: Process, plan: int, stef: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paper, "MOST_A_DAY", 50)
    for count in (0, 31):
        with pytest.raises(ValueError, match=str(count)):
            enter(db, process, plan, stef, count=count)
    enter(db, process, plan, stef, number=1, count=30)
    full = refused(enter, db, process, plan, helper(db, process, "Sanne"), number=2, count=21)
    assert (full.kind, full.left) == ("day_full", 20)
    enter(db, process, plan, stef, number=2, count=21, now=TOMORROW)


def test_the_schema_itself_has_one_list_of_a_number(db: Database, process: Process, plan: int, stef: int) -> None:
    enter(db, process, plan, stef)
    row = {"process_id": process.id, "number": 1, "plan_id": plan, "account_id": stef, "day": "2026-05-12"}
    with pytest.raises(Exception, match="UNIQUE"), writing(db):
        database.insert(db, "paper_lists", row | {"supports": 1})
    with pytest.raises(Exception, match="CHECK"), writing(db):
        database.insert(db, "paper_lists", row | {"number": 2, "supports": 31})


def test_a_mistake_is_undone_on_the_day_by_who_made_it(
    db: Database, secret: bytes, process: Process, plan: int, stef: int
) -> None:
    with writing(db):
        supports.give(db, plan, arrives_now(db, secret), NOW)
    enter(db, process, plan, stef)
    sanne = helper(db, process, "Sanne")
    enter(db, process, plan, sanne, number=2, count=5)
    assert refused(undo, db, process, sanne).kind == "somebody_elses"
    assert refused(undo, db, process, stef, TOMORROW).kind == "another_day"
    undo(db, process, stef)
    assert row_of(db, plan)["supports"] == 6  # Bram's own, and the five of the other list
    assert refused(undo, db, process, stef).kind == "unknown_list"
    enter(db, process, plan, sanne, number=1, count=2)
    undo(db, process, stef, manages=True)
    assert row_of(db, plan)["supports"] == 6
    assert db.execute("SELECT resident_id IS NULL, account_id FROM supports GROUP BY 1, 2").fetchall() == [
        (0, None),
        (1, sanne),
    ]
    actions = [action for (action,) in db.execute("SELECT action FROM audit_log ORDER BY id")]
    assert actions == ["paper_list_entered"] * 2 + ["paper_list_undone", "paper_list_entered", "paper_list_undone"]


def arrives_now(db: Database, secret: bytes) -> int:
    return residents.arrived(db, residents.key_of_address(secret, BRAM.email), "nl", NOW)


def test_residents_can_not_hand_in_where_staff_do(db: Database, secret: bytes) -> None:
    bus = insert_collecting(db, secret, slug="plannenbus", submitters="staff")
    assert not submissions.possible(bus, NOW)
    draft_id = draft(db, bus)
    aicha = arrives(db, secret, AICHA)
    with pytest.raises(Closed), writing(db):
        submissions.hand_in(db, draft_id, aicha, NOW)
    assert hand_in(db, draft_id, helper(db, bus, "Stef"))


def test_support_phase_after_the_plans_takes_lists_too(db: Database, process: Process, plan: int, stef: int) -> None:
    later = COLLECT_CLOSES + timedelta(days=9)
    with writing(db):
        phases.insert(db, process.id, [Phase("support", COLLECT_CLOSES, COLLECT_CLOSES + timedelta(days=30))])
    enter(db, process, plan, stef, now=later)
    assert row_of(db, plan)["supports"] == 4
