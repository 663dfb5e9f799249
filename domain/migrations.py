"""The schema, in steps. An invariant stands here first, as CHECK, UNIQUE or foreign key, and in Python second."""

from sqlite_utils.migrations import Migrations

from domain.database import DEMO, OURS, Database, is_demo, mark, writing
from domain.search import searchable

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
    execute(db, SCHEMA)
    count_revisions(db, *PUBLIC_TABLES)


@migrations()
def from_an_idea_to_a_plan_on_the_ballot(db: Database) -> None:
    execute(db, FROM_AN_IDEA)
    for table in PUBLIC_TABLES:
        for event in ("insert", "update", "delete"):
            db.execute(f"DROP TRIGGER {table}_{event}_revision")
    count_revisions(db, "reactions", "photos")
    execute(db, REVISION_OF_A_PLAN)
    count_revisions(db, *STRUCTURE, more=", structure = structure + 1")
    db.table("plans").enable_fts(["words"], tokenize="trigram", create_triggers=True)
    execute(db, ONLY_NEW_WORDS)
    for row in list(db.query("SELECT id, title, summary, description, location FROM plans")):
        db.execute("UPDATE plans SET words = ? WHERE id = ?", [searchable(row), row["id"]])


@migrations()
def edits_that_wait_for_staff(db: Database) -> None:
    execute(db, PROPOSED_EDITS)


@migrations()
def a_traject_made_to_measure(db: Database) -> None:
    execute(db, MADE_TO_MEASURE)
    count_revisions(db, "phases", more=", structure = structure + 1")
    count_revisions(db, "corrections", "logos", more=", structure = structure + 1")
    count_revisions(db, "turnout_figures", "turnout_days")


@migrations()
def progress_of_a_plan_and_a_boundary_to_put_back(db: Database) -> None:
    execute(db, PROGRESS)


@migrations()
def choices_of_any_kind_of_phase(db: Database) -> None:
    execute(db, CHOICES)


@migrations()
def whom_to_ask_and_who_may_begin(db: Database) -> None:
    execute(db, WHOM_TO_ASK)


@migrations()
def who_asked_encrypted_and_counted_once_a_day(db: Database) -> None:
    """Who asked before, while this was being made, asks again: a step of the schema has no secret to encrypt with."""
    execute(db, ASKED_ENCRYPTED)


@migrations()
def plans_that_nobody_of_the_staff_looked_at(db: Database) -> None:
    execute(db, UNREAD)


@migrations()
def who_lives_there_and_outreach_make_pages_anew(db: Database) -> None:
    count_revisions(db, "area_figures", "outreach")


def execute(db: Database, statements: str) -> None:
    for statement in statements.split(";;"):
        db.execute(statement)


