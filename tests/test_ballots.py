"""Handing in: what a valid ballot is, one code one ballot, and who is refused."""

import asyncio
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar.testing import AsyncTestClient

from domain import ballots, codes, receipts, results, roll
from domain.ballots import Closed, Outcome, Problem, Refused
from domain.database import writing
from tests.cast import (
    AFTER,
    AICHA,
    BEACH,
    BENCH,
    BEZUIDENHOUT,
    BEZUIDENHOUT_PLANS,
    BIKES,
    BRAM,
    CHEN,
    CLOSES,
    DEWI,
    EMRE,
    EURO,
    FARAH,
    GARDEN,
    NOW,
    OPENS,
    PARTY,
    TAPS,
    WHEEL,
    WILLEM,
    YVONNE,
    Resident,
    insert_vote,
    reload,
)
from tests.desk import Desk

SECOND = timedelta(seconds=1)


def kinds(refused) -> list[str]:
    return [problem.kind for problem in refused.value.problems]


def cast(db, process) -> list[list[str]]:
    """What stands on the ballots, as project ids, sorted."""
    votes = db.execute("SELECT vote FROM ballots WHERE process_id = ?", [process.id])
    return sorted([process.by_id[int(id_)].project_id for id_ in vote.split(",") if id_] for (vote,) in votes)


def numbers(db, process) -> set[int]:
    """Ballots, receipts and used codes: one number, if all is well."""
    return {
        ballots.number(db, process.id),
        len(receipts.published(db, process.id)),
        roll.turnout(db, process.id).used,
    }


# ── one ballot ──


def test_a_ballot_is_counted_once_with_its_receipt(db, secret, process, hand_in):
    assert hand_in(process, AICHA, "bank", "tuin") is Outcome.COUNTED
    assert cast(db, process) == [["bank", "tuin"]]
    assert receipts.counted(db, process.id, AICHA.receipt)
    assert roll.used(db, secret, process.id, AICHA.code)
    assert numbers(db, process) == {1}


def test_the_ballot_does_not_tell_the_order_of_ticking(db, process, hand_in):
    hand_in(process, AICHA, "tuin", "feest", "bank")
    hand_in(process, BRAM, "bank", "tuin", "feest")
    votes = {vote for (vote,) in db.execute("SELECT vote FROM ballots")}
    assert len(votes) == 1


def test_a_blank_ballot_counts_where_the_process_allows_it(db, secret, process, hand_in):
    assert hand_in(process, CHEN) is Outcome.COUNTED
    assert cast(db, process) == [[]]
    strict = insert_vote(db, secret, slug="streng", blank_allowed=0)
    with pytest.raises(Refused) as refused:
        hand_in(strict, CHEN)
    assert kinds(refused) == ["blank_not_allowed"]


# ── who must be refused ──


@pytest.mark.parametrize("stranger", [WILLEM, YVONNE], ids=lambda who: who.name)
def test_a_code_of_another_process_and_one_that_was_made_up_get_the_same_answer(db, process, hand_in, stranger):
    with pytest.raises(Refused) as refused:
        hand_in(process, stranger, "bank")
    assert kinds(refused) == ["code_unknown"]
    assert numbers(db, process) == {0}


def test_willem_votes_where_he_lives_and_only_there(db, process, elsewhere, hand_in):
    assert hand_in(elsewhere, WILLEM, "strand") is Outcome.COUNTED
    with pytest.raises(Refused):
        hand_in(process, WILLEM, "bank")
    assert (numbers(db, elsewhere), numbers(db, process)) == ({1}, {0})


def test_a_used_code_says_so_and_the_first_ballot_stands(db, process, hand_in):
    hand_in(process, BRAM, "bank")
    with pytest.raises(Refused) as refused:
        hand_in(process, BRAM, "tuin", receipt=FARAH.receipt)
    assert kinds(refused) == ["code_used"]
    assert cast(db, process) == [["bank"]]
    assert numbers(db, process) == {1}


def test_a_receipt_is_of_one_ballot(db, process, hand_in):
    """Otherwise there would be fewer receipts than ballots, and two people with the same proof."""
    hand_in(process, AICHA, "bank")
    with pytest.raises(Refused) as refused:
        hand_in(process, BRAM, "tuin", receipt=AICHA.receipt)
    assert kinds(refused) == ["receipt_taken"]
    assert numbers(db, process) == {1}
    assert hand_in(process, BRAM, "tuin") is Outcome.COUNTED


@pytest.mark.parametrize("now", [OPENS - SECOND, CLOSES, AFTER], ids=["before", "at closing", "after"])
def test_nobody_votes_before_opening_or_after_closing(db, process, hand_in, now):
    with pytest.raises(Closed):
        hand_in(process, AICHA, "bank", now=now)
    assert numbers(db, process) == {0}


