"""Reactions (reacties): arguments for and against a plan, answers to them, and marking them as useful."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from domain import audit, database, fields, mails, phases, reports
from domain.database import Database
from domain.fields import Wrong
from domain.outbox import Recipient
from domain.phases import Phase
from domain.processes import Process

SIDES = ("for", "against")
PAGE = 20  # arguments on each side
MOST_PAGES = 25
SHORTEST, LONGEST, LONGEST_NAME = 3, 1_000, 40  # characters
MOST_AN_HOUR = 10  # of one resident
AGAIN = timedelta(days=1)  # the same text of the same resident within this is the same reaction
WIPED = "–"  # stands where the writer took name and text away
LONGEST_REASON = 500


class Refused(Exception):
    """Nothing was changed. `kind`: unknown, closed, too_many, own, missing_reason, someone_first,
    not_this_one or by_writer; the page words it."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Reaction:
    """An argument with its answers, or an answer. `account_id`: staff wrote it."""

    id: int
    plan_id: int
    parent_id: int | None
    side: str  # for, against or answer
    resident_id: int | None
    account_id: int | None
    name: str
    text: str
    status: str  # waiting, published or hidden
    status_reason: str
    useful: int
    created_at: datetime
    answers: tuple["Reaction", ...] = ()

    @property
    def by_writer(self) -> bool:
        """Its writer took it away; staff never hide without a reason."""
        return self.status == "hidden" and not self.status_reason


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody wants to say, cleaned. `parent_id`: the argument it answers."""

    side: str
    text: str
    name: str
    parent_id: int | None = None


def typed(side: str, text: str, name: str, parent_id: int | None = None) -> tuple[Typed, list[Wrong]]:
    """The reaction as it would be kept, and what is wrong with it."""
    said = Typed("answer" if parent_id is not None else side, fields.text(text), fields.line(name), parent_id)
    wrong = [] if parent_id is not None or side in SIDES else [Wrong("side", "not_a_choice")]
    wrong += fields.check_text("reaction", said.text, LONGEST, required=True)
    if said.text and len(said.text) < SHORTEST:
        wrong.append(Wrong("reaction", "too_short", SHORTEST))
    wrong += fields.check_name("reaction_name", said.name, LONGEST_NAME)
    return said, wrong


def open_now(process: Process, now: datetime) -> bool:
    """Residents may react: the process lets them, and so does the phase that is open. Between two phases as well;
    not once the last has closed."""
    return reacting(process.reactions_allowed, process.phases, now)


def reacting(allowed: bool, listed: Sequence[Phase], now: datetime) -> bool:
    current = next((phase for phase in reversed(listed) if phase.open(now)), None)
    if current is not None:
        return allowed and current.reactions_allowed
    return allowed and any(phase.opens_at > now for phase in listed)


def write(db: Database, process_id: int, plan_id: int, resident_id: int, said: Typed, now: datetime) -> int:
    """Write the reaction and return its id; the same one twice within a day is one.

    The name becomes the resident's own. Where the process wants that, it waits for a moderator. Raises Refused:
    unknown, closed or too_many.
    """
    refuse_closed(db, process_id, plan_id, now)
    refuse_unknown_parent(db, plan_id, said)
    if (there := written(db, plan_id, resident_id, said, now)) is not None:
        return there
    since = phases.to_text(now - timedelta(hours=1))
    recent = "SELECT count(*) FROM reactions WHERE resident_id = ? AND created_at > ?"
    if db.execute(recent, [resident_id, since]).fetchone()[0] >= MOST_AN_HOUR:
        raise Refused("too_many")
    db.execute("UPDATE residents SET name = ? WHERE id = ? AND name != ?", [said.name, resident_id, said.name])
    (moderation,) = db.execute("SELECT reaction_moderation FROM processes WHERE id = ?", [process_id]).fetchone()
    status = "waiting" if moderation == "before" else "published"
    return insert(db, plan_id, said, now, status=status, resident_id=resident_id)


def answer_of_staff(db: Database, process_id: int, said: Typed, now: datetime, account_id: int) -> int:
    """An answer of staff to that argument, public at once, in every phase. Raises Refused: unknown."""
    parent = found(db, process_id, said.parent_id or 0)
    refuse_unknown_parent(db, parent.plan_id, said)
    same = "SELECT id FROM reactions WHERE parent_id = ? AND account_id = ? AND text = ? AND status = 'published'"
    if row := db.execute(same, [parent.id, account_id, said.text]).fetchone():
        return int(row[0])
    id_ = insert(db, parent.plan_id, said, now, status="published", account_id=account_id)
    audit.record(db, account_id, process_id, "reaction.answered", f"reaction {parent.id}", now, answer=id_)
    return id_


def insert(db: Database, plan_id: int, said: Typed, now: datetime, **more: Any) -> int:
    row = {
        "plan_id": plan_id,
        "parent_id": said.parent_id,
        "side": said.side,
        "name": said.name,
        "text": said.text,
        "created_at": phases.to_text(now),
    }
    return database.insert(db, "reactions", row | more)


def written(db: Database, plan_id: int, resident_id: int, said: Typed, now: datetime) -> int | None:
    """The id of the same reaction, if they wrote it less than a day ago."""
    row = db.execute(
        "SELECT id FROM reactions WHERE resident_id = ? AND plan_id = ? AND side = ? AND text = ? "
        "AND parent_id IS ? AND created_at > ?",
        [resident_id, plan_id, said.side, said.text, said.parent_id, phases.to_text(now - AGAIN)],
    ).fetchone()
    return int(row[0]) if row else None


def refuse_closed(db: Database, process_id: int, plan_id: int, now: datetime) -> None:
    """Raises Refused where the plan is not there for residents, or nobody may react to it now."""
    row = db.execute(
        "SELECT withdrawn_at, reactions_allowed FROM plans JOIN processes ON processes.id = process_id "
        "WHERE plans.id = ? AND process_id = ? AND status = 'published'",
        [plan_id, process_id],
    ).fetchone()
    if row is None:
        raise Refused("unknown")
    if row[0] is not None or not reacting(bool(row[1]), phases.load(db, process_id), now):
        raise Refused("closed")


def refuse_unknown_parent(db: Database, plan_id: int, said: Typed) -> None:
    if said.parent_id is None:
        return
    parent = "SELECT 1 FROM reactions WHERE id = ? AND plan_id = ? AND parent_id IS NULL AND status = 'published'"
    if not db.execute(parent, [said.parent_id, plan_id]).fetchone():
        raise Refused("unknown")


def mark(db: Database, process_id: int, reaction_id: int, resident_id: int, useful: bool, now: datetime) -> Reaction:
    """The resident finds the reaction useful, or no longer: said twice is said once. Returns the reaction.

    Raises Refused: unknown, closed, or own.
    """
    reaction = found(db, process_id, reaction_id)
    if reaction.status != "published":
        raise Refused("unknown")
    refuse_closed(db, process_id, reaction.plan_id, now)
    if reaction.resident_id == resident_id:
        raise Refused("own")
    if useful:
        sql = "INSERT OR IGNORE INTO useful_marks (reaction_id, resident_id) VALUES (?, ?)"
    else:
        sql = "DELETE FROM useful_marks WHERE reaction_id = ? AND resident_id = ?"
    db.execute(sql, [reaction_id, resident_id])
    return reaction


def take_back(db: Database, process_id: int, reaction_id: int, resident_id: int) -> Reaction:
    """The writer takes the reaction away, whenever they want: it is gone, or where it was answered its place stays,
    without name and text. Returns it as it was. Raises Refused: unknown."""
    reaction = found(db, process_id, reaction_id)
    if reaction.resident_id != resident_id:
        raise Refused("unknown")
    remove(db, reaction_id)
    return reaction


def remove(db: Database, reaction_id: int) -> None:
    """Take name and text of the reaction away for good."""
    if db.execute("SELECT 1 FROM reactions WHERE parent_id = ?", [reaction_id]).fetchone():
        db.execute(
            "UPDATE reactions SET status = 'hidden', status_reason = '', name = :wiped, text = :wiped, "
            "resident_id = NULL WHERE id = :id",
            {"wiped": WIPED, "id": reaction_id},
        )
        db.execute("DELETE FROM useful_marks WHERE reaction_id = ?", [reaction_id])
        db.execute("DELETE FROM reports WHERE reaction_id = ?", [reaction_id])
    else:
        db.execute("DELETE FROM reactions WHERE id = ?", [reaction_id])


def confirmed(db: Database, resident_id: int, payload: Mapping[str, Any], now: datetime) -> str:
    """Who wrote a reaction, or found one useful, confirmed the address. Returns where it shows; raises Refused."""
    process_id = int(payload["process"])
    if "useful" in payload:
        try:
            reaction = mark(db, process_id, int(payload["useful"]), resident_id, True, now)
        except Refused as refused:
            if refused.kind != "own":
                raise
            reaction = found(db, process_id, int(payload["useful"]))
        return path_of(db, reaction.plan_id, reaction.id)
    said = Typed(payload["side"], payload["text"], payload["name"], payload["parent"])
    plan_id = int(payload["plan"])
    return path_of(db, plan_id, write(db, process_id, plan_id, resident_id, said, now))


def path_of(db: Database, plan_id: int, reaction_id: int) -> str:
    (slug,) = db.execute(
        "SELECT slug FROM processes JOIN plans ON process_id = processes.id WHERE plans.id = ?", [plan_id]
    ).fetchone()
    return f"/{slug}/plannen/{plan_id}#reactie-{reaction_id}"


# Reading

NAMES = (
    *("id", "plan_id", "parent_id", "side", "resident_id", "account_id", "name", "text", "status", "status_reason"),
    *("useful", "created_at"),
)
COLUMNS = ", ".join(f"r.{name}" for name in NAMES)
# Waiting ones are their writer's. What was hidden shows that it is; not where it was perhaps never public.
VISIBLE = """
(r.status = 'published' OR r.resident_id = :me
 OR r.status = 'hidden' AND (:stubs OR EXISTS (SELECT 1 FROM reactions AS a WHERE a.parent_id = r.id)))
