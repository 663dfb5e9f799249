"""Reading, writing and recounting .pb files: on small files, and on real ones where they are at hand.

The real ones stand in ../shared/pabulib beside the checkout or in PABULIB_DIR.
"""

import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.counting import Rule, RuleNotBuilt, Vote, count
from domain.pabulib import Instance, Limits, Listed, PabulibErrors, euros, read, recount, write
from tests.conftest import FILES

real_files = pytest.mark.parametrize("name", [path.stem for path in FILES] or ["none at hand"])


def real(folder: Path, name: str) -> Instance:
    return read((folder / f"{name}.pb").read_bytes())


SMALL = '''META
key;value
description;Buurtbudget
country;Netherlands
unit;Den Haag
instance;2026
num_projects;3
num_votes;3
budget;100
vote_type;approval
rule;greedy
date_begin;2026
date_end;2026
PROJECTS
project_id;cost;votes;name;category;selected
a;60;2;Bomen;Groen;1
b/2;50;2;"Schommel; ""hoog""";Spelen,Groen;0
c;30.5;1;Bank;;1
VOTES
voter_id;vote
1;a,b/2
2;a,c
3;b/2
'''


def small(*changes: tuple[str, str]) -> bytes:
    text = SMALL
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text.encode()


def errors(data: bytes) -> list[str]:
    with pytest.raises(PabulibErrors) as caught:
        read(data)
    return [str(error) for error in caught.value.errors]


# ── reading ──


def test_a_file_is_read_as_it_stands():
    instance = read(small())
    a, b, c = instance.projects
    assert (a.cost, a.name, c.cost) == (60, "Bomen", Decimal("30.5"))
    assert (b.name, b.categories) == ('Schommel; "hoog"', ("Spelen", "Groen"))
    assert instance.votes[0] == Vote(("a", "b/2"))
    assert instance.scores() == {"a": 2, "b/2": 2, "c": 1}


def test_recount_gives_the_result_and_compares_it():
    assert recount(read(small())) == {
        "rule": "greedy",
        "selected": ["a", "c"],
        "partial": [],
        "spent": 90.5,
        "matches_file": True,
    }
    assert recount(read(small((";1\nb", ";0\nb"))))["matches_file"] is False
    assert recount(read(small((";selected", ";beneficiaries"))))["matches_file"] is None


def test_recount_by_another_rule():
    result = recount(read(small()), Rule(name="greedy-no-skip", overflow="stop", ties="listed"))
    assert (result["rule"], result["selected"], result["spent"]) == ("greedy-no-skip", ["a"], 60)
    with pytest.raises(RuleNotBuilt, match="equalshares"):
        recount(read(small(("rule;greedy", "rule;equalshares"))))


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
@pytest.mark.parametrize("end", [b"", b"\n", b"\n\n"])
def test_line_ends_and_marks_do_not_matter(bom, newline, end):
    data = bom + (small().rstrip() + end).replace(b"\n", newline)
    assert read(data) == read(small())


def test_empty_cells_and_spaces_after_semicolons_are_no_faults():
    spaced = small(("a;60;2", "a; 60; 2"), ("1;a,b/2", "1; a, b/2"), ("Bank;;1", "Bank;;1;;"))
    assert recount(read(spaced)) == recount(read(small()))


def test_equal_scores_follow_the_list_only_where_the_file_tells_an_outcome():
    assert recount(read(small()))["selected"][0] == "a"
    assert recount(read(small((";selected", ";beneficiaries"))))["selected"][0] == "b/2"


def test_every_error_is_told_with_its_line():
    bad = small(
        ("budget;100", "budget;veel"),
        ("a;60;", "a;60,5;"),
        ("c;30.5", "a;-30.5"),
        ("2;a,c", "2;a,z"),
        ("num_votes;3", "num_votes;4"),
    )
    assert errors(bad) == [
        "line 8: META says num_votes 4, but the file has 3.",
        "line 9: budget: 'veel' is not a number.",
        "line 16: cost: '60,5' is not a number.",
        "line 18: PROJECTS: the cost -30.5 is negative.",
        "line 18: PROJECTS: project_id a stands in the list twice.",
        "line 22: VOTES: a vote for project z, which is not in PROJECTS.",
    ]


