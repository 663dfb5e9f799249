"""What may be shown of counts per group: attackers who know the rule, the total and the codes try to find a small one.

The worlds here are small enough to try them whole: every input there is, grouped by all that an attacker sees. If one
of a group of inputs gives somebody a count of 1 … 9, then among them it must have every count of 0 … 9 that the total
alone leaves it.
"""

import itertools
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.disclosure import FEWEST, MANY, Made, may_follow, most, rest_of, rounded, shown

Counts = tuple[int, ...]
SMALL = range(1, FEWEST)


def worlds(total: int, groups: int, issued: Sequence[int] | None = None) -> Iterator[Counts]:
    """Every way in which that many people can be of these groups."""
    highest = min(total, issued[-groups]) if issued else total
    if groups == 1:
        if total <= highest:
            yield (total,)
        return
    for first in range(highest + 1):
        for others in worlds(total - first, groups - 1, issued):
            yield (first, *others)


def published(counts: Counts, rest: int | None = None, issued: Sequence[int] | None = None) -> dict[int, int]:
    return shown(dict(enumerate(counts)), rest, dict(enumerate(issued)) if issued else None)


def found_out(every: Iterator[Counts], seen: Callable[[Counts], Hashable]) -> list[tuple[Hashable, int, set[int]]]:
    """What is seen, of which group, and which of its counts that excludes though the world does not."""
    alike: dict[Hashable, list[set[int]]] = {}
    possible: list[set[int]] = []
    for counts in every:
        possible = possible or [set() for _ in counts]
        alone = alike.setdefault(seen(counts), [set() for _ in counts])
        for group, count in enumerate(counts):
            alone[group].add(count)
            possible[group].add(count)
    return [
        (what, group, excluded)
        for what, counts_seen in alike.items()
        for group, there in enumerate(counts_seen)
        if there & set(SMALL) and (excluded := {count for count in possible[group] if count < FEWEST} - there)
    ]


def hashed(figures: Mapping[int, int]) -> Hashable:
    return tuple(sorted(figures.items()))


@pytest.mark.parametrize(("groups", "totals"), [(1, 40), (2, 70), (3, 45), (4, 34)])
@pytest.mark.parametrize("rest", [None, 0])
def test_in_every_small_world_no_group_below_ten_is_told_apart(groups: int, totals: int, rest: int | None) -> None:
    for total in range(totals):
        assert not found_out(worlds(total, groups), lambda counts: hashed(published(counts, rest))), total


def test_neither_where_five_groups_need_no_rest() -> None:
    """The first number of groups that are shown beside a hidden one: 19 ≤ S ≤ 26."""
    assert not found_out(worlds(29, 5), lambda counts: hashed(published(counts)))
    assert any(published(counts) for counts in worlds(29, 5))


ISSUED = [(25, 25, 25), (60, 50, 40), (80, 35, 20), (120, 40, 9), (33, 32, 31), (30, 30, 20, 9), (40, 25, 24, 12)]


@pytest.mark.parametrize("issued", ISSUED)
@pytest.mark.parametrize("rest", [None, 0])
def test_who_knows_the_codes_of_each_group_learns_no_more(issued: Counts, rest: int | None) -> None:
    for total in range(0, sum(issued) + 1, 1 if len(issued) == 3 else 3):
        every = worlds(total, len(issued), issued)
        assert not found_out(every, lambda counts: hashed(published(counts, rest, issued))), total


@pytest.mark.parametrize(("groups", "totals"), [(2, range(20, 66, 3)), (3, (40,))])
@pytest.mark.parametrize("rest", [None, 0])
def test_looking_on_two_days_tells_no_more(groups: int, totals: Sequence[int], rest: int | None) -> None:
    """Of the first day the total is known in tens, of the second exactly; nobody takes part back."""
    for total in totals:
        shown_of = {counts: published(counts, rest) for counts in all_below(total, groups)}
        by_first = defaultdict(list)
        for now in worlds(total, groups):
            for before in itertools.product(*(range(count + 1) for count in now)):
                by_first[rounded(sum(before))].append((*before, *now))

        def seen(both: Counts, shown_of: Mapping[Counts, Mapping[int, int]] = shown_of) -> Hashable:
            before, now = both[:groups], both[groups:]
            made, new = Made(rounded(sum(before)), shown_of[before]), shown_of[now]
            follows = may_follow([made] if made.total else [], dict(enumerate(now)), new, rest)
            return hashed(made.groups), hashed(new) if follows else None

        for first, pairs in by_first.items():
            assert not found_out(iter(pairs), seen), (total, first)