@pytest.mark.parametrize("now", [OPENS, CLOSES - SECOND], ids=["first second", "last second"])
def test_the_first_and_the_last_second_count(process, hand_in, now):
    assert hand_in(process, AICHA, "bank", now=now) is Outcome.COUNTED


# ── what a ballot may hold ──

LIMITS = {
    "too expensive": ({}, ["tap", "fiets"], Problem("too_expensive", 20_000 * EURO, 22_500 * EURO)),
    "too many": ({"max_length": 1}, ["bank", "tuin"], Problem("too_many", 1, 2)),
    "too few": ({"min_length": 2}, ["bank"], Problem("too_few", 2, 1)),
    "theme too many": (
        {"themes": {"Groen": {"max_length": 1}}},
        ["bank", "tuin"],
        Problem("theme_too_many", 1, 2, "Groen"),
    ),
    "theme too few": ({"themes": {"Straat": {"min_length": 1}}}, ["bank"], Problem("theme_too_few", 1, 0, "Straat")),
    "theme too expensive": (
        {"themes": {"Groen": {"max_sum_cost": 5_000 * EURO}}},
        ["tuin"],
        Problem("theme_too_expensive", 5_000 * EURO, 7_000 * EURO, "Groen"),
    ),
    "unknown plan": ({}, ["bank", "zwembad"], Problem("unknown_plan")),
    "plan of another process": ({}, ["bank", "strand"], Problem("unknown_plan")),
}


@pytest.mark.parametrize(("changes", "named", "problem"), LIMITS.values(), ids=LIMITS)
def test_what_breaks_a_limit_is_refused_with_the_limit(db, secret, elsewhere, hand_in, changes, named, problem):
    process = insert_vote(db, secret, **changes)
    with pytest.raises(Refused) as refused:
        hand_in(process, AICHA, *named)
    assert refused.value.problems == (problem,)
    assert numbers(db, process) == {0}


def test_a_withdrawn_plan_and_one_named_twice_are_refused_by_name(process, hand_in):
    with pytest.raises(Refused) as refused:
        hand_in(process, AICHA, "rad", "bank", "bank")
    told = [(problem.kind, problem.plan.title) for problem in refused.value.problems]
    assert told == [("withdrawn_plan", WHEEL.title), ("duplicate_plan", BENCH.title)]


def test_every_problem_is_told_at_once(db, secret, hand_in):
    process = insert_vote(db, secret, max_length=2)
    with pytest.raises(Refused) as refused:
        hand_in(process, AICHA, "tap", "fiets", "bank", "zwembad")
    assert kinds(refused) == ["unknown_plan", "too_many", "too_expensive"]


def test_a_plan_that_was_withdrawn_after_the_page_was_opened_is_refused(db, process, hand_in):
    db.execute("UPDATE plans SET withdrawn_at = '2026-05-12T09:59:59Z' WHERE project_id = 'bank'")
    with pytest.raises(Refused) as refused:
        hand_in(process, AICHA, "bank")
    assert kinds(refused) == ["withdrawn_plan"]


def test_prices_and_limits_are_those_of_now_not_those_of_the_page(db, process, hand_in):
    db.execute("UPDATE plans SET cost = 1900001 WHERE project_id = 'bank'")
    with pytest.raises(Refused) as refused:
        hand_in(process, AICHA, "bank", "feest")
    assert kinds(refused) == ["too_expensive"]


# ── the same again, and another one ──


def test_the_same_hand_in_again_is_the_same_success(db, process, hand_in):
    """The answer got lost, or somebody clicked twice."""
    assert hand_in(process, AICHA, "bank") is Outcome.COUNTED
    for late in (NOW, CLOSES, AFTER):
        assert hand_in(process, AICHA, "bank", now=late) is Outcome.AGAIN
    assert numbers(db, process) == {1}


def test_the_same_hand_in_again_succeeds_after_sealing(db, process, hand_in, seal):
    hand_in(process, AICHA, "bank")
    sealed = seal(process)
    assert hand_in(sealed, AICHA, "bank", now=AFTER) is Outcome.AGAIN
    assert cast(db, process) == [["bank"]]


def test_the_same_receipt_with_other_plans_changes_nothing(db, process, hand_in):
    hand_in(process, AICHA, "bank")
    assert hand_in(process, AICHA, "tuin") is Outcome.AGAIN
    assert cast(db, process) == [["bank"]]