"""


def reaction_from(row: Sequence[Any]) -> Reaction:
    """Of a row that begins with COLUMNS."""
    values = dict(zip(NAMES, row, strict=False))
    return Reaction(**{**values, "created_at": phases.from_text(values["created_at"])})


def found(db: Database, process_id: int, reaction_id: int) -> Reaction:
    """The reaction in whatever status, if it is one of that process. Raises Refused: unknown."""
    row = db.execute(
        f"SELECT {COLUMNS} FROM reactions AS r JOIN plans ON plans.id = plan_id WHERE r.id = ? AND process_id = ?",
        [reaction_id, process_id],
    ).fetchone()
    if row is None:
        raise Refused("unknown")
    return reaction_from(row)


@dataclass(frozen=True, slots=True)
class Column:
    """One side as a page shows it: the first of the `total` arguments, the most useful first, then the oldest."""

    side: str
    total: int
    shown: tuple[Reaction, ...]


def columns(db: Database, process: Process, plan_id: int, pages: int, me: int | None) -> tuple[Column, ...]:
    """Both sides, PAGE times `pages` arguments of each, as resident `me` (None: anyone) sees them."""
    return tuple(column(db, process, plan_id, side, pages, me) for side in SIDES)


def column(db: Database, process: Process, plan_id: int, side: str, pages: int, me: int | None) -> Column:
    stubs = process.reaction_moderation == "after"
    values = {"plan": plan_id, "side": side, "me": me, "stubs": stubs, "most": PAGE * pages}
    where = f"FROM reactions AS r WHERE r.plan_id = :plan AND r.side = :side AND {VISIBLE}"
    (total,) = db.execute(f"SELECT count(*) {where}", values).fetchone()
    rows = db.execute(
        f"SELECT {COLUMNS} {where} ORDER BY r.status = 'hidden', r.useful DESC, r.created_at, r.id LIMIT :most", values
    )
    return Column(side, total, with_answers(db, [reaction_from(row) for row in rows], values))


def with_answers(db: Database, arguments: list[Reaction], values: Mapping[str, Any]) -> tuple[Reaction, ...]:
    rows = db.execute(
        f"SELECT {COLUMNS} FROM reactions AS r WHERE r.parent_id IN (SELECT value FROM json_each(:parents)) "
        f"AND {VISIBLE} ORDER BY r.created_at, r.id",
        {**values, "parents": json.dumps([argument.id for argument in arguments])},
    )
    answers: dict[int | None, list[Reaction]] = {}
    for answer in map(reaction_from, rows):
        answers.setdefault(answer.parent_id, []).append(answer)
    return tuple(replace(argument, answers=tuple(answers.get(argument.id, ()))) for argument in arguments)


def marked(db: Database, plan_id: int, resident_id: int | None) -> frozenset[int]:
    """The ids of the reactions on that plan that the resident finds useful."""
    rows = db.execute(
        "SELECT reaction_id FROM useful_marks JOIN reactions ON reactions.id = reaction_id "
        "WHERE useful_marks.resident_id = ? AND plan_id = ?",
        [resident_id, plan_id],
    )
    return frozenset(row[0] for row in rows)


# Moderation

ALLOWED = {"publish": ("waiting",), "hide": ("waiting", "published"), "restore": ("hidden",)}
BECOMES = {"publish": "published", "hide": "hidden", "restore": "published"}
AUDITED = {"publish": "reaction.published", "hide": "reaction.hidden", "restore": "reaction.restored"}


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one reaction in a bulk action; `refused` is why not, or empty."""

    reaction_id: int
    name: str
    refused: str = ""


