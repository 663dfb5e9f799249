"""Synthetic residents: what they hand in and vote is what the process takes, and looks like a real vote."""

from collections import Counter
from dataclasses import replace
from datetime import date
from statistics import correlation, mean, pstdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import ballots, synthetic
from domain.designs import model, presets, trials
from domain.designs.model import Design, ThemeChoice
from domain.processes import Process
from domain.synthetic import Room, Shape

FIRST = date(2027, 1, 4)
ALL = [*presets.all_presets()]
CITY = Room(300_000_00, {"": 300_000_00})


def whole(design: Design) -> Design:
    return trials.completed(design, FIRST).design


def preset(name: str) -> Design:
    return whole(presets.all_presets()[name])


def votes(process: Process, seed: int, number: int, shape: Shape) -> list[list[str]]:
    appeals = [plan.appeal for plan in synthetic.plans(seed, len(process.all_plans), trials.room_of(process), shape)]
    people = synthetic.residents(seed, number, appeals, shape)
    cast = synthetic.ballots_of(process, process.all_plans, people)
    assert all(not ballots.problems_with(process, ballot) for ballot in cast if ballot is not None)
    return [[plan.project_id for plan in ballot] for ballot in cast if ballot is not None]


@pytest.mark.parametrize("shape", synthetic.SHAPES)
@pytest.mark.parametrize("name", ALL)
def test_everybody_makes_a_valid_ballot_in_every_preset(name: str, shape: Shape) -> None:
    process = trials.with_plans(preset(name), 1, 24, shape)
    assert len(votes(process, 1, 100, shape)) == 100


@pytest.mark.parametrize("name", ALL)
def test_plans_cost_what_a_plan_of_that_process_may_cost(name: str) -> None:
    process = trials.process_of(preset(name))
    room = trials.room_of(process)
    listed = synthetic.plans(3, 60, room)
    assert len({plan.title for plan in listed}) == 60
    assert all(synthetic.LEAST_COST <= plan.cost <= room.most[plan.theme] for plan in listed)
    assert {plan.theme for plan in listed} == set(room.most)


def test_a_plan_suits_its_theme_where_the_name_of_that_says_something() -> None:
    themes = {"Groen": 10**6, "Kunst en cultuur": 10**6, "Overig": 10**6}
    listed = synthetic.plans(4, 12, Room(10**7, themes))
    titles = [text[0] for text in synthetic.TEXTS["nl"]]
    kinds = {theme: {synthetic.KINDS[titles.index(p.title)] for p in listed if p.theme == theme} for theme in themes}
    assert kinds["Groen"] == {"green"}
    assert kinds["Kunst en cultuur"] == {"culture"}
    assert len(kinds["Overig"]) > 1


def test_every_text_has_a_kind_in_every_language() -> None:
    assert {len(texts) for texts in synthetic.TEXTS.values()} == {len(synthetic.KINDS)}
    assert set(synthetic.KINDS) == set(synthetic.ABOUT)


limits = st.none() | st.integers(1, 6)
theme_limits = st.builds(
    lambda low, more, money: {"min_length": low, "max_length": None if more is None else low + more, "money": money},
    st.integers(0, 3),
    st.none() | st.integers(0, 3),
    st.none() | st.integers(1, 5),
)