def count_revisions(db: Database, *tables: str, more: str = "") -> None:
    """Every change to one of these tables makes a new revision."""
    for table in tables:
        for event in ("INSERT", "UPDATE", "DELETE"):
            db.execute(
                f"CREATE TRIGGER {table}_{event.lower()}_revision AFTER {event} ON {table} "
                f"BEGIN UPDATE revision SET number = number + 1{more}; END"
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

FROM_AN_IDEA = """
ALTER TABLE areas -- GeoJSON Polygon or MultiPolygon, WGS 84
ADD COLUMN boundary TEXT CHECK (boundary IS NULL OR json_valid(boundary))
;;
ALTER TABLE processes -- supports; none: no threshold
ADD COLUMN support_threshold INTEGER CHECK (support_threshold > 0)
;;
ALTER TABLE processes ADD COLUMN supporters TEXT NOT NULL DEFAULT 'mail' CHECK (supporters IN ('mail', 'code'))
;;
ALTER TABLE processes -- publication
ADD COLUMN plan_moderation TEXT NOT NULL DEFAULT 'after'
    CHECK (plan_moderation IN ('before', 'after'))
;;
ALTER TABLE processes ADD COLUMN reaction_moderation TEXT NOT NULL DEFAULT 'after'
    CHECK (reaction_moderation IN ('before', 'after'))
;;
ALTER TABLE processes ADD COLUMN reactions_allowed INTEGER NOT NULL DEFAULT 1 CHECK (reactions_allowed IN (0, 1))
;;
ALTER TABLE processes -- cents
ADD COLUMN max_plan_cost INTEGER CHECK (max_plan_cost > 0)
;;
ALTER TABLE phases ADD COLUMN reactions_allowed INTEGER NOT NULL DEFAULT 1 CHECK (reactions_allowed IN (0, 1))
;;
ALTER TABLE plans ADD COLUMN status TEXT NOT NULL DEFAULT 'published'
    CHECK (status IN ('submitted', 'published', 'hidden', 'merged'))
;;
ALTER TABLE plans -- of the text; who edits an older one is told
ADD COLUMN version INTEGER NOT NULL DEFAULT 1
;;
ALTER TABLE plans -- when, in words
ADD COLUMN planned TEXT NOT NULL DEFAULT ''
;;
ALTER TABLE plans -- [["what", cents], …]
ADD COLUMN items TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(items))
;;
ALTER TABLE plans ADD COLUMN lat REAL CHECK (lat BETWEEN -90 AND 90)
;;
ALTER TABLE plans ADD COLUMN lon REAL CHECK (lon BETWEEN -180 AND 180)
;;
ALTER TABLE plans ADD COLUMN submitted_at TEXT
;;
ALTER TABLE plans ADD COLUMN published_at TEXT
;;
ALTER TABLE plans ADD COLUMN staff_edited_at TEXT
;;
ALTER TABLE plans -- public
ADD COLUMN verdict_reason TEXT NOT NULL DEFAULT ''
;;
ALTER TABLE plans ADD COLUMN verdict TEXT NOT NULL DEFAULT ''
    CHECK (verdict IN ('', 'feasible', 'infeasible') AND (verdict = '' OR verdict_reason != ''))
;;
ALTER TABLE plans -- cents, where the verdict changed the cost
ADD COLUMN asked_cost INTEGER CHECK (asked_cost >= 0)
;;
ALTER TABLE plans ADD COLUMN merged_into INTEGER REFERENCES plans
;;
ALTER TABLE plans -- why it is hidden or withdrawn; public
ADD COLUMN status_reason TEXT NOT NULL DEFAULT ''
;;
ALTER TABLE plans -- kept by triggers
ADD COLUMN supports INTEGER NOT NULL DEFAULT 0
;;
ALTER TABLE plans -- published ones; kept by triggers
ADD COLUMN reactions INTEGER NOT NULL DEFAULT 0
;;
ALTER TABLE plans -- revision.number at its last change
ADD COLUMN revision INTEGER NOT NULL DEFAULT 0
;;
CREATE INDEX plans_changed ON plans (process_id, revision)
;;
ALTER TABLE revision -- as number, but not counting changes of plans and reactions
ADD COLUMN structure INTEGER NOT NULL DEFAULT 0
;;
ALTER TABLE plans -- what search looks through, folded
ADD COLUMN words TEXT NOT NULL DEFAULT ''
;;
CREATE TRIGGER plans_on_the_ballot_stay BEFORE UPDATE OF
    title, summary, description, for_whom, own_work, location, planned, items, cost, verdict, merged_into ON plans
WHEN EXISTS (SELECT 1 FROM ballots WHERE process_id = old.process_id)
BEGIN SELECT raise(ABORT, 'the plans of this vote are frozen'); END
;;
CREATE TABLE residents (                                 -- somebody who showed who they are, by mail or by code
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE CHECK (length(key) = 16),   -- HMAC(secret, 'resident' | 0 | address), or 'code holder'
    name TEXT NOT NULL DEFAULT '',                       -- the first name they chose
    email TEXT CHECK (email LIKE '%_@_%'),               -- only while they make a plan, follow one or asked for mail
    language TEXT NOT NULL DEFAULT 'nl',
    seen_on TEXT NOT NULL CHECK (length(seen_on) = 10)
) STRICT
;;
CREATE TABLE resident_sessions (
    hash BLOB PRIMARY KEY CHECK (length(hash) = 32),     -- SHA-256 of the cookie
    resident_id INTEGER NOT NULL REFERENCES residents ON DELETE CASCADE,
    expires_at TEXT NOT NULL
) STRICT, WITHOUT ROWID
;;
CREATE INDEX resident_sessions_of ON resident_sessions (resident_id)
;;
CREATE TABLE links (                                     -- what a link in a mail does when its button is pressed
    hash BLOB PRIMARY KEY CHECK (length(hash) = 32),     -- SHA-256 of the token in the link
    purpose TEXT NOT NULL,
    email TEXT NOT NULL DEFAULT '',
    payload TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(payload)),
    expires_at TEXT NOT NULL,
    used_at TEXT
) STRICT, WITHOUT ROWID
;;
CREATE INDEX links_to ON links (email, expires_at)
;;
CREATE TABLE submissions (                               -- a plan being written; nobody else sees it
    id INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32), -- SHA-256 of the token in cookie and mail
    process_id INTEGER NOT NULL REFERENCES processes,
    fields TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(fields)),
    photo TEXT NOT NULL DEFAULT '',                      -- photos.key
    saved_at TEXT NOT NULL,
    plan_id INTEGER UNIQUE REFERENCES plans              -- once it is handed in
) STRICT
;;
CREATE TABLE makers (                                    -- who may edit and withdraw a plan
    plan_id INTEGER NOT NULL REFERENCES plans,
    resident_id INTEGER NOT NULL REFERENCES residents ON DELETE CASCADE,
    name TEXT NOT NULL CHECK (name != ''),
    contact TEXT NOT NULL DEFAULT '',                    -- never public
    since TEXT NOT NULL,
    PRIMARY KEY (plan_id, resident_id)
) STRICT, WITHOUT ROWID
;;
CREATE INDEX makers_of ON makers (resident_id)
;;
CREATE TABLE plan_versions (                             -- the text before each change
    plan_id INTEGER NOT NULL REFERENCES plans,
    number INTEGER NOT NULL,                             -- plans.version at that time
    replaced_at TEXT NOT NULL,
    account_id INTEGER REFERENCES accounts,              -- staff who changed it; none: a maker
    reason TEXT NOT NULL DEFAULT '',
    fields TEXT NOT NULL CHECK (json_valid(fields)),
    PRIMARY KEY (plan_id, number)
) STRICT, WITHOUT ROWID
;;
CREATE TABLE supports (
    id INTEGER PRIMARY KEY,
    plan_id INTEGER NOT NULL REFERENCES plans,
    resident_id INTEGER REFERENCES residents ON DELETE SET NULL, -- none: they had themselves forgotten
    given_on TEXT NOT NULL CHECK (length(given_on) = 10),
    UNIQUE (plan_id, resident_id)
) STRICT
;;
CREATE INDEX supports_of ON supports (resident_id)
;;
CREATE TRIGGER supports_given AFTER INSERT ON supports
BEGIN UPDATE plans SET supports = supports + 1 WHERE id = new.plan_id; END
;;
CREATE TRIGGER supports_taken_back AFTER DELETE ON supports
BEGIN UPDATE plans SET supports = supports - 1 WHERE id = old.plan_id; END
;;
CREATE TABLE reactions (                                 -- an argument for or against, or an answer to one
    id INTEGER PRIMARY KEY,
    plan_id INTEGER NOT NULL REFERENCES plans,
    parent_id INTEGER REFERENCES reactions,
    side TEXT NOT NULL CHECK (side IN ('for', 'against', 'answer') AND (side = 'answer') = (parent_id IS NOT NULL)),
    resident_id INTEGER REFERENCES residents ON DELETE SET NULL,
    account_id INTEGER REFERENCES accounts,              -- where staff answer
    name TEXT NOT NULL CHECK (name != ''),
    text TEXT NOT NULL CHECK (text != ''),
    status TEXT NOT NULL CHECK (status IN ('waiting', 'published', 'hidden')),
    status_reason TEXT NOT NULL DEFAULT '',
    useful INTEGER NOT NULL DEFAULT 0,                   -- kept by triggers
    created_at TEXT NOT NULL
) STRICT
;;
CREATE INDEX reactions_on ON reactions (plan_id)
;;
CREATE INDEX reactions_of ON reactions (resident_id)
;;
CREATE TRIGGER reactions_written AFTER INSERT ON reactions WHEN new.status = 'published'
BEGIN UPDATE plans SET reactions = reactions + 1 WHERE id = new.plan_id; END
;;
CREATE TRIGGER reactions_moderated AFTER UPDATE OF status ON reactions WHEN old.status != new.status
BEGIN UPDATE plans SET reactions = reactions + (new.status = 'published') - (old.status = 'published')
WHERE id = new.plan_id; END
;;
CREATE TRIGGER reactions_deleted AFTER DELETE ON reactions WHEN old.status = 'published'
BEGIN UPDATE plans SET reactions = reactions - 1 WHERE id = old.plan_id; END
;;
CREATE TABLE useful_marks (
    reaction_id INTEGER NOT NULL REFERENCES reactions ON DELETE CASCADE,
    resident_id INTEGER NOT NULL REFERENCES residents ON DELETE CASCADE,
    PRIMARY KEY (reaction_id, resident_id)
) STRICT, WITHOUT ROWID
;;
CREATE INDEX useful_marks_of ON useful_marks (resident_id)
;;
CREATE TRIGGER useful_marked AFTER INSERT ON useful_marks
BEGIN UPDATE reactions SET useful = useful + 1 WHERE id = new.reaction_id; END
;;
CREATE TRIGGER useful_unmarked AFTER DELETE ON useful_marks
BEGIN UPDATE reactions SET useful = useful - 1 WHERE id = old.reaction_id; END
;;
CREATE TABLE reports (                                   -- somebody thinks that a plan or reaction should not be here
    id INTEGER PRIMARY KEY,
    plan_id INTEGER NOT NULL REFERENCES plans,
    reaction_id INTEGER REFERENCES reactions ON DELETE CASCADE, -- none: the plan itself
    reason TEXT NOT NULL CHECK (reason != ''),
    reported_at TEXT NOT NULL,
    handled_at TEXT,
    account_id INTEGER REFERENCES accounts
) STRICT
;;
CREATE TABLE follows (
    id INTEGER PRIMARY KEY,
    process_id INTEGER NOT NULL REFERENCES processes,
    plan_id INTEGER REFERENCES plans,                    -- none: the whole process
    resident_id INTEGER NOT NULL REFERENCES residents ON DELETE CASCADE,
    frequency TEXT NOT NULL CHECK (frequency IN ('at_once', 'digest')),
    last_news INTEGER NOT NULL DEFAULT 0                 -- news.id up to which they were told
) STRICT
;;
CREATE UNIQUE INDEX follows_once ON follows (resident_id, process_id, ifnull(plan_id, 0))
;;
CREATE TABLE news (                                      -- what followers and feeds are told
    id INTEGER PRIMARY KEY,
    process_id INTEGER NOT NULL REFERENCES processes,
    plan_id INTEGER REFERENCES plans,
    kind TEXT NOT NULL,
    text TEXT NOT NULL DEFAULT '',                       -- such as the reason
    at TEXT NOT NULL
) STRICT
;;
CREATE INDEX news_of ON news (process_id, id)
;;
CREATE TABLE accounts (                                  -- staff and volunteers
    id INTEGER PRIMARY KEY,
    email TEXT NOT NULL UNIQUE CHECK (email LIKE '%_@_%'),
    name TEXT NOT NULL CHECK (name != ''),
    password TEXT NOT NULL DEFAULT '',                   -- argon2id; empty until the invitation is accepted
    totp BLOB,                                           -- its secret, encrypted with the secret file
    totp_step INTEGER NOT NULL DEFAULT 0,                -- the last step used: no code counts twice
    owner INTEGER NOT NULL DEFAULT 0 CHECK (owner IN (0, 1)),
    disabled_at TEXT,
    created_at TEXT NOT NULL
) STRICT
;;
CREATE TABLE recovery_codes (
    account_id INTEGER NOT NULL REFERENCES accounts,
    hash BLOB NOT NULL CHECK (length(hash) = 16),        -- keyed with the secret file
    PRIMARY KEY (account_id, hash)
) STRICT, WITHOUT ROWID
;;
CREATE TABLE staff_sessions (
    id INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32), -- SHA-256 of the cookie
    account_id INTEGER NOT NULL REFERENCES accounts,
    device TEXT NOT NULL DEFAULT '',                     -- in words, such as “Firefox on Windows”
    second_factor INTEGER NOT NULL DEFAULT 0 CHECK (second_factor IN (0, 1)),
    created_at TEXT NOT NULL,
    seen_at TEXT NOT NULL,
    expires_at TEXT NOT NULL
) STRICT
;;
CREATE TABLE roles (
    account_id INTEGER NOT NULL REFERENCES accounts,
    process_id INTEGER NOT NULL REFERENCES processes,
    role TEXT NOT NULL CHECK (role IN ('beheerder', 'toetser', 'moderator', 'stemhulp')),
    PRIMARY KEY (account_id, process_id, role)
) STRICT, WITHOUT ROWID
;;
CREATE TABLE site_options (                              -- what the owner chose for the whole site
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID
;;
CREATE TABLE checklist_items (
    id INTEGER PRIMARY KEY,
    process_id INTEGER NOT NULL REFERENCES processes,
    place INTEGER NOT NULL,
    text TEXT NOT NULL CHECK (text != ''),
    retired INTEGER NOT NULL DEFAULT 0 CHECK (retired IN (0, 1)) -- not asked any more, but answered once
) STRICT
;;
CREATE TABLE assessments (                               -- toets: what staff found out so far; not public
    plan_id INTEGER PRIMARY KEY REFERENCES plans,
    version INTEGER NOT NULL DEFAULT 1,
    checklist TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(checklist)), -- checklist_items.id: 'yes', 'no' or 'unknown'
    account_id INTEGER NOT NULL REFERENCES accounts,
    changed_at TEXT NOT NULL
) STRICT
;;
CREATE TABLE verdicts (                                  -- every verdict ever given; the last one also stands in plans
    id INTEGER PRIMARY KEY,
    plan_id INTEGER NOT NULL REFERENCES plans,
    verdict TEXT NOT NULL CHECK (verdict IN ('feasible', 'infeasible')),
    cost INTEGER CHECK (cost >= 0 AND (verdict = 'feasible') = (cost IS NOT NULL)),
    reason TEXT NOT NULL CHECK (reason != ''),
    account_id INTEGER REFERENCES accounts,
    given_at TEXT NOT NULL
) STRICT
;;
CREATE INDEX verdicts_on ON verdicts (plan_id)
;;
CREATE TABLE notes (                                     -- of staff, for staff
    id INTEGER PRIMARY KEY,
    plan_id INTEGER NOT NULL REFERENCES plans,
    account_id INTEGER NOT NULL REFERENCES accounts,
    text TEXT NOT NULL CHECK (text != ''),
    written_at TEXT NOT NULL
) STRICT
;;
CREATE TABLE second_opinions (
    id INTEGER PRIMARY KEY,
    plan_id INTEGER NOT NULL REFERENCES plans,
    asked_by INTEGER NOT NULL REFERENCES accounts,
    asked_of INTEGER REFERENCES accounts CHECK (asked_of != asked_by), -- none: any colleague
    question TEXT NOT NULL DEFAULT '',
    asked_at TEXT NOT NULL,
    account_id INTEGER REFERENCES accounts CHECK (account_id != asked_by),
    verdict TEXT NOT NULL DEFAULT '' CHECK (verdict IN ('', 'feasible', 'infeasible', 'unsure')),
    text TEXT NOT NULL DEFAULT '',
    given_at TEXT
) STRICT
;;
CREATE TABLE questions (                                 -- of staff to the makers; makers and staff see them
    id INTEGER PRIMARY KEY,
    plan_id INTEGER NOT NULL REFERENCES plans,
    account_id INTEGER NOT NULL REFERENCES accounts,
    text TEXT NOT NULL CHECK (text != ''),
    asked_at TEXT NOT NULL,
    answer TEXT NOT NULL DEFAULT '',
    answered_by INTEGER REFERENCES residents ON DELETE SET NULL,
    answered_at TEXT
) STRICT
;;
CREATE TABLE audit_log (                                 -- what staff did; ids and numbers only, no personal data
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    account_id INTEGER NOT NULL,                         -- 0: the command line
    process_id INTEGER,
    action TEXT NOT NULL,
    subject TEXT NOT NULL DEFAULT '',                    -- such as “plan 12”
    detail TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(detail)),
    hash BLOB NOT NULL CHECK (length(hash) = 32)         -- SHA-256 of the hash before it and this row
) STRICT
;;
CREATE TRIGGER audit_log_stays BEFORE UPDATE ON audit_log
BEGIN SELECT raise(ABORT, 'the audit log is only appended to'); END
;;
CREATE TRIGGER audit_log_stays_whole BEFORE DELETE ON audit_log
BEGIN SELECT raise(ABORT, 'the audit log is only appended to'); END
;;
CREATE TABLE outbox (                                    -- mail waiting to go out, and what became of it
    id INTEGER PRIMARY KEY,
    message_id TEXT NOT NULL UNIQUE,                     -- the same at every try
    once TEXT UNIQUE,                                    -- what this mail is about, where it must go out once
    kind TEXT NOT NULL,
    recipient TEXT NOT NULL,
    language TEXT NOT NULL,
    content TEXT NOT NULL CHECK (json_valid(content)),   -- what its template is filled with
    unsubscribe TEXT NOT NULL DEFAULT '',                -- path, for List-Unsubscribe (RFC 8058)
    process_id INTEGER REFERENCES processes,
    created_at TEXT NOT NULL,
    next_try_at TEXT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    sent_at TEXT,
    failed_at TEXT,                                      -- given up, or refused by the mail server
    error TEXT NOT NULL DEFAULT ''
) STRICT
;;
CREATE INDEX outbox_due ON outbox (next_try_at) WHERE sent_at IS NULL AND failed_at IS NULL
;;
CREATE TABLE tiles (                                     -- of the background map, fetched for visitors
    z INTEGER NOT NULL,
    x INTEGER NOT NULL,
    y INTEGER NOT NULL,
    data BLOB NOT NULL,
    fetched_at TEXT NOT NULL,
    PRIMARY KEY (z, x, y)
) STRICT
"""

PROPOSED_EDITS = """
CREATE TABLE proposed_edits (                            -- what a maker wants to change in a public plan
    plan_id INTEGER PRIMARY KEY REFERENCES plans,
    fields TEXT NOT NULL CHECK (json_valid(fields)),
    proposed_at TEXT NOT NULL
) STRICT
"""

MADE_TO_MEASURE = """
CREATE TABLE new_phases (                                -- of any kind in phase_kinds.KINDS
    process_id INTEGER NOT NULL REFERENCES processes,
    kind TEXT NOT NULL CHECK (kind != '' AND kind NOT GLOB '*[^a-z_]*'),
    opens_at TEXT NOT NULL,                              -- UTC, YYYY-MM-DDTHH:MM:SSZ
    closes_at TEXT NOT NULL CHECK (closes_at > opens_at),
    text TEXT NOT NULL DEFAULT '',
    reactions_allowed INTEGER NOT NULL DEFAULT 1 CHECK (reactions_allowed IN (0, 1)),
    PRIMARY KEY (process_id, kind)
) STRICT
;;
INSERT INTO new_phases SELECT process_id, kind, opens_at, closes_at, text, reactions_allowed FROM phases
;;
DROP TABLE phases
;;
ALTER TABLE new_phases RENAME TO phases
;;
CREATE TABLE designs (                                   -- a process being designed; nothing of it is public
    id INTEGER PRIMARY KEY,
    toml TEXT NOT NULL,                                  -- as it is exported; see domain/designs
    seen TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(seen)), -- steps that somebody went through
    version INTEGER NOT NULL DEFAULT 1,
    account_id INTEGER NOT NULL REFERENCES accounts,     -- who made it
    predecessor_id INTEGER REFERENCES processes,         -- last year's, where it began as that
    changed_at TEXT NOT NULL,
    process_id INTEGER UNIQUE REFERENCES processes       -- once it was opened
) STRICT
;;
ALTER TABLE processes -- last year's
ADD COLUMN predecessor_id INTEGER REFERENCES processes
;;
ALTER TABLE processes -- who may hand in: whoever confirms an address, or staff alone
ADD COLUMN submitters TEXT NOT NULL DEFAULT 'mail' CHECK (submitters IN ('mail', 'staff'))
;;
ALTER TABLE processes ADD COLUMN submit_age INTEGER CHECK (submit_age BETWEEN 0 AND 99)
;;
ALTER TABLE processes ADD COLUMN support_age INTEGER CHECK (support_age BETWEEN 0 AND 99)
;;
ALTER TABLE processes ADD COLUMN vote_age INTEGER CHECK (vote_age BETWEEN 0 AND 99)
;;
ALTER TABLE processes -- how a code comes to the voter
ADD COLUMN codes_by TEXT NOT NULL DEFAULT 'letter' CHECK (codes_by IN ('letter', 'card'))
;;
ALTER TABLE processes -- the watch for residents: after closing, or day by day
ADD COLUMN turnout_public TEXT NOT NULL DEFAULT 'after' CHECK (turnout_public IN ('after', 'daily'))
;;
ALTER TABLE processes ADD COLUMN aftercare TEXT NOT NULL DEFAULT ''
;;
ALTER TABLE processes -- why personal data may be used; empty: as in the settings of the site
ADD COLUMN legal_basis TEXT NOT NULL DEFAULT ''
    CHECK (legal_basis IN ('', 'public_task', 'legitimate_interest', 'consent'))
;;
ALTER TABLE processes -- who decides about personal data; empty: as in the settings of the site
ADD COLUMN controller TEXT NOT NULL DEFAULT ''
;;
ALTER TABLE processes ADD COLUMN privacy_contact TEXT NOT NULL DEFAULT ''
;;
ALTER TABLE processes -- languages in which its pages are offered
ADD COLUMN languages TEXT NOT NULL DEFAULT '["nl","en"]' CHECK (json_valid(languages))
;;
ALTER TABLE processes -- of its front page, from top to bottom; empty: all
ADD COLUMN blocks TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(blocks))
;;
ALTER TABLE processes -- NL Design System tokens: {"basis-color-…": "#…"}
ADD COLUMN look TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(look))
;;
ALTER TABLE processes -- of its own; lower case, no port
ADD COLUMN host TEXT NOT NULL DEFAULT ''
;;
CREATE UNIQUE INDEX processes_host ON processes (host) WHERE host != ''
;;
ALTER TABLE processes -- origins of sites that may show it in a frame
ADD COLUMN frame_ancestors TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(frame_ancestors))
;;
CREATE TABLE logos (
    process_id INTEGER PRIMARY KEY REFERENCES processes,
    key TEXT NOT NULL CHECK (key != '' AND key NOT GLOB '*[^a-z0-9]*'), -- of what it shows, for its address
    data BLOB NOT NULL,                                  -- WebP, at most 480 by 160
    width INTEGER NOT NULL CHECK (width BETWEEN 1 AND 480),
    height INTEGER NOT NULL CHECK (height BETWEEN 1 AND 160),
    alt TEXT NOT NULL CHECK (alt != ''),
    shown INTEGER NOT NULL DEFAULT 1 CHECK (shown IN (0, 1)) -- 0: taken away, and kept to put back
) STRICT
;;
CREATE TABLE corrections (                               -- of a rule that was fixed when the vote opened
    id INTEGER PRIMARY KEY,
    process_id INTEGER NOT NULL REFERENCES processes,
    changes TEXT NOT NULL CHECK (json_valid(changes)),   -- {"budget": [old, new]}
    reason TEXT NOT NULL CHECK (reason != ''),           -- public
    asked_by INTEGER NOT NULL REFERENCES accounts,
    asked_at TEXT NOT NULL,
    agreed_by INTEGER REFERENCES accounts CHECK (agreed_by != asked_by),
    agreed_at TEXT CHECK ((agreed_at IS NULL) = (agreed_by IS NULL)),
    applied_at TEXT CHECK (applied_at IS NULL OR agreed_at IS NOT NULL),
    fingerprint_before TEXT NOT NULL DEFAULT '',         -- of the rules, in hexadecimal; see domain/rules.py
    fingerprint_after TEXT NOT NULL DEFAULT '',
    dropped_at TEXT,
    dropped_by INTEGER REFERENCES accounts CHECK (dropped_by IS NULL OR dropped_at IS NOT NULL) -- none: it lapsed
) STRICT
;;
CREATE UNIQUE INDEX one_correction_at_a_time ON corrections (process_id)
WHERE applied_at IS NULL AND dropped_at IS NULL
;;
CREATE TRIGGER rules_of_a_vote_stay BEFORE UPDATE OF
    voting_method, min_length, max_length, max_sum_cost, max_sum_points, blank_allowed, change_allowed, counting_rule,
    rule_options, budget, lot_seed, vote_age ON processes
WHEN (old.voting_method, old.min_length, old.blank_allowed, old.change_allowed, old.counting_rule, old.rule_options,
      old.budget, old.lot_seed) != (new.voting_method, new.min_length, new.blank_allowed, new.change_allowed,
      new.counting_rule, new.rule_options, new.budget, new.lot_seed)
    OR old.max_length IS NOT new.max_length OR old.max_sum_cost IS NOT new.max_sum_cost
    OR old.max_sum_points IS NOT new.max_sum_points OR old.vote_age IS NOT new.vote_age
BEGIN
    SELECT raise(ABORT, 'the rules of this vote are fixed')
    WHERE EXISTS (SELECT 1 FROM ballots WHERE process_id = old.id)
    AND NOT EXISTS (SELECT 1 FROM corrections
                    WHERE process_id = old.id AND agreed_at IS NOT NULL AND applied_at IS NULL AND dropped_at IS NULL);
END
;;
CREATE TRIGGER rules_of_a_theme_stay BEFORE UPDATE OF budget, min_length, max_length, max_sum_cost ON themes
WHEN old.budget IS NOT new.budget OR old.min_length != new.min_length OR old.max_length IS NOT new.max_length
    OR old.max_sum_cost IS NOT new.max_sum_cost
BEGIN
    SELECT raise(ABORT, 'the rules of this vote are fixed')
    WHERE EXISTS (SELECT 1 FROM ballots WHERE process_id = old.process_id)
    AND NOT EXISTS (SELECT 1 FROM corrections WHERE process_id = old.process_id
                    AND agreed_at IS NOT NULL AND applied_at IS NULL AND dropped_at IS NULL);
END
;;
ALTER TABLE areas -- gemeente, stadsdeel, wijk, buurt; empty: something else
ADD COLUMN level TEXT NOT NULL DEFAULT '' CHECK (level IN ('', 'municipality', 'district', 'wijk', 'buurt'))
;;
CREATE INDEX areas_under ON areas (parent_id)
;;
ALTER TABLE areas -- the box around the boundary, in degrees; kept by triggers
ADD COLUMN west REAL
;;
ALTER TABLE areas ADD COLUMN south REAL
;;
ALTER TABLE areas ADD COLUMN east REAL
;;
ALTER TABLE areas ADD COLUMN north REAL
;;
CREATE TRIGGER areas_insert_box AFTER INSERT ON areas WHEN new.boundary IS NOT NULL BEGIN
    UPDATE areas SET boundary = boundary WHERE id = new.id;
END
;;
CREATE TRIGGER areas_update_box AFTER UPDATE OF boundary ON areas BEGIN
    UPDATE areas SET (west, south, east, north) = (
        SELECT min(atom) FILTER (WHERE key = 0), min(atom) FILTER (WHERE key = 1),
               max(atom) FILTER (WHERE key = 0), max(atom) FILTER (WHERE key = 1)
        FROM json_tree(new.boundary, '$.coordinates') WHERE type IN ('real', 'integer')
    ) WHERE id = new.id;
END
;;
UPDATE areas SET boundary = boundary WHERE boundary IS NOT NULL
;;
CREATE TABLE area_figures (                              -- who lives there, from a file of CBS
    area_id INTEGER NOT NULL REFERENCES areas,
    figure TEXT NOT NULL CHECK (figure != ''),           -- inhabitants, age_0_15, …, income: see domain/area_figures.py
    value REAL NOT NULL,
    year INTEGER NOT NULL CHECK (year BETWEEN 1900 AND 2200),
    PRIMARY KEY (area_id, figure)
) STRICT, WITHOUT ROWID
;;
ALTER TABLE plans -- how it came in
ADD COLUMN channel TEXT NOT NULL DEFAULT 'online' CHECK (channel IN ('online', 'paper', 'desk', 'helped'))
;;
ALTER TABLE plans -- staff who put it in for somebody
ADD COLUMN account_id INTEGER REFERENCES accounts
;;
ALTER TABLE supports ADD COLUMN channel TEXT NOT NULL DEFAULT 'online'
    CHECK (channel IN ('online', 'paper', 'desk', 'helped'))
;;
ALTER TABLE supports -- staff who put it in for somebody
ADD COLUMN account_id INTEGER REFERENCES accounts
;;
ALTER TABLE reactions ADD COLUMN channel TEXT NOT NULL DEFAULT 'online'
    CHECK (channel IN ('online', 'paper', 'desk', 'helped'))
;;
CREATE TABLE ballot_channels (                           -- how many ballots came in how; of none is known how
    process_id INTEGER NOT NULL REFERENCES processes,
    channel TEXT NOT NULL CHECK (channel IN ('online', 'paper', 'desk', 'helped')),
    number INTEGER NOT NULL CHECK (number >= 0),
    PRIMARY KEY (process_id, channel)
) STRICT, WITHOUT ROWID
;;
CREATE TABLE voter_answers (                             -- what voters answered afterwards; counts, and nothing else
    process_id INTEGER NOT NULL REFERENCES processes,
    question TEXT NOT NULL CHECK (question IN ('age', 'first_time')),
    answer TEXT NOT NULL CHECK (answer != ''),
    number INTEGER NOT NULL CHECK (number >= 0),
    PRIMARY KEY (process_id, question, answer)
) STRICT, WITHOUT ROWID
;;
CREATE TABLE turnout_figures (                           -- what the watch shows, made once a day; see domain/turnout.py
    process_id INTEGER NOT NULL REFERENCES processes,
    day TEXT NOT NULL CHECK (length(day) = 10),
    dimension TEXT NOT NULL,                             -- total, area, channel, age, first_time, plans_…, supports_…
    group_key TEXT NOT NULL,
    number INTEGER NOT NULL CHECK (number >= 10 AND number % 10 = 0), -- rounded down; a smaller group has no row
    PRIMARY KEY (process_id, day, dimension, group_key)
) STRICT, WITHOUT ROWID
;;
CREATE TABLE turnout_days (                              -- when figures were made, also where none could be shown
    process_id INTEGER NOT NULL REFERENCES processes,
    day TEXT NOT NULL CHECK (length(day) = 10),
    made_at TEXT NOT NULL,
    rests TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(rests)), -- per dimension the group that makes up for others
    issued TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(issued)), -- codes that each area had got by then
    PRIMARY KEY (process_id, day)
) STRICT, WITHOUT ROWID
;;
CREATE TABLE outreach (                                  -- what staff did so that more people take part
    id INTEGER PRIMARY KEY,
    process_id INTEGER NOT NULL REFERENCES processes,
    area_id INTEGER REFERENCES areas,                    -- none: the whole process
    age TEXT NOT NULL DEFAULT '',
    action TEXT NOT NULL CHECK (action != ''),           -- see domain/outreach.py
    done_on TEXT NOT NULL CHECK (length(done_on) = 10),
    note TEXT NOT NULL DEFAULT '',
    account_id INTEGER NOT NULL REFERENCES accounts,
    created_at TEXT NOT NULL
) STRICT
;;
CREATE TABLE interested (                                -- who asked to hear of the next process
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE CHECK (length(key) = 16),   -- HMAC(secret, 'interest' | 0 | residents.key): joins nothing
    email TEXT NOT NULL CHECK (email LIKE '%_@_%'),
    language TEXT NOT NULL DEFAULT 'nl',
    since TEXT NOT NULL CHECK (length(since) = 10),      -- the last time they said so
    mailed_on TEXT CHECK (length(mailed_on) = 10)        -- the last time they were told of a process
) STRICT
;;
CREATE TABLE interests (
    interested_id INTEGER NOT NULL REFERENCES interested ON DELETE CASCADE,
    area_id INTEGER NOT NULL REFERENCES areas,
    theme TEXT NOT NULL DEFAULT '',                      -- none: every theme
    PRIMARY KEY (interested_id, area_id, theme)
) STRICT, WITHOUT ROWID
;;
CREATE INDEX interests_in ON interests (area_id)
;;
CREATE TABLE announcements (                             -- of processes that opened, to who asked to hear of them
    process_id INTEGER PRIMARY KEY REFERENCES processes,
    told INTEGER NOT NULL DEFAULT 0,                     -- interested.id up to which they were
    done INTEGER NOT NULL DEFAULT 0 CHECK (done IN (0, 1))
) STRICT
;;
CREATE TABLE paper_lists (                               -- of signatures for a plan; the names stay on the paper
    process_id INTEGER NOT NULL REFERENCES processes,
    number INTEGER NOT NULL CHECK (number BETWEEN 1 AND 99999),
    plan_id INTEGER NOT NULL REFERENCES plans,
    supports INTEGER NOT NULL CHECK (supports BETWEEN 1 AND 30),
    account_id INTEGER NOT NULL REFERENCES accounts,
    day TEXT NOT NULL CHECK (length(day) = 10),
    PRIMARY KEY (process_id, number)
) STRICT, WITHOUT ROWID
"""

PROGRESS = """
ALTER TABLE news -- a local date, where the text is about another day than that of writing
ADD COLUMN day TEXT NOT NULL DEFAULT '' CHECK (day = '' OR day GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]')
;;
ALTER TABLE areas -- the last one, until there is another
ADD COLUMN removed_boundary TEXT CHECK (removed_boundary IS NULL OR json_valid(removed_boundary))
"""

CHOICES = """
ALTER TABLE processes -- of kinds of phases that have no column for them, by Choice.field
ADD COLUMN choices TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(choices))
"""

ASKED_ENCRYPTED = """
DELETE FROM interested
;;
ALTER TABLE interested DROP COLUMN email
;;
ALTER TABLE interested -- encrypted with the secret: nobody finds it among addresses elsewhere in the file
ADD COLUMN address BLOB NOT NULL DEFAULT x'' CHECK (length(address) > 28)
;;
CREATE TABLE interest_figure (                           -- how many asked, as staff are shown it
    id INTEGER PRIMARY KEY CHECK (id = 1),
    day TEXT NOT NULL CHECK (length(day) = 10),          -- when it was last looked at: once a day
    number INTEGER NOT NULL CHECK (number >= 0 AND number % 10 = 0) -- rounded down
) STRICT
"""

UNREAD = """
ALTER TABLE plans -- 1: residents made it public themselves, and nobody of the staff looked at it yet
ADD COLUMN unread INTEGER NOT NULL DEFAULT 0 CHECK (unread IN (0, 1))
"""

# A change here makes everything that is known of a process old; a change of a plan only that plan.
STRUCTURE = ("areas", "area_budgets", "processes", "phases", "themes", "exclusive_pairs")

REVISION_OF_A_PLAN = """
CREATE TRIGGER plans_insert_revision AFTER INSERT ON plans BEGIN
    UPDATE revision SET number = number + 1;
    UPDATE plans SET revision = (SELECT number FROM revision) WHERE id = new.id;
END
;;
CREATE TRIGGER plans_update_revision AFTER UPDATE ON plans WHEN new.revision = old.revision BEGIN
    UPDATE revision SET number = number + 1;
    UPDATE plans SET revision = (SELECT number FROM revision) WHERE id = new.id;
END
;;
CREATE TRIGGER plans_delete_revision AFTER DELETE ON plans BEGIN
    UPDATE revision SET number = number + 1, structure = structure + 1;
END
;;
CREATE TRIGGER plan_themes_insert_revision AFTER INSERT ON plan_themes BEGIN
    UPDATE plans SET revision = revision WHERE id = new.plan_id;
END
;;
CREATE TRIGGER plan_themes_update_revision AFTER UPDATE ON plan_themes BEGIN
    UPDATE plans SET revision = revision WHERE id IN (old.plan_id, new.plan_id);
END
;;
CREATE TRIGGER plan_themes_delete_revision AFTER DELETE ON plan_themes BEGIN
    UPDATE plans SET revision = revision WHERE id = old.plan_id;
END
"""

# sqlite-utils lets every change of a plan write its words anew, each support too.
ONLY_NEW_WORDS = """
DROP TRIGGER plans_au
;;
CREATE TRIGGER plans_au AFTER UPDATE OF words ON plans BEGIN
    INSERT INTO plans_fts (plans_fts, rowid, words) VALUES ('delete', old.id, old.words);
    INSERT INTO plans_fts (rowid, words) VALUES (new.id, new.words);
END
"""

WHOM_TO_ASK = """
ALTER TABLE processes -- whom residents may ask: an address or a number, in words
ADD COLUMN contact TEXT NOT NULL DEFAULT '' CHECK (length(contact) <= 120)
;;
ALTER TABLE accounts -- may make a new process, also without a role in one
ADD COLUMN may_design INTEGER NOT NULL DEFAULT 0 CHECK (may_design IN (0, 1))
"""
