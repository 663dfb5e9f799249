"""The schema, in steps. An invariant stands here first, as CHECK, UNIQUE or foreign key, and in Python second."""

from sqlite_utils.migrations import Migrations

from domain.database import DEMO, OURS, Database, is_demo, mark, writing

migrations = Migrations("wijkbudget")


class NewerDatabase(Exception):
    """The database was made by a newer version of this program; its text is one sentence."""


def migrate(db: Database, *, demo: bool = False) -> list[str]:
    """Bring the schema up to date, all or nothing. Returns the names of the steps taken.

    Raises NewerDatabase if the file knows steps that this program doesn't.
    """
    refuse_newer(db)
    with writing(db):
        names = [migration.name for migration in migrations.pending(db)]
        migrations.apply(db)
        mark(db, DEMO if demo or is_demo(db) else OURS)
    return names


def refuse_newer(db: Database) -> None:
    known = {migration.name for migration in migrations._migrations}
    unknown = [migration.name for migration in migrations.applied(db) if migration.name not in known]
    if unknown:
        raise NewerDatabase(
            f"The database was made by a newer version of wijkbudget (it knows “{unknown[-1]}”). "
            "Install that version, or restore an older backup."
        )


@migrations()
def processes_plans_and_ballots(db: Database) -> None:
    for statement in SCHEMA.split(";;"):
        db.execute(statement)
    for table in PUBLIC_TABLES:
        for event in ("INSERT", "UPDATE", "DELETE"):
            db.execute(
                f"CREATE TRIGGER {table}_{event.lower()}_revision AFTER {event} ON {table} "
                "BEGIN UPDATE revision SET number = number + 1; END"
            )


# What stands on pages that everyone sees alike: any change makes the cached pages of before it stale.
PUBLIC_TABLES = (
    "areas",
    "area_budgets",
    "processes",
    "phases",
    "themes",
    "plans",
    "plan_themes",
    "exclusive_pairs",
    "photos",
)

