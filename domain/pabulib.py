"""Pabulib's file format (pabulib.org/format): one participatory budget with its ballots in a .pb file.

A .pb file is three tables, META, PROJECTS and VOTES, each a CSV with semicolons and its own header. `read`
takes what the public collection holds; `write` makes what we publish; `recount` gives a file's result.
Amounts are in the file's own unit (euros, złoty), exact.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from functools import lru_cache
from typing import Any, get_args, get_type_hints

from domain.counting import VOTE_TYPES, Amount, Overflow, Project, Rule, Vote, count, mentions, scores

SECTIONS = ("META", "PROJECTS", "VOTES")
NEEDED = ("budget", "vote_type")
WITHDRAWN_COST = 999999999
"""The cost by which Pabulib marks a plan that was withdrawn after the vote."""

META_ORDER = (
    *("description", "country", "unit", "district", "subunit", "instance", "num_projects", "num_votes"),
    *("budget", "vote_type", "rule", "date_begin", "date_end"),
    *("min_length", "max_length", "min_sum_cost", "max_sum_cost"),
    *("min_points", "max_points", "min_sum_points", "max_sum_points", "min_project_score_threshold"),
    *("neighborhoods", "categories", "edition", "language", "currency", "fully_funded", "comment"),
    *("acknowledgments", "leftover_budget", "budget_per_category", "budget_per_neighborhood"),
    *("min_length_per_category", "max_length_per_category"),
    *("min_sum_cost_per_category", "max_sum_cost_per_category"),
)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in a file, in English, and on which line (0: in the file as a whole)."""

    line: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}" if self.line else self.message


class PabulibErrors(Exception):
    """Every reason why a file can't be read."""

    def __init__(self, errors: Sequence[Fault]) -> None:
        super().__init__("\n".join(map(str, errors)))
        self.errors = tuple(errors)


@dataclass(frozen=True, slots=True)
class Listed(Project):
    """A project as a file lists it. votes, score and selected are the file's own columns, None where absent.

    selected: 1 funded, 0 not; 2 and 3: in part, or with money from outside the rule.
    """

    name: str = ""
    description: str = ""
    latitude: float | None = None
    longitude: float | None = None
    votes: int | None = None
    score: Amount | None = None
    selected: int | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """What one ballot may hold, None where the file sets no limit. The names are Pabulib's.

    The amounts per category stand in the order of Instance.categories.
    """

    min_length: int | None = None
    max_length: int | None = None
    min_sum_cost: Amount | None = None
    max_sum_cost: Amount | None = None
    min_points: Amount | None = None
    max_points: Amount | None = None
    min_sum_points: Amount | None = None
    max_sum_points: Amount | None = None
    min_length_per_category: int | None = None
    max_length_per_category: int | None = None
    min_sum_cost_per_category: tuple[Amount, ...] | None = None
    max_sum_cost_per_category: tuple[Amount, ...] | None = None


@dataclass(frozen=True, slots=True)
class Instance:
    """One .pb file. meta holds the keys of META as text; what has a field of its own is read from the field.

    blank: ballots without any plan, which the format can't hold. settings: choices of our own process that
    others may need to know, as JSON values. Both stand in the JSON object of our META comment.
    """

    budget: Amount
    vote_type: str
    projects: tuple[Listed, ...]
    votes: tuple[Vote, ...]
    rule: Rule = field(default_factory=Rule)
    meta: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    categories: tuple[str, ...] = ()
    neighborhoods: tuple[str, ...] = ()
    blank: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[Fault, ...] = ()

    @property
    def currency(self) -> str:
        return self.meta.get("currency", "")

    def scores(self) -> dict[str, Amount]:
        """What each project has by the ballots (not by the file's columns)."""
        return scores(self.vote_type, self.votes, [project.project_id for project in self.projects])

    def mentions(self) -> dict[str, int]:
        """How many ballots name each project (a ballot that names it twice as the file counts it)."""
        return mentions(self.votes, [project.project_id for project in self.projects])


