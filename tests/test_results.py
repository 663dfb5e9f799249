"""Results: what the sealed ballots come to. No result before sealing."""

import pytest

from domain import results
from domain.database import Database, insert
from domain.processes import Process
from domain.results import FEWEST, Result
from domain.roll import Turnout
from tests.cast import AICHA, BRAM, EURO, crowd, insert_roll, insert_vote

CROWD = crowd(30)

# How thirty people voted: bank 20, tuin 15, fiets 10, feest 10, tap 5, and three blank.
CHOICES = (
    [("bank", "tuin", "fiets")] * 10
    + [("bank", "feest")] * 5
    + [("bank", "feest", "tuin")] * 5
    + [("tap",)] * 5
    + [()] * 3
)


@pytest.fixture
def voted(db, secret, process, hand_in) -> Process:
    """28 of the 30 residents voted, in Bezuidenhout."""
    insert_roll(db, secret, process.id, CROWD)
    for who, named in zip(CROWD, CHOICES, strict=False):
        hand_in(process, who, *named)
    return process


@pytest.fixture
def result(db, voted, seal) -> Result:
    return results.result(db, seal(voted))


def in_euros(rows) -> dict[str, int]:
    return {row.plan.project_id: row.cost // EURO for row in rows}


def test_there_is_no_result_before_sealing(db, voted):
    with pytest.raises(AssertionError, match="no result before sealing"):
        results.result(db, voted)


def test_votes_in_are_votes_counted(result):
    assert result.tally.votes == {"bank": 20, "tuin": 15, "tap": 5, "fiets": 10, "feest": 10, "rad": 0}
    assert (result.ballots, result.blank) == (28, 3)
    assert result.turnout == Turnout(issued=36, used=28)


def test_most_votes_win_until_the_money_is_gone(result):
    assert in_euros(result.selected) == {"bank": 1_500, "tuin": 7_000, "feest": 3_000, "fiets": 7_500}
    assert (result.spent, result.left) == (19_000 * EURO, 1_000 * EURO)
    assert {row.plan.project_id: row.status for row in result.missed} == {"tap": "no_room", "rad": "withdrawn"}


def test_who_missed_hears_by_how_much(result):
    """With 11 votes more the taps pass bikes and party at 10 and the garden at 15, which leaves 18,500 for them."""
    taps = next(row for row in result.missed if row.plan.project_id == "tap")
    assert taps.short_by == 14_000 * EURO
    assert taps.lower_cost == 1_000 * EURO
    assert taps.extra_votes == 10 + 1


def test_that_many_votes_more_and_not_one_fewer_would_have_done(db, secret, result, hand_in, seal):
    """Voted over again with the extra votes."""
    for extra, won in ((10, False), (11, True)):
        process = insert_vote(db, secret, slug=f"overnieuw-{extra}", residents=crowd(45))
        for who, named in zip(crowd(45), [*CHOICES, *[("tap",)] * extra], strict=False):
            hand_in(process, who, *named)
        again = results.result(db, seal(process))
        assert ("tap" in {row.plan.project_id for row in again.selected}) is won


def test_every_plan_stands_in_the_result_once(result, process):
    assert sorted(row.plan.id for row in result.rows) == sorted(plan.id for plan in process.plans)


def test_a_tie_that_mattered_is_told(db, secret, hand_in, seal):
    process = insert_vote(db, secret, budget=7_500 * EURO)
    hand_in(process, AICHA, "tuin")
    hand_in(process, BRAM, "fiets")
    result = results.result(db, seal(process))
    ((tie, plans),) = result.ties
    assert [plan.project_id for plan in plans] == ["tuin", "fiets"]
    assert tie.broken_by == "cost"
    assert [row.plan.project_id for row in result.selected] == ["tuin"]


def test_below_ten_ballots_the_result_is_small(db, secret, hand_in, seal):
    for number in (FEWEST - 1, FEWEST):
        process = insert_vote(db, secret, slug=f"klein-{number}", residents=CROWD)
        for who in CROWD[:number]:
            hand_in(process, who, "bank")
        assert results.result(db, seal(process)).small is (number < 10)


def test_nobody_voted(db, process, seal):
    result = results.result(db, seal(process))
    assert (result.ballots, result.small, result.turnout.used) == (0, True, 0)
    assert {row.bar for row in result.rows} == {0}


def test_a_theme_with_a_budget_of_its_own_spends_no_more(db: Database, secret, hand_in, seal):
    process = insert_vote(db, secret, themes={"Groen": {"budget": 7_000 * EURO}})
    for who, named in zip((AICHA, BRAM), (("tuin", "bank"), ("tuin",)), strict=True):
        hand_in(process, who, *named)
    result = results.result(db, seal(process))
    bench = next(row for row in result.rows if row.plan.project_id == "bank")
    assert (bench.status, bench.budget_name, bench.short_by) == ("no_room", "Groen", 1_500 * EURO)


def test_of_two_plans_that_exclude_each_other_one_wins(db, process, hand_in, seal):
    ids = [process.by_project_id[name].id for name in ("bank", "tuin")]
    insert(db, "exclusive_pairs", {"plan_id": ids[0], "other_id": ids[1]})
    hand_in(process, AICHA, "bank", "tuin")
    hand_in(process, BRAM, "tuin")
    result = results.result(db, seal(process))
    bench = next(row for row in result.rows if row.plan.project_id == "bank")
    assert (bench.status, bench.excluded_by.project_id) == ("excluded", "tuin")