@pytest.mark.parametrize("issued", [(60, 50), (45, 30)])
@pytest.mark.parametrize("rest", [None, 0])
def test_neither_do_two_days_and_the_codes_together(issued: Counts, rest: int | None) -> None:
    codes = dict(enumerate(issued))
    for total in (44, 61):
        shown_of = {
            counts: published(counts, rest, issued)
            for each in range(total + 1)
            for counts in worlds(each, len(issued), issued)
        }
        by_first = defaultdict(list)
        for now in worlds(total, len(issued), issued):
            for before in itertools.product(*(range(count + 1) for count in now)):
                by_first[rounded(sum(before))].append((*before, *now))

        def seen(both: Counts, shown_of: Mapping[Counts, Mapping[int, int]] = shown_of) -> Hashable:
            before, now = both[:2], both[2:]
            made, new = Made(rounded(sum(before)), shown_of[before]), shown_of[now]
            follows = may_follow([made] if made.total else [], dict(enumerate(now)), new, rest, codes)
            return hashed(made.groups), hashed(new) if follows else ()  # the older ones stay: nobody sees why

        for first, pairs in by_first.items():
            assert not found_out(iter(pairs), seen), (total, first)


def all_below(total: int, groups: int) -> Iterator[Counts]:
    return itertools.chain.from_iterable(worlds(each, groups) for each in range(total + 1))


def test_without_the_second_day_s_rule_a_group_would_be_found_out() -> None:
    """Else the test above would prove nothing: 9 became 10 while only one vote came in."""
    before, now = (100, 100, 100, 100, 100, 9, 16), (100, 100, 100, 100, 100, 10, 16)
    made = Made(rounded(sum(before)), published(before))
    assert not may_follow([made], dict(enumerate(now)), published(now))


def test_subtracting_from_the_total_finds_nobody() -> None:
    """5.003 by the total, 5.000 of them shown: whoever is left are three at most, so nothing is shown."""
    assert shown({"online": 5_000, "paper": 3, "desk": 0, "helped": 0}) == {}
    assert shown({"online": 5_003, "paper": 3, "desk": 40, "helped": 0}, "online") == {"desk": 40}


def test_large_groups_are_all_shown_rounded_down() -> None:
    assert shown({"a": 19, "b": 20, "c": 4_321}) == {"a": 10, "b": 20, "c": 4_320}
    assert shown({"a": 190, "b": 205, "c": 4_321}, "c") == {"a": 190, "b": 200, "c": 4_320}


def test_the_whole_is_shown_as_tens_and_nothing_below() -> None:
    assert shown({"": 1_239}) == {"": 1_230}
    assert shown({"": 9}) == shown({}) == {}


def test_who_did_not_take_part_is_no_group_below_ten_either() -> None:
    """98 of 100 voted in the first: who lives there and didn't, must not be one of two."""
    counts, issued = {"a": 98, "b": 55, "c": 51}, {"a": 100, "b": 900, "c": 800}
    assert shown(counts, "b", issued)["a"] == 90 == most(100)
    assert most(19) == 0


def test_nearly_everybody_took_part_so_nothing_is_shown() -> None:
    assert shown({"a": 95, "b": 96}, "a", {"a": 100, "b": 100}) == {}


def test_the_rest_depends_on_codes_alone() -> None:
    assert rest_of({"a": 100, "b": 300, "c": 300}) == "b"
    assert rest_of({str(n): n for n in range(MANY)}) is None


numbers = st.lists(st.one_of(st.integers(0, 30), st.integers(0, 3_000)), min_size=1, max_size=60)


