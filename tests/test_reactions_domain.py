"""The rules of reactions: when they are open, that each is there once, and how they are ordered."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from domain import reactions
from domain.database import Database, Writer, writing
from domain.fields import Wrong
from domain.phases import Phase
from domain.processes import Process
from domain.reactions import Refused, Typed
from tests.cast import AFTER, AICHA, BRAM, CHEN, CLOSES, EMRE, FARAH, NOW, OPENS, Resident, reload
from tests.writing import arrives

GOOD = Typed("for", "Mooi voor de kinderen.", "Aïcha")


class Talk:
    """The people of Bezuidenhout talking about the benches."""

    def __init__(self, db: Database, secret: bytes, process: Process) -> None:
        self.db, self.secret, self.process = db, secret, process
        self.plan = process.plans[0]

    def says(self, who: Resident, text: str, side: str = "for", at: datetime = NOW, to: int | None = None) -> int:
        said, wrong = reactions.typed(side, text, who.name, to)
        assert not wrong
        resident_id = arrives(self.db, self.secret, who)
        with writing(self.db):
            return reactions.write(self.db, self.process.id, self.plan.id, resident_id, said, at)

    def finds_useful(self, who: Resident, reaction_id: int, useful: bool = True) -> None:
        resident_id = arrives(self.db, self.secret, who)
        with writing(self.db):
            reactions.mark(self.db, self.process.id, reaction_id, resident_id, useful, NOW)

    def side(self, side: str = "for", who: Resident | None = None, pages: int = 1) -> reactions.Column:
        me = arrives(self.db, self.secret, who) if who else None
        columns = reactions.columns(self.db, reload(self.db), self.plan.id, pages, me)
        return next(column for column in columns if column.side == side)

    def texts(self, side: str = "for", who: Resident | None = None) -> list[str]:
        return [reaction.text for reaction in self.side(side, who).shown]

    def moderate(self, verb: str, reaction_id: int, seen: str, reason: str = "", account_id: int = 0) -> str:
        with writing(self.db):
            chosen = [(reaction_id, seen)]
            return reactions.each(self.db, verb, self.process, chosen, reason, NOW, account_id)[0].refused

    def change(self, **columns: object) -> None:
        with writing(self.db):
            for name, value in columns.items():
                self.db.execute(f"UPDATE processes SET {name} = ? WHERE id = ?", [value, self.process.id])


@pytest.fixture
def talk(db: Database, secret: bytes, process: Process) -> Talk:
    return Talk(db, secret, process)


def test_the_most_useful_comes_first_and_then_the_oldest(talk: Talk) -> None:
    talk.says(AICHA, "De eerste", at=NOW)
    talk.says(BRAM, "De tweede", at=NOW + timedelta(minutes=1))
    third = talk.says(CHEN, "De derde", at=NOW + timedelta(minutes=2))
    talk.finds_useful(EMRE, third)
    assert talk.texts() == ["De derde", "De eerste", "De tweede"]


def test_each_side_has_its_own(talk: Talk) -> None:
    talk.says(AICHA, "Fijn zitten", "for")
    talk.says(BRAM, "Te veel lawaai", "against")
    assert (talk.texts("for"), talk.texts("against")) == (["Fijn zitten"], ["Te veel lawaai"])


def test_an_answer_stands_below_its_argument_and_gets_none_itself(talk: Talk) -> None:
    argument = talk.says(AICHA, "Fijn zitten")
    answer = talk.says(BRAM, "Dat vind ik ook", to=argument)
    (shown,) = talk.side().shown
    assert [reaction.id for reaction in shown.answers] == [answer]
    with pytest.raises(Refused) as refused:
        talk.says(CHEN, "Ik niet", to=answer)
    assert refused.value.kind == "unknown"


def test_an_answer_stays_on_the_plan_of_its_argument(talk: Talk) -> None:
    argument = talk.says(AICHA, "Fijn zitten")
    talk.plan = talk.process.plans[1]
    with pytest.raises(Refused):
        talk.says(BRAM, "Dat vind ik ook", to=argument)


def test_the_same_within_a_day_is_the_same_reaction(talk: Talk) -> None:
    first = talk.says(AICHA, "Fijn zitten")
    assert talk.says(AICHA, "Fijn zitten  ", at=NOW + timedelta(hours=23)) == first
    assert talk.says(BRAM, "Fijn zitten") != first
    assert talk.says(AICHA, "Fijn zitten", at=NOW + timedelta(hours=25)) != first


def test_no_more_than_ten_an_hour(talk: Talk) -> None:
    for number in range(10):
        talk.says(AICHA, f"Argument {number}", at=NOW + timedelta(minutes=number))
    with pytest.raises(Refused) as refused:
        talk.says(AICHA, "Nog een", at=NOW + timedelta(minutes=11))
    assert refused.value.kind == "too_many"
    talk.says(BRAM, "Ik mag wel", at=NOW + timedelta(minutes=11))
    talk.says(AICHA, "Nu weer wel", at=NOW + timedelta(minutes=61))


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        (("for", "", "Aïcha"), Wrong("reaction", "missing")),
        (("for", "  ja ", "Aïcha"), Wrong("reaction", "too_short", 3)),
        (("for", "x" * 1_001, "Aïcha"), Wrong("reaction", "too_long", 1_000)),
        (("for", "Mooi zo", ""), Wrong("reaction_name", "missing")),
        (("for", "Mooi zo", "A" * 41), Wrong("reaction_name", "too_long", 40)),
        (("for", "Mooi zo", "aicha@example.org"), Wrong("reaction_name", "no_address")),
        (("maybe", "Mooi zo", "Aïcha"), Wrong("side", "not_a_choice")),
        (("answer", "Mooi zo", "Aïcha"), Wrong("side", "not_a_choice")),
    ],
)
def test_what_is_wrong_is_said(typed: tuple[str, str, str], wrong: Wrong) -> None:
    assert reactions.typed(*typed)[1] == [wrong]


def test_the_limits_themselves_are_fine() -> None:
    assert reactions.typed("against", "x" * 1_000, "A" * 40)[1] == []
    assert reactions.typed("for", "nee", "Y")[1] == []


def phases_of(*allowed: bool) -> list[Phase]:
    """A phase in May, one in July …, each open to reactions or not."""
    months = (datetime(2026, 5 + 2 * n, 1, tzinfo=NOW.tzinfo) for n in range(len(allowed)))
    return [
        Phase("vote", month, month + timedelta(days=30), reactions_allowed=one)
        for month, one in zip(months, allowed, strict=True)
    ]


def test_the_phase_and_the_process_both_have_a_say() -> None:
    may, between, july, after = (datetime(2026, month, 15, tzinfo=NOW.tzinfo) for month in (5, 6, 7, 9))
    listed = phases_of(True, False)
    assert reactions.reacting(True, listed, may)
    assert reactions.reacting(True, listed, between)
    assert not reactions.reacting(True, listed, july)
    assert not reactions.reacting(True, listed, after)
    assert not reactions.reacting(False, listed, may)
    assert not reactions.reacting(False, listed, between)


@pytest.mark.parametrize("at", [OPENS - timedelta(days=1), CLOSES, AFTER])
def test_nobody_writes_or_marks_once_it_is_closed(talk: Talk, at: datetime) -> None:
    if at < OPENS:
        talk.change(reactions_allowed=0)
    with pytest.raises(Refused) as refused:
        talk.says(AICHA, "Te laat", at=at)
    assert refused.value.kind == "closed"
    assert talk.side().total == 0


def test_a_withdrawn_plan_is_closed(talk: Talk) -> None:
    talk.plan = next(plan for plan in talk.process.plans if plan.withdrawn)
    with pytest.raises(Refused) as refused:
        talk.says(AICHA, "Jammer")
    assert refused.value.kind == "closed"


def test_useful_is_said_once_however_often(talk: Talk, secret: bytes) -> None:
    id_ = talk.says(AICHA, "Fijn zitten")
    for _ in range(3):
        talk.finds_useful(BRAM, id_)
    assert talk.side().shown[0].useful == 1
    talk.finds_useful(BRAM, id_, useful=False)
    talk.finds_useful(BRAM, id_, useful=False)
    assert talk.side().shown[0].useful == 0


def test_nobody_finds_their_own_useful(talk: Talk) -> None:
    id_ = talk.says(AICHA, "Fijn zitten")
    with pytest.raises(Refused) as refused:
        talk.finds_useful(AICHA, id_)
    assert refused.value.kind == "own"


def test_a_hundred_at_once_leave_one_of_each(talk: Talk, tmp_path: Path) -> None:
    """As a browser that goes mad would: the same reaction, and the same mark, a hundred times in a moment."""
    other = talk.says(BRAM, "Fijn zitten")
    aicha = arrives(talk.db, talk.secret, AICHA)
    process_id, plan_id = talk.process.id, talk.plan.id

    async def race() -> tuple[set[int], set[int]]:
        writer = Writer(tmp_path / "wijkbudget.db")
        written = (writer.write(reactions.write, process_id, plan_id, aicha, GOOD, NOW) for _ in range(100))
        ids = await asyncio.gather(*written)
        marks = (writer.write(reactions.mark, process_id, other, aicha, True, NOW) for _ in range(100))
        useful = await asyncio.gather(*marks)
        await writer.close()
        return set(ids), {reaction.id for reaction in useful}

    ids, marked = asyncio.run(race())
    assert len(ids) == 1
    assert marked == {other}
    assert [(reaction.id, reaction.useful) for reaction in talk.side().shown] == [(other, 1), (ids.pop(), 0)]


def test_where_moderators_come_first_only_the_writer_sees_it(talk: Talk) -> None:
    talk.change(reaction_moderation="before")
    id_ = talk.says(AICHA, "Fijn zitten")
    assert talk.texts() == []
    assert talk.texts(who=BRAM) == []
    assert talk.texts(who=AICHA) == ["Fijn zitten"]
    assert talk.moderate("publish", id_, "waiting") == ""
    assert talk.texts() == ["Fijn zitten"]


def test_a_waiting_reaction_of_who_was_forgotten_is_seen_by_nobody(talk: Talk) -> None:
    talk.change(reaction_moderation="before")
    id_ = talk.says(AICHA, "Fijn zitten")
    with writing(talk.db):
        talk.db.execute("UPDATE reactions SET resident_id = NULL WHERE id = ?", [id_])
    assert talk.texts() == []


def test_what_a_moderator_hides_says_why(talk: Talk) -> None:
    id_ = talk.says(AICHA, "Stomme buren")
    assert talk.moderate("hide", id_, "published") == "missing_reason"
    assert talk.moderate("hide", id_, "published", "Geen scheldwoorden") == ""
    (shown,) = talk.side().shown
    assert (shown.status, shown.status_reason, shown.by_writer) == ("hidden", "Geen scheldwoorden", False)
    assert talk.moderate("restore", id_, "hidden") == ""
    assert talk.side().shown[0].status == "published"


def test_what_a_moderator_stopped_beforehand_leaves_no_trace_for_others(talk: Talk) -> None:
    talk.change(reaction_moderation="before")
    id_ = talk.says(AICHA, "Stomme buren")
    talk.moderate("hide", id_, "waiting", "Geen scheldwoorden")
    assert talk.side().total == 0
    assert talk.side(who=AICHA).shown[0].status_reason == "Geen scheldwoorden"


def test_of_two_moderators_one_acts_and_the_other_hears_it(talk: Talk) -> None:
    talk.change(reaction_moderation="before")
    id_ = talk.says(AICHA, "Fijn zitten")
    assert talk.moderate("publish", id_, "waiting") == ""
    assert talk.moderate("hide", id_, "waiting", "Dubbel") == "someone_first"
    assert talk.moderate("publish", id_, "waiting") == "someone_first"
    assert talk.moderate("publish", id_, "published") == "not_this_one"
    assert talk.side().shown[0].status == "published"
    actions = [row[0] for row in talk.db.execute("SELECT action FROM audit_log")]
    assert actions == ["reaction.published"]


def test_the_writer_is_mailed_why_it_was_hidden(talk: Talk) -> None:
    id_ = talk.says(AICHA, "Stomme buren")
    talk.moderate("hide", id_, "published", "Geen scheldwoorden")
    mails = list(talk.db.execute("SELECT kind, recipient FROM outbox"))
    assert mails == [("reaction_hidden", AICHA.email)]


def test_without_an_address_there_is_no_mail(talk: Talk) -> None:
    id_ = talk.says(AICHA, "Stomme buren")
    with writing(talk.db):
        talk.db.execute("UPDATE residents SET email = NULL")
    assert talk.moderate("hide", id_, "published", "Geen scheldwoorden") == ""
    assert talk.db.execute("SELECT count(*) FROM outbox").fetchone()[0] == 0


def test_a_moderator_of_one_process_has_no_say_in_another(talk: Talk, elsewhere: Process) -> None:
    id_ = talk.says(AICHA, "Fijn zitten")
    talk.process = elsewhere
    assert talk.moderate("hide", id_, "published", "Weg ermee") == "unknown"
    assert talk.moderate("dismiss", id_, "published") == "unknown"


def test_the_writer_takes_it_back_and_it_is_gone(talk: Talk) -> None:
    id_ = talk.says(AICHA, "Fijn zitten")
    take_back(talk, AICHA, id_)
    assert talk.side().total == 0
    assert talk.db.execute("SELECT count(*) FROM reactions").fetchone()[0] == 0


def test_where_it_was_answered_its_place_stays_without_name_and_text(talk: Talk) -> None:
    id_ = talk.says(AICHA, "Fijn zitten")
    talk.says(BRAM, "Dat vind ik ook", to=id_)
    take_back(talk, AICHA, id_)
    (shown,) = talk.side().shown
    assert shown.by_writer
    assert [answer.text for answer in shown.answers] == ["Dat vind ik ook"]
    assert (shown.name, shown.text, shown.resident_id) == ("–", "–", None)
    assert talk.moderate("restore", id_, "hidden") == "by_writer"


def test_nobody_takes_back_what_somebody_else_wrote(talk: Talk) -> None:
    id_ = talk.says(AICHA, "Fijn zitten")
    with pytest.raises(Refused):
        take_back(talk, BRAM, id_)
    assert talk.texts() == ["Fijn zitten"]


def take_back(talk: Talk, who: Resident, reaction_id: int) -> None:
    resident_id = arrives(talk.db, talk.secret, who)
    with writing(talk.db):
        reactions.take_back(talk.db, talk.process.id, reaction_id, resident_id)


def test_the_number_on_the_plan_is_that_of_what_is_public(talk: Talk) -> None:
    def number() -> int:
        return reload(talk.db).by_id[talk.plan.id].reactions

    first, second = talk.says(AICHA, "Fijn zitten"), talk.says(BRAM, "Nooit doen", "against")
    talk.says(CHEN, "Wel doen", to=first)
    assert number() == 3
    talk.moderate("hide", second, "published", "Geen reden")
    assert number() == 2
    take_back(talk, AICHA, first)
    assert number() == 1


def test_twenty_a_side_and_then_more(talk: Talk) -> None:
    people = (AICHA, BRAM, CHEN, EMRE, FARAH)
    for number in range(23):
        talk.says(people[number % 5], f"Argument {number}", at=NOW + timedelta(minutes=number))
    assert (len(talk.side().shown), talk.side().total) == (20, 23)
    assert len(talk.side(pages=2).shown) == 23


def test_staff_answer_in_every_phase_and_once(talk: Talk) -> None:
    id_ = talk.says(AICHA, "Wanneer begint het?")
    talk.change(reactions_allowed=0)
    said, _ = reactions.typed("answer", "In de lente.", "Mo", id_)
    with writing(talk.db):
        talk.db.execute("INSERT INTO accounts (id, email, name, created_at) VALUES (7, 'mo@g.example', 'Mo', 'x')")
        first = reactions.answer_of_staff(talk.db, talk.process.id, said, NOW, 7)
        assert reactions.answer_of_staff(talk.db, talk.process.id, said, NOW, 7) == first
    (answer,) = talk.side().shown[0].answers
    assert (answer.text, answer.account_id) == ("In de lente.", 7)
