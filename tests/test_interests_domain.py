"""Who asked to hear of the next process: apart from all they did, told once, and gone when they say so."""

from datetime import datetime, timedelta

import pytest

from domain import areas, interests, phases, processes, residents, retention, supports
from domain.database import Database, writing
from domain.interests import FRESH, Refused
from domain.processes import Process
from tests.cast import AICHA, BRAM, CHEN, NOW, Resident, crowd, reload
from tests.writing import COLLECT_OPENS, arrives, insert_collecting, insert_plan, mails_of

LATER = NOW + timedelta(days=400)


@pytest.fixture
def old(db: Database, secret: bytes) -> Process:
    """Benoordenhout, in Den Haag; it opened before anybody could ask."""
    return insert_collecting(db, secret)


@pytest.fixture
def new(db: Database, secret: bytes, old: Process) -> Process:
    """Statenkwartier, in Den Haag too; it opens long after."""
    return opening(db, secret, "statenkwartier")


def opening(db: Database, secret: bytes, slug: str, at: datetime = LATER) -> Process:
    process = insert_collecting(db, secret, slug=slug)
    with writing(db):
        late = phases.to_text(at + timedelta(days=30))
        db.execute("DELETE FROM phases WHERE process_id = ? AND kind = 'vote'", [process.id])
        values = [phases.to_text(at), late, process.id]
        db.execute("UPDATE phases SET opens_at = ?, closes_at = ? WHERE process_id = ?", values)
    return reload(db, slug)


def key_of(secret: bytes, who: Resident) -> bytes:
    return interests.key_of(secret, residents.key_of_address(secret, who.email))


def ask(
    db: Database, secret: bytes, who: Resident, *area_ids: int, themes: tuple[str, ...] = (), now: datetime = NOW
) -> None:
    with writing(db):
        address = interests.sealed_address(secret, who.email)
        interests.ask(db, key_of(secret, who), address, "nl", area_ids, themes, now)


def who_asked(db: Database, secret: bytes) -> list[str]:
    return [interests.address_in(secret, sealed) for (sealed,) in db.execute("SELECT address FROM interested")]


def area(db: Database, process: Process) -> int:
    return areas.of_process(db, process.id)


def announce(db: Database, secret: bytes, now: datetime = LATER) -> int:
    """As the job does."""
    there = [reload(db, slug) for slug in processes.slugs(db)]
    mailed = 0
    while interests.opened(db, now):
        with writing(db):
            mailed += interests.announce(db, secret, there, now)
    return mailed


def told(db: Database) -> list[str]:
    return mails_of(db, "new_process")


def test_whoever_asked_for_the_area_hears_of_it_once(db: Database, secret: bytes, old: Process, new: Process) -> None:
    ask(db, secret, AICHA, area(db, new))
    assert announce(db, secret, LATER - timedelta(seconds=1)) == 0
    assert announce(db, secret) == 1
    assert announce(db, secret) == announce(db, secret, LATER + timedelta(days=3)) == 0
    assert told(db) == [AICHA.email]


def test_above_and_below_count_and_beside_does_not(db: Database, secret: bytes, old: Process, new: Process) -> None:
    with writing(db):
        street = processes.area(db, "Frederikstraat", area(db, new))
    above, *_ = areas.path(db, area(db, new))
    ask(db, secret, AICHA, above.id)
    ask(db, secret, BRAM, street)
    ask(db, secret, CHEN, area(db, old))
    assert announce(db, secret) == 2
    assert set(told(db)) == {AICHA.email, BRAM.email}


def test_who_asked_for_much_gets_one_mail(db: Database, secret: bytes, old: Process, new: Process) -> None:
    above, *_ = areas.path(db, area(db, new))
    ask(db, secret, AICHA, above.id, area(db, new), area(db, old), themes=("Groen", "Straat"))
    assert announce(db, secret) == 1


def test_a_theme_narrows_it_where_the_process_has_themes(
    db: Database, secret: bytes, old: Process, new: Process
) -> None:
    ask(db, secret, AICHA, area(db, new), themes=("Groen",))
    ask(db, secret, BRAM, area(db, new), themes=("Sport",))
    assert announce(db, secret) == 1
    assert told(db) == [AICHA.email]
    bare = opening(db, secret, "zonder-themas", LATER + timedelta(days=1))
    with writing(db):
        db.execute("UPDATE processes SET area_id = ? WHERE id = ?", [area(db, new), bare.id])
        db.execute("DELETE FROM plan_themes WHERE theme_id IN (SELECT id FROM themes WHERE process_id = ?)", [bare.id])
        db.execute("DELETE FROM themes WHERE process_id = ?", [bare.id])
    assert announce(db, secret, LATER + timedelta(days=1)) == 2


