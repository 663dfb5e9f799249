"""What a sealed process publishes: Pabulib's own checker finds no error, and anyone recounts to the same result."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from domain import processes, results
from domain.database import Database, connect, insert
from domain.exports import pabulib_file
from domain.imports import import_instance
from domain.migrations import migrate
from domain.pabulib import read, recount
from domain.processes import Process
from domain.results import Result
from tests.cast import AFTER, AICHA, EURO, crowd, insert_vote, reload

Prepare = Callable[[Database, Process], None]

VOTERS = crowd(24)
CHOICES = [("bank", "tuin"), ("bank", "feest"), ("tuin", "fiets"), ("tap",), (), ("feest", "fiets", "bank")]


def as_it_is(db: Database, process: Process) -> None:
    """Nothing to prepare."""


def voted(
    db: Database, secret: bytes, hand_in: Callable[..., Any], prepare: Prepare = as_it_is, **changes: Any
) -> Process:
    """Twenty-four people voted, four of them blank."""
    process = insert_vote(db, secret, residents=VOTERS, **changes)
    prepare(db, process)
    for number, who in enumerate(VOTERS):
        hand_in(process, who, *CHOICES[number % len(CHOICES)])
    return process


def ids(process: Process, *project_ids: str) -> list[int]:
    return [process.by_project_id[project_id].id for project_id in project_ids]


def exclude_bench_and_garden(db: Database, process: Process) -> None:
    one, other = ids(process, "bank", "tuin")
    insert(db, "exclusive_pairs", {"plan_id": one, "other_id": other})


def area_budgets(db: Database, process: Process) -> None:
    parent = db.execute("SELECT area_id FROM processes WHERE id = ?", [process.id]).fetchone()[0]
    for name, budget, plans in (("Oost", 2_000, ("bank", "tuin", "tap")), ("West", 9_000, ("fiets", "feest", "rad"))):
        area_id = processes.area(db, name, parent)
        db.execute("INSERT INTO area_budgets VALUES (?, ?, ?)", (process.id, area_id, budget * EURO))
        for id_ in ids(process, *plans):
            db.execute("UPDATE plans SET area_id = ? WHERE id = ?", (area_id, id_))


def two_themes_on_one_plan(db: Database, process: Process) -> None:
    theme = next(theme for theme in process.themes if theme.name == "Straat")
    db.execute("INSERT INTO plan_themes (plan_id, theme_id) VALUES (?, ?)", (*ids(process, "bank"), theme.id))


def odd_titles(db: Database, process: Process) -> None:
    titles = {"bank": '=1+1;"', "tuin": "twee\nregels, een; komma", "feest": "PROJECTS 🌳 שלום"}
    for project_id, title in titles.items():
        db.execute("UPDATE plans SET title = ? WHERE id = ?", (title, *ids(process, project_id)))


def costs_in_cents(db: Database, process: Process) -> None:
    db.execute("UPDATE plans SET cost = cost + 33 WHERE process_id = ?", [process.id])


def areas_without_budgets(db: Database, process: Process) -> None:
    area_budgets(db, process)
    db.execute("DELETE FROM area_budgets")


PER_THEME = {
    "Groen": {"max_length": 2, "max_sum_cost": 8_500 * EURO, "budget": 8_500 * EURO},
    "Straat": {"max_length": 2, "max_sum_cost": 15_000 * EURO, "budget": 15_000 * EURO},
    "Samen": {"max_length": 2, "max_sum_cost": 8_000 * EURO, "budget": 8_000 * EURO},
}

VOTES: dict[str, dict[str, Any]] = {
    "with a withdrawn plan": {},
    "cents": {"prepare": costs_in_cents, "budget": 1_550_067},
    "exclusive pairs": {"prepare": exclude_bench_and_garden},
    "theme budgets": {"themes": {"Groen": {"budget": 7_000 * EURO}, "Straat": {"budget": 150_050}}},
    "area budgets": {"prepare": area_budgets},
    "a plan with two themes": {"prepare": two_themes_on_one_plan},
    "odd titles": {"prepare": odd_titles},
    "stop": {"rule_options": '{"overflow": "stop"}'},
    "part": {"rule_options": '{"overflow": "partial"}', "budget": 16_000 * EURO},
    "minimum": {"rule_options": '{"min_score": 8}'},
    "approval": {"voting_method": "approval", "max_sum_cost": None, "max_length": 4, "min_length": 1},
    "changing allowed": {"change_allowed": 1},
    "a seed with odd characters": {"lot_seed": '"; #1: שלום'},
    "areas without budgets": {"prepare": areas_without_budgets},
    "the same limits in every theme": {"themes": PER_THEME},
    "limits per theme": {"themes": {"Groen": {"max_length": 2, "max_sum_cost": 9_000 * EURO}}},
}


@pytest.fixture(params=VOTES.values(), ids=VOTES)
def result(request, db, secret, hand_in, seal) -> Result:
    return results.result(db, seal(voted(db, secret, hand_in, **request.param)))


@pytest.fixture
def file(db, result) -> bytes:
    return pabulib_file(db, result)


def outcome(result: Result) -> tuple[Any, ...]:
    told = result.outcome
    steps = [(step.project_id, step.score, step.kind, step.granted, step.budget_name) for step in told.steps]
    return told.selected, dict(told.partial), told.spent, steps


# ── what anyone can do with it ──


def test_anyone_recounts_to_the_same_result(result, file):
    assert recount(read(file)) == {
        "rule": read(file).rule.name,
        "selected": list(result.outcome.selected),
        "partial": list(result.outcome.partial),
        "spent": float(result.spent) / 100,
        "matches_file": True,
    }


def test_it_comes_in_again_as_the_same_process(result, file, tmp_path):
    db = connect(tmp_path / "elders.db")
    migrate(db)
    again = results.result(db, reload(db, import_instance(db, read(file), AFTER)))
    db.close()
    assert outcome(again) == outcome(result)
    assert again.tally == result.tally
    kept = ("method", "limits", "blank_allowed", "change_allowed", "lot_seed", "exclusive", "budget", "area_budgets")
    assert {name: getattr(again.process, name) for name in kept} == {
        name: getattr(result.process, name) for name in kept
    }


def test_what_the_format_lacks_stands_in_the_comment(result, file):
    instance = read(file)
    assert instance.blank == result.blank == 4
    assert instance.rule.seed == result.seed
    assert instance.settings["codes_used"] == result.turnout.used == 24
    assert all(vote.projects for vote in instance.votes)


def test_limits_per_theme_stand_in_the_keys_of_pabulib(db, secret, hand_in, seal, tmp_path):
    """Where the format has a key for them: one number of plans for all themes, an amount for each of them."""
    file = pabulib_file(db, results.result(db, seal(voted(db, secret, hand_in, themes=PER_THEME))))
    instance = read(file)
    assert instance.categories == ("Groen", "Straat", "Samen")
    assert instance.limits.max_length_per_category == 2
    assert instance.limits.min_length_per_category is None
    assert instance.limits.max_sum_cost_per_category == (8_500, 15_000, 8_000)
    other = connect(tmp_path / "elders.db")
    migrate(other)
    again = reload(other, import_instance(other, instance, AFTER))
    other.close()
    limits = [(theme.name, theme.max_length, theme.max_sum_cost) for theme in again.themes]
    assert limits == [(name, 2, one["max_sum_cost"]) for name, one in PER_THEME.items()]


def test_limits_that_differ_per_theme_stand_in_the_comment(db, secret, hand_in, seal):
    themes = {"Groen": {"max_length": 2, "max_sum_cost": 9_000 * EURO}}
    instance = read(pabulib_file(db, results.result(db, seal(voted(db, secret, hand_in, themes=themes)))))
    assert instance.limits.max_length_per_category is None
    assert instance.limits.max_sum_cost_per_category is None
    assert instance.settings["themes"] == {"Groen": {"min_length": 0, "max_length": 2, "max_sum_cost": 9_000}}


def test_voters_stand_in_the_order_of_the_sealed_keys(db, result, file):
    votes = [
        {result.process.by_id[int(id_)].project_id for id_ in vote.split(",")}
        for (vote,) in db.execute("SELECT vote FROM ballots WHERE vote != '' ORDER BY key")
    ]
    assert [set(vote.projects) for vote in read(file).votes] == votes
    assert file.count(b"\n1;") == 1


# ── what Pabulib says of it ──

ASK = """
import sys
from pathlib import Path
from pabulib.checker import Checker
for path in sorted(Path(sys.argv[1]).glob("*.pb")):
    found = Checker().process_files([str(path)])
    errors = [one["results"]["errors"] for one in found.values() if "results" in one]
    print("CHECKED", path.stem, errors)
"""


def test_the_checker_of_pabulib_finds_no_error(db, secret, hand_in, seal, tmp_path):
    """All of them in one process of its own, with a time limit: the checker can loop."""
    for number, (name, changes) in enumerate(VOTES.items()):
        process = voted(db, secret, hand_in, slug=f"vote-{number}", **changes)
        (tmp_path / f"{name}.pb").write_bytes(pabulib_file(db, results.result(db, seal(process))))
    command = [sys.executable, "-c", ASK, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    checked = [line for line in done.stdout.splitlines() if line.startswith("CHECKED")]
    assert checked == [f"CHECKED {name} [{{}}]" for name in sorted(VOTES)]


def test_below_ten_ballots_there_is_no_file(db, process, hand_in, seal):
    hand_in(process, AICHA, "bank")
    with pytest.raises(AssertionError, match="might be recognised"):
        pabulib_file(db, results.result(db, seal(process)))