def test_what_is_missing_is_named():
    assert errors(b"") == [f"The section {name} is missing." for name in ("META", "PROJECTS", "VOTES")] + [
        "META lacks budget.",
        "META lacks vote_type.",
    ]
    assert "line 8: META says num_votes 3, but the file has 2." in errors(small().rsplit(b"\n", 2)[0])
    assert errors(small(("project_id;cost", "project_id;price")))[0].endswith("a project without cost.")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e9", "١٢", "0x10", "--1", "1.", "1 000", "9" * 30])
def test_what_is_not_a_plain_number_is_refused(number):
    assert any("is not a number" in error for error in errors(small(("budget;100", f"budget;{number}"))))


def test_bytes_that_are_no_text_and_quotes_that_never_close_are_refused():
    assert errors(small().replace(b"Bank", b"B\xffnk")) == ["line 18: The file is not UTF-8 text."]
    assert any("VOTES is missing" in error for error in errors(small(("Bank", '"Bank'))))


def test_points_belong_to_projects():
    cumulative = small(("approval", "cumulative"), ("id;vote", "id;vote;points"), ("1;a,b/2", "1;a,b/2;3"))
    assert "line 21: VOTES: 2 projects, but points for 1." in errors(cumulative)


def test_a_project_named_twice_counts_as_the_file_counted_it():
    once = small(("2;a,c", "2;a,a,c"))
    assert read(once).mentions()["a"] == 2
    twice = small(("2;a,c", "2;a,a,c"), ("a;60;2", "a;60;3"))
    assert read(twice).mentions()["a"] == 3
    assert "counts each time" in str(read(twice).warnings[0])


def test_a_withdrawn_plan_stops_nobody():
    gone = small(("a;60", "a;999999999"), ("rule;greedy", "rule;greedy-no-skip"))
    assert recount(read(gone))["selected"] == ["b/2", "c"]


def test_money_from_outside_the_rule_says_nothing_about_the_count():
    outside = small(("Groen;0", "Groen;2"))
    assert recount(read(outside))["matches_file"] is True


def test_a_part_funded_plan_is_compared():
    part = "leftover_budget;Partially fund one additional project with highest score"
    partly = small(
        ("rule;greedy", f"rule;greedy-custom\n{part}"),
        ("Groen;0", "Groen;2"),
        ("Bank;;1", "Bank;;0"),
    )
    assert recount(read(partly)) == {
        "rule": "greedy-custom",
        "selected": ["a"],
        "partial": ["b/2"],
        "spent": 100,
        "matches_file": True,
    }


def test_pairs_that_a_comment_names_exclude_each_other():
    comment = "comment;#1: Here, projects a and c were treated by the city as mutually exclusive because"
    assert read(small(("rule;greedy", f"rule;greedy-exclusive\n{comment}"))).rule.exclusive == (("a", "c"),)


# ── what we publish ──

META = {
    "description": "Buurtbudget Bezuidenhout",
    "country": "Netherlands",
    "unit": "Den Haag",
    "instance": "2026",
    "date_begin": "01.05.2026",
    "date_end": "28.05.2026",
    "language": "nl",
    "currency": "EUR",
}
ODD = ['=1+1;"', "Pluk 🌳 de dag", "שלום עולם", "twee\nregels", "VOTES", "a,b", "  spatie "]


