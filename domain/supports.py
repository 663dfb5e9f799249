"""Support (steun): one like per resident per plan, taken back at will as long as that can be."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from domain import news, phases, residents, roll
from domain.database import Database
from domain.phases import HERE, Phase
from domain.plans import Plan
from domain.processes import Process

PHASES = ("collect", "support")
CARRIED = timedelta(days=14)  # after a merge, if support closed: time to take a support along to the other plan


class Refused(Exception):
    """Nothing was changed. `kind`: closed (the phase), gone (the plan can't be supported), codes_only, or
    code_unknown; the page words it."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class About:
    """What a support of a plan needs to know of it, as it is now. `open`: one of PHASES is."""

    process_id: int
    slug: str
    supporters: str
    threshold: int | None
    count: int
    there: bool
    open: bool


def possible(process: Process, plan: Plan, now: datetime) -> bool:
    """Whether somebody can support the plan now."""
    return plan.public and not plan.withdrawn and any(process.open(kind, now) for kind in PHASES)


def period(process: Process, now: datetime) -> Phase | None:
    """When plans can be supported, as one Phase: phases of PHASES that follow one another directly are one. The one
    that is open, else the next, else the last; None where the process has none."""
    joined: list[Phase] = []
    for phase in (phase for phase in process.phases if phase.kind in PHASES):
        if joined and phase.opens_at <= joined[-1].closes_at:
            before = joined.pop()
            phase = Phase("support", before.opens_at, max(before.closes_at, phase.closes_at))
        joined.append(phase)
    return next((one for one in joined if now < one.closes_at), joined[-1] if joined else None)


def about(db: Database, plan_id: int, now: datetime) -> About:
    """Raises Refused: gone, where there is no such plan."""
    row = db.execute(ABOUT, {"plan": plan_id, "now": phases.to_text(now)}).fetchone()
    if row is None:
        raise Refused("gone")
    return About(*row)


ABOUT = """
SELECT process_id, slug, supporters, support_threshold, supports, status = 'published' AND withdrawn_at IS NULL,
       EXISTS (SELECT 1 FROM phases WHERE phases.process_id = plans.process_id AND kind IN ('collect', 'support')
               AND opens_at <= :now AND closes_at > :now)
FROM plans JOIN processes ON processes.id = process_id WHERE plans.id = :plan
"""


def give(db: Database, plan_id: int, resident_id: int, now: datetime) -> bool:
    """The resident supports the plan; False if they did already. Raises Refused: closed or gone.

    After closing only who may take along (`carry`) a support of a plan that became part of this one.
    Whoever is asked who they are by stemcode comes through `give_by_code`, or has the session that it began.
    """
    plan = about(db, plan_id, now)
    if not plan.open and carry(db, plan_id, now, resident_id) is None:
        raise Refused("closed")
    if not plan.there:
        raise Refused("gone")
    given = db.execute(
        "INSERT INTO supports (plan_id, resident_id, given_on) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        [plan_id, resident_id, now.astimezone(HERE).date().isoformat()],
    )
    if given.rowcount and plan.count + 1 == plan.threshold:
        tell_once(db, plan.process_id, plan_id, now)
    return bool(given.rowcount)


def tell_once(db: Database, process_id: int, plan_id: int, now: datetime) -> None:
    """Also where somebody took their support back meanwhile, and the threshold is reached once more."""
    told = "SELECT 1 FROM news WHERE plan_id = ? AND kind = 'enough_support'"
    if not db.execute(told, [plan_id]).fetchone():
        news.tell(db, process_id, plan_id, "enough_support", "", now, assessed_from(db, process_id, now))


def assessed_from(db: Database, process_id: int, now: datetime) -> date | None:
    """The day from which staff assess plans, if that lies ahead."""
    sql = "SELECT opens_at FROM phases WHERE process_id = ? AND kind = 'assess' AND opens_at > ?"
    row = db.execute(sql, [process_id, phases.to_text(now)]).fetchone()
    return phases.from_text(row[0]).astimezone(HERE).date() if row else None


def take_back(db: Database, plan_id: int, resident_id: int, now: datetime) -> bool:
    """The resident supports it no longer; False if they didn't. Raises Refused: closed or gone."""
    if not about(db, plan_id, now).open:
        raise Refused("closed")
    taken = db.execute("DELETE FROM supports WHERE plan_id = ? AND resident_id = ?", [plan_id, resident_id])
    return bool(taken.rowcount)


def give_by_code(
    db: Database, secret: bytes, process: Process, plan_id: int, code: str, language: str, now: datetime
) -> int:
    """Who holds a stemcode of the process supports the plan. Returns their id as a resident; raises Refused.

    The code (in its normal form) is not used up, and no row here tells which code of the roll it was.
    """
    if roll.used(db, secret, process.id, code) is None:
        raise Refused("code_unknown")
    resident_id = residents.arrived(db, residents.key_of_code(secret, process.id, code), language, now)
    give(db, plan_id, resident_id, now)
    return resident_id


def confirmed(db: Database, resident_id: int, payload: Mapping[str, Any], now: datetime) -> str:
    """The supporter confirmed the address. Returns where it shows; raises Refused."""
    plan_id = int(payload["plan"])
    plan = about(db, plan_id, now)
    if plan.supporters != "mail":
        raise Refused("codes_only")
    give(db, plan_id, resident_id, now)
    return f"/{plan.slug}/plannen/{plan_id}#steun"


def is_given(db: Database, plan_id: int, resident_id: int) -> bool:
    found = db.execute("SELECT 1 FROM supports WHERE plan_id = ? AND resident_id = ?", [plan_id, resident_id])
    return found.fetchone() is not None


def gave_any(db: Database, process_id: int, resident_id: int) -> bool:
    """The resident supports a plan of the process already, so they said to be old enough."""
    found = db.execute(
        "SELECT 1 FROM supports JOIN plans ON plans.id = plan_id WHERE process_id = ? AND resident_id = ? LIMIT 1",
        [process_id, resident_id],
    )
    return found.fetchone() is not None


def asked_again(db: Database, plan_id: int, resident_id: int) -> list[str]:
    """The titles of plans that the resident supported and that became part of this one, which they do not support."""
    if is_given(db, plan_id, resident_id):
        return []
    return [title for (title,) in db.execute(ASKED_AGAIN, [plan_id, resident_id])]


ASKED_AGAIN = """
WITH RECURSIVE parts (id, title) AS (
    SELECT id, title FROM plans WHERE merged_into = ?
    UNION SELECT plans.id, plans.title FROM plans JOIN parts ON merged_into = parts.id
)
SELECT title FROM parts JOIN supports ON plan_id = parts.id WHERE resident_id = ? ORDER BY parts.id
"""


@dataclass(frozen=True, slots=True)
class Carry:
    """Plans with these titles became part of another: who supported one may take that along before `until`."""

    titles: tuple[str, ...]
    until: datetime


def carry(db: Database, plan_id: int, now: datetime, resident_id: int | None = None) -> Carry | None:
    """What may be taken along to this plan once support closed for good: CARRIED after a merge, until the vote opens;
    None where nothing may. `resident_id`: only what they supported, else what anybody did."""
    moments = {"now": phases.to_text(now), "since": phases.to_text(now - CARRIED)}
    rows = db.execute(TAKEN_IN, {"plan": plan_id, "resident": resident_id, **moments}).fetchall()
    if not rows:
        return None
    vote_opens = rows[0][2]
    until = phases.from_text(max(at for _, at, _ in rows)) + CARRIED
    until = min(until, phases.from_text(vote_opens)) if vote_opens else until
    return Carry(tuple(title for title, _, _ in rows), until) if now < until else None


LAST_MERGE = "(SELECT coalesce(max(at), '') FROM news WHERE news.plan_id = plans.id AND kind = 'merged')"
TAKEN_IN = f"""
WITH RECURSIVE parts (id, title, at) AS (
    SELECT id, title, {LAST_MERGE} FROM plans WHERE merged_into = :plan
    UNION SELECT plans.id, plans.title, max(parts.at, {LAST_MERGE}) FROM plans JOIN parts ON merged_into = parts.id
)
SELECT title, at, (SELECT opens_at FROM phases JOIN plans USING (process_id) WHERE plans.id = :plan AND kind = 'vote')
FROM parts WHERE at > :since AND EXISTS (SELECT 1 FROM supports WHERE plan_id = parts.id
                                         AND (:resident IS NULL OR resident_id = :resident))
AND NOT EXISTS (SELECT 1 FROM phases JOIN plans USING (process_id)
                WHERE plans.id = :plan AND kind IN ('collect', 'support') AND closes_at > :now)
ORDER BY parts.id
"""


@dataclass(frozen=True, slots=True)
class Supported:
    """A plan that somebody supported. `path` is that of the plan, or of the one it became part of, `into`; which they
    may be asked about (`asks`) as long as that can be supported."""

    title: str
    path: str
    given_on: str
    into: str = ""
    asks: bool = False


def of_resident(db: Database, resident_id: int, now: datetime) -> list[Supported]:
    """What the resident supports, the newest first."""
    rows = db.execute(OF_RESIDENT, {"resident": resident_id, "now": phases.to_text(now)})
    return [
        Supported(title, path, given_on, into, bool(asks and (open_ or carry(db, last_id, now, resident_id))))
        for title, path, given_on, into, last_id, asks, open_ in rows
    ]


OF_RESIDENT = """
WITH RECURSIVE ends (plan_id, id) AS (
    SELECT plan_id, plan_id FROM supports WHERE resident_id = :resident
    UNION SELECT ends.plan_id, plans.merged_into FROM ends JOIN plans ON plans.id = ends.id
    WHERE plans.merged_into IS NOT NULL
)
SELECT plans.title, '/' || slug || '/plannen/' || last.id, given_on,
       CASE WHEN last.id = plans.id THEN '' ELSE last.title END,
       last.id, last.id != plans.id AND last.status = 'published' AND last.withdrawn_at IS NULL
       AND NOT EXISTS (SELECT 1 FROM supports AS other WHERE other.plan_id = last.id AND resident_id = :resident),
       EXISTS (SELECT 1 FROM phases WHERE phases.process_id = last.process_id AND kind IN ('collect', 'support')
                   AND opens_at <= :now AND closes_at > :now)
FROM supports JOIN plans ON plans.id = supports.plan_id JOIN ends ON ends.plan_id = plans.id
JOIN plans AS last ON last.id = ends.id AND last.merged_into IS NULL
JOIN processes ON processes.id = plans.process_id
WHERE resident_id = :resident ORDER BY supports.id DESC
"""


def forgotten(db: Database, resident_id: int, now: datetime) -> None:
    """Before the resident is forgotten: what can still be taken back is, what counted already goes on counting, for
    nobody in particular."""
    db.execute(
        "DELETE FROM supports WHERE resident_id = ? AND plan_id IN (SELECT plans.id FROM plans JOIN phases "
        "ON phases.process_id = plans.process_id WHERE kind IN ('collect', 'support') AND closes_at > ?)",
        [resident_id, phases.to_text(now)],
    )
