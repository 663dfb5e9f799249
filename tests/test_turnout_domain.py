"""Figures of who takes part: counted once a day, rounded, and never more than may be told."""

import sqlite3
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import areas, database, outreach, representation, turnout
from domain.area_figures import AGES, Known
from domain.database import Database, writing
from domain.disclosure import FEWEST, shown
from domain.processes import Process
from domain.representation import verdict, wilson
from tests.cast import AFTER, AICHA, BRAM, NOW, insert_vote, reload
from tests.conftest import HandIn, Seal
from tests.test_disclosure import bounds
from tests.watched import answer_many, insert_buurten, insert_codes, live_here, make_figures, vote_many

DAY = timedelta(days=1)


@pytest.fixture
def town(db: Database, secret: bytes) -> tuple[Process, dict[str, int]]:
    """Four buurten of 400 codes each; the codes of the cast have none."""
    process = insert_vote(db, secret)
    ids = insert_buurten(db, process)
    for area_id in ids.values():
        insert_codes(db, process, area_id, 400)
    return process, ids


def voted(db: Database, town: tuple[Process, dict[str, int]], **numbers: int) -> None:
    process, ids = town
    for name, number in numbers.items():
        vote_many(db, process, ids[name], number)


def last(db: Database, process: Process, dimension: str) -> dict[str, int]:
    days = turnout.history(db, process.id).get(dimension, {})
    return days[max(days)] if days else {}


def test_a_ballot_counts_with_its_channel_in_the_same_write(
    db: Database, process: Process, secret: bytes, hand_in: HandIn
) -> None:
    hand_in(process, AICHA, "bank")
    hand_in(process, AICHA, "bank")  # again: it was counted
    hand_in(process, BRAM)
    assert db.execute("SELECT * FROM ballot_channels").fetchall() == [(process.id, "online", 2)]


def test_figures_are_rounded_down_and_a_small_group_has_none(
    db: Database, town: tuple[Process, dict[str, int]]
) -> None:
    process, ids = town
    voted(db, town, Oost=128, West=67, Midden=85, Haven=4)
    make_figures(db, process, NOW)
    assert last(db, process, "total") == {"": 280}
    # Of so few areas the largest, the first of these, is left out: it makes up for the small one.
    assert last(db, process, "area") == {str(ids["West"]): 60, str(ids["Midden"]): 80}


def test_the_schema_refuses_what_is_not_rounded(db: Database, process: Process) -> None:
    for number in (9, 0, 123):
        with pytest.raises(sqlite3.IntegrityError), writing(db):
            db.execute("INSERT INTO turnout_figures VALUES (?, '2026-05-12', 'area', 'x', ?)", [process.id, number])


def test_once_a_day_and_once_more_when_all_is_over(
    db: Database, town: tuple[Process, dict[str, int]], seal: Seal
) -> None:
    process, _ = town
    assert turnout.due(db, process, NOW)
    make_figures(db, process, NOW)
    assert not turnout.due(db, process, NOW + timedelta(hours=3))
    assert turnout.due(db, process, NOW + DAY)
    make_figures(db, process, AFTER - timedelta(hours=1))
    assert not turnout.due(db, process, AFTER)  # closed, but a last ballot may still be on its way
    assert not turnout.final(db, process, AFTER)
    sealed = seal(process)
    assert turnout.due(db, sealed, AFTER)
    make_figures(db, sealed, AFTER)
    assert turnout.final(db, sealed, AFTER)
    assert not turnout.due(db, sealed, AFTER + 10 * DAY)


def test_nothing_is_made_before_it_begins(db: Database, secret: bytes) -> None:
    process = insert_vote(db, secret, opens_at=NOW + DAY)
    assert not turnout.due(db, process, NOW)


def test_the_next_day_shows_nothing_new_until_enough_came(db: Database, town: tuple[Process, dict[str, int]]) -> None:
    process, ids = town
    voted(db, town, Oost=100, West=60, Midden=80, Haven=9)
    make_figures(db, process, NOW)
    voted(db, town, Haven=1)  # who saw both days would know: nine, and now ten
    make_figures(db, process, NOW + DAY)
    assert str(ids["Haven"]) not in last(db, process, "area")
    assert [*turnout.history(db, process.id)["total"]] == ["2026-05-12"]
    voted(db, town, Haven=40, West=30, Midden=30)
    make_figures(db, process, NOW + 2 * DAY)
    assert last(db, process, "area")[str(ids["Haven"])] == 50