SCHEMA = """
CREATE TABLE secret_check (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    value BLOB NOT NULL CHECK (length(value) = 16)
) STRICT
;;
CREATE TABLE revision (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    number INTEGER NOT NULL
) STRICT
;;
INSERT INTO revision VALUES (1, 1)
;;
CREATE TABLE areas (
    id INTEGER PRIMARY KEY,
    parent_id INTEGER REFERENCES areas,
    name TEXT NOT NULL CHECK (name != ''),
    code TEXT UNIQUE,                                    -- CBS: GM…, WK…, BU…
    UNIQUE (parent_id, name)
) STRICT
;;
CREATE TABLE processes (
    id INTEGER PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE
        CHECK (length(slug) BETWEEN 2 AND 60 AND slug NOT GLOB '*[^a-z0-9-]*' AND slug NOT GLOB '-*'),
    name TEXT NOT NULL CHECK (name != ''),
    area_id INTEGER NOT NULL REFERENCES areas,
    summary TEXT NOT NULL DEFAULT '',
    description TEXT NOT NULL DEFAULT '',
    language TEXT NOT NULL DEFAULT 'nl',
    currency TEXT NOT NULL DEFAULT 'EUR' CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
    budget INTEGER NOT NULL CHECK (budget > 0),          -- cents
    voting_method TEXT NOT NULL
        CHECK (voting_method IN ('knapsack', 'approval', 'choose-1', 'cumulative', 'ordinal', 'scoring')),
    min_length INTEGER NOT NULL DEFAULT 0 CHECK (min_length >= 0),
    max_length INTEGER CHECK (max_length >= min_length AND max_length > 0),
    max_sum_cost INTEGER CHECK (max_sum_cost > 0),       -- cents a ballot may add up to
    max_sum_points INTEGER,
    blank_allowed INTEGER NOT NULL DEFAULT 0 CHECK (blank_allowed IN (0, 1)),
    change_allowed INTEGER NOT NULL DEFAULT 0 CHECK (change_allowed IN (0, 1)),
    counting_rule TEXT NOT NULL DEFAULT 'greedy',        -- Pabulib's name
    rule_options TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(rule_options)),
    lot_seed TEXT NOT NULL DEFAULT '',
    photo TEXT NOT NULL DEFAULT '',
    imported_meta TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(imported_meta)),
    sealed_at TEXT,
    CHECK (voting_method != 'knapsack' OR max_sum_cost IS NOT NULL),
    CHECK (voting_method != 'choose-1' OR max_length IS 1)
) STRICT
;;
CREATE TABLE phases (
    process_id INTEGER NOT NULL REFERENCES processes,
    kind TEXT NOT NULL CHECK (kind IN ('collect', 'support', 'assess', 'vote', 'result', 'deliver')),
    opens_at TEXT NOT NULL,                              -- UTC, YYYY-MM-DDTHH:MM:SSZ
    closes_at TEXT NOT NULL CHECK (closes_at > opens_at),
    text TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (process_id, kind)
) STRICT
;;
CREATE TABLE themes (
    id INTEGER PRIMARY KEY,
    process_id INTEGER NOT NULL REFERENCES processes,
    name TEXT NOT NULL CHECK (name != ''),
    budget INTEGER CHECK (budget >= 0),                  -- cents; what the count may spend on it
    min_length INTEGER NOT NULL DEFAULT 0,               -- the three limits are of one ballot
    max_length INTEGER,
    max_sum_cost INTEGER,
    UNIQUE (process_id, name)
) STRICT
;;
CREATE TABLE area_budgets (
    process_id INTEGER NOT NULL REFERENCES processes,
    area_id INTEGER NOT NULL REFERENCES areas,
    budget INTEGER NOT NULL CHECK (budget >= 0),         -- cents
    PRIMARY KEY (process_id, area_id)
) STRICT
;;
CREATE TABLE plans (
    id INTEGER PRIMARY KEY,
    process_id INTEGER NOT NULL REFERENCES processes,
    project_id TEXT NOT NULL CHECK (project_id != ''),   -- its name on ballots and in the .pb
    title TEXT NOT NULL CHECK (title != ''),
    summary TEXT NOT NULL DEFAULT '',
    description TEXT NOT NULL DEFAULT '',
    for_whom TEXT NOT NULL DEFAULT '',
    own_work TEXT NOT NULL DEFAULT '',
    location TEXT NOT NULL DEFAULT '',
    maker TEXT NOT NULL DEFAULT '',
    area_id INTEGER REFERENCES areas,
    cost INTEGER NOT NULL CHECK (cost >= 0),             -- cents
    photo TEXT NOT NULL DEFAULT '',                      -- photos.key
    photo_alt TEXT NOT NULL DEFAULT '',
    withdrawn_at TEXT,
    UNIQUE (process_id, project_id)
) STRICT
;;
CREATE TABLE plan_themes (
    plan_id INTEGER NOT NULL REFERENCES plans,
    theme_id INTEGER NOT NULL REFERENCES themes,
    PRIMARY KEY (plan_id, theme_id)
) STRICT, WITHOUT ROWID
;;
CREATE TABLE exclusive_pairs (
    plan_id INTEGER NOT NULL REFERENCES plans,
    other_id INTEGER NOT NULL REFERENCES plans CHECK (other_id != plan_id),
    PRIMARY KEY (plan_id, other_id)
) STRICT, WITHOUT ROWID
;;
CREATE TABLE photos (
    key TEXT NOT NULL CHECK (key != '' AND key NOT GLOB '*[^a-z0-9-]*'),
    width INTEGER NOT NULL CHECK (width IN (320, 640, 960)),
    data BLOB NOT NULL,                                  -- WebP, without metadata
    PRIMARY KEY (key, width)
) STRICT
;;
CREATE TABLE roll (                                      -- kiesregister: a code exists, and is used; never how
    process_id INTEGER NOT NULL REFERENCES processes,
    key BLOB NOT NULL CHECK (length(key) = 16),          -- HMAC(secret, 'roll' | process | code)
    area_id INTEGER REFERENCES areas,
    used_on TEXT CHECK (length(used_on) = 10),           -- a date, no time
    PRIMARY KEY (process_id, key)
) STRICT, WITHOUT ROWID
;;
CREATE TABLE ballots (                                   -- stembiljet: what was chosen; never by whom, where or when
    process_id INTEGER NOT NULL REFERENCES processes,
    key BLOB NOT NULL CHECK (length(key) = 16),
    vote TEXT NOT NULL CHECK (vote NOT GLOB '*[^0-9,]*'), -- plans.id with commas; in order of preference if ordinal
    points TEXT NOT NULL DEFAULT '',                     -- one a plan, where the voting method gives points
    PRIMARY KEY (process_id, key)
) STRICT, WITHOUT ROWID
;;
CREATE TABLE receipts (                                  -- a ballot was handed in; never which
    process_id INTEGER NOT NULL REFERENCES processes,
    hash BLOB NOT NULL CHECK (length(hash) = 32),        -- SHA-256 of the controlecode
    PRIMARY KEY (process_id, hash)
) STRICT, WITHOUT ROWID
;;
CREATE TRIGGER ballots_sealed_insert BEFORE INSERT ON ballots
WHEN (SELECT sealed_at FROM processes WHERE id = new.process_id) IS NOT NULL
BEGIN SELECT raise(ABORT, 'this vote is sealed'); END
;;
CREATE TRIGGER ballots_sealed_update BEFORE UPDATE ON ballots
WHEN (SELECT sealed_at FROM processes WHERE id = old.process_id) IS NOT NULL
BEGIN SELECT raise(ABORT, 'this vote is sealed'); END
;;
CREATE TRIGGER ballots_sealed_delete BEFORE DELETE ON ballots
WHEN (SELECT sealed_at FROM processes WHERE id = old.process_id) IS NOT NULL
BEGIN SELECT raise(ABORT, 'this vote is sealed'); END
;;
CREATE TRIGGER sealed_stays_sealed BEFORE UPDATE OF sealed_at ON processes
WHEN old.sealed_at IS NOT NULL AND new.sealed_at IS NOT old.sealed_at
BEGIN SELECT raise(ABORT, 'a sealed vote never reopens'); END
"""