@given(numbers, st.data())
def test_an_attack_by_intervals_leaves_every_small_count_open(counts: list[int], data: st.DataObject) -> None:
    """In large worlds: what the figures say of each group, added up to the exact total."""
    rest = data.draw(st.one_of(st.none(), st.integers(0, len(counts) - 1)))
    issued = data.draw(st.one_of(st.none(), st.just([count + data.draw(st.integers(0, 4_000)) for count in counts])))
    figures = published(tuple(counts), rest, issued)
    assert all(figure >= FEWEST and figure % FEWEST == 0 for figure in figures.values())
    assert all(counts[group] >= figure for group, figure in figures.items())
    total = sum(counts)
    for group, count in enumerate(counts):
        if issued and len(counts) > 1 and group in figures:
            assert issued[group] - figures[group] >= FEWEST
        if count in SMALL and figures and len(counts) > 1:
            low, high = bounds(group, total, len(counts), figures, rest, issued)
            assert low == 0
            assert high >= min(FEWEST - 1, issued[group] if issued else total)


def bounds(
    group: int, total: int, number: int, figures: Mapping[int, int], rest: int | None, issued: Any
) -> tuple[int, int]:
    """Between which numbers the group lies, for who knows the total, the figures and the codes."""
    lows, highs = [], []
    for each in range(number):
        if each == group:
            continue
        codes = issued[each] if issued else total
        low = figures.get(each, 0)
        capped = issued is not None and low == most(codes)
        hidden_rest = each == rest and each not in figures
        lows.append(low)
        highs.append(codes if capped or hidden_rest else min(codes, low + FEWEST - 1))
    return max(0, total - sum(highs)), total - sum(lows)


@given(numbers, st.data())
def test_two_days_of_large_worlds_leave_every_small_count_open(first: list[int], data: st.DataObject) -> None:
    """Whoever knew the total exactly on both days can't tell what a group had that came in sight."""
    second = [count + data.draw(st.integers(0, 60)) for count in first]
    rest = data.draw(st.one_of(st.none(), st.integers(0, len(first) - 1)))
    made = Made(rounded(sum(first)), published(tuple(first), rest))
    new = published(tuple(second), rest)
    if len(first) < 2 or not made.groups or not new or not may_follow([made], dict(enumerate(second)), new, rest):
        return
    for group, count in enumerate(first):
        if count in SMALL and group not in made.groups and group != rest:
            assert from_zero_by_flow(group, first, second, made.groups, new, rest)


@given(numbers, st.data())
def test_looking_on_many_days_leaves_every_small_count_open(first: list[int], data: st.DataObject) -> None:
    """Each pair of days that were shown, also with days in between on which the older figures stayed."""
    rest = data.draw(st.one_of(st.none(), st.integers(0, len(first) - 1)))
    days, before, told = [first], [], []
    for _ in range(data.draw(st.integers(2, 4))):
        days.append([count + data.draw(st.integers(0, 40)) for count in days[-1]])
    for counts in days:
        groups = published(tuple(counts), rest)
        if may_follow(before, dict(enumerate(counts)), groups, rest):
            before.append(Made(rounded(sum(counts)), groups))
            told += [(counts, groups)] if groups and len(first) > 1 else []
    for (early, had), (late, has) in itertools.combinations(told, 2):
        for group, count in enumerate(early):
            if count in SMALL and group not in had and group != rest:
                assert from_zero_by_flow(group, early, late, had, has, rest)


def from_zero_by_flow(
    group: int, first: list[int], second: list[int], before: Mapping[int, int], now: Mapping[int, int], rest: int | None
) -> bool:
    """Some other two days with the same figures and totals give this group 0 on the first. Looked for greedily: as
    much as fits on the first day in groups that rose, then in those that didn't, which bound the second."""
    total_before, total_now = sum(first), sum(second)
    own = now.get(group, 0)
    most_before, bound, least_now = 0, 0, own
    for each in range(len(first)):
        if each == group:
            continue
        high = before.get(each, 0) + FEWEST - 1
        low_now, high_now = now.get(each, 0), now.get(each, 0) + FEWEST - 1
        if each == rest and each not in before:
            high = total_before
        if each == rest and each not in now:
            high_now = total_now
        least_now += low_now
        # What it has now in any case, it may have had before; beyond that, it had no more than it has.
        most_before += min(high, low_now)
        bound += min(high, high_now) - min(high, low_now)
    room_now = total_now - least_now
    return total_before <= most_before + min(bound, room_now)
