"""What may be shown of counts per group (statistical disclosure control), as pure functions over counts.

**The promise.** Who knows the exact total (the result publishes it), the number of codes issued to each group, this
rule, and all that was shown, still can't tell a group below ten apart: whatever number from 0 to 9 its true count is,
each number from 0 to 9 that the total and the codes alone leave possible remains possible. The same holds for those
who did *not* take part, and for looking twice.

**The rule.** Counts are rounded down to tens; a group below ten has no figure at all. That alone is not enough: an
exact total minus what is shown leaves S, the sum of all that was rounded off or left out, each at least 0 and at most
9. With S = 3 nobody was left out by more than 3; with S = 9n everybody was by 9. So the groups of a dimension are shown
together or not at all, and only if 19 ≤ S ≤ 9n - 19. Between 9 and 9n - 9 any one part can be 0 … 9 while the others
make up for it. The ten more on both sides are for who knows this rule: that nothing is shown says S is at an end, and
as S is known but for its tens, an end of 18 wide always holds a second S, ten further, with which any part can be
0 … 9 again. (Suppressing just as much as today's numbers need would tell what they are: the “minimality attack”.)

Few groups seldom have such an S. Those have a **rest**: one group, chosen without looking at the counts (the largest
by codes issued; online; who gave no answer), which is left out so that it can make up for anything. Then S is the
total minus what is shown of the others, W the most that was rounded off of these, and they are shown if 19 ≤ S ≤ W
or W + 10 ≤ S: in between, the rest itself might be cornered. Where no other group is hidden and the rest is surely ten
or more, it is shown too.

Codes issued bound a count from above. What is shown stays ten below them, so that who did not take part is ten or
nobody's business; a group with fewer than twenty codes is never shown; and where the total and the codes alone say
much (nearly everyone took part), nothing is shown.

**Looking twice.** Figures are made at most once a day, and not before the total grew by twenty. A group that was
hidden appears only if it can have come from zero: with a groups that rose in between, if S before is at most 9(a - 1)
above S now; and where nothing at all was shown before, if what it has now fits in the growth of the total, or exceeds
it by so much that it was ten or more already. Else the older figures stay, as they are.

Larger areas are the sum of what their parts show, so they tell nothing more. Dimensions (area, channel, age) have no
table in common, so their totals are all that ties them together.

Sources: Hundepool and others, Statistical Disclosure Control (2012), on rounding and secondary suppression; Wong, Fu,
Wang and Pei, Minimality attack in privacy preserving data publishing (VLDB 2007); Kenthapadi, Mishra and Nissim,
Simulatable auditing (PODS 2005): what is held back must not depend on what it would give away.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

Key = TypeVar("Key", bound=Hashable)

FEWEST = 10  # what may be shown of: people who did, and people who didn't
MARGIN = 19  # ten for one part, and nine for who knows the rule
MANY = 10  # groups that need no rest: S lies at an end of its range in one case of two hundred
GROWTH = 20  # what the total, rounded down, must have grown by before figures are made anew
ENDLESS = 1 << 60


@dataclass(frozen=True, slots=True)
class Part:
    """One group: what could be shown of it, and how much more than that it may be."""

    figure: int
    room: int


def rounded(count: int) -> int:
    """Down to tens."""
    return count // FEWEST * FEWEST


def most(issued: int) -> int:
    """The most that is shown of a group with that many codes: ten below, in tens."""
    return max(0, rounded(issued) - FEWEST)


def part(count: int, issued: int | None) -> Part:
    if issued is None:
        return Part(rounded(count), FEWEST - 1)
    figure = min(rounded(count), most(issued))
    return Part(figure, issued - figure if figure == most(issued) else FEWEST - 1)


def rest_of(issued: Mapping[Key, int]) -> Key | None:
    """The group that makes up for the others: the one with most codes where there are few groups, else none."""
    return max(sorted(issued, key=str), key=lambda key: issued[key]) if len(issued) < MANY else None


def shown(
    counts: Mapping[Key, int], rest: Key | None = None, issued: Mapping[Key, int] | None = None
) -> dict[Key, int]:
    """What may be shown of each group, in tens; a group that isn't in it is below ten, or can't be told apart.

    `counts` has every group, also those of zero, and adds up to the total that is known. `rest` and `issued` don't
    depend on the counts; `issued` has every group too, and counts stay within it.
    """
    if len(counts) < 2:
        return {key: figure for key, count in counts.items() if (figure := rounded(count))}
    total = sum(counts.values())
    if issued is not None and not open_to_all(total, issued):
        return {}
    parts = {key: part(count, issued[key] if issued else None) for key, count in counts.items()}
    if rest is None:
        return all_or_nothing(total, parts)
    return beside(total, parts, rest, ENDLESS if issued is None else issued[rest])


def open_to_all(total: int, issued: Mapping[Any, int]) -> bool:
    """Total and codes alone leave it open how many of each group took part, or make it certainly ten or more."""
    codes, apart = sum(issued.values()), sum(room_in(number) for number in issued.values())
    return all(total <= apart - room_in(number) or total >= codes - number + FEWEST for number in issued.values())


def room_in(issued: int) -> int:
    return max(0, rounded(issued) - 2 * FEWEST)


def all_or_nothing(total: int, parts: Mapping[Key, Part]) -> dict[Key, int]:
    left = total - sum(each.figure for each in parts.values())
    hidden = [each.room for each in parts.values() if not each.figure]
    highest = sum(each.room for each in parts.values()) - max(hidden, default=0) - FEWEST
    if hidden and not MARGIN <= left <= highest:
        return {}
    return figures(parts)


def beside(total: int, parts: Mapping[Key, Part], rest: Key, issued: int) -> dict[Key, int]:
    others = {key: each for key, each in parts.items() if key != rest}
    left = total - sum(each.figure for each in others.values())
    width = sum(each.room for each in others.values())
    surely_ten = left >= width + FEWEST
    if not (MARGIN <= left <= width or (surely_ten and left <= issued - FEWEST)):
        return {}
    nobody_hidden = all(each.figure for each in others.values())
    return figures(parts if surely_ten and nobody_hidden else others)


def figures(parts: Mapping[Key, Part]) -> dict[Key, int]:
    return {key: each.figure for key, each in parts.items() if each.figure}


@dataclass(frozen=True, slots=True)
class Made:
    """Figures of a dimension as they were shown: of the groups, and of the total, rounded down."""

    total: int
    groups: Mapping[Any, int]


def may_follow(
    before: Sequence[Made],
    counts: Mapping[Any, int],
    groups: Mapping[Any, int],
    rest: Any = None,
    issued: Mapping[Any, int] | None = None,
) -> bool:
    """Whether these may be shown after all that was, the last of which stands at the end.

    `groups` is what `shown` made of these counts, this rest and these codes, which are the same every time. Of earlier
    totals only the tens were told, but whoever knew all of it may not learn anything either.
    """
    total = sum(counts.values())
    if abs(rounded(total) - (before[-1].total if before else 0)) < GROWTH:
        return False
    at_least = [(figure, reach(figure, issued[key] if issued else None)) for key, figure in groups.items()]
    if rest in counts and rest not in groups and groups:
        left, others = total - sum(groups.values()), len(counts) - 1
        at_least.append((left - 2 * FEWEST * others, left - (FEWEST - 1) * others))
    return all(from_zero(each, total, len(counts), groups, at_least, rest) for each in before)


def reach(figure: int, issued: int | None) -> int:
    """The figure, and how much more than nine a group may be that is held ten below its codes: the others have so much
    less, and may have had no more before."""
    return figure if issued is None or figure < most(issued) else max(figure, issued - FEWEST + 1)


def from_zero(
    before: Made,
    total: int,
    number: int,
    groups: Mapping[Any, int],
    at_least: Sequence[tuple[int, int]],
    rest: Any,
) -> bool:
    """Every group that may have been below ten then, may have been any number below ten.

    `number`: of groups. `at_least`: between which numbers lies what each group certainly has now.
    """
    slowest, fastest = total - before.total - FEWEST + 1, total - before.total
    if not before.groups:
        return all(high <= slowest or low >= fastest + FEWEST for low, high in at_least)
    if not groups.keys() - before.groups.keys() - {rest}:
        return True
    rose = sum(figure > before.groups.get(key, 0) for key, figure in groups.items() if key != rest)
    left_before = before.total + FEWEST - 1 - summed(before.groups, rest)
    left_now = total - summed(groups, rest)
    if rest in groups:  # it isn't more than it shows, so it can't have made up for more
        left_now = min(left_now, groups[rest] + (FEWEST - 1) * (number - rose))
    return left_before - left_now <= (FEWEST - 1) * (rose - 1)


def summed(groups: Mapping[Any, int], rest: Any) -> int:
    return sum(figure for key, figure in groups.items() if key != rest)
