"""Interests (op de hoogte): who asked to hear of the next process in their neighbourhood.

Kept apart from anything they did here: no table leads from `interested` to a resident, a plan, a support or a code. The
address is encrypted, so that it can't be looked up among those of makers and followers either. Only with the secret can
somebody who shows to be a resident find back what they asked.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from domain import areas, disclosure, mails, phases
from domain.areas import Area
from domain.database import Database
from domain.outbox import Recipient
from domain.phases import HERE
from domain.processes import Process
from domain.secret import keyed_hash, seal, unseal

MOST_AREAS = 10  # of one person
MOST_THEMES = 10
MOST_OFFERED = 30  # themes
FRESH = timedelta(days=14)  # a process that opened longer ago is no news any more
BATCH = 200  # mails in one write, so that no other write waits for long
ADDRESS, STOP = "interested address", "stop interest"  # labels of what is sealed
PADDED = 64  # bytes: the length of an address would tell whose it may be


class Refused(Exception):
    """Nothing was changed. `kind`: unknown (none of these areas is there any more); the page words it."""

    kind = "unknown"


@dataclass(frozen=True, slots=True)
class Interest:
    """What somebody asked. No `themes`: every theme."""

    id: int
    email: str
    area_ids: tuple[int, ...]
    themes: tuple[str, ...]


def key_of(secret: bytes, resident_key: bytes) -> bytes:
    """The key of `interested` for the resident with that key (residents.key)."""
    return keyed_hash(secret, "interest", 0, resident_key.hex())


def areas_to_choose(db: Database) -> list[Area]:
    """The areas that have or had a process, and those in which these lie, as a tree."""
    used = {id_ for (id_,) in db.execute(f"{UP} SELECT DISTINCT id FROM up")}
    return [area for area in areas.tree(db) if area.id in used] if used else []


UP = """
WITH RECURSIVE up (id) AS (
    SELECT area_id FROM processes UNION SELECT parent_id FROM areas JOIN up ON areas.id = up.id
    WHERE parent_id IS NOT NULL
)
"""


def themes_to_choose(db: Database) -> list[str]:
    """The names of themes that processes have or had, those that most have if there are many."""
    rows = db.execute("SELECT name FROM themes GROUP BY name ORDER BY count(*) DESC, name LIMIT ?", [MOST_OFFERED])
    return sorted(name for (name,) in rows)


def sealed_address(secret: bytes, email: str) -> bytes:
    plain = email.strip().lower().encode()
    return seal(secret, ADDRESS, plain + b" " * (-len(plain) % PADDED))


def address_in(secret: bytes, sealed: bytes) -> str:
    return (unseal(secret, ADDRESS, sealed) or b"").decode().strip()


def ask(
    db: Database,
    key: bytes,
    address: bytes,
    language: str,
    area_ids: Iterable[int],
    themes: Iterable[str],
    now: datetime,
) -> None:
    """Mail that address (`sealed_address`), which they confirmed, when a process opens there; in the place of what they
    asked before. Raises Refused."""
    there = {id_ for id_ in area_ids if db.execute("SELECT 1 FROM areas WHERE id = ?", [id_]).fetchone()}
    if not there:
        raise Refused
    interested_id = db.execute(
        "INSERT INTO interested (key, address, language, since) VALUES (?, ?, ?, ?) ON CONFLICT (key) DO UPDATE "
        "SET address = excluded.address, language = excluded.language, since = excluded.since RETURNING id",
        [key, address, language, day_of(now)],
    ).fetchone()[0]
    db.execute("DELETE FROM interests WHERE interested_id = ?", [interested_id])
    rows = [
        (interested_id, area_id, theme)
        for area_id in sorted(there)[:MOST_AREAS]
        for theme in sorted(set(themes))[:MOST_THEMES] or [""]
    ]
    db.conn.executemany("INSERT INTO interests (interested_id, area_id, theme) VALUES (?, ?, ?)", rows)


def day_of(now: datetime) -> str:
    return now.astimezone(HERE).date().isoformat()


def of_key(db: Database, secret: bytes, key: bytes) -> Interest | None:
    """What whoever has that key asked."""
    row = db.execute("SELECT id, address FROM interested WHERE key = ?", [key]).fetchone()
    if row is None:
        return None
    rows = db.execute("SELECT area_id, theme FROM interests WHERE interested_id = ?", [row[0]]).fetchall()
    found = {area_id for area_id, _ in rows}, {theme for _, theme in rows if theme}
    return Interest(row[0], address_in(secret, row[1]), tuple(sorted(found[0])), tuple(sorted(found[1])))


def of_resident(db: Database, secret: bytes, resident_id: int) -> Interest | None:
    """The same, of a resident who showed who they are."""
    row = db.execute("SELECT key FROM residents WHERE id = ?", [resident_id]).fetchone()
    return of_key(db, secret, key_of(secret, row[0])) if row else None


def stop(db: Database, interested_id: int) -> bool:
    """No more mail, and nothing left of it; False if there was nothing."""
    return bool(db.execute("DELETE FROM interested WHERE id = ?", [interested_id]).rowcount)


# Stopping by the link in a mail (RFC 8058)

TOKEN = re.compile(r"[0-9A-Za-z_-]{40,200}={0,2}")


def token(secret: bytes, interested_id: int, key: bytes) -> str:
    """What ends it, and nothing else; it never expires. With their key: the number may be given again.

    Sealed, for the mail it goes out with is kept a while: the number would lead from an address to what they asked."""
    return urlsafe_b64encode(seal(secret, STOP, f"{interested_id}|{key.hex()}".encode())).decode()


def of_token(db: Database, secret: bytes, typed: str) -> int | None:
    """The `interested` that this token ends, if it is still there."""
    if not TOKEN.fullmatch(typed) or len(typed) % 4:
        return None
    id_, _, key = (unseal(secret, STOP, urlsafe_b64decode(typed)) or b"").decode().partition("|")
    row = db.execute("SELECT id FROM interested WHERE id = ? AND lower(hex(key)) = ?", [id_, key]).fetchone()
    return row[0] if row else None


def stop_by_token(db: Database, secret: bytes, typed: str) -> bool:
    interested_id = of_token(db, secret, typed)
    return interested_id is not None and stop(db, interested_id)


# A process opens

# Those who asked for its area, for one in which it lies or for one that lies in it; and for one of its themes, or any.
MATCHING = """
WITH RECURSIVE up (id) AS (
    SELECT area_id FROM processes WHERE id = :process
    UNION SELECT parent_id FROM areas JOIN up ON areas.id = up.id WHERE parent_id IS NOT NULL
), below (id) AS (
    SELECT area_id FROM processes WHERE id = :process
    UNION SELECT areas.id FROM areas JOIN below ON areas.parent_id = below.id
), matching (id) AS (
    SELECT DISTINCT interested_id FROM interests
    WHERE area_id IN (SELECT id FROM up UNION SELECT id FROM below)
    AND (theme = '' OR theme IN (SELECT name FROM themes WHERE process_id = :process)
         OR NOT EXISTS (SELECT 1 FROM themes WHERE process_id = :process))
)
"""


def figure_due(db: Database, now: datetime) -> bool:
    """It was not looked at today."""
    return db.execute("SELECT 1 FROM interest_figure WHERE day = ?", [day_of(now)]).fetchone() is None


def make_figure(db: Database, now: datetime) -> None:
    """How many asked on this site, for the staff: as the figures of turnout once a day, in tens, and only anew once it
    differs by twenty. Of the whole: a process can be moved to another area or theme, and the difference is a group."""
    if figure_due(db, now):
        before, number = figure(db), disclosure.rounded(db.execute("SELECT count(*) FROM interested").fetchone()[0])
        shown = number if abs(number - before) >= disclosure.GROWTH else before
        db.execute("INSERT OR REPLACE INTO interest_figure (id, day, number) VALUES (1, ?, ?)", [day_of(now), shown])


def figure(db: Database) -> int:
    """At least so many asked, as it was last made; all that staff see of them."""
    row = db.execute("SELECT number FROM interest_figure").fetchone()
    return int(row[0]) if row else 0


OPENED = """
SELECT phases.process_id, min(opens_at) AS opened FROM phases
LEFT JOIN announcements ON announcements.process_id = phases.process_id
WHERE ifnull(done, 0) = 0 GROUP BY phases.process_id HAVING opened <= :now ORDER BY opened
"""


def opened(db: Database, now: datetime) -> list[tuple[int, datetime]]:
    """Processes that opened and were not announced to everybody yet, with when they did. Cheap to ask."""
    rows = db.execute(OPENED, {"now": phases.to_text(now)})
    return [(process_id, phases.from_text(at)) for process_id, at in rows]


def announce(db: Database, secret: bytes, processes: Sequence[Process], now: datetime) -> int:
    """Mail who asked to hear of the processes that opened, at most BATCH of them; call it again until nothing is
    `opened`. Returns how many mails.

    Mails and how far it came are one write: a crash tells nobody twice and forgets nobody. A process that opened long
    ago, such as one that was here before anybody could ask, is told to nobody.
    """
    known = {process.id: process for process in processes}
    mailed = 0
    for process_id, at in opened(db, now):
        process = known.get(process_id)
        if process is not None and not process.finished and now - at <= FRESH:
            mailed += tell(db, secret, process, at, BATCH - mailed, now)
        if mailed >= BATCH:
            return mailed
        db.execute(
            "INSERT INTO announcements (process_id, done) VALUES (?, 1) ON CONFLICT DO UPDATE SET done = 1",
            [process_id],
        )
    return mailed


def tell(db: Database, secret: bytes, process: Process, opened_at: datetime, most: int, now: datetime) -> int:
    """Mail the next of those who asked before it opened, in the order in which they did; how many."""
    rows = db.execute(
        f"{MATCHING} SELECT interested.id, key, address, language FROM interested JOIN matching USING (id) "
        "WHERE interested.id > ifnull((SELECT told FROM announcements WHERE process_id = :process), 0) "
        "AND since <= :day ORDER BY interested.id LIMIT :most",
        {"process": process.id, "day": day_of(opened_at), "most": most},
    ).fetchall()
    doing = process.doing(now)
    kind = doing.kind if doing else ""
    for interested_id, key, sealed, language in rows:
        to, link = Recipient(address_in(secret, sealed), language), f"/op-de-hoogte/{token(secret, interested_id, key)}"
        mails.new_process(db, now, to, process=process, doing=kind, unsubscribe=link)
        db.execute("UPDATE interested SET mailed_on = ? WHERE id = ?", [day_of(now), interested_id])
    if rows:
        set_told(db, process.id, rows[-1][0])
    return len(rows)


def set_told(db: Database, process_id: int, interested_id: int) -> None:
    db.execute(
        "INSERT INTO announcements (process_id, told) VALUES (?, ?) ON CONFLICT DO UPDATE SET told = excluded.told",
        [process_id, interested_id],
    )


def known(db: Database, interest: Interest) -> dict[str, Any]:
    """What is stored of it, in words, for whoever asks what we know of them."""
    names = dict(db.execute("SELECT id, name FROM areas").fetchall())
    query = "SELECT since, mailed_on FROM interested WHERE id = ?"
    since, mailed_on = db.execute(query, [interest.id]).fetchone()
    return {
        "email": interest.email,
        "areas": [names[id_] for id_ in interest.area_ids if id_ in names],
        "themes": list(interest.themes),
        "since": since,
        "mailed_on": mailed_on,
    }