def ours(**changes) -> Instance:
    """A process of ours, with odd names, a theme with a comma and a blank ballot."""
    projects = tuple(
        Listed(str(number), euros(cents), ("Groen, water en lucht",) if number % 2 else ("Spelen",), name=name)
        for number, (cents, name) in enumerate(zip(range(100_000, 800_000, 100_000), ODD, strict=True), 1)
    )
    votes = tuple(Vote(tuple(str(one) for one in range(1, 8) if voter % one == 0)) for voter in range(1, 30))
    limits = Limits(max_sum_cost=28000)
    return replace(Instance(12000, "approval", projects, (*votes, Vote(())), meta=META, limits=limits), **changes)


THEMES = {"Groen, water en lucht": 6000, "Spelen": 7000}
PROCESSES = {
    "greedy": ours(),
    "cents": ours(budget=Decimal("12000.75")),
    "seed": ours(rule=Rule(seed="8f3a #2: x")),
    "stop": ours(rule=Rule(overflow="stop")),
    "part": ours(rule=Rule(overflow="partial"), blank=3, settings={"can_change": True, "voting": "knapsack"}),
    "minimum": ours(rule=Rule(min_score=5)),
    "themes": ours(rule=Rule(category_budgets=THEMES)),
    "second round": ours(rule=Rule(overflow="stop", leftover="fund", category_budgets=THEMES)),
    "exclusive": ours(rule=Rule(exclusive=(("1", "2"),))),
    "withdrawn": ours(projects=(replace(ours().projects[0], withdrawn=True), *ours().projects[1:])),
    "all funded": ours(budget=100_000),
    "no ballots": ours(votes=()),
    "choose-1": ours(vote_type="choose-1", votes=(Vote(("2",)), Vote(("2",)), Vote(("3",)))),
    "points": ours(
        vote_type="cumulative",
        votes=(Vote(("1", "2"), (7, 3)), Vote(("3",), (10,))),
        limits=Limits(max_sum_points=10),
    ),
    "ranks": ours(vote_type="ordinal", votes=(Vote(("3", "1")), Vote(("2", "1", "3")))),
}


@pytest.mark.parametrize("process", PROCESSES.values(), ids=PROCESSES)
def test_what_we_publish_gives_the_same_result_again(process):
    expected = count(process.projects, process.scores(), process.budget, process.rule)
    again = read(write(process))
    assert recount(again) == {
        "rule": again.rule.name,
        "selected": list(expected.selected),
        "partial": list(expected.partial),
        "spent": expected.spent,
        "matches_file": True,
    }
    assert again.warnings == ()
    assert again.blank == process.blank + sum(not vote.projects for vote in process.votes)
    assert again.settings == process.settings
    assert write(again) == write(process)


@pytest.mark.parametrize("process", PROCESSES.values(), ids=PROCESSES)
def test_what_we_publish_has_no_errors_for_pabulib(process, tmp_path):
    (tmp_path / "ours.pb").write_bytes(write(process))
    assert checker_errors(tmp_path / "ours.pb") == "{}"