def moderate(
    db: Database,
    verb: str,
    process: Process,
    reaction_id: int,
    seen: str,
    reason: str,
    now: datetime,
    account_id: int,
) -> None:
    """Publish, hide (with a public reason) or restore the reaction, which had status `seen` on the moderator's page.

    Reports of it are handled with that. Raises Refused: unknown, missing_reason, by_writer, not_this_one, or
    someone_first where a colleague changed it meanwhile.
    """
    reaction = found(db, process.id, reaction_id)
    if reaction.by_writer:
        raise Refused("by_writer")
    if reaction.status != seen:
        raise Refused("someone_first")
    if seen not in ALLOWED[verb]:
        raise Refused("not_this_one")
    if verb == "hide" and not reason:
        raise Refused("missing_reason")
    db.execute(
        "UPDATE reactions SET status = ?, status_reason = ? WHERE id = ?",
        [BECOMES[verb], reason if verb == "hide" else "", reaction_id],
    )
    reports.handle_reaction(db, reaction_id, now, account_id)
    if verb == "hide":
        tell_writer(db, process, reaction, reason, now)
    audit.record(db, account_id, process.id, AUDITED[verb], f"reaction {reaction_id}", now, before=seen)


def dismiss(
    db: Database,
    _verb: str,
    process: Process,
    reaction_id: int,
    _seen: str,
    _reason: str,
    now: datetime,
    account_id: int,
) -> None:
    """The reports of the reaction are handled: it stays as it is. Raises Refused: unknown or someone_first."""
    found(db, process.id, reaction_id)  # or it is of another process
    if not reports.handle_reaction(db, reaction_id, now, account_id):
        raise Refused("someone_first")
    audit.record(db, account_id, process.id, "reaction.report_dismissed", f"reaction {reaction_id}", now)