@st.composite
def designs(draw: st.DrawFn) -> Design:
    """A vote of any method with limits that don't clash, and themes with limits of their own."""
    budget = draw(st.integers(500, 400_000)) * 100
    themes = tuple(
        ThemeChoice(f"Thema {n}", None, one["min_length"], one["max_length"], one["money"] and budget // one["money"])
        for n, one in enumerate(draw(st.lists(theme_limits, max_size=4)))
    )
    values = {
        "money-budget": budget,
        "collect-max_plan_cost": draw(st.none() | st.integers(1, 10).map(lambda n: max(budget // n, 100))),
        "vote-voting_method": draw(st.sampled_from(["knapsack", "approval", "choose-1"])),
        "vote-min_length": draw(st.integers(0, 5)),
        "vote-max_length": draw(limits),
        "vote-blank_allowed": draw(st.booleans()),
    }
    design = Design({k: v for k, v in values.items() if v is not None}, themes, model.laid_out(["collect", "vote"]))
    try:
        return whole(design)
    except trials.NotPossible:
        return whole(replace(design, values={"money-budget": budget}, themes=()))


@given(designs(), st.integers(1, 10_000), st.sampled_from(synthetic.SHAPES))
def test_no_synthetic_ballot_is_ever_invalid(design: Design, seed: int, shape: Shape) -> None:
    process = trials.with_plans(design, seed, 12, shape)
    cast = votes(process, seed, 8, shape)  # looks at each of them
    if process.blank_allowed:
        assert len(cast) == 8


@given(designs(), st.integers(1, 10_000))
def test_every_wrong_ballot_is_one(design: Design, seed: int) -> None:
    process = trials.with_plans(design, seed, 12)
    for kind, chosen in synthetic.wrong_ballots(process).items():
        assert kind in {problem.kind for problem in ballots.problems_with(process, chosen)}


def test_the_same_seed_gives_the_same_people_and_another_gives_others() -> None:
    one, again, other = (synthetic.plans(seed, 30, CITY) for seed in (5, 5, 6))
    assert one == again != other
    appeals = [plan.appeal for plan in one]
    assert synthetic.residents(5, 40, appeals) == synthetic.residents(5, 40, appeals)
    assert synthetic.residents(5, 40, appeals) != synthetic.residents(6, 40, appeals)


def test_more_residents_are_the_same_ones_and_then_some() -> None:
    few, many = (synthetic.residents(1, number, [1.0] * 20) for number in (10, 50))
    assert many[:10] == few


def city() -> Process:
    values = {"money-budget": CITY.budget, "vote-voting_method": "approval"}
    return trials.with_plans(whole(Design(values, (), model.laid_out(["collect", "vote"]))), 2, 36)


def test_costs_are_spread_as_in_real_votes() -> None:
    listed = [synthetic.plans(seed, 36, CITY) for seed in range(20)]
    assert 2.4 < mean(sum(plan.cost for plan in plans) / CITY.budget for plans in listed) < 3.2
    assert max(plan.cost for plans in listed for plan in plans) <= synthetic.DEAREST * CITY.budget


def test_ballots_are_as_long_as_real_ones() -> None:
    lengths = [len(ballot) / 36 for ballot in votes(city(), 2, 500, "real") if ballot]
    assert mean(lengths) == pytest.approx(synthetic.LENGTH, rel=0.1)
    assert pstdev(lengths) / mean(lengths) == pytest.approx(synthetic.LENGTH_SPREAD, rel=0.2)


def test_a_few_plans_are_loved_and_most_are_not() -> None:
    counted = Counter(project_id for ballot in votes(city(), 2, 500, "real") for project_id in ballot)
    ranked = [number for _, number in counted.most_common()]
    assert 0.4 < ranked[0] / 500 < 0.8  # measured: 0.55
    assert 0.25 < ranked[len(ranked) // 2] / ranked[0] < 0.55  # measured: 0.41


def test_invented_votes_love_every_plan_the_same() -> None:
    values = {"money-budget": CITY.budget, "vote-voting_method": "approval"}
    design = whole(Design(values, (), model.laid_out(["collect", "vote"])))
    process = trials.with_plans(design, 2, 20, "invented")
    counted = Counter(project_id for ballot in votes(process, 2, 800, "invented") for project_id in ballot)
    assert min(counted.values()) > 0.8 * max(counted.values())


def test_dearer_plans_are_loved_a_little_less() -> None:
    found = [
        correlation([plan.cost for plan in plans], [plan.appeal for plan in plans])
        for plans in (synthetic.plans(seed, 36, CITY) for seed in range(60))
    ]
    assert -0.35 < mean(found) < 0


def test_there_are_as_many_plans_as_that_many_residents_think_of() -> None:
    assert [synthetic.number_of_plans(number) for number in (1, 50, 250, 1_000, 10**6)] == [8, 11, 24, 36, 36]


def test_names_and_addresses_are_of_nobody() -> None:
    people = synthetic.residents(1, 100, [1.0] * 9)
    assert len({one.email for one in people}) == 100
    assert all(one.email.endswith(".example") for one in people)
