"""Plans in the orders in which they are shown: no plan profits from its place, none is missed or shown twice."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.plans import AMOUNTS, PAGE, SHUFFLES, SORTS, Plan, Theme, matching, ordered, page_of, shuffled
from domain.search import fold

GREEN, STREET = Theme(1, "Groen"), Theme(2, "Straat")


def plan(id_: int, title: str = "Plan", cost: int = 1_000_00, themes: tuple[Theme, ...] = ()) -> Plan:
    return Plan(id_, str(id_), title, cost, themes, sorts_as=fold(title))


MANY = [plan(n, f"Plan {n}", n * 100_00) for n in range(1, 61)]
plans = st.lists(st.integers(1, 500), unique=True, max_size=80).map(lambda ids: [plan(id_) for id_ in ids])
shuffles = st.integers(0, SHUFFLES - 1)


@given(plans, shuffles, st.sampled_from(["", *SORTS]))
def test_paging_never_repeats_or_misses_a_plan(plans, shuffle, sort):
    order = ordered(plans, sort, shuffle)
    _, pages = page_of(order, 1)
    shown = [plan for page in range(1, pages + 1) for plan in page_of(order, page)[0]]
    assert shown == order
    assert Counter(shown) == Counter(plans)
    assert all(len(page_of(order, page)[0]) == PAGE for page in range(1, pages))


@pytest.mark.parametrize("page", [0, -1, 4])
def test_there_is_no_page_before_the_first_or_past_the_last(page):
    with pytest.raises(IndexError):
        page_of(MANY, page)


@given(plans, shuffles, st.data())
def test_a_plan_that_goes_moves_no_other(plans, shuffle, data):
    gone = data.draw(st.sampled_from(plans)) if plans else None
    left = [plan for plan in shuffled(plans, shuffle) if plan != gone]
    assert left == shuffled([plan for plan in plans if plan != gone], shuffle)


def test_every_visitor_keeps_one_order_and_the_orders_differ():
    orders = [tuple(plan.id for plan in shuffled(MANY, shuffle)) for shuffle in range(SHUFFLES)]
    assert len(set(orders)) == SHUFFLES
    assert orders[3] == tuple(plan.id for plan in shuffled(reversed(MANY), 3))


def test_no_plan_profits_from_its_place():
    """Over the 32 orders the mean place of every plan lies around the middle; one that led every order would have 0."""
    places: Counter[int] = Counter()
    for shuffle in range(SHUFFLES):
        for place, one in enumerate(shuffled(MANY, shuffle)):
            places[one.id] += place
    means = [total / SHUFFLES for total in places.values()]
    assert min(means) > 16
    assert max(means) < 43


def test_sorting_follows_amount_or_title_without_regard_to_accents():
    named = [plan(1, "Zwembad", 3_00), plan(2, "Éénhoorn", 1_00), plan(3, "eendenvijver", 2_00)]
    assert [one.id for one in ordered(named, "title", 0)] == [3, 2, 1]
    assert [one.id for one in ordered(named, "cost", 0)] == [2, 3, 1]
    assert [one.id for one in ordered(named, "-cost", 0)] == [1, 3, 2]


def test_filters_on_theme_and_amount_go_together():
    named = [plan(1, cost=500_00, themes=(GREEN,)), plan(2, cost=500_00, themes=(STREET, GREEN)), plan(3, cost=900_00)]
    named.append(replace(named[0], id=4, cost=1_500_00))
    assert [one.id for one in matching(named, GREEN.id, "0-1000")] == [1, 2]
    assert [one.id for one in matching(named, STREET.id, "")] == [2]
    assert [one.id for one in matching(named, None, "1000-5000")] == [4]
    assert len(matching(named, None, "onzin")) == 4


@given(st.integers(0, 100_000_00))
def test_every_amount_has_a_filter_that_finds_it(cost):
    found = [value for value, _, _ in AMOUNTS if matching([plan(1, cost=cost)], None, value)]
    assert found


def test_the_ends_of_the_amounts_meet():
    assert all(one[2] == other[1] for one, other in pairwise(AMOUNTS))