def test_once_codes_are_added_what_was_shown_of_areas_stays(db: Database, town: tuple[Process, dict[str, int]]) -> None:
    """Another area would make up for the others, and the two days together tell what was in a small one."""
    process, ids = town
    voted(db, town, Oost=100, West=60, Midden=80, Haven=9)
    make_figures(db, process, NOW)
    shown = last(db, process, "area")
    insert_codes(db, process, ids["Haven"], 900)
    voted(db, town, Haven=40, West=30, Midden=30)
    make_figures(db, process, NOW + DAY)
    assert [*turnout.history(db, process.id)["total"]] == ["2026-05-12", "2026-05-13"]
    assert last(db, process, "area") == shown


def test_channels_and_answers_are_dimensions_of_their_own(db: Database, town: tuple[Process, dict[str, int]]) -> None:
    process, ids = town
    voted(db, town, Oost=200, West=60)
    vote_many(db, process, ids["Haven"], 34, "desk")
    answer_many(db, process, "age", {"0-15": 3, "25-45": 41, "65+": 88})
    answer_many(db, process, "first_time", {"yes": 57, "no": 22})
    make_figures(db, process, NOW)
    assert last(db, process, "channel") == {"desk": 30}
    assert last(db, process, "age") == {"25-45": 40, "65+": 80}
    assert last(db, process, "first_time") == {"yes": 50, "no": 20, "": 210}


@given(st.data())
def test_who_subtracts_contributions_from_their_total_finds_no_few(
    db: Database, town: tuple[Process, dict[str, int]], data: st.DataObject
) -> None:
    """The number of supports of each plan is public, so their total is; how few came in on paper is not."""
    process, ids = town
    many = st.one_of(st.integers(0, 25), st.integers(0, 2_000))
    places = st.sampled_from([turnout.NONE, *map(str, ids.values())])
    themes = st.sampled_from([turnout.NONE, *(str(theme.id) for theme in process.themes)])
    rows = data.draw(st.lists(st.tuples(places, themes, st.sampled_from(turnout.CHANNELS), many), max_size=20))
    for name, counts in turnout.contributions(db, process, "supports", rows).items():
        keys = [*counts.groups]
        figures = {keys.index(key): number for key, number in shown(counts.groups, counts.rest).items()}
        rest = keys.index(counts.rest) if counts.rest is not None else None
        for group, count in enumerate(counts.groups.values()):
            if 0 < count < FEWEST and figures and len(keys) > 1:
                low, high = bounds(group, sum(counts.groups.values()), len(keys), figures, rest, None)
                assert low == 0, name
                assert high >= FEWEST - 1, name


def test_no_more_answers_are_counted_than_ballots(db: Database, process: Process, hand_in: HandIn) -> None:
    with writing(db):
        turnout.answered(db, process.id, {"age": "25-45"})
    hand_in(process, AICHA, "bank")
    for _ in range(5):
        with writing(db):
            turnout.answered(db, process.id, {"age": "25-45", "first_time": "yes"})
    counted = db.execute("SELECT question, answer, number FROM voter_answers ORDER BY question").fetchall()
    assert counted == [("age", "25-45", 1), ("first_time", "yes", 1)]


def test_an_answer_that_was_not_asked_is_refused(db: Database, process: Process) -> None:
    with pytest.raises(ValueError, match="42"), writing(db):
        turnout.answered(db, process.id, {"age": "42"})


def test_ages_that_may_not_vote_are_not_asked(db: Database, secret: bytes) -> None:
    assert turnout.ages_asked(insert_vote(db, secret, slug="twaalf", vote_age=12))[0] == "0-15"
    assert turnout.ages_asked(insert_vote(db, secret, slug="achttien", vote_age=18))[0] == "15-25"
    assert turnout.ages_asked(insert_vote(db, secret, slug="oud", vote_age=65)) == ("65+",)