def test_a_process_that_opened_long_ago_is_no_news(db: Database, secret: bytes, old: Process) -> None:
    ask(db, secret, AICHA, area(db, old), now=COLLECT_OPENS - timedelta(days=9))
    assert announce(db, secret, COLLECT_OPENS + FRESH + timedelta(seconds=1)) == 0
    assert announce(db, secret, COLLECT_OPENS) == 0  # nor is it ever after


def test_who_asks_after_it_opened_knows_already(db: Database, secret: bytes, old: Process) -> None:
    ask(db, secret, AICHA, area(db, old), now=COLLECT_OPENS + timedelta(days=1))
    ask(db, secret, BRAM, area(db, old), now=COLLECT_OPENS - timedelta(days=1))
    assert announce(db, secret, COLLECT_OPENS + timedelta(days=2)) == 1
    assert told(db) == [BRAM.email]


def test_after_a_night_without_power_each_process_is_told(
    db: Database, secret: bytes, old: Process, new: Process
) -> None:
    early = opening(db, secret, "archipel", LATER - timedelta(days=2))
    ask(db, secret, AICHA, area(db, new), area(db, early))
    assert announce(db, secret, LATER + timedelta(days=1)) == 2


def test_a_process_that_opens_earlier_but_was_made_later_is_told_too(
    db: Database, secret: bytes, old: Process, new: Process
) -> None:
    early = opening(db, secret, "archipel", LATER - timedelta(days=9))
    ask(db, secret, AICHA, area(db, new), area(db, early))
    assert announce(db, secret, LATER - timedelta(days=9)) == 1
    assert announce(db, secret) == 1
    assert len(told(db)) == 2


def test_many_are_told_in_parts_and_nobody_twice(
    db: Database, secret: bytes, old: Process, new: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interests, "BATCH", 10)
    people = crowd(25)
    for who in people:
        ask(db, secret, who, area(db, new))
    there = [reload(db, new.slug)]
    announce(db, secret, NOW)
    with writing(db):
        assert interests.announce(db, secret, there, LATER) == 10
    # Somebody who was told stops and asks again meanwhile: they come after the others, and still get no second mail.
    with writing(db):
        found = interests.of_key(db, secret, key_of(secret, people[0]))
        assert found
        interests.stop(db, found.id)
    ask(db, secret, people[0], area(db, new))
    announce(db, secret)
    assert len(told(db)) == 25 == len(set(told(db)))


def test_asking_again_replaces_what_was_asked(db: Database, secret: bytes, old: Process, new: Process) -> None:
    ask(db, secret, AICHA, area(db, old), area(db, new), themes=("Groen",))
    ask(db, secret, AICHA, area(db, new))
    found = interests.of_key(db, secret, key_of(secret, AICHA))
    assert found is not None
    assert (found.area_ids, found.themes, found.email) == ((area(db, new),), (), AICHA.email)
    with pytest.raises(Refused):
        ask(db, secret, AICHA, 99_999)


def test_nothing_in_the_file_leads_from_it_to_what_they_did(db: Database, secret: bytes, old: Process) -> None:
    with writing(db):
        bram = residents.arrived(db, residents.key_of_address(secret, BRAM.email), "nl", NOW)
    plan_id = insert_plan(db, old, arrives(db, secret, AICHA))
    with writing(db):
        supports.give(db, plan_id, bram, NOW)
    ask(db, secret, BRAM, area(db, old))
    columns = [row[1] for table in ("interested", "interests") for row in db.execute(f"PRAGMA table_info({table})")]
    assert not {"resident_id", "plan_id", "process_id", "account_id"} & set(columns)
    targets = {row[2] for t in ("interested", "interests") for row in db.execute(f"PRAGMA foreign_key_list({t})")}
    assert targets == {"areas", "interested"}
    keys = {key for (key,) in db.execute("SELECT key FROM residents UNION SELECT key FROM roll")}
    (own,) = db.execute("SELECT key FROM interested").fetchone()
    assert own not in keys
    assert interests.of_resident(db, secret, bram) is not None
    assert interests.of_resident(db, b"x" * 32, bram) is None


