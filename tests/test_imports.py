"""A process made of a Pabulib file: every real one comes in and counts as it says, or is refused with the reason."""

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from domain import ballots, imports, processes, receipts, results, roll
from domain.ballots import Closed, Outcome
from domain.counting import Rule, RuleNotBuilt, Vote, count
from domain.database import Database
from domain.imports import FOUR_WEEKS, Refused, import_instance
from domain.pabulib import Instance, Limits, Listed, read, recount
from domain.processes import Process
from tests.cast import AICHA, BRAM, NOW, insert_roll, reload
from tests.conftest import FILES
from tests.test_pabulib import NOT_BUILT

PROJECTS = (
    Listed("1", 600, ("Groen",), name="Bomen 🌳"),
    Listed("2", Decimal("30.50"), ("Spelen",), name="שכונה"),
    Listed("3", 500, withdrawn=True),
)
SMALL = Instance(
    budget=1_000,
    vote_type="approval",
    projects=PROJECTS,
    votes=(Vote(("1",)), Vote(("2", "1"))),
    meta={"description": "Café Bezuidenhout!", "unit": "Den Haag", "district": "Haagse Hout"},
    limits=Limits(max_length=2),
)


def imported(db: Database, instance: Instance, **options) -> Process:
    return reload(db, import_instance(db, instance, NOW, **options))


def rows(db: Database) -> dict[str, int]:
    return {name: db.table(name).count for name in db.table_names()}


# ── the real files ──


@dataclass(frozen=True)
class Real:
    name: str
    instance: Instance


@pytest.fixture(scope="module", params=[path.stem for path in FILES] or ["none at hand"])
def real(request, folder: Path) -> Real:
    """A file of the collection, read once for all tests below."""
    return Real(request.param, read((folder / f"{request.param}.pb").read_bytes()))


def test_a_real_file_comes_in_and_counts_as_it_says(db, real):
    instance = real.instance
    if real.name in NOT_BUILT:
        with pytest.raises(RuleNotBuilt, match="equalshares"):
            imported(db, instance)
        assert rows(db)["processes"] == 0
        return
    process = imported(db, instance)
    tally = results.tally(db, process)
    assert process.finished
    assert tally.votes == {project.project_id: project.votes for project in instance.projects}
    assert tally.scores == instance.scores()
    assert tally.ballots == len(instance.votes) + instance.blank
    outcome = count(results.projects(process), tally.scores, process.budget, process.rule)
    theirs = recount(instance)
    assert (list(outcome.selected), list(outcome.partial)) == (theirs["selected"], theirs["partial"])
    assert outcome.spent == Decimal(str(theirs["spent"])) * 100


BREAKS_ITS_OWN_LIMIT = {
    "Netherlands_Amsterdam_212": "theme_too_many",  # 1,189 of 3,834 ballots name more than 3 green plans
    "Netherlands_Amsterdam_332": "theme_too_expensive",  # 324 of 4,984 spend more than 67,583 on culture
    "Netherlands_Amsterdam_604": "theme_too_expensive",  # one, that names its plans twice
}
"""Files with official ballots beyond the limit that the same file states."""


def test_real_voters_could_have_voted_here(db, real):
    """Without its ballots the vote opens now, and what people really handed in is a valid ballot."""
    instance = real.instance
    if real.name in NOT_BUILT or imports.voting_method(instance) not in imports.VOTED_HERE:
        with pytest.raises((Refused, RuleNotBuilt)):
            imported(db, instance, without_ballots=True)
        return
    process = imported(db, instance, without_ballots=True)
    problems = {
        problem.kind
        for vote in set(instance.votes)
        for problem in ballots.problems_with(process, [process.by_project_id[id_] for id_ in vote.projects])
    }
    broken = BREAKS_ITS_OWN_LIMIT.get(real.name)
    assert problems == ({broken} if broken else set())


# ── a small one ──


def test_plans_themes_limits_and_area_come_along(db):
    process = imported(db, SMALL)
    assert (process.name, process.slug, process.budget) == ("Café Bezuidenhout!", "cafe-bezuidenhout", 100_000)
    assert (process.municipality, process.area) == ("Den Haag", "Haagse Hout")
    assert [(plan.title, plan.cost) for plan in process.on_ballot] == [("Bomen 🌳", 60_000), ("שכונה", 3_050)]
    assert process.by_project_id["3"].withdrawn
    assert (process.method, process.limits.max_length) == ("approval", 2)


def test_a_limit_in_money_makes_it_knapsack(db):
    process = imported(db, replace(SMALL, limits=Limits(max_sum_cost=Decimal("999.99"))))
    assert (process.method, process.limits.max_sum_cost) == ("knapsack", 99_999)


