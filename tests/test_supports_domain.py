"""Support: one like per resident per plan, counted by the database, taken back as long as that can be."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from config.settings import Settings, load
from domain import mails, news, outbox, phases, residents, roll, supports
from domain.database import Database, writing
from domain.outbox import Reader, Recipient
from domain.phases import Phase
from domain.processes import Process
from domain.supports import Refused
from routes.mail import letter
from tests.cast import AFTER, AICHA, BEZUIDENHOUT, BRAM, CHEN, NOW, OPENS, WILLEM, YVONNE, Resident, reload
from tests.desk import Desk
from tests.writing import arrives

CLOSES = NOW + timedelta(days=10)


@pytest.fixture
def process(db: Database, process: Process) -> Process:
    """Bezuidenhout gathers support until ten days from NOW: three likes bring a plan to assessment."""
    with writing(db):
        db.execute("UPDATE phases SET opens_at = ?, closes_at = ?", [phases.to_text(AFTER), "2026-09-01T00:00:00Z"])
        db.execute("UPDATE processes SET support_threshold = 3 WHERE id = ?", [process.id])
        phases.insert(db, process.id, [Phase("support", OPENS, CLOSES)])
    return reload(db)


def plan_id(process: Process, project_id: str = "bank") -> int:
    return process.by_project_id[project_id].id


def count(db: Database, plan: int) -> int:
    """The number on the plan, which must be that of the rows."""
    (kept,) = db.execute("SELECT supports FROM plans WHERE id = ?", [plan]).fetchone()
    assert db.execute("SELECT count(*) FROM supports WHERE plan_id = ?", [plan]).fetchone() == (kept,)
    return int(kept)


@pytest.mark.parametrize(
    ("opens", "day_told", "said"),
    [
        (datetime(2027, 1, 15, 23, tzinfo=UTC), "2027-01-16", "De organisatie controleert het vanaf 16 januari 2027."),
        (NOW - timedelta(days=1), "", "De organisatie gaat het nu controleren."),
    ],
)
def test_enough_support_says_from_when_plans_are_assessed(
    db: Database, secret: bytes, process: Process, opens: datetime, day_told: str, said: str
) -> None:
    with writing(db):
        phases.insert(db, process.id, [Phase("assess", opens, opens + timedelta(days=30))])
    for who in (AICHA, BRAM, CHEN):
        resident = arrives(db, secret, who)
        with writing(db):
            supports.give(db, plan_id(process), resident, NOW)
    (item,) = news.newest(db, process.id)
    assert (item.kind, item.day) == ("enough_support", day_told)
    row = {"kind": item.kind, "title": item.title, "text": "", "path": "/x", "day": item.day}
    with writing(db):
        mails.news(db, NOW, Recipient(AICHA.email), process=process, items=[row], unsubscribe="/afmelden/x")
    (mail,) = outbox.page(db, Reader(everything=True), 10)
    made = letter(load({}, environment={}), mail)
    for text in (made.text, made.html):
        assert said in text
        assert text.count("2027") == (1 if day_told else 0)


@pytest.mark.parametrize(
    ("phase_days", "now_day", "expected"),
    [
        ([("collect", 0, 10), ("support", 10, 20)], 5, (0, 20)),  # one follows the other: it goes on till the last
        ([("collect", 0, 10), ("support", 12, 20)], 5, (0, 10)),
        ([("collect", 0, 10), ("support", 12, 20)], 11, (12, 20)),
        ([("collect", 0, 10), ("support", 5, 20)], 2, (0, 20)),
        ([("collect", 0, 10), ("assess", 10, 15), ("support", 15, 20)], 30, (15, 20)),
        ([("vote", 0, 10)], 5, None),
    ],
)
def test_support_lasts_as_long_as_phases_follow_one_another(
    process: Process, phase_days: list[tuple[str, int, int]], now_day: int, expected: tuple[int, int] | None
) -> None:
    listed = [Phase(kind, day(opens), day(closes)) for kind, opens, closes in phase_days]
    found = supports.period(replace(process, phases=tuple(listed)), day(now_day))
    assert (found and (found.opens_at, found.closes_at)) == (expected and (day(expected[0]), day(expected[1])))


def day(number: int) -> datetime:
    return NOW + timedelta(days=number)


def refused(db: Database, verb: object, *arguments: object) -> str:
    with pytest.raises(Refused) as caught, writing(db):
        verb(db, *arguments)  # type: ignore[operator]
    return caught.value.kind


def told(db: Database, process: Process) -> list[str]:
    return [item.kind for item in news.newest(db, process.id)]


def test_a_resident_supports_a_plan_once_and_takes_it_back_once(db: Database, secret: bytes, process: Process) -> None:
    plan, aicha = plan_id(process), arrives(db, secret, AICHA)
    with writing(db):
        assert [supports.give(db, plan, aicha, NOW) for _ in range(3)] == [True, False, False]
        assert count(db, plan) == 1
        assert supports.is_given(db, plan, aicha)
        assert [supports.take_back(db, plan, aicha, NOW) for _ in range(2)] == [True, False]
    assert count(db, plan) == 0
    assert not supports.is_given(db, plan, aicha)


def test_a_hundred_at_once_are_one(db: Database, secret: bytes, process: Process, settings: Settings) -> None:
    plan, aicha = plan_id(process), arrives(db, secret, AICHA)
    desk = Desk(settings.db)
    with ThreadPoolExecutor(25) as phones:
        outcomes = list(phones.map(lambda _: desk.submit(supports.give, plan, aicha, NOW).result(), range(100)))
    desk.close()
    assert sorted(outcomes) == [False] * 99 + [True]
    assert count(db, plan) == 1


def test_a_hundred_people_at_once_cross_the_threshold_once(
    db: Database, secret: bytes, process: Process, settings: Settings
) -> None:
    people = [arrives(db, secret, Resident(f"Buur{n}")) for n in range(100)]
    desk = Desk(settings.db)
    with ThreadPoolExecutor(25) as phones:
        list(phones.map(lambda who: desk.submit(supports.give, plan_id(process), who, NOW).result(), people))
    desk.close()
    assert count(db, plan_id(process)) == 100
    assert told(db, process) == ["enough_support"]


def test_the_threshold_is_news_once_also_when_it_is_reached_again(
    db: Database, secret: bytes, process: Process
) -> None:
    plan, people = plan_id(process), [arrives(db, secret, who) for who in BEZUIDENHOUT[:3]]
    with writing(db):
        for who in people[:2]:
            supports.give(db, plan, who, NOW)
    assert told(db, process) == []
    with writing(db):
        supports.give(db, plan, people[2], NOW)
        supports.take_back(db, plan, people[2], NOW)
        supports.give(db, plan, people[2], NOW)
    assert told(db, process) == ["enough_support"]


def test_outside_the_phase_nothing_changes(db: Database, secret: bytes, process: Process) -> None:
    plan, aicha, bram = plan_id(process), arrives(db, secret, AICHA), arrives(db, secret, BRAM)
    with writing(db):
        supports.give(db, plan, aicha, CLOSES - timedelta(seconds=1))
    for now in (OPENS - timedelta(seconds=1), CLOSES):
        assert refused(db, supports.give, plan, bram, now) == "closed"
        assert refused(db, supports.take_back, plan, aicha, now) == "closed"
        assert not supports.possible(process, process.by_id[plan], now)
    assert count(db, plan) == 1


def test_while_plans_are_collected_they_can_be_supported_too(db: Database, secret: bytes, process: Process) -> None:
    db.execute("UPDATE phases SET kind = 'collect' WHERE kind = 'support'")
    with writing(db):
        assert supports.give(db, plan_id(process), arrives_in(db, secret), NOW)


def arrives_in(db: Database, secret: bytes) -> int:
    return residents.arrived(db, residents.key_of_address(secret, CHEN.email), "nl", NOW)


@pytest.mark.parametrize(
    "change",
    [
        "status = 'hidden'",
        "status = 'submitted'",
        "status = 'merged'",
        "withdrawn_at = '2026-05-11T10:00:00Z'",
    ],
)
def test_a_plan_that_is_not_in_the_running_gets_no_more_support(
    db: Database, secret: bytes, process: Process, change: str
) -> None:
    plan, aicha, bram = plan_id(process), arrives(db, secret, AICHA), arrives(db, secret, BRAM)
    with writing(db):
        supports.give(db, plan, aicha, NOW)
        db.execute(f"UPDATE plans SET {change} WHERE id = ?", [plan])
    assert refused(db, supports.give, plan, bram, NOW) == "gone"
    assert not supports.possible(reload(db), reload(db).by_id[plan], NOW)
    assert count(db, plan) == 1
    with writing(db):
        assert supports.take_back(db, plan, aicha, NOW)


def test_a_plan_that_never_was_is_gone(db: Database, secret: bytes, process: Process) -> None:
    assert refused(db, supports.give, 99_999, arrives(db, secret, AICHA), NOW) == "gone"


def test_a_stemcode_supports_and_stays_good_for_voting(db: Database, secret: bytes, process: Process) -> None:
    plan = plan_id(process)
    with writing(db):
        first = supports.give_by_code(db, secret, process, plan, AICHA.code, "nl", NOW)
        assert supports.give_by_code(db, secret, process, plan, AICHA.code, "nl", NOW) == first
    assert count(db, plan) == 1
    assert roll.used(db, secret, process.id, AICHA.code) is False
    rows = [tuple(row) for row in db.execute("SELECT key, name, email FROM residents")]
    assert len(rows) == 1
    assert rows[0][0] not in {key for (key,) in db.execute("SELECT key FROM roll")}  # nothing joins the two


def test_a_code_of_another_process_or_of_no_roll_is_unknown(db: Database, secret: bytes, process: Process) -> None:
    for who in (WILLEM, YVONNE):
        arguments = (secret, process, plan_id(process), who.code, "nl", NOW)
        assert refused(db, supports.give_by_code, *arguments) == "code_unknown"
    assert count(db, plan_id(process)) == 0
    assert db.execute("SELECT count(*) FROM residents").fetchone()[0] == 0


def test_where_codes_are_asked_an_address_does_not_do(db: Database, secret: bytes, process: Process) -> None:
    db.execute("UPDATE processes SET supporters = 'code' WHERE id = ?", [process.id])
    aicha, payload = arrives(db, secret, AICHA), {"plan": plan_id(process)}
    assert refused(db, supports.confirmed, aicha, payload, NOW) == "codes_only"


def test_who_supported_a_plan_that_was_merged_is_asked_about_the_other(
    db: Database, secret: bytes, process: Process
) -> None:
    """Also over two merges. The support itself stays where it was given."""
    bank, tuin, feest = (plan_id(process, name) for name in ("bank", "tuin", "feest"))
    aicha, bram = arrives(db, secret, AICHA), arrives(db, secret, BRAM)
    with writing(db):
        supports.give(db, bank, aicha, NOW)
        merge(db, bank, tuin)
        merge(db, tuin, feest)
    assert supports.asked_again(db, feest, aicha) == ["Bankjes onder de bomen 🌳"]
    assert supports.asked_again(db, feest, bram) == []
    assert (count(db, bank), count(db, feest)) == (1, 0)
    (one,) = supports.of_resident(db, aicha, NOW)
    assert (one.path, one.into, one.asks) == (f"/bezuidenhout/plannen/{feest}", "שכונה ביחד", True)
    with writing(db):
        supports.give(db, feest, aicha, NOW)
    assert supports.asked_again(db, feest, aicha) == []
    assert [one.asks for one in supports.of_resident(db, aicha, NOW)] == [False, False]
    assert not any(one.asks for one in supports.of_resident(db, aicha, CLOSES))


def merge(db: Database, plan: int, into: int) -> None:
    db.execute("UPDATE plans SET status = 'merged', merged_into = ? WHERE id = ?", [into, plan])


def merged_at(db: Database, process: Process, plan: int, into: int, now: datetime) -> None:
    with writing(db):
        merge(db, plan, into)
        news.tell(db, process.id, plan, "merged", "", now)


def test_after_closing_a_support_is_taken_along_for_two_weeks_and_nobody_else_comes_in(
    db: Database, secret: bytes, process: Process
) -> None:
    bank, tuin = plan_id(process, "bank"), plan_id(process, "tuin")
    aicha, bram = arrives(db, secret, AICHA), arrives(db, secret, BRAM)
    with writing(db):
        supports.give(db, bank, aicha, NOW)
        db.execute("UPDATE phases SET opens_at = '2026-08-01T00:00:00Z' WHERE kind = 'vote'")
    merged_at(db, process, bank, tuin, CLOSES)
    last = CLOSES + supports.CARRIED - timedelta(seconds=1)
    assert [one.asks for one in supports.of_resident(db, aicha, last)] == [True]
    assert refused(db, supports.give, tuin, bram, last) == "closed"  # supported neither
    with writing(db):
        assert supports.give(db, tuin, aicha, last)
        assert not supports.give(db, tuin, aicha, last)
    assert refused(db, supports.take_back, tuin, aicha, last) == "closed"
    assert (count(db, bank), count(db, tuin)) == (1, 1)


def test_a_support_is_taken_along_no_longer_after_two_weeks_or_once_the_vote_opened(
    db: Database, secret: bytes, process: Process
) -> None:
    bank, tuin, aicha = plan_id(process, "bank"), plan_id(process, "tuin"), arrives(db, secret, AICHA)
    with writing(db):
        supports.give(db, bank, aicha, NOW)
        db.execute("UPDATE phases SET opens_at = '2026-08-01T00:00:00Z' WHERE kind = 'vote'")
    merged_at(db, process, bank, tuin, CLOSES)
    assert refused(db, supports.give, tuin, aicha, CLOSES + supports.CARRIED) == "closed"
    vote_opens = CLOSES + timedelta(days=3)
    with writing(db):
        db.execute("UPDATE phases SET opens_at = ? WHERE kind = 'vote'", [phases.to_text(vote_opens)])
    assert supports.carry(db, tuin, CLOSES) == supports.Carry(("Bankjes onder de bomen 🌳",), vote_opens)
    assert refused(db, supports.give, tuin, aicha, vote_opens) == "closed"
    assert supports.of_resident(db, aicha, vote_opens)[0].asks is False


def test_as_long_as_support_goes_on_nothing_needs_taking_along(db: Database, secret: bytes, process: Process) -> None:
    bank, tuin, aicha = plan_id(process, "bank"), plan_id(process, "tuin"), arrives(db, secret, AICHA)
    with writing(db):
        supports.give(db, bank, aicha, NOW)
    merged_at(db, process, bank, tuin, NOW)
    assert supports.carry(db, tuin, NOW) is None