def test_no_address_leads_from_it_to_a_plan_or_to_a_mail(
    db: Database, secret: bytes, old: Process, new: Process
) -> None:
    """Aïcha made a plan, so her address is known, and asked; whoever has the file alone finds nothing in common."""
    aicha = arrives(db, secret, AICHA)
    insert_plan(db, old, aicha)
    with writing(db):
        residents.keep_address(db, aicha, AICHA.email)
    ask(db, secret, AICHA, area(db, new))
    announce(db, secret)
    ask(db, secret, BRAM, area(db, new))
    for column in [row[1] for row in db.execute("PRAGMA table_info(interested)")]:
        for other in ("email", "key"):
            same = f"CAST(interested.{column} AS TEXT) = CAST(residents.{other} AS TEXT)"
            join = f"interested JOIN residents ON {same} JOIN makers ON resident_id = residents.id"
            assert db.execute(f"SELECT count(*) FROM {join}").fetchone() == (0,)
    first, second = db.execute("SELECT id, address FROM interested ORDER BY id").fetchall()
    assert len(first[1]) == len(second[1])
    (path,) = db.execute("SELECT unsubscribe FROM outbox WHERE kind = 'new_process'").fetchone()
    token = path.rpartition("/")[2]
    assert interests.of_token(db, secret, token) == first[0]
    assert interests.token(secret, first[0], key_of(secret, AICHA)) != token  # nor can it be made from what is here


def test_staff_see_tens_once_a_day_and_only_once_it_differs_by_twenty(
    db: Database, secret: bytes, old: Process, new: Process
) -> None:
    people, seen = crowd(60), []
    for day, asked in enumerate((19, 21, 39, 41, 60)):
        for who in people[:asked]:
            ask(db, secret, who, area(db, new))
        for at in (NOW, NOW + timedelta(hours=2)):
            with writing(db):
                interests.make_figure(db, at + timedelta(days=day))
        seen.append(interests.figure(db))
    assert seen == [0, 20, 20, 40, 60]


def test_nobody_sees_on_which_ask_it_became_more(db: Database, secret: bytes, old: Process, new: Process) -> None:
    with writing(db):
        interests.make_figure(db, NOW)
    for who in crowd(40):
        ask(db, secret, who, area(db, new))
        with writing(db):
            interests.make_figure(db, NOW)
        assert interests.figure(db) == 0


def test_the_link_in_the_mail_stops_it_and_no_other_does(
    db: Database, secret: bytes, old: Process, new: Process
) -> None:
    ask(db, secret, AICHA, area(db, new))
    ask(db, secret, BRAM, area(db, new))
    announce(db, secret)
    links = dict(db.execute("SELECT recipient, unsubscribe FROM outbox WHERE kind = 'new_process'").fetchall())
    token = links[AICHA.email].rpartition("/")[2]
    for wrong in (token[:-8], f"{token[4:]}AAAA", "1", "x" * 80, "é" * 80, ""):
        with writing(db):
            assert not interests.stop_by_token(db, secret, wrong)
    with writing(db):
        assert interests.stop_by_token(db, secret, token)
        assert not interests.stop_by_token(db, secret, token)
    assert who_asked(db, secret) == [BRAM.email]
    assert db.execute("SELECT count(*) FROM interests").fetchone() == (1,)


def test_after_three_years_without_a_word_it_is_gone(db: Database, secret: bytes, old: Process, new: Process) -> None:
    ask(db, secret, AICHA, area(db, old))
    ask(db, secret, BRAM, area(db, new))
    announce(db, secret)
    for days, left in ((3 * 365, [AICHA.email, BRAM.email]), (3 * 365 + 1, [BRAM.email])):
        with writing(db):
            retention.purge(db, NOW + timedelta(days=days))
        assert who_asked(db, secret) == left


def test_areas_with_processes_are_offered_and_what_they_lie_in(
    db: Database, secret: bytes, old: Process, new: Process
) -> None:
    with writing(db):
        processes.area(db, "Zoetermeer")
    assert [area.name for area in interests.areas_to_choose(db)] == ["Den Haag", "Benoordenhout", "Statenkwartier"]
    assert interests.themes_to_choose(db) == ["Groen", "Samen", "Straat"]
