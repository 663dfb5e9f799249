"""The counting rules: what each decides, and what holds for every vote."""

from dataclasses import replace
from decimal import Decimal
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.counting import Project, Rule, RuleNotBuilt, Vote, count, mentions, named, scores, shortfall

TREES, SWING, BENCH, MURAL = (
    Project("trees", 60, ("green",)),
    Project("swing", 50, ("play",)),
    Project("bench", 30, ("green",)),
    Project("mural", 10, ("art",)),
)
PLANS = [TREES, SWING, BENCH, MURAL]
VOTES = {"trees": 40, "swing": 30, "bench": 20, "mural": 10}


def winners(rule: Rule, budget: int = 100, votes: dict[str, int] | None = None) -> tuple[str, ...]:
    return count(PLANS, votes or VOTES, budget, rule).selected


def kinds(rule: Rule, budget: int = 100) -> dict[str, str]:
    return {step.project_id: step.kind for step in count(PLANS, VOTES, budget, rule).steps}


def test_greedy_skips_what_does_not_fit_and_goes_on():
    assert winners(Rule()) == ("trees", "bench", "mural")


def test_stop_ends_at_the_first_plan_that_does_not_fit():
    assert winners(Rule(overflow="stop")) == ("trees",)
    assert kinds(Rule(overflow="stop"))["mural"] == "stopped"


def test_partial_gives_the_next_plan_what_is_left():
    outcome = count(PLANS, VOTES, 100, Rule(overflow="partial"))
    assert (outcome.selected, outcome.partial, outcome.spent) == (("trees",), {"swing": 40}, 100)


def test_nothing_left_is_no_part():
    outcome = count(PLANS, VOTES, 60, Rule(overflow="partial"))
    assert (outcome.selected, dict(outcome.partial)) == (("trees",), {})


def test_the_minimum_score_itself_is_enough():
    assert winners(Rule(min_score=20)) == ("trees", "bench")
    assert kinds(Rule(min_score=20))["mural"] == "below minimum"


def test_of_an_exclusive_pair_the_one_with_most_votes_wins():
    rule = Rule(exclusive=(("bench", "trees"),))
    steps = {step.project_id: step for step in count(PLANS, VOTES, 1000, rule).steps}
    assert steps["bench"].kind == "excluded"
    assert steps["bench"].rival == "trees"
    assert winners(rule, votes={**VOTES, "bench": 50}) == ("bench", "swing", "mural")


def test_a_loser_excludes_nobody():
    assert winners(Rule(exclusive=(("swing", "bench"),))) == ("trees", "bench", "mural")


def test_a_theme_spends_no_more_than_its_budget():
    rule = Rule(category_budgets={"green": 80})
    step = next(step for step in count(PLANS, VOTES, 1000, rule).steps if step.project_id == "bench")
    assert (step.kind, step.left, step.budget, step.budget_name) == ("too expensive", 20, "category", "green")
    assert winners(rule, budget=1000) == ("trees", "swing", "mural")


def test_with_theme_budgets_a_stop_ends_only_that_theme():
    plans = [*PLANS, Project("hedge", 5, ("green",))]
    rule = Rule(overflow="stop", category_budgets={"green": 80})
    assert count(plans, {**VOTES, "hedge": 1}, 1000, rule).selected == ("trees", "swing", "mural")


def test_the_second_round_spends_what_is_left_whatever_the_theme():
    rule = Rule(overflow="stop", leftover="fund", category_budgets={"green": 80})
    outcome = count(PLANS, VOTES, 1000, rule)
    assert outcome.selected == ("trees", "swing", "mural", "bench")
    assert [step.project_id for step in outcome.steps if step.round == 2] == ["bench"]


def test_a_plan_of_two_neighbourhoods_is_paid_from_both():
    bridge = Project("bridge", 70, neighborhoods=("north", "south"))
    rule = Rule(neighborhood_budgets={"north": 100, "south": 60})
    (step,) = count([bridge], {"bridge": 1}, 1000, rule).steps
    assert (step.kind, step.left, step.budget_name) == ("too expensive", 60, "south")


def test_who_withdrew_stays_in_the_list_and_stops_nobody():
    plans = [replace(TREES, withdrawn=True, cost=999), SWING, BENCH, MURAL]
    outcome = count(plans, VOTES, 100, Rule(overflow="stop"))
    assert outcome.selected == ("swing", "bench", "mural")
    assert outcome.steps[0].kind == "withdrawn"


def test_a_step_tells_what_was_left_before_and_after():
    first, second, *_ = count(PLANS, VOTES, 100, Rule()).steps
    assert (first.left, first.granted, first.remaining) == (100, 60, 40)
    assert (second.kind, second.left, second.remaining) == ("too expensive", 40, 40)


def test_equal_scores_are_considered_cheapest_first():
    outcome = count([TREES, SWING], {"trees": 5, "swing": 5}, 100, Rule())
    assert outcome.selected == ("swing",)
    assert [(tie.project_ids, tie.broken_by) for tie in outcome.ties] == [(("swing", "trees"), "cost")]