def test_its_ballots_lie_in_the_order_of_random_keys_and_have_no_receipts(db):
    many = replace(SMALL, votes=tuple(Vote((str(1 + n // 100),)) for n in range(200)))
    process = imported(db, many)
    order = [vote.projects[0] for vote in results.votes(db, process)]
    assert sorted(order) == ["1"] * 100 + ["2"] * 100
    assert order != sorted(order)
    assert receipts.published(db, process.id) == []
    assert roll.turnout(db, process.id).issued == 0


def test_blank_ballots_come_along(db):
    tally = results.tally(db, imported(db, replace(SMALL, blank=3)))
    assert (tally.ballots, tally.blank) == (5, 3)


def test_without_ballots_voting_is_open_from_now_for_four_weeks(db, secret, hand_in):
    process = imported(db, SMALL, without_ballots=True)
    insert_roll(db, secret, process.id, (AICHA,))
    assert ballots.number(db, process.id) == 0
    assert process.lot_seed
    assert hand_in(process, AICHA, "1", now=NOW + FOUR_WEEKS - timedelta(seconds=1)) is Outcome.COUNTED
    with pytest.raises(Closed):
        hand_in(process, AICHA, "1", now=NOW + FOUR_WEEKS, receipt=BRAM.receipt)


def test_the_same_file_twice_makes_two_processes(db):
    assert [imported(db, SMALL).slug, imported(db, SMALL).slug] == ["cafe-bezuidenhout", "cafe-bezuidenhout-2"]


def test_a_slug_of_ones_own(db):
    assert imported(db, SMALL, slug="bezuidenhout-2026").slug == "bezuidenhout-2026"


@pytest.mark.parametrize("slug", ["plannen", "static", "beheer", "bezuidenhout"])
def test_a_slug_in_use_or_of_a_page_of_ours_is_refused(db, process, slug):
    before = rows(db)
    with pytest.raises(Refused, match=f"“{slug}” is in use"):
        imported(db, SMALL, slug=slug)
    assert rows(db) == before


def test_a_name_that_would_hide_a_page_of_ours_gets_another_slug(db):
    assert imported(db, replace(SMALL, meta={"description": "Plannen"})).slug == "plannen-2"


BAD = {
    "half a cent": (replace(SMALL, budget=Decimal("10.005")), Refused, "no whole number of cents"),
    "half a cent in a plan": (
        replace(SMALL, projects=(Listed("1", Decimal("0.001")), *PROJECTS[1:])),
        Refused,
        "cost of project 1",
    ),
    "no budget": (replace(SMALL, budget=0), Refused, "budget is zero"),
    "a rule that is not built": (replace(SMALL, rule=Rule(name="equalshares")), RuleNotBuilt, "equalshares"),
    "two neighborhoods with a budget": (
        replace(
            SMALL,
            projects=(replace(PROJECTS[0], neighborhoods=("Oost", "West")), *PROJECTS[1:]),
            rule=Rule(neighborhood_budgets={"Oost": 5, "West": 5}),
        ),
        Refused,
        "two neighborhoods",
    ),
}


@pytest.mark.parametrize(("instance", "error", "reason"), BAD.values(), ids=BAD)
def test_what_cannot_be_a_process_here_is_refused_with_the_reason(db, instance, error, reason):
    before = rows(db)
    with pytest.raises(error, match=reason):
        imported(db, instance)
    assert rows(db) == before


def test_points_can_be_counted_but_not_yet_handed_in(db):
    points = replace(SMALL, vote_type="cumulative", votes=(Vote(("1", "2"), (7, Decimal("2.5"))),))
    assert results.tally(db, imported(db, points)).scores == {"1": 7, "2": Decimal("2.5"), "3": 0}
    with pytest.raises(Refused, match="not yet handed in"):
        imported(db, points, without_ballots=True)


def test_ranks_keep_their_order(db):
    ranks = replace(SMALL, vote_type="ordinal", votes=(Vote(("2", "1")), Vote(("2",))))
    assert results.tally(db, imported(db, ranks)).scores == {"1": 1, "2": 3, "3": 0}


@pytest.mark.parametrize(
    ("begin", "end", "opened", "closed"),
    [
        ("01.03.2024", "31.03.2024", "2024-03-01", "2024-04-01"),
        ("2024", "2024", "2024-01-01", "2025-01-01"),
        ("2024-03-01", "2024-3-31", "2024-03-01", "2024-04-01"),
        ("ooit", "31.02.2024", "2026-04-14", "2026-05-12"),
        ("", "", "2026-04-14", "2026-05-12"),
        ("2030", "2031", "2026-05-11", "2026-05-12"),
    ],
)
def test_its_dates_lie_in_the_past_whatever_the_file_says(db, begin, end, opened, closed):
    process = imported(db, replace(SMALL, meta={**SMALL.meta, "date_begin": begin, "date_end": end}))
    vote = process.voting_phase
    assert (f"{vote.opens_at:%Y-%m-%d}", f"{vote.closes_at:%Y-%m-%d}") == (opened, closed)
    assert not process.voting(NOW)


def test_a_slug_is_always_one_that_the_schema_takes(db):
    for name in ("!!!", "a", "ÉÉN twee", "x" * 200, "שלום", "-", "Groen & Grijs (2026)"):
        assert imported(db, replace(SMALL, meta={"description": name})).name == name
    slugs = processes.slugs(db)[::-1]
    assert slugs == ["traject", "traject-2", "een-twee", "x" * 60, "traject-3", "traject-4", "groen-grijs-2026"]
