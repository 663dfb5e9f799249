"""Corrections (correcties): a rule of a vote that is open turns out wrong, and two of the staff put it right.

One asks for it, with a reason that everyone will read; another, with an account of their own, agrees. Only then does it
happen, in one write, and it is told on “Zo werkt het”, on the front page and to who follows the process.

What can be corrected:

- Before the first ballot: every choice that was fixed when the vote opened, but not the seed of the lot: who may draw
  again draws until they like the outcome.
- Once there are ballots: only what leaves each of them valid and counted as its voter meant it. So limits get wider and
  never narrower, the budget higher (and with it what one ballot may divide, where that was the whole budget), the age
  lower, blank votes allowed, and turnout is told later rather than earlier. Never the way of voting; nor whether a vote
  may be changed, for the ballots that are there can't be found again or were promised otherwise. And never the counting
  rule or its options: each ballot would still count, but who has an idea of how the vote goes could choose who wins.
- From the moment the vote closes: nothing. Nobody could vote by the new rule any more, and then it is sealed.

That the two are really two people is what accounts are for: this can't see who shares one.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain import database, mails, news, phases, processes, rules
from domain.audit import record
from domain.database import Database
from domain.designs import making
from domain.designs.choices import Choice, Unfit, Value, checked
from domain.designs.making import RULE_OPTIONS
from domain.designs.model import Clash, Design, ThemeChoice, asked, clashes, decided
from domain.fields import Wrong, WrongFields, check_text
from domain.outbox import Recipient
from domain.processes import Process

LAPSES = timedelta(days=7)  # when nobody agreed
LONGEST_REASON = 500  # characters
Changes = Mapping[str, tuple[Value, Value]]  # by name of a Target: old and new


class Refused(Exception):
    """Nothing was changed. `kind`, which the page words: not_open (the vote hasn't opened, so nothing is fixed yet),
    closed, never (with these ballots), waiting (another correction does), same_person, not_two (one of the two is no
    beheerder any more), stale (the rule changed meanwhile), gone (it is made, dropped or lapsed)."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Target:
    """What can be corrected: a choice of the vote, or a limit of one theme (`theme` is its number)."""

    choice: Choice
    theme: int | None = None
    theme_name: str = ""

    @property
    def name(self) -> str:
        """As it stands in `corrections.changes`: “budget”, or “theme-3-budget”."""
        return self.choice.name if self.theme is None else f"theme-{self.theme}-{self.choice.name}"

    @property
    def optional(self) -> bool:
        """None is a value too: no limit."""
        return self.choice.default is None and not self.choice.needed


OF_THEMES = (
    Choice("money", "budget", "amount", low=100),
    Choice("money", "min_length", "number", 0, low=0, high=1_000),
    Choice("money", "max_length", "number", low=1, high=1_000),
    Choice("money", "max_sum_cost", "amount", low=100),
)


def targets(db: Database, process: Process) -> list[Target]:
    """Everything that was fixed when the vote opened, in the order of the wizard; then the limits of each theme."""
    design = making.of(db, process)
    chosen = [Target(choice) for choice in asked(design) if choice.fixed == "vote"]
    return [*chosen, *(Target(choice, theme.id, theme.name) for theme in design.themes for choice in OF_THEMES)]


def target_of(db: Database, process: Process, name: str) -> Target | None:
    return next((target for target in targets(db, process) if target.name == name), None)


def correctable(db: Database, process: Process) -> list[Target]:
    """Those that can be corrected now, as far as that doesn't depend on the new value."""
    anyone = voted(db, process.id)
    return [target for target in targets(db, process) if not anyone or target.choice.name in WITH_BALLOTS]


def voted(db: Database, process_id: int) -> bool:
    """Somebody handed in a ballot."""
    return db.execute("SELECT 1 FROM ballots WHERE process_id = ? LIMIT 1", [process_id]).fetchone() is not None


def current(process: Process, design: Design, target: Target) -> Value:
    """The value of now; of an option of the counting rule the one that counts, whether it was ever chosen or not."""
    if target.theme is not None:
        theme = next(theme for theme in design.themes if theme.id == target.theme)
        return getattr(theme, target.choice.name)
    if target.choice.name in RULE_OPTIONS:
        value = getattr(process.rule, target.choice.name)
        return int(value) if target.choice.name == "min_score" else value
    return design[target.choice.field]


# Which new values leave every ballot as good as it was


def higher(old: Value, new: Value) -> bool:
    return old is not None and new is not None and new > old


def lower(old: Value, new: Value) -> bool:
    return old is not None and new is not None and new < old


def wider(old: Value, new: Value) -> bool:
    return old is not None and (new is None or new > old)


WITH_BALLOTS: Mapping[str, Callable[[Value, Value], bool]] = {
    "budget": higher,
    "min_length": lower,
    "max_length": wider,
    "max_sum_cost": wider,
    "blank_allowed": lambda old, new: bool(new),
    "codes_by": lambda old, new: True,
    "vote_age": lower,
    "turnout_public": lambda old, new: new == "after",
}


@dataclass(frozen=True, slots=True)
class Correction:
    """One correction, asked for, made or dropped. `changes` names first what was asked, then what goes along with it.

    The fingerprints are those of the rules before and after it was made.
    """

    id: int
    changes: Changes
    reason: str
    asked_by: int
    asked_at: datetime
    agreed_by: int | None
    applied_at: datetime | None
    dropped_at: datetime | None
    dropped_by: int | None
    before: str
    after: str

    @property
    def name(self) -> str:
        return next(iter(self.changes))

    @property
    def lapses_at(self) -> datetime:
        return self.asked_at + LAPSES

    def status(self, now: datetime) -> str:
        """applied, withdrawn (by who asked), refused (by somebody else), lapsed or waiting."""
        if self.applied_at is not None:
            return "applied"
        if self.dropped_at is not None and self.dropped_by is not None:
            return "withdrawn" if self.dropped_by == self.asked_by else "refused"
        return "lapsed" if self.dropped_at is not None or self.lapses_at <= now else "waiting"


def of_process(db: Database, process_id: int) -> list[Correction]:
    """All of them, the newest first."""
    return [from_row(row) for row in db.query(f"{SELECT} WHERE process_id = ? ORDER BY id DESC", [process_id])]


def applied(db: Database, process_id: int) -> list[Correction]:
    """Those that were made, the first first: what everyone may read."""
    return [each for each in reversed(of_process(db, process_id)) if each.applied_at is not None]


def find(db: Database, process_id: int, correction_id: int) -> Correction | None:
    row = next(db.query(f"{SELECT} WHERE process_id = ? AND id = ?", [process_id, correction_id]), None)
    return from_row(row) if row else None


SELECT = (
    "SELECT id, changes, reason, asked_by, asked_at, agreed_by, applied_at, dropped_at, dropped_by, "
    'fingerprint_before AS "before", fingerprint_after AS "after" FROM corrections'
)


def from_row(row: Mapping[str, Value]) -> Correction:
    moments = {name: phases.from_text(row[name]) if row[name] else None for name in ("applied_at", "dropped_at")}
    changes = {name: (old, new) for name, (old, new) in json.loads(row["changes"]).items()}
    asked_at = phases.from_text(row["asked_at"])
    return Correction(**{**row, **moments, "asked_at": asked_at, "changes": changes})


def refuse_unless_open(process: Process, now: datetime) -> None:
    if not process.frozen(now):
        raise Refused("not_open")
    if not process.voting(now):
        raise Refused("closed")


def effects(db: Database, process: Process, target: Target, value: Value) -> Changes:
    """What changes if that becomes the value: it, and what goes along with it.

    Raises Refused (never, stale) and WrongFields (unchanged, not_wider, and clashes by their kind).
    """
    design = making.of(db, process)
    old, wanted = current(process, design, target), with_value(design, target, value)
    if target.theme is None and target.name in ALONG:
        value = making.row_of(wanted)[target.name]
    if old == value:
        raise WrongFields(Wrong("value", "unchanged"))
    if new := first_clash(design, wanted):
        raise WrongFields(Wrong("value", new.kind))
    changes = {target.name: (old, value)} | dict(along(design, wanted, target))
    if voted(db, process.id):
        refuse_narrower(changes)
    return changes


def with_value(design: Design, target: Target, value: Value) -> Design:
    """The design with that value. Where a ballot divides the whole budget, it still does when that changes."""
    if target.theme is not None:
        return replace(design, themes=tuple(themes_with(design.themes, target, value)))
    divides = target.name == "budget" and design["vote-voting_method"] == "knapsack"
    whole = divides and design["vote-max_sum_cost"] == design["money-budget"]
    return decided(design, {target.choice.field: value} | ({"vote-max_sum_cost": None} if whole else {}))


def themes_with(themes: Iterable[ThemeChoice], target: Target, value: Value) -> Iterable[ThemeChoice]:
    for theme in themes:
        yield replace(theme, **{target.choice.name: value}) if theme.id == target.theme else theme


def first_clash(before: Design, after: Design) -> Clash | None:
    """What doesn't fit together any more; what didn't before is nobody's business here."""
    there = set(clashes(before))
    return next((clash for clash in clashes(after) if clash not in there), None)


ALONG = ("min_length", "max_length", "max_sum_cost")


def along(before: Design, after: Design, target: Target) -> Iterable[tuple[str, tuple[Value, Value]]]:
    """What else changes: one plan means one at most, and what a ballot divides may be the whole budget."""
    old, new = making.row_of(before), making.row_of(after)
    for name in ALONG:
        if name != target.name and old[name] != new[name]:
            yield name, (old[name], new[name])


def refuse_narrower(changes: Changes) -> None:
    for name, (old, new) in changes.items():
        bare = name.rpartition("-")[2]
        if bare not in WITH_BALLOTS:
            raise Refused("never")
        if not WITH_BALLOTS[bare](old, new):
            raise WrongFields(Wrong("value", f"not_wider_{bare}"))


def ask(db: Database, process: Process, name: str, value: Value, reason: str, now: datetime, account_id: int) -> int:
    """Ask a colleague to agree that this becomes the value; returns the number of the correction.

    Raises Refused (not_open, closed, never, waiting) and WrongFields (on value and reason).
    """
    process = processes.fresh(db, process)
    refuse_unless_open(process, now)
    lapse(db, process.id, now)
    target = target_of(db, process, name)
    if target is None:
        raise Refused("never")
    changes = read(db, process, target, value, reason)
    if waiting(db, process.id):
        raise Refused("waiting")
    number = database.insert(
        db,
        "corrections",
        {
            "process_id": process.id,
            "changes": json.dumps(changes),
            "reason": reason,
            "asked_by": account_id,
            "asked_at": phases.to_text(now),
        },
    )
    record(db, account_id, process.id, "correction_asked", f"correction {number}", now, changed=[*changes])
    tell_staff(db, process, number, reason, now, account_id, asked=True)
    return number


def read(db: Database, process: Process, target: Target, value: Value, reason: str) -> Changes:
    """What that would change. Raises Refused, and WrongFields with what is wrong with the value and the reason."""
    wrong = check_text("reason", reason, LONGEST_REASON, required=True)
    changes: Changes = {}
    try:
        changes = effects(db, process, target, valid(target, value))
    except WrongFields as refused:
        wrong = [*refused.wrong, *wrong]
    if wrong:
        raise WrongFields(*wrong)
    return changes


def valid(target: Target, value: Value) -> Value:
    """The value, if the choice takes it. Raises WrongFields."""
    if value is None and target.optional:
        return None
    try:
        return checked(target.choice, value) if value is not None else missing()
    except Unfit as unfit:
        raise WrongFields(Wrong("value", unfit.kind, unfit.limit)) from unfit


def missing() -> Value:
    raise Unfit("missing")


def waiting(db: Database, process_id: int) -> Correction | None:
    """The one correction of the process that waits for a second person, lapsed or not."""
    row = next(
        db.query(f"{SELECT} WHERE process_id = ? AND applied_at IS NULL AND dropped_at IS NULL", [process_id]), None
    )
    return from_row(row) if row else None


def lapse(db: Database, process_id: int, now: datetime) -> None:
    """Drop what waited too long, so that something else can be asked."""
    db.execute(
        "UPDATE corrections SET dropped_at = :now WHERE process_id = :process AND applied_at IS NULL "
        "AND dropped_at IS NULL AND asked_at <= :before",
        {"now": phases.to_text(now), "process": process_id, "before": phases.to_text(now - LAPSES)},
    )


def agree(db: Database, process: Process, correction_id: int, now: datetime, account_id: int) -> None:
    """Agree as the second person, and make the correction. All of it, or nothing.

    Raises Refused (gone, same_person, not_two, came_later, not_open, closed, never, stale).
    """
    process = processes.fresh(db, process)
    correction = find(db, process.id, correction_id)
    if correction is None or correction.status(now) != "waiting":
        raise Refused("gone")
    if correction.asked_by == account_id:
        raise Refused("same_person")
    if not may_decide(db, process.id, correction.asked_by, account_id):
        raise Refused("not_two")
    if came_later(db, account_id, correction):
        raise Refused("came_later")
    refuse_unless_open(process, now)
    refuse_stale(db, process, correction)
    before = rules.fingerprint(process)
    db.execute(
        "UPDATE corrections SET agreed_by = ?, agreed_at = ? WHERE id = ?",
        [account_id, phases.to_text(now), correction_id],
    )
    put(db, process.id, {name: new for name, (_, new) in correction.changes.items()})
    after = rules.fingerprint(processes.fresh(db, process))
    db.execute(
        "UPDATE corrections SET applied_at = ?, fingerprint_before = ?, fingerprint_after = ? WHERE id = ?",
        [phases.to_text(now), before, after, correction_id],
    )
    news.tell(db, process.id, None, "correction", correction.reason, now)
    changed = [*correction.changes]
    record(db, account_id, process.id, "correction_made", f"correction {correction_id}", now, changed=changed)
    tell_staff(db, process, correction_id, correction.reason, now, account_id, asked=False)


def refuse_stale(db: Database, process: Process, correction: Correction) -> None:
    """What was asked must still be what happens: the same values before it, and the same ballots to respect."""
    target = target_of(db, process, correction.name)
    if target is None:
        raise Refused("stale")
    try:
        there = effects(db, process, target, correction.changes[correction.name][1])
    except WrongFields as changed:
        kind = "never" if changed.wrong[0].kind.startswith("not_wider") else "stale"
        raise Refused(kind) from changed
    if there != correction.changes:
        raise Refused("stale")


def put(db: Database, process_id: int, values: Mapping[str, Value]) -> None:
    """The values in their places. The schema lets them through only for a correction that was agreed to and not yet
    made."""
    themes = {name: value for name, value in values.items() if name.startswith("theme-")}
    for name, value in themes.items():
        _, number, column = name.split("-")
        sql = f"UPDATE themes SET {column} = ? WHERE id = ? AND process_id = ?"
        db.execute(sql, [value, int(number), process_id])
    chosen = {name: value for name, value in values.items() if name not in themes}
    if chosen:
        sets = ", ".join(RULE_OPTION.format(name) if name in RULE_OPTIONS else f"{name} = :{name}" for name in chosen)
        db.execute(f"UPDATE processes SET {sets} WHERE id = :process", {**chosen, "process": process_id})


RULE_OPTION = "rule_options = json_set(rule_options, '$.{0}', :{0})"


def drop(db: Database, process: Process, correction_id: int, now: datetime, account_id: int) -> None:
    """Withdraw it, as who asked, or refuse it, as anyone else. Raises Refused (gone)."""
    correction = find(db, process.id, correction_id)
    if correction is None or correction.status(now) != "waiting":
        raise Refused("gone")
    db.execute(
        "UPDATE corrections SET dropped_at = ?, dropped_by = ? WHERE id = ?",
        [phases.to_text(now), account_id, correction_id],
    )
    action = "withdrawn" if account_id == correction.asked_by else "refused"
    subject = f"correction {correction_id}"
    if action == "withdrawn":
        record(db, account_id, process.id, "correction_withdrawn", subject, now)
    else:
        record(db, account_id, process.id, "correction_refused", subject, now)


def tell_staff(
    db: Database, process: Process, number: int, reason: str, now: datetime, account_id: int, *, asked: bool
) -> None:
    """Mail every other beheerder, and the owners of the site."""
    path = f"/beheer/{process.slug}/correcties/{number}" if asked else f"/{process.slug}/zo-werkt-het"
    mail = mails.correction_asked if asked else mails.correction_made
    (name,) = db.execute("SELECT name FROM accounts WHERE id = ?", [account_id]).fetchone()
    for email in others(db, process.id, account_id):
        mail(db, now, Recipient(email, process.language), process=process, asked_by=name, reason=reason, path=path)


BEHEERDERS = """
SELECT id, email FROM accounts WHERE disabled_at IS NULL
AND (owner OR id IN (SELECT account_id FROM roles WHERE process_id = ? AND role = 'beheerder')) ORDER BY id
"""


def others(db: Database, process_id: int, account_id: int) -> list[str]:
    """The addresses of the colleagues who can agree with what that one asks."""
    return [email for id_, email in db.execute(BEHEERDERS, [process_id]).fetchall() if id_ != account_id]


def came_later(db: Database, account_id: int, correction: Correction) -> bool:
    """The account was made, or got a role, after the correction was asked: it may be the first person once more."""
    asked_at = phases.to_text(correction.asked_at)
    row = db.execute(
        "SELECT 1 FROM accounts WHERE id = :id AND created_at > :asked UNION ALL SELECT 1 FROM audit_log "
        "WHERE subject = 'account ' || :id AND action IN ('invited', 'roles_set', 'owner_made') AND at > :asked",
        {"id": account_id, "asked": asked_at},
    ).fetchone()
    return row is not None


def may_decide(db: Database, process_id: int, *account_ids: int) -> bool:
    """They all are beheerder here or own the site, now."""
    return {*account_ids} <= {id_ for id_, _ in db.execute(BEHEERDERS, [process_id]).fetchall()}