def test_plans_supports_and_reactions_are_watched_by_area_theme_and_channel(
    db: Database, town: tuple[Process, dict[str, int]]
) -> None:
    process, ids = town
    bank, tuin, tap, *_ = process.all_plans
    with writing(db):
        for plan, area, paper, online in ((bank, "Oost", 12, 60), (tuin, "West", 5, 40), (tap, "Haven", 3, 31)):
            db.execute("UPDATE plans SET area_id = ? WHERE id = ?", [ids[area], plan.id])
            rows = [(plan.id, "paper")] * paper + [(plan.id, "online")] * online
            db.conn.executemany("INSERT INTO supports (plan_id, channel, given_on) VALUES (?, ?, '2026-05-01')", rows)
    make_figures(db, process, NOW)
    assert last(db, process, "supports_total") == {"": 150}
    assert last(db, process, "supports_channel") == {"paper": 20}
    assert "plans_total" not in turnout.history(db, process.id)  # six plans
    watch = representation.watch(db, reload(db))
    assert [*watch.contributions] == ["supports"]


def test_a_share_seen_few_times_is_hardly_known() -> None:
    low, high = wilson(1, 10, 1.96)
    assert (round(low, 3), round(high, 3)) == (0.018, 0.404)  # as in the tables of Newcombe, 1998
    assert wilson(0, 0, 1.96) == (0.0, 1.0)
    few, many = wilson(3, 10, 1.96), wilson(300, 1_000, 1.96)
    assert few[1] - few[0] > 5 * (many[1] - many[0])


def test_behind_is_said_of_who_is_far_behind_and_hardly_by_chance() -> None:
    assert said_of(50, 59, 1_000) == "behind"
    assert said_of(0, 9, 90) == "behind_likely"
    assert said_of(0, 9, 30) == ""
    assert said_of(19_000, 19_009, 100_000) == ""  # sure, but a difference of nothing
    assert said_of(400, 409, 1_000) == "ahead"
    assert verdict((0, 0), (0, 0), 0.2, 0.2) == ""


def said_of(low: int, high: int, of: int, least: float = 0.2, most: float = 0.2) -> str:
    return verdict((low, of), (high, of), least, most)


def test_rounding_is_reckoned_with_and_does_not_blind() -> None:
    """In Spoorkwartier 94 of 427 voted, and 28.5 of every hundred in all: shown as 90."""
    assert said_of(90, 99, 427, 0.285, 0.287) == "behind_likely"
    assert said_of(20, 29, 82, 0.26, 0.28) == ""  # truly 28 of every hundred, as all
    assert said_of(40, 49, 100, 0.2, 0.3) == "ahead_likely"
    assert said_of(40, 49, 100, 0.2, 0.35) == ""  # the others may be as many


def test_a_small_area_looks_low_by_rounding_and_the_page_can_say_so(
    db: Database, town: tuple[Process, dict[str, int]]
) -> None:
    process, ids = town
    with writing(db):
        db.execute("DELETE FROM roll WHERE area_id = ?", [ids["Haven"]])
    insert_codes(db, process, ids["Haven"], 80)
    voted(db, town, Oost=120, West=120, Midden=121, Haven=29)
    make_figures(db, process, NOW)
    rows = {row.name: row for row in representation.watch(db, reload(db)).area.rows}
    haven = rows["Haven"]
    assert (haven.figure, haven.share, haven.highest, haven.verdict, haven.by_rounding) == (20, 25.0, 36.25, "", True)
    assert not rows["Midden"].by_rounding


def test_who_lags_is_called_out_with_since_when(db: Database, town: tuple[Process, dict[str, int]]) -> None:
    process, _ = town
    voted(db, town, Oost=60, West=61, Midden=62, Haven=60)
    make_figures(db, process, NOW)
    voted(db, town, Oost=60, Midden=64)
    make_figures(db, process, NOW + DAY)
    voted(db, town, Oost=60, Midden=60)
    make_figures(db, process, NOW + 2 * DAY)
    watch = representation.watch(db, reload(db))
    assert {row.name: row.since for row in watch.area.behind} == {"West": "2026-05-13", "Haven": "2026-05-13"}
    assert {row.verdict for row in watch.area.behind} == {"behind"}


def test_a_hidden_area_lags_unless_it_makes_up_for_the_others(
    db: Database, town: tuple[Process, dict[str, int]]
) -> None:
    process, _ = town
    voted(db, town, Oost=128, West=67, Midden=85, Haven=4)
    make_figures(db, process, NOW)
    by_name = {row.name: row for row in representation.watch(db, reload(db)).area.rows}
    assert (by_name["Haven"].figure, by_name["Haven"].verdict, by_name["Haven"].rest) == (None, "behind", False)
    # 280 less 60 and 80, and less nine of each that was rounded or left out: at least 107.
    assert (by_name["Oost"].figure, by_name["Oost"].verdict, by_name["Oost"].rest) == (100, "ahead", True)