def test_equal_scores_and_costs_are_drawn_by_a_lot_anyone_can_check():
    plans = [Project(name, 60) for name in ("a", "b", "c")]
    outcome = count(plans, dict.fromkeys("abc", 5), 100, Rule(seed="1 May"))
    drawn = min("abc", key=lambda name: sha256(f"1 May{name}".encode()).digest())
    assert outcome.selected == (drawn,)
    assert [tie.broken_by for tie in outcome.ties] == ["lot"]


def test_a_tie_that_changes_nothing_is_not_reported():
    assert count([TREES, SWING], {"trees": 5, "swing": 5}, 110, Rule()).ties == ()
    assert count([TREES, SWING], {"trees": 5, "swing": 5}, 10, Rule()).ties == ()


def test_listed_ties_follow_the_list():
    rule = Rule(ties="listed")
    outcome = count([TREES, SWING], {"trees": 5, "swing": 5}, 100, rule)
    assert outcome.selected == ("trees",)
    assert [tie.broken_by for tie in outcome.ties] == ["list"]


def test_no_seed_favours_a_plan():
    """Over many seeds each of four equal plans wins about as often: 400 draws, 4 standard deviations."""
    plans = [Project(name, 60) for name in "abcd"]
    rules = (Rule(seed=str(number)) for number in range(400))
    drawn = [count(plans, dict.fromkeys("abcd", 1), 60, rule).selected[0] for rule in rules]
    assert all(abs(drawn.count(name) - 100) < 4 * (400 * 0.25 * 0.75) ** 0.5 for name in "abcd")


def test_a_rule_that_is_not_built_says_so():
    for ask in (lambda rule: count(PLANS, VOTES, 100, rule), lambda rule: named(rule.name, Rule())):
        with pytest.raises(RuleNotBuilt, match="equalshares/add1"):
            ask(Rule(name="equalshares/add1"))


def test_a_rule_by_name_keeps_of_a_file_what_its_name_says():
    base = Rule(min_score=5, category_budgets={"green": 1}, exclusive=(("a", "b"),), seed="s")
    assert named("greedy", base) == Rule(seed="s")
    above = Rule(name="greedy-threshold", min_score=5, seed="s")
    assert named("greedy-threshold", base) == above
    assert named("greedy-no-skip", base) == replace(above, name="greedy-no-skip", overflow="stop")
    assert named("greedy-exclusive", base).exclusive == (("a", "b"),)
    assert named("greedy-custom", base) == replace(base, name="greedy-custom")


# ── scores ──


def test_approval_counts_ballots():
    ballots = [Vote(("a", "b")), Vote(("b",)), Vote(())]
    for vote_type in ("approval", "choose-1"):
        assert scores(vote_type, ballots, "abc") == {"a": 1, "b": 2, "c": 0}


def test_ordinal_counts_by_borda_over_the_ballot():
    assert scores("ordinal", [Vote(("a", "b", "c")), Vote(("b",))], "abc") == {"a": 3, "b": 3, "c": 1}


def test_points_count_as_given():
    ballots = [Vote(("a", "b"), (7, Decimal("0.5"))), Vote(("b",), (3,))]
    for vote_type in ("ordinal", "cumulative", "scoring"):
        assert scores(vote_type, ballots, "ab") == {"a": 7, "b": Decimal("3.5")}
    assert mentions(ballots, "ab") == {"a": 1, "b": 2}


def test_an_unknown_vote_type_is_refused():
    with pytest.raises(ValueError, match="telepathy"):
        scores("telepathy", [], [])


# ── what holds for every vote ──

THEMES, AREAS = ("green", "play"), ("north", "south")
amounts = st.integers(1, 60)


@st.composite
def counts(draw, ties=("cheapest",)):
    """A vote with everything in it: small numbers, so that ties, exact fits and misses abound."""
    plans = [
        Project(
            f"p{number}",
            draw(amounts),
            tuple(draw(st.sets(st.sampled_from(THEMES)))),
            tuple(draw(st.sets(st.sampled_from(AREAS)))),
            draw(st.integers(0, 9)) == 0,
        )
        for number in range(draw(st.integers(1, 7)))
    ]
    ids = st.sampled_from([plan.project_id for plan in plans])
    rule = Rule(
        overflow=draw(st.sampled_from(["skip", "stop", "partial"])),
        leftover=draw(st.sampled_from(["keep", "fund"])),
        min_score=draw(st.integers(0, 3)),
        category_budgets=draw(st.dictionaries(st.sampled_from(THEMES), amounts)),
        neighborhood_budgets=draw(st.dictionaries(st.sampled_from(AREAS), amounts)),
        exclusive=tuple(pair for pair in draw(st.lists(st.tuples(ids, ids), max_size=3)) if len(set(pair)) == 2),
        ties=draw(st.sampled_from(ties)),
        seed=draw(st.text(max_size=3)),
    )
    votes = {plan.project_id: draw(st.integers(0, 8)) for plan in plans}
    return plans, votes, draw(st.integers(0, 150)), rule


def spent_on(outcome, plans, attribute, name):
    granted = {step.project_id: step.granted for step in outcome.steps if step.round == 1 and step.granted}
    return sum(granted.get(plan.project_id, 0) for plan in plans if name in getattr(plan, attribute))