def checker_errors(path: Path) -> str:
    """What pabulib-checker holds against a file, in a process of its own: it can loop."""
    ask = "import sys; from pabulib.checker import Checker; found = Checker().process_files([sys.argv[1]])"
    tell = "print(*[one['results']['errors'] for one in found.values() if 'results' in one])"
    command = [sys.executable, "-c", f"{ask}; {tell}", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.splitlines()[-1]


def test_only_what_is_plain_greedy_is_called_greedy():
    called = {name: read(write(process)).rule.name for name, process in PROCESSES.items()}
    plain = {"greedy", "seed", "all funded", "no ballots", "choose-1", "points", "ranks"}
    assert {name for name, rule in called.items() if rule == "greedy"} == plain
    assert set(called.values()) == {"greedy", "greedy-custom"}


def test_names_survive_but_for_line_breaks():
    names = {project.project_id: project.name for project in read(write(ours())).projects}
    assert [names[str(number)] for number in range(1, 8)] == [" ".join(name.split("\n")).strip() for name in ODD]


@given(st.lists(st.text(), min_size=1, max_size=5), st.text(max_size=20))
@example(["twee\x85regels"], "\x85")
def test_no_text_breaks_the_file(names, seed):
    projects = tuple(Listed(str(number), 10, (name,), name=name) for number, name in enumerate(names))
    instance = Instance(25, "approval", projects, (Vote(("0",)),), rule=Rule(seed=seed), meta=META)
    assert recount(read(write(instance)))["matches_file"] is True


def test_settings_that_were_tampered_with_are_refused():
    good = write(PROCESSES["part"])
    changes = [(b'""partial""', b'""perhaps""'), (b'""blank"": 4', b'""blank"": -4'), (b'""rule""', b'""x""')]
    for old, new in changes:
        assert old in good
        assert any("can't be read" in error for error in errors(good.replace(old, new)))


# ── the real files ──

NOT_BUILT = {"Netherlands_Assen_2024": "equalshares/add1", "Poland_Swiecie_2023": "equalshares/add1"}
BREAKS_ITS_OWN_RULE: dict[str, str] = {}
"""Official outcomes that their own rule doesn't give, each with the evidence. Among these files: none."""


@real_files
def test_a_real_file_counts_as_its_columns_say(folder, name):
    instance = real(folder, name)
    told_twice = {"Netherlands_Amsterdam_604", "Poland_Warszawa_2026_Nadwisle_Miedzeszyn_Aleksandrow_Falenica"}
    repeats = [str(warning) for warning in instance.warnings]
    assert len(repeats) == (name in told_twice), repeats
    for project in instance.projects:
        assert project.votes == instance.mentions()[project.project_id]
        assert project.score in (None, instance.scores()[project.project_id])


@real_files
def test_a_real_file_recounts_to_its_official_outcome(folder, name):
    instance = real(folder, name)
    if name in NOT_BUILT:
        with pytest.raises(RuleNotBuilt, match=NOT_BUILT[name]):
            recount(instance)
        return
    told = any(project.selected is not None for project in instance.projects)
    assert recount(instance)["matches_file"] is (name not in BREAKS_ITS_OWN_RULE if told else None)


@real_files
def test_a_real_file_keeps_its_result_when_we_publish_it(folder, name):
    instance = real(folder, name)
    if name not in NOT_BUILT:
        again, first = recount(read(write(instance))), recount(instance)
        assert {**again, "rule": "", "matches_file": True} == {**first, "rule": "", "matches_file": True}
        assert again["matches_file"]


def test_centrum_2022_part_funds_the_plan_that_was_tied(folder):
    instance = real(folder, "Netherlands_Amsterdam_2022_Centrum")
    outcome = count(instance.projects, instance.scores(), instance.budget, instance.rule)
    assert (outcome.partial, outcome.spent) == ({"43224": 9077}, 450000)
    assert [tie.project_ids for tie in outcome.ties] == [("43236", "43224")]


@pytest.mark.parametrize(
    ("name", "funded", "missed", "number"),
    [
        ("166", ("12438", "12458", "12466"), ("12451", "12448", "12455"), 30),
        ("179", ("15038", "15042"), ("15007", "15022"), 22),
        ("252", ("36000", "35454", "35369"), ("35395", "35854", "35078", "35978"), 22),
        ("285", ("36800", "36838", "36821"), ("36768", "36762", "36772", "36833"), 20),
        ("604", ("42356", "42351", "42345"), ("42355", "42342"), 22),
        ("417", ("40279",), ("40268",), 18),
        ("509", ("41224",), ("41219",), 13),
        ("613", ("42412",), ("42444",), 15),
        ("631", ("44466",), ("44497",), 24),
    ],
)
def test_amsterdam_funds_who_was_funded(folder, name, funded, missed, number):
    """These files have no `selected`; newer versions of them in the collection do, and say this."""
    selected = recount(real(folder, f"Netherlands_Amsterdam_{name}"))["selected"]
    assert set(funded) <= set(selected)
    assert not set(missed) & set(selected)
    assert len(selected) == number