def test_a_changed_vote_takes_the_place_of_the_first_and_keeps_its_receipt(db, secret, hand_in):
    process = insert_vote(db, secret, change_allowed=1)
    hand_in(process, DEWI, "bank")
    assert hand_in(process, DEWI, "tuin", receipt=FARAH.receipt) is Outcome.CHANGED
    assert cast(db, process) == [["tuin"]]
    assert receipts.counted(db, process.id, DEWI.receipt)
    assert not receipts.counted(db, process.id, FARAH.receipt)
    assert numbers(db, process) == {1}


def test_a_changed_vote_is_checked_like_the_first(db, secret, hand_in):
    process = insert_vote(db, secret, change_allowed=1)
    hand_in(process, DEWI, "bank")
    with pytest.raises(Refused):
        hand_in(process, DEWI, "tap", "fiets")
    with pytest.raises(Closed):
        hand_in(process, DEWI, "tuin", now=CLOSES, receipt=FARAH.receipt)
    assert cast(db, process) == [["bank"]]


def test_changing_a_vote_changes_nobody_elses(db, secret, hand_in):
    process = insert_vote(db, secret, change_allowed=1)
    for who in (AICHA, DEWI, EMRE):
        hand_in(process, who, "bank")
    hand_in(process, DEWI, "feest")
    assert cast(db, process) == [["bank"], ["bank"], ["feest"]]


# ── the code, before it is used ──


def test_checking_a_code_reads_only(db, secret, process, hand_in):
    def check(typed: str) -> list[str]:
        return [problem.kind for problem in ballots.check_code(db, secret, process, typed)[1]]

    hand_in(process, BRAM, "bank")
    told = [check(typed) for typed in (AICHA.letter, AICHA.letter[:-1] + "2", "  ", BRAM.code, WILLEM.code)]
    assert told == [[], ["code_typo"], ["code_missing"], ["code_used"], ["code_unknown"]]
    assert numbers(db, process) == {1}


# ── races ──


def twenty_different() -> list[tuple[list[str], str]]:
    """Twenty ballots that differ, each with a receipt of its own."""
    plans = [BENCH, GARDEN, PARTY, BIKES]
    chosen = [[plan.project_id for bit, plan in enumerate(plans) if number >> bit & 1] for number in range(20)]
    return [(project_ids, codes.draw(codes.RECEIPT_LENGTH)) for project_ids in chosen]


@pytest.mark.parametrize("change_allowed", [0, 1], ids=["no changing", "changing allowed"])
def test_twenty_ballots_with_one_code_leave_one_ballot(db, secret, settings, change_allowed):
    process = insert_vote(db, secret, change_allowed=change_allowed)
    writer = Desk(settings.db)

    def hand_in(hand: tuple[list[str], str]) -> Outcome | list[str]:
        try:
            return writer.submit(ballots.hand_in, secret, process, EMRE.code, *hand, NOW).result()
        except Refused as refused:
            return [problem.kind for problem in refused.problems]

    with ThreadPoolExecutor(20) as phones:
        outcomes = list(phones.map(hand_in, twenty_different()))
    writer.close()
    assert outcomes.count(Outcome.COUNTED) == 1
    others = Outcome.CHANGED if change_allowed else ["code_used"]
    assert outcomes.count(others) == 19
    assert numbers(db, process) == {1}


def test_twenty_browsers_with_one_code_leave_one_ballot(app, db, process):
    async def race() -> list[int]:
        async with AsyncTestClient(app, base_url="http://testserver.local") as client:
            forms = [EMRE.form(*plans, receipt=receipt) for plans, receipt in twenty_different()]
            posts = [client.post("/bezuidenhout/stemmen/inzending", data=form) for form in forms]
            return [answer.status_code for answer in await asyncio.gather(*posts)]

    assert Counter(asyncio.run(race())) == {200: 1, 422: 19}
    assert numbers(db, process) == {1}


def test_twenty_double_clicks_are_one_ballot_and_twenty_successes(app, db, process):
    async def race() -> list[int]:
        async with AsyncTestClient(app, base_url="http://testserver.local") as client:
            posts = [client.post("/bezuidenhout/stemmen/inzending", data=EMRE.form("bank")) for _ in range(20)]
            return [answer.status_code for answer in await asyncio.gather(*posts)]

    assert asyncio.run(race()) == [200] * 20
    assert cast(db, process) == [["bank"]]


# ── any mix of hand-ins ──


@dataclass(frozen=True)
class Attempt:
    """Somebody hands in something, some time, with a receipt that may be another's."""

    who: Resident
    named: tuple[str, ...]
    receipt: str
    minutes: int