@given(counts(ties=("cheapest", "lot", "listed")))
def test_no_budget_is_ever_exceeded_and_every_cent_is_accounted_for(given_count):
    plans, _, budget, rule = given_count
    outcome = count(*given_count)
    costs = {plan.project_id: plan.cost for plan in plans}
    wholly = sum(costs[one] for one in outcome.selected)
    assert outcome.spent == wholly + sum(outcome.partial.values()) <= budget
    assert not set(outcome.selected) & set(outcome.partial)
    assert all(0 < part < costs[one] for one, part in outcome.partial.items())
    for name, amount in rule.category_budgets.items():
        assert spent_on(outcome, plans, "categories", name) <= amount
    for name, amount in rule.neighborhood_budgets.items():
        assert spent_on(outcome, plans, "neighborhoods", name) <= amount


@given(counts())
def test_nobody_wins_who_may_not(given_count):
    plans, votes, _, rule = given_count
    outcome = count(*given_count)
    won = {*outcome.selected, *outcome.partial}
    assert not won & {plan.project_id for plan in plans if plan.withdrawn}
    assert all(votes[one] >= rule.min_score for one in won)
    assert not any({one, other} <= set(outcome.selected) for one, other in rule.exclusive)


@given(counts(), st.randoms())
def test_the_order_of_the_list_decides_nothing(given_count, random):
    plans, votes, budget, rule = given_count
    shuffled = random.sample(plans, len(plans))
    assert count(shuffled, votes, budget, rule) == count(plans, votes, budget, rule)


@given(counts())
def test_every_plan_has_its_step(given_count):
    plans, *_ = given_count
    first_round = [step.project_id for step in count(*given_count).steps if step.round == 1]
    assert sorted(first_round) == sorted(plan.project_id for plan in plans)


@given(counts())
def test_where_no_tie_is_reported_no_seed_and_no_order_changes_the_result(given_count):
    plans, votes, budget, rule = given_count
    outcome = count(plans, votes, budget, rule)
    if outcome.ties:
        return
    for other in (replace(rule, seed="another"), replace(rule, ties="listed")):
        for order in (plans, plans[::-1]):
            again = count(order, votes, budget, other)
            assert set(again.selected) == set(outcome.selected)
            assert again.partial == outcome.partial


@given(
    st.lists(st.lists(st.sampled_from("abcd"), unique=True).map(tuple), max_size=20),
    st.sampled_from(["approval", "ordinal"]),
    st.randoms(),
)
def test_votes_in_are_votes_counted_in_any_order(ballots, vote_type, random):
    votes = [Vote(ballot) for ballot in ballots]
    counted = scores(vote_type, votes, "abcd")
    in_all = {"approval": lambda length: length, "ordinal": lambda length: length * (length + 1) // 2}
    assert sum(counted.values()) == sum(in_all[vote_type](len(ballot)) for ballot in ballots)
    assert sum(mentions(votes, "abcd").values()) == sum(map(len, ballots))
    assert counted == scores(vote_type, random.sample(votes, len(votes)), "dcba")


# ── by how much it missed ──


def funds(plan, given_count, extra=0, cost=None):
    plans, votes, budget, rule = given_count
    changed = [replace(one, cost=cost) if cost and one is plan else one for one in plans]
    more = {**votes, plan.project_id: votes[plan.project_id] + extra}
    return plan.project_id in count(changed, more, budget, rule).selected


@given(counts(ties=("cheapest", "lot", "listed")))
def test_the_shortfall_is_what_trying_every_number_finds(given_count):
    plans, *_ = given_count
    for plan in plans:
        missed = shortfall(plan.project_id, *given_count)
        if funds(plan, given_count):
            assert (missed.extra_votes, missed.lower_cost) == (0, plan.cost)
            continue
        enough = (extra for extra in range(1, 12) if funds(plan, given_count, extra=extra))
        assert missed.extra_votes == next(enough, None)
        cheap = (cost for cost in range(plan.cost - 1, 0, -1) if funds(plan, given_count, cost=cost))
        assert missed.lower_cost == next(cheap, None)


def test_the_shortfall_in_plain_words():
    assert shortfall("swing", PLANS, VOTES, 100, Rule()).extra_votes == 10
    assert shortfall("swing", PLANS, VOTES, 100, Rule()).lower_cost == 40
    assert shortfall("trees", PLANS, VOTES, 50, Rule()).extra_votes is None


def test_the_shortfall_of_a_file_in_euros_steps_by_the_cent():
    plans = [Project("a", Decimal("60.25")), Project("b", Decimal("50.10"))]
    assert shortfall("b", plans, {"a": 2, "b": 1}, 100, Rule()).lower_cost == Decimal("39.75")
    assert shortfall("b", plans, {"a": 2, "b": 1}, 100, Rule(), unit=1).lower_cost == 39


def test_half_points_are_made_up_in_whole_ones():
    assert shortfall("swing", PLANS, {**VOTES, "swing": Decimal("39.5")}, 100, Rule()).extra_votes == 1