def test_ages_are_compared_with_who_lives_there(db: Database, town: tuple[Process, dict[str, int]]) -> None:
    process, _ = town
    voted(db, town, Oost=300, West=300)
    live_here(db, process, 150, 250, 300, 200, 100)
    answer_many(db, process, "age", {"0-15": 50, "15-25": 22, "25-45": 90, "45-65": 70, "65+": 80})
    make_figures(db, process, NOW)
    watch = representation.watch(db, reload(db))
    ages = {row.key: row for row in watch.age.rows}
    assert watch.year == 2025
    assert (ages["15-25"].figure, ages["15-25"].expected, ages["15-25"].verdict) == (20, 25.0, "behind")
    assert ages["65+"].verdict == "ahead"


def test_since_when_an_age_lags_is_known_too(db: Database, town: tuple[Process, dict[str, int]]) -> None:
    process, _ = town
    live_here(db, process, 100, 100, 100, 100, 100)
    for day, (few, many) in enumerate([(60, 60), (10, 60), (10, 60)]):
        voted(db, town, Oost=130, West=130, Midden=130)
        answer_many(db, process, "age", dict.fromkeys(turnout.AGES, many) | {"15-25": few})
        make_figures(db, process, NOW + day * DAY)
    ages = {row.key: row for row in representation.watch(db, reload(db)).age.rows}
    assert {age: row.since for age, row in ages.items() if row.since} == {"15-25": "2026-05-13"}
    assert ages["15-25"].verdict == "behind"


def test_who_may_not_vote_yet_is_not_missed() -> None:
    people = {name: Known(number, 2025) for name, number in zip(AGES, (150, 100, 100, 100, 100), strict=True)}
    assert representation.who_may(people, 0, turnout.AGES)["0-15"] == 150 / 550
    assert representation.who_may(people, 12, turnout.AGES)["0-15"] == pytest.approx(30 / 430)  # three years of fifteen
    assert representation.who_may(people, 18, turnout.AGES[1:])["15-25"] == pytest.approx(70 / 370)
    assert representation.who_may({}, 0, turnout.AGES) == {}


def test_a_wijk_is_the_sum_of_what_its_buurten_show(db: Database, secret: bytes) -> None:
    process = insert_vote(db, secret)
    within = areas.of_process(db, process.id)
    with writing(db):
        wijken = [database.insert(db, "areas", {"parent_id": within, "name": f"Wijk {n}"}) for n in range(2)]
        ids = [database.insert(db, "areas", {"parent_id": wijken[n % 2], "name": f"Buurt {n:02}"}) for n in range(14)]
    for n, area_id in enumerate(ids):
        insert_codes(db, process, area_id, 200)
        vote_many(db, process, area_id, 5 if n == 2 else 23 + n)
    make_figures(db, process, NOW)
    watch = representation.watch(db, reload(db))
    first = next(part for part in watch.parts if part.area and part.area.name == "Wijk 0")
    assert first.figure == 20 + 20 + 20 + 30 + 30 + 30  # without the five of Buurt 02
    assert not first.whole


def test_before_and_after_what_was_done(db: Database, town: tuple[Process, dict[str, int]]) -> None:
    process, ids = town
    voted(db, town, Oost=60, West=60, Midden=60, Haven=30)
    make_figures(db, process, NOW)
    voted(db, town, Oost=60, Haven=45)
    make_figures(db, process, NOW + 9 * DAY)
    watch = representation.watch(db, reload(db))
    done = outreach.Outreach(1, "market", (NOW + DAY).date(), ids["Haven"], "Haven", "", "", "Bea")
    change = outreach.change(done, watch)
    assert change is not None
    assert (change.first_day, change.last_day) == ("2026-05-12", "2026-05-21")
    assert (change.before, change.after) == (30, 70)
    assert change.grew == (79, 164)  # from 39 to 70, from 30 to 79
    assert change.all_grew == (41, 52)
    assert change.compared == "more"
    later = outreach.Outreach(2, "market", (NOW + 20 * DAY).date(), ids["Haven"], "Haven", "", "", "Bea")
    assert outreach.change(later, watch) is None