def recount(instance: Instance, rule: Rule | None = None) -> dict[str, Any]:
    """The result from the ballots alone, ready for JSON. Raises RuleNotBuilt.

    matches_file: whether the file's `selected` = 1 are the fully funded plans, and under part-funding
    `selected` = 2 the part-funded ones; null without that column. Under other rules a 2 or a 3 was paid with
    money from outside the rule (Gdynia's turnout award, Poznań's reserve) and says nothing about the count.
    """
    rule = rule or instance.rule
    outcome = count(instance.projects, instance.scores(), instance.budget, rule)
    return {
        "rule": rule.name,
        "selected": list(outcome.selected),
        "partial": list(outcome.partial),
        "spent": _number(outcome.spent),
        "matches_file": _matches(instance.projects, rule, set(outcome.selected), set(outcome.partial)),
    }


def _matches(projects: Iterable[Listed], rule: Rule, selected: set[str], partial: set[str]) -> bool | None:
    official: dict[int | None, set[str]] = {}
    for project in projects:
        official.setdefault(project.selected, set()).add(project.project_id)
    if official.keys() <= {None}:
        return None
    in_part = official.get(2, set()) if rule.overflow == "partial" else partial
    return official.get(1, set()) == selected and in_part == partial


def _number(amount: Amount) -> int | float:
    """A JSON number: rounding starts here, after the last sum."""
    return int(amount) if amount == int(amount) else float(amount)


# ── reading ──


Row = tuple[int, list[str]]
Cells = dict[str, str]
Meta = Mapping[str, tuple[int, str]]
ABSENT = (0, "")


@dataclass(slots=True)
class _Log:
    errors: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)

    def error(self, line: int, message: str) -> None:
        self.errors.append(Fault(line, message))

    def warn(self, line: int, message: str) -> None:
        self.warnings.append(Fault(line, message))


def read(data: bytes) -> Instance:
    """The file's contents. Raises PabulibErrors with every error found.

    What would change the result is an error: a missing section or number, a vote for a project that isn't
    listed, another number of ballots than META says (a file cut short). The rest is a warning.
    """
    log = _Log()
    sections = _sections(_rows(data, log), log)
    meta = _meta(sections.get("META", []), log)
    listed = _table(sections, "PROJECTS", "project_id", log)
    projects = _projects(listed, log)
    vote_type = meta.get("vote_type", ABSENT)[1]
    votes = _votes(_table(sections, "VOTES", "voter_id", log), vote_type, projects, log)
    _check_meta(meta, len(listed), len(votes), log)
    instance = _instance(meta, projects, _settle_repeats(votes, projects, log), log)
    if log.errors:
        raise PabulibErrors(sorted(log.errors, key=lambda fault: fault.line))
    _compare_columns(instance, log)
    return replace(instance, warnings=tuple(log.warnings))