RESIDENTS = BEZUIDENHOUT[:4]
anyone = st.sampled_from([*RESIDENTS, *RESIDENTS, WILLEM, YVONNE])
any_plan = st.sampled_from([*(plan.project_id for plan in BEZUIDENHOUT_PLANS), BEACH.project_id, "zwembad"])
valid_plan = st.sampled_from([BENCH, GARDEN, BIKES, PARTY, TAPS]).map(lambda plan: plan.project_id)
named = st.lists(valid_plan, max_size=4, unique=True) | st.lists(any_plan, max_size=4)
long = int((CLOSES - OPENS) / timedelta(minutes=1))
attempts = st.builds(
    Attempt,
    anyone,
    named.map(tuple),
    st.sampled_from([who.receipt for who in BEZUIDENHOUT]),
    st.integers(0, long - 1) | st.integers(-2, long + 2),
)
limits = st.fixed_dictionaries(
    {
        "min_length": st.integers(0, 2),
        "max_length": st.none() | st.integers(2, 3),
        "blank_allowed": st.integers(0, 1),
        "change_allowed": st.integers(0, 1),
    }
)
money = st.just({"voting_method": "approval", "max_sum_cost": None}) | st.fixed_dictionaries(
    {"max_sum_cost": st.integers(1_000, 30_000).map(lambda euros: euros * EURO)}
)
themes = st.fixed_dictionaries(
    {},
    optional={
        "Groen": st.fixed_dictionaries({"max_length": st.integers(1, 2), "max_sum_cost": st.just(8_000 * EURO)}),
        "Straat": st.fixed_dictionaries({"min_length": st.integers(0, 1)}),
    },
)


def within_limits(named: tuple[str, ...], settings: dict, themes: dict) -> bool:
    """The rules of a ballot once more, in other words than the program's."""
    plans = [plan for plan in BEZUIDENHOUT_PLANS if plan.project_id in named and not plan.withdrawn]
    if sorted(plan.project_id for plan in plans) != sorted(named):
        return False
    if not plans:
        return bool(settings["blank_allowed"])
    groups = [(plans, settings)] + [([p for p in plans if p.theme == name], own) for name, own in themes.items()]
    return all(
        own.get("min_length", 0) <= len(group) <= (own.get("max_length") or 99)
        and sum(plan.cost for plan in group) * EURO <= (own.get("max_sum_cost") or 10**12)
        for group, own in groups
    )


@given(limits, money, themes, st.lists(attempts, min_size=3, max_size=12))
def test_no_mix_of_hand_ins_breaks_a_limit_or_counts_a_code_twice(
    db, secret, elsewhere, limits, money, themes, attempts
):
    slug = f"vote-{db.execute('SELECT count(*) FROM processes').fetchone()[0]}"
    process = insert_vote(db, secret, slug=slug, themes=themes, **limits, **money)
    expected: dict[Resident, tuple[str, ...]] = {}
    for attempt in attempts:
        open_ = 0 <= attempt.minutes < long
        try:
            with writing(db):
                now = OPENS + timedelta(minutes=attempt.minutes)
                given_in = (attempt.who.code, attempt.named, attempt.receipt, now)
                outcome = ballots.hand_in(db, secret, process, *given_in)
        except (Refused, Closed):
            assert numbers(db, process) == {len(expected)}
            continue
        assert attempt.who in RESIDENTS
        first = attempt.who not in expected
        assert first <= (outcome is Outcome.COUNTED)
        if outcome is Outcome.AGAIN:
            continue
        assert open_
        assert first or process.change_allowed
        assert within_limits(attempt.named, limits | money, themes)
        expected[attempt.who] = attempt.named
    assert numbers(db, process) == {len(expected)}
    assert cast(db, process) == sorted(sorted(named, key=in_file_order) for named in expected.values())
    tally = results.tally(db, process)
    assert tally.votes == {
        plan.project_id: sum(plan.project_id in named for named in expected.values()) for plan in process.plans
    }
    assert (tally.ballots, tally.blank) == (len(expected), sum(not named for named in expected.values()))


def in_file_order(project_id: str) -> int:
    return [plan.project_id for plan in BEZUIDENHOUT_PLANS].index(project_id)


@given(limits, money, themes, attempts)
def test_a_valid_ballot_is_never_refused(db, secret, limits, money, themes, attempts):
    slug = f"vote-{db.execute('SELECT count(*) FROM processes').fetchone()[0]}"
    process = insert_vote(db, secret, slug=slug, themes=themes, **limits, **money)
    plans, problems = ballots.chosen(process, attempts.named)
    accepted = not problems and not ballots.problems_with(process, plans)
    assert accepted == within_limits(attempts.named, limits | money, themes)


# ── text ──


def test_emoji_and_right_to_left_text_are_kept_as_they_are(db, process):
    kept = {plan.project_id: plan.title for plan in reload(db).plans}
    assert kept == {plan.project_id: plan.title for plan in BEZUIDENHOUT_PLANS}
    assert {"Bankjes onder de bomen 🌳", "שכונה ביחד"} <= set(kept.values())