VERBS = {"publish": moderate, "hide": moderate, "restore": moderate, "dismiss": dismiss}


def each(
    db: Database,
    verb: str,
    process: Process,
    chosen: Iterable[tuple[int, str]],
    reason: str,
    now: datetime,
    account_id: int,
) -> list[Done]:
    """The verb (VERBS) for every one of these reactions that takes it, and what became of each, in that order.

    `chosen`: ids, each with the status that the moderator saw.
    """
    done = []
    for reaction_id, seen in dict(chosen).items():
        refused = ""
        try:
            VERBS[verb](db, verb, process, reaction_id, seen, reason, now, account_id)
        except Refused as error:  # a verb raises before its first write
            refused = error.kind
        done.append(Done(reaction_id, name_of(db, process.id, reaction_id), refused))
    return done


def name_of(db: Database, process_id: int, reaction_id: int) -> str:
    try:
        return found(db, process_id, reaction_id).name
    except Refused:
        return ""


def tell_writer(db: Database, process: Process, reaction: Reaction, reason: str, now: datetime) -> None:
    """By mail, if there is an address: most who react leave none behind."""
    row = db.execute(
        "SELECT email, language, title FROM residents JOIN plans ON plans.id = ? "
        "WHERE residents.id = ? AND email IS NOT NULL",
        [reaction.plan_id, reaction.resident_id],
    ).fetchone()
    if row is not None:
        to, title = Recipient(row[0], row[1]), row[2]
        mails.reaction_hidden(db, now, to, process=process, plan_id=reaction.plan_id, title=title, reason=reason)