def _rows(data: bytes, log: _Log) -> Iterator[Row]:
    """Every row with the line it starts on (a quoted cell may run over several)."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise PabulibErrors([Fault(line, "The file is not UTF-8 text.")]) from error
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";")
    line = 1
    try:
        for cells in reader:
            yield line, [cell.strip() for cell in cells]
            line = reader.line_num + 1
    except csv.Error as error:
        log.error(line, f"This row can't be read: {error}. Is a quotation mark missing?")


def _sections(rows: Iterable[Row], log: _Log) -> dict[str, list[Row]]:
    sections: dict[str, list[Row]] = {}
    current: list[Row] | None = None
    for line, cells in rows:
        if not any(cells):
            continue
        name = cells[0].upper()
        if name in SECTIONS and not any(cells[1:]):
            if name in sections:
                log.error(line, f"The section {name} stands in the file twice.")
            current = sections.setdefault(name, [])
        elif current is None:
            log.error(line, "This row stands before the first section.")
        else:
            current.append((line, cells))
    for name in SECTIONS:
        if name not in sections:
            log.error(0, f"The section {name} is missing.")
    return sections


def _meta(rows: list[Row], log: _Log) -> dict[str, tuple[int, str]]:
    meta: dict[str, tuple[int, str]] = {}
    if rows and [cell.lower() for cell in rows[0][1][:2]] != ["key", "value"]:
        log.error(rows[0][0], "META must start with the header key;value.")
    for line, (key, *values) in rows[1:]:
        if key in meta:
            log.error(line, f"META has the key {key} twice.")
        if any(values[1:]):
            log.warn(line, f"META {key} has more than one value; only the first is used.")
        meta[key] = (line, values[0] if values else "")
    return meta


def _table(sections: Mapping[str, list[Row]], name: str, key: str, log: _Log) -> list[tuple[int, Cells]]:
    rows = sections.get(name, [])
    if not rows:
        return []
    line, header = rows[0][0], [cell.lower() for cell in rows[0][1]]
    if key not in header:
        log.error(line, f"{name} must have a column {key}; found: {';'.join(header)}.")
        return []
    for line, cells in rows[1:]:
        if any(cells[len(header) :]):
            log.warn(line, f"{name}: more cells than columns; the last are left out.")
    return [(line, dict(zip(header, cells, strict=False))) for line, cells in rows[1:]]


def _projects(table: list[tuple[int, Cells]], log: _Log) -> tuple[Listed, ...]:
    projects: dict[str, Listed] = {}
    for line, row in table:
        project = _project(line, row, log)
        if not project.project_id:
            log.error(line, "PROJECTS: a project without project_id.")
        if project.project_id in projects:
            log.error(line, f"PROJECTS: project_id {project.project_id} stands in the list twice.")
        projects[project.project_id] = project
    return tuple(projects.values())


def _project(line: int, row: Cells, log: _Log) -> Listed:
    cost = _amount(row.get("cost", ""), "cost", line, log)
    if cost is None and not row.get("cost"):
        log.error(line, "PROJECTS: a project without cost.")
    if cost is not None and cost < 0:
        log.error(line, f"PROJECTS: the cost {cost} is negative.")
    selected = _whole(row.get("selected", ""), "selected", line, log)
    if selected not in (None, 0, 1, 2, 3):
        log.error(line, f"PROJECTS: selected must be 0, 1, 2 or 3, not {selected}.")
    return Listed(
        project_id=row["project_id"],
        cost=cost or 0,
        categories=_list(row.get("category", "")),
        neighborhoods=_list(row.get("neighborhood", "")),
        withdrawn=cost == WITHDRAWN_COST,
        name=row.get("name", ""),
        description=row.get("description", ""),
        latitude=_coordinate(row.get("latitude", ""), line, log),
        longitude=_coordinate(row.get("longitude", ""), line, log),
        votes=_whole(row.get("votes", ""), "votes", line, log),
        score=_amount(row.get("score", ""), "score", line, log),
        selected=selected,
    )


def _votes(table: list[tuple[int, Cells]], vote_type: str, projects: tuple[Listed, ...], log: _Log) -> tuple[Vote, ...]:
    known = {project.project_id for project in projects}
    voters: set[str] = set()
    votes = []
    for line, row in table:
        if row["voter_id"] in voters:
            log.warn(line, f"VOTES: voter_id {row['voter_id']} stands in the list twice; both ballots count.")
        voters.add(row["voter_id"])
        votes.append(_vote(line, row, vote_type, known, log))
    return tuple(votes)


def _vote(line: int, row: Cells, vote_type: str, known: set[str], log: _Log) -> Vote:
    named = _list(row.get("vote", ""))
    for project_id in named:
        if project_id not in known:
            log.error(line, f"VOTES: a vote for project {project_id}, which is not in PROJECTS.")
    if vote_type in ("approval", "choose-1"):
        return Vote(named)
    given = _list(row.get("points", ""))
    points = tuple(_amount(text, "points", line, log) or 0 for text in given)
    if len(points) != len(named) and (points or vote_type != "ordinal"):
        log.error(line, f"VOTES: {len(named)} projects, but points for {len(points)}.")
    return Vote(named, points)


def _check_meta(meta: Meta, projects: int, votes: int, log: _Log) -> None:
    for key in NEEDED:
        if not meta.get(key, ABSENT)[1]:
            log.error(meta.get(key, ABSENT)[0], f"META lacks {key}.")
    line, vote_type = meta.get("vote_type", ABSENT)
    if vote_type and vote_type not in VOTE_TYPES:
        log.error(line, f"META: vote_type {vote_type} is unknown; known are {', '.join(VOTE_TYPES)}.")
    for key, found in (("num_projects", projects), ("num_votes", votes)):
        line, text = meta.get(key, ABSENT)
        stated = _whole(text, key, line, log)
        if stated is not None and stated != found:
            log.error(line, f"META says {key} {stated}, but the file has {found}.")


def _instance(meta: Meta, projects: tuple[Listed, ...], votes: tuple[Vote, ...], log: _Log) -> Instance:
    plain = {key: value for key, (_, value) in meta.items()}
    ours = _our_comment(meta, log)
    budget = _meta_amount(meta, "budget", log) or 0
    if budget < 0:
        log.error(meta["budget"][0], f"META: the budget {budget} is negative.")
    gone = set(ours.get("withdrawn", ()))
    return Instance(
        budget=budget,
        vote_type=plain.get("vote_type", ""),
        projects=tuple(replace(one, withdrawn=one.withdrawn or one.project_id in gone) for one in projects),
        votes=votes,
        rule=_our_rule(ours, plain, meta, log) if ours else _their_rule(meta, projects, log),
        meta=plain,
        limits=_limits(meta, log),
        categories=_list(plain.get("categories", "")),
        neighborhoods=_list(plain.get("neighborhoods", "")),
        blank=ours.get("blank", 0),
        settings=ours.get("settings", {}),
    )


def _limits(meta: Meta, log: _Log) -> Limits:
    read_as: dict[Any, Any] = {
        int | None: _meta_whole,
        Amount | None: _meta_amount,
        tuple[Amount, ...] | None: _meta_amounts,
    }
    kinds = get_type_hints(Limits)
    return Limits(**{one.name: read_as[kinds[one.name]](meta, one.name, log) for one in fields(Limits)})


def _their_rule(meta: Meta, projects: Iterable[Listed], log: _Log) -> Rule:
    """The rule of a file that isn't ours, from its name and Amsterdam's settings.

    Ties: where a file tells the outcome, the order of its list is the order in which its makers broke them
    (Pabulib's checker takes it so); else ours.
    """
    name = meta.get("rule", ABSENT)[1] or "unknown"
    categories = _budgets(meta, "categories", "budget_per_category", log)
    neighborhoods = _budgets(meta, "neighborhoods", "budget_per_neighborhood", log)
    leftover = meta.get("leftover_budget", ABSENT)[1]
    grouped = bool(categories or neighborhoods)
    told = any(project.selected is not None for project in projects)
    return Rule(
        name=name,
        overflow=_their_overflow(name, leftover, grouped),
        leftover="fund" if grouped and leftover.startswith("Fund") else "keep",
        min_score=_meta_amount(meta, "min_project_score_threshold", log) or 0,
        category_budgets=categories,
        neighborhood_budgets=neighborhoods,
        exclusive=_their_exclusive(meta.get("comment", ABSENT)[1]),
        ties="listed" if told else "cheapest",
    )


def _their_overflow(name: str, leftover: str, grouped: bool) -> Overflow:
    """What a plan that doesn't fit does; read from official outcomes.

    Amsterdam stopped at it in each theme or neighbourhood (2019 Kleine Wereld, 2020 Centrum, 2020 Geuzenveld
    Slotermeer, 2022 Oud Oost), and where no `leftover_budget` is stated left the rest unspent (2020 West, Oud
    Oost, IJburg). Those files are "greedy-custom" in their newer versions. Poznań's custom rule stops too.
    """
    if leftover.startswith("Partially"):
        return "partial"
    if grouped or name == "greedy-no-skip" or (name == "greedy-custom" and not leftover):
        return "stop"
    return "skip"


def _their_exclusive(comment: str) -> tuple[tuple[str, str], ...]:
    """Pairs that a comment names (Ruda Śląska). Elsewhere the collection doesn't say who excludes whom."""
    return tuple(re.findall(r"projects (\S+) and (\S+) were treated by the city as mutually excl", comment))


def _budgets(meta: Meta, names_key: str, budgets_key: str, log: _Log) -> dict[str, Amount]:
    names = _list(meta.get(names_key, ABSENT)[1])
    budgets = _meta_amounts(meta, budgets_key, log) or ()
    if budgets and len(names) != len(budgets):
        log.error(meta[budgets_key][0], f"META: {len(budgets)} {budgets_key}, but {len(names)} {names_key}.")
    return dict(zip(names, budgets, strict=False))


def _settle_repeats(votes: tuple[Vote, ...], projects: Iterable[Listed], log: _Log) -> tuple[Vote, ...]:
    """A ballot that names a project twice counts as the file's own column `votes` counted it.

    Where that column has both (Amsterdam 2022 Oud Oost, Warszawa 2026 Nadwiśle), so do we; else one counts.
    """
    repeats = sum(len(vote.projects) > len(set(vote.projects)) for vote in votes)
    if not repeats:
        return votes
    columns = {project.project_id: project.votes for project in projects}
    twice = columns == mentions(votes, columns)
    counted = "each time, as the file's votes column does" if twice else "once"
    log.warn(0, f"VOTES: {repeats} ballots name a project more than once; it counts {counted}.")
    return votes if twice else tuple(map(_once, votes))


def _once(vote: Vote) -> Vote:
    first = [at for at, project_id in enumerate(vote.projects) if project_id not in vote.projects[:at]]
    points = tuple(vote.points[at] for at in first) if vote.points else ()
    return Vote(tuple(vote.projects[at] for at in first), points)


def _compare_columns(instance: Instance, log: _Log) -> None:
    named, points = instance.mentions(), instance.scores()
    for project in instance.projects:
        one = project.project_id
        columns = {"votes": (project.votes, named[one]), "score": (project.score, points[one])}
        for column, (said, counted) in columns.items():
            if said not in (None, counted):
                log.warn(0, f"Project {one}: {column} is {said} in the list, {counted} on the ballots.")


def _list(text: str) -> tuple[str, ...]:
    return tuple(item for part in text.split(",") if (item := part.strip())) if text else ()


@lru_cache(maxsize=10_000)
def _exact(text: str) -> Amount | None:
    if not re.fullmatch(r"-?[0-9]{1,24}(\.[0-9]{1,24})?", text):
        return None
    return Decimal(text) if "." in text else int(text)


def _amount(text: str, name: str, line: int, log: _Log) -> Amount | None:
    """A number as it stands, with a point for the decimals; None where there is none."""
    amount = _exact(text)
    if amount is None and text:
        log.error(line, f"{name}: {text[:40]!r} is not a number.")
    return amount


def _whole(text: str, name: str, line: int, log: _Log) -> int | None:
    amount = _amount(text, name, line, log)
    if amount is not None and amount != int(amount):
        log.error(line, f"{name}: {text[:40]!r} is not a whole number.")
    return None if amount is None else int(amount)


def _coordinate(text: str, line: int, log: _Log) -> float | None:
    degrees = _exact(text.replace(",", "."))
    if degrees is None and text:
        log.warn(line, f"{text[:40]!r} is not a coordinate; it is left out.")
    return None if degrees is None else float(degrees)


def _meta_amount(meta: Meta, key: str, log: _Log) -> Amount | None:
    line, text = meta.get(key, ABSENT)
    return _amount(text, key, line, log)


def _meta_whole(meta: Meta, key: str, log: _Log) -> int | None:
    line, text = meta.get(key, ABSENT)
    return _whole(text, key, line, log)


def _meta_amounts(meta: Meta, key: str, log: _Log) -> tuple[Amount, ...] | None:
    line, text = meta.get(key, ABSENT)
    return tuple(_amount(item, key, line, log) or 0 for item in _list(text)) or None


# ── our comment: what the format lacks, as one JSON object ──


MOST_BLANK = 10_000_000
OURS = '{"wijkbudget":'


def _our_comment(meta: Meta, log: _Log) -> dict[str, Any]:
    line, comment = meta.get("comment", ABSENT)
    if OURS not in comment:
        return {}
    try:
        found, _ = json.JSONDecoder().raw_decode(comment, comment.index(OURS))
        return _checked(found["wijkbudget"])
    except (ValueError, TypeError, KeyError, RecursionError):
        log.error(line, "META: the settings of wijkbudget in the comment can't be read.")
        return {}


def _checked(ours: Any) -> dict[str, Any]:
    """The object with every kind as it should be. Raises ValueError, TypeError or KeyError where not."""
    rule, hints = ours["rule"], get_type_hints(Rule)
    for key in ("overflow", "leftover", "ties"):
        if rule[key] not in get_args(hints[key]):
            raise ValueError(rule[key])
    if any(len(pair) != 2 for pair in rule["exclusive"]) or not 0 <= ours["blank"] <= MOST_BLANK:
        raise ValueError(rule)
    objects = (ours["settings"], rule["category_budgets"], rule["neighborhood_budgets"])
    if not all(isinstance(value, dict) for value in objects):
        raise TypeError(ours)
    if not isinstance(rule["seed"], str) or not isinstance(ours["blank"], int):
        raise TypeError(ours)
    return {**ours, "withdrawn": [str(project_id) for project_id in ours["withdrawn"]]}


def _our_rule(ours: dict[str, Any], plain: Mapping[str, str], meta: Meta, log: _Log) -> Rule:
    rule, line = ours["rule"], meta["comment"][0]

    def amounts(key: str) -> dict[str, Amount]:
        return {name: _amount(str(text), key, line, log) or 0 for name, text in rule[key].items()}

    return Rule(
        name=plain.get("rule", "greedy-custom"),
        overflow=rule["overflow"],
        leftover=rule["leftover"],
        min_score=_amount(str(rule["min_score"]), "min_score", line, log) or 0,
        category_budgets=amounts("category_budgets"),
        neighborhood_budgets=amounts("neighborhood_budgets"),
        exclusive=tuple((str(one), str(other)) for one, other in rule["exclusive"]),
        ties=rule["ties"],
        seed=rule["seed"],
    )


def _as_comment(instance: Instance) -> str:
    rule = {one.name: getattr(instance.rule, one.name) for one in fields(Rule) if one.name != "name"}
    ours = {
        "rule": {**rule, "category_budgets": _labelled(instance.rule.category_budgets)}
        | {"neighborhood_budgets": _labelled(instance.rule.neighborhood_budgets)},
        "withdrawn": [project.project_id for project in instance.projects if project.withdrawn],
        "blank": instance.blank + sum(not vote.projects for vote in instance.votes),
        "settings": dict(instance.settings),
    }
    text = json.dumps({"wijkbudget": ours}, default=str)
    return " ".join(f"#{number}: {one}" for number, one in enumerate([text, *_their_comments(instance)], 1))


def _their_comments(instance: Instance) -> list[str]:
    comment = instance.meta.get("comment", "")
    if OURS in comment:
        start = comment.index(OURS)
        _, end = json.JSONDecoder().raw_decode(comment, start)
        comment = comment[:start] + comment[end:]
    return [part.strip() for part in re.split(r"#\d+:", comment) if part.strip()]


def _labelled(budgets: Mapping[str, Amount]) -> dict[str, Amount]:
    return {_label(name): amount for name, amount in budgets.items()}


# ── writing ──


def euros(cents: int) -> Amount:
    """Cents as they stand in a .pb file: whole euros where they are whole."""
    return cents // 100 if cents % 100 == 0 else Decimal(cents) / 100


def write(instance: Instance) -> bytes:
    """The file that we publish: what pabulib-checker accepts and from which `recount` gives the same result.

    votes, score and selected are counted here, from the ballots and instance.rule; projects stand in the
    order in which they were considered; voters are numbered in the order of the votes; blank ballots are
    left out and counted in the comment. meta should bring country, unit, instance, description, date_begin
    and date_end.
    Commas within categories and neighbourhoods become slashes, line breaks become spaces: the format can't
    hold them. All other text stays as it is. Raises RuleNotBuilt.
    """
    votes = [vote for vote in instance.votes if vote.projects]
    projects = _counted(instance)
    out = io.StringIO(newline="")
    table = csv.writer(out, delimiter=";", lineterminator="\n")
    table.writerows([["META"], ["key", "value"], *_meta_rows(instance, projects, len(votes))])
    table.writerows([["PROJECTS"], *_project_rows(instance, projects)])
    table.writerows([["VOTES"], *_vote_rows(instance, votes)])
    return out.getvalue().encode()


def _counted(instance: Instance) -> list[Listed]:
    """The projects in the order considered, with what the count makes of them."""
    named, points = instance.mentions(), instance.scores()
    outcome = count(instance.projects, points, instance.budget, instance.rule)
    won = dict.fromkeys(outcome.partial, 2) | dict.fromkeys(outcome.selected, 1)
    listed = {project.project_id: project for project in instance.projects}
    return [
        replace(listed[one], votes=named[one], score=points[one], selected=won.get(one, 0))
        for one in dict.fromkeys(step.project_id for step in outcome.steps)
    ]


def _meta_rows(instance: Instance, projects: list[Listed], votes: int) -> Iterator[list[str]]:
    limits = {one.name: getattr(instance.limits, one.name) for one in fields(Limits)}
    if limits["max_length"] is not None:
        limits["max_length"] = min(limits["max_length"], len(projects))
    categories = instance.categories or tuple(sorted({one for plan in projects for one in plan.categories}))
    meta = {
        **{key: value for key, value in instance.meta.items() if key in META_ORDER},
        **limits,
        "num_projects": len(projects),
        "num_votes": votes,
        "budget": instance.budget,
        "vote_type": instance.vote_type,
        "rule": "greedy" if _plain(instance) else "greedy-custom",
        "categories": [_label(name) for name in categories],
        "neighborhoods": [_label(name) for name in instance.neighborhoods],
        "fully_funded": 1 if sum(project.cost for project in projects) <= instance.budget else None,
        "comment": _as_comment(instance),
    } | _rule_meta(instance.rule, categories, instance.neighborhoods)
    texts = ((key, _text(meta.get(key))) for key in META_ORDER)
    return ([key, text] for key, text in texts if text)


def _rule_meta(rule: Rule, categories: Sequence[str], neighborhoods: Sequence[str]) -> dict[str, Any]:
    """The rule in Pabulib's own keys, as far as they can say it; our comment says all of it."""
    whole = rule.min_score == int(rule.min_score)
    return {
        "min_project_score_threshold": int(rule.min_score) if rule.min_score and whole else None,
        "leftover_budget": {
            ("partial", "keep"): "Partially fund one additional project with highest score",
            ("stop", "fund"): "Fund additional projects that fit within leftover budget ordered by score",
        }.get((rule.overflow, rule.leftover)),
        "budget_per_category": _in_order(rule.category_budgets, categories),
        "budget_per_neighborhood": _in_order(rule.neighborhood_budgets, neighborhoods),
    }


def _in_order(budgets: Mapping[str, Amount], names: Sequence[str]) -> list[Amount] | None:
    return [budgets[name] for name in names] if names and set(names) == set(budgets) else None


def _plain(instance: Instance) -> bool:
    """Whether Pabulib's "greedy" says it all. Not with cents: its checker drops those of a file so named."""
    rule, amounts = instance.rule, [instance.budget, *(project.cost for project in instance.projects)]
    return (
        rule == Rule(name=rule.name, ties=rule.ties, seed=rule.seed)
        and not any(project.withdrawn for project in instance.projects)
        and all(amount == int(amount) for amount in amounts)
    )


def _project_rows(instance: Instance, projects: list[Listed]) -> Iterator[list[str]]:
    columns = ["project_id", "cost", "votes", "score", "name", "category", "selected", "neighborhood"]
    columns += ["latitude", "longitude"]
    if instance.vote_type in ("approval", "choose-1"):
        columns.remove("score")
    if not any(project.neighborhoods for project in projects):
        columns.remove("neighborhood")
    yield columns
    for project in projects:
        cells = {one.name: getattr(project, one.name) for one in fields(Listed)}
        cells["name"] = project.name or project.project_id
        cells["category"] = [_label(name) for name in project.categories]
        cells["neighborhood"] = [_label(name) for name in project.neighborhoods] or "-"
        yield [_text(cells[column]) for column in columns]


def _vote_rows(instance: Instance, votes: list[Vote]) -> Iterator[list[str]]:
    pointed = any(vote.points for vote in votes)
    yield ["voter_id", "vote", "points"] if pointed else ["voter_id", "vote"]
    for number, vote in enumerate(votes, 1):
        points = _text(vote.points or range(len(vote.projects), 0, -1))
        yield [str(number), ",".join(vote.projects), points][: 3 if pointed else 2]


def _label(name: str) -> str:
    return " / ".join(part.strip() for part in _text(name).split(","))


def _text(value: object) -> str:
    """A cell: nothing for None, amounts without exponent, lists with commas, text on one line."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, list | tuple | range):
        return ",".join(map(_text, value))
    return "" if value is None else " ".join(str(value).splitlines()).strip()