SHOWN = {
    "waiting": "r.status = 'waiting'",
    "reported": "EXISTS (SELECT 1 FROM reports WHERE reaction_id = r.id AND handled_at IS NULL)",
    "all": "1",
}
STAFF_PAGE = 50


@dataclass(frozen=True, slots=True)
class Moderated:
    """A reaction as a moderator sees it: on which plan, and why it was reported (what nobody handled yet)."""

    reaction: Reaction
    title: str
    reasons: tuple[str, ...]


def to_moderate(db: Database, process_id: int, shown: str, page: int) -> tuple[list[Moderated], int]:
    """Page `page` (from 1) of the reactions that wait, are reported, or all (SHOWN), and how many pages there are.

    What waits longest comes first; of all, the newest. Raises IndexError past the last page.
    """
    where = f"FROM reactions AS r JOIN plans ON plans.id = r.plan_id WHERE process_id = :process AND {SHOWN[shown]}"
    values = {"process": process_id, "most": STAFF_PAGE, "skip": STAFF_PAGE * (page - 1)}
    (total,) = db.execute(f"SELECT count(*) {where}", values).fetchone()
    pages = max(1, -(-total // STAFF_PAGE))
    if not 1 <= page <= pages:
        raise IndexError(page)
    rows = db.execute(
        f"SELECT {COLUMNS}, title {where} ORDER BY r.id {'DESC' if shown == 'all' else ''} LIMIT :most OFFSET :skip",
        values,
    ).fetchall()
    reasons = reports.reasons(db, [row[0] for row in rows])
    return [Moderated(reaction_from(row), row[len(NAMES)], reasons.get(row[0], ())) for row in rows], pages


def numbers(db: Database, process_id: int) -> dict[str, int]:
    """How many reactions there are to moderate, by what is shown (SHOWN)."""
    counts = ", ".join(f"total({where})" for where in SHOWN.values())
    row = db.execute(
        f"SELECT {counts} FROM reactions AS r JOIN plans ON plans.id = r.plan_id WHERE process_id = ?", [process_id]
    ).fetchone()
    return {shown: int(number) for shown, number in zip(SHOWN, row, strict=True)}
