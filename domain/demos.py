"""The demo: a process in every phase, from handing in plans to carrying them out, and two votes to take part in."""

import contextlib
import json
import random
import secrets
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from config.settings import load, secret_path
from domain import (
    accounts,
    assessments,
    checklists,
    codes,
    database,
    demo_crowds,
    demo_staff,
    news,
    outreach,
    passwords,
    phases,
    plans,
    processes,
    roll,
    sealing,
    turnout,
)
from domain.database import Database, connect, is_demo, writing
from domain.designs import making, model, presets
from domain.migrations import migrate
from domain.phase_kinds import KINDS
from domain.phases import HERE, Phase
from domain.processes import Process
from domain.secret import open_secret

CONTENT = Path(__file__).parent.parent / "config" / "demo"
SLUG = "bezuidenhout"
FINISHED_SLUG = "bezuidenhout-2019"
BEFORE_THE_VOTE = ("laak", "mariahoeve", "moerwijk")
AFTER_THE_VOTE = ("valkenbos", "scheveningen")
OF_A_PRESET = ("vogelbuurt", "baardwijk")  # made as the wizard makes them, with a look of their own
WIDTHS = (320, 640, 960)
SETTINGS = {
    "name": "Bezuidenhout beslist",
    "municipality": "Wijkberaad Bezuidenhout",
    "contact_email": "stemmen@bezuidenhout.example",
    "contact_phone": "070 123 45 67",
    "contact_address": "Buurthuis, Theresiastraat 1, Den Haag",
    "legal_basis": "legitimate_interest",
    "opening": "Maandag tot en met vrijdag van 9.00 tot 17.00 uur",
}


class NoDemo(Exception):
    """The file is there and is no demo, so it is left alone; its text says so."""


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo on disk, ten codes nobody used, and the people of STAFF, who share a password. `others`: codes of the
    other votes that are open, by process."""

    path: Path
    codes: list[str]
    password: str
    others: dict[str, list[str]] = field(default_factory=dict)


@contextlib.contextmanager
def prepared(path: Path | None, now: datetime) -> Iterator[Demo]:
    """A fresh demo at `path`, or in a directory that is gone afterwards. Raises NoDemo."""
    if path is not None:
        remove_old(path)
        yield make(path, now)
        return
    with tempfile.TemporaryDirectory(prefix="wijkbudget-demo-") as directory:
        yield make(Path(directory) / "demo.db", now)


def remove_old(path: Path) -> None:
    """Delete an earlier demo with its secret. Raises NoDemo for any other file."""
    secret = secret_path(load({"db": str(path)}, environment={}))
    if not path.exists():
        if secret.exists():
            raise NoDemo(f"{secret} is the secret file of another database. Choose another name.")
        return
    db = connect(path, readonly=True)
    demo = is_demo(db)
    db.close()
    if not demo:
        raise NoDemo(f"{path} exists and is no demo. Choose another name.")
    for old in (path, Path(f"{path}-wal"), Path(f"{path}-shm"), secret):
        old.unlink(missing_ok=True)


def make(path: Path, now: datetime) -> Demo:
    db = connect(path)
    try:
        migrate(db, demo=True)
        secret = open_secret(db, secret_path(load({"db": str(path)}, environment={})))
        with writing(db):
            password = insert_staff(db, now)
            insert_finished(db, read("bezuidenhout-2019"))
            for name in (*BEFORE_THE_VOTE, *AFTER_THE_VOTE):
                insert_open(db, read(name), now)
            others = {slug: drawn for name in OF_A_PRESET for slug, drawn in insert_designed(db, secret, name, now)}
            drawn = insert_running(db, secret, read("bezuidenhout"), now)
            insert_roles(db)
            demo_staff.happen(db, map(read, BEFORE_THE_VOTE), now)
            demo_crowds.place_plans(db)
        seal(db, now)
        with writing(db):
            for slug in processes.slugs(db):
                make_figures(db, demo_crowds.process_of(db, slug), now)
    finally:
        db.close()
    return Demo(path, [codes.grouped(code) for code in drawn], password, others)


def seal(db: Database, now: datetime) -> None:
    """Every vote that is over."""
    for slug in processes.slugs(db):
        process = demo_crowds.process_of(db, slug)
        if not process.finished and process.voting_phase and process.voting_phase.closes_at <= now:
            sealing.seal(db, slug, now)


def make_figures(db: Database, process: Process, now: datetime) -> None:
    if turnout.due(db, process, now):
        turnout.keep(db, process.id, turnout.figures(db, process, now))


STAFF = (
    ("olga@demo.example", "Olga", ""),
    ("tessa@demo.example", "Tessa", "toetser"),
    ("mo@demo.example", "Mo", "moderator"),
)


def insert_staff(db: Database, now: datetime) -> str:
    """Olga owns the site, Tessa and Mo get their role in every process; returns the password, drawn for this demo."""
    password = codes.grouped(codes.draw(codes.CODE_LENGTH))
    hashed = passwords.hash_of(password)
    for email, name, role in STAFF:
        accounts.make(db, email, name, hashed, not role, now)
    return password


def insert_roles(db: Database) -> None:
    for email, _, role in STAFF:
        if role:
            db.execute(
                "INSERT INTO roles (account_id, process_id, role) "
                "SELECT accounts.id, processes.id, ? FROM accounts, processes WHERE email = ?",
                [role, email],
            )


def owner(db: Database) -> int:
    return int(db.execute("SELECT id FROM accounts WHERE owner = 1").fetchone()[0])


def read(name: str) -> dict[str, Any]:
    return tomllib.loads((CONTENT / f"{name}.toml").read_text("utf-8"))


def insert_running(db: Database, secret: bytes, content: dict[str, Any], now: datetime) -> list[str]:
    """The vote opened a week ago and closes in three; the phases before it lie in the past."""
    process_id, areas = insert_process(db, content, starts_from(now, "vote"))
    numbers = demo_crowds.shared(10, dict.fromkeys(areas.values(), 1))
    return [code for area, number in numbers.items() for code in roll.issue(db, secret, process_id, number, area)]


LENGTHS = (28, 28, 35, 28, 14, 365)  # days of each phase, in the order of KINDS


def starts_from(now: datetime, kind: str) -> list[datetime]:
    """When each phase begins, and the last one ends, if the phase of that kind opened a week ago."""
    open_since = sum(LENGTHS[: [*KINDS].index(kind)]) + 7
    today = now.astimezone(HERE).date()
    return [midnight(today + timedelta(days=sum(LENGTHS[:n]) - open_since)) for n in range(len(KINDS) + 1)]


def insert_open(db: Database, content: dict[str, Any], now: datetime) -> None:
    """A process whose phase `open_phase` opened a week ago; with its ballots where the vote is over."""
    starts = starts_from(now, content["open_phase"])
    process_id, areas = insert_process(db, content, starts)
    if "ballots" in content:
        insert_votes(db, process_id, content, areas, starts[[*KINDS].index("result")].astimezone(HERE).date())


def midnight(day: date) -> datetime:
    """The moment at which that day begins in the Netherlands, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=HERE).astimezone(UTC)


def insert_finished(db: Database, content: dict[str, Any]) -> None:
    """What Bezuidenhout decided in 2019."""
    closed = date(2019, 7, 1)
    starts = [midnight(closed + timedelta(days=days)) for days in (-119, -91, -63, -28, 0, 14, 200)]
    insert_votes(db, insert_process(db, content, starts)[0], content, {}, closed)


def insert_designed(db: Database, secret: bytes, name: str, now: datetime) -> Iterator[tuple[str, list[str]]]:
    """A process of a preset, whose phase `open_phase` opened a week ago; yields codes where its vote is open."""
    content = read(name)
    design = model.decided(presets.all_presets()[content["preset"]], content["choices"])
    since = design.spans[content["open_phase"]].day - min(span.day for span in design.spans.values())
    first = now.astimezone(HERE).date() - timedelta(days=7 + since)
    slug = making.create(db, model.placed(replace(design, tokens=content["look"]), first), now, owner(db))
    db.execute("UPDATE processes SET photo = ? WHERE slug = ?", [content["picture"], slug])
    process = demo_crowds.process_of(db, slug)
    (area_id,) = db.execute("SELECT area_id FROM processes WHERE id = ?", [process.id]).fetchone()
    areas = demo_crowds.insert_areas(db, area_id, content)
    insert_plans(db, process.id, content, process.phases[0].opens_at, supported=process.support_threshold is not None)
    if "ballots" in content:
        vote = process.voting_phase
        assert vote is not None
        insert_votes(db, process.id, content, areas, vote.closes_at.astimezone(HERE).date())
    else:
        insert_first_week(db, demo_crowds.process_of(db, slug), content, areas, now)
        yield slug, [codes.grouped(code) for code in roll.issue(db, secret, process.id, 5, areas["Hoge Akkers"])]


def insert_first_week(
    db: Database, process: Process, content: dict[str, Any], areas: dict[str, int], now: datetime
) -> None:
    """Somebody of every few voted since the vote opened, and staff did something about those who didn't."""
    issued = demo_crowds.codes_of(content, areas)
    keys = demo_crowds.insert_roll(db, process.id, issued, demo_crowds.used_of(content, areas, issued))
    weights = {plan["project_id"]: plan["votes"] for plan in content["plans"]}
    demo_crowds.insert_ballots(db, process.id, demo_crowds.themed(process, weights, len(keys)))
    demo_crowds.first_week(db, process, content, keys, now)
    for done in content["outreach"]:
        day = now.astimezone(HERE).date() - timedelta(days=done["days_ago"])
        row = {"action": done["action"], "done_on": day.isoformat(), "area_id": areas[done["area"]]}
        outreach.note(db, process.id, {**row, "age": "", "note": done["note"]}, now, owner(db))


def insert_votes(db: Database, process_id: int, content: dict[str, Any], areas: dict[str, int], closed: date) -> None:
    """Ballots that come to the votes the content names, of codes spread over the areas."""
    ids = {
        row["project_id"]: row["id"]
        for row in db.query("SELECT project_id, id FROM plans WHERE process_id = ?", [process_id])
    }
    number = content["ballots"] - content["blank_ballots"]
    if "budget" in content:
        listed = [(ids[str(plan["project_id"])], plan["cost"], plan["votes"]) for plan in content["plans"]]
        cast = ballots(listed, number, content["budget"])
    else:  # one plan each
        cast = [[ids[plan["project_id"]]] for plan in content["plans"] for _ in range(plan["votes"])]
    issued = demo_crowds.codes_of(content, areas)
    keys = demo_crowds.insert_roll(db, process_id, issued, demo_crowds.used_of(content, areas, issued))
    demo_crowds.use(db, process_id, keys, closed - timedelta(days=3 if "budget" in content else 1))
    demo_crowds.insert_ballots(db, process_id, [*cast, *[[]] * content["blank_ballots"]])
    demo_crowds.tell(db, process_id, content, content["ballots"])


def insert_process(db: Database, content: dict[str, Any], starts: Sequence[datetime]) -> tuple[int, dict[str, int]]:
    """Its id, and those of the areas in it by name."""
    area_id = processes.area(db, content["municipality"])
    area_id = processes.area(db, content["area"], area_id)
    areas = demo_crowds.insert_areas(db, area_id, content)
    process_id = processes.insert(db, process_row(content, area_id))
    text = {phase["kind"]: phase["text"] for phase in content["phases"]}
    phases.insert(
        db,
        process_id,
        [
            Phase(kind, opens, closes, text.get(kind, ""))
            for kind, (opens, closes) in zip(KINDS, pairwise(starts), strict=True)
        ],
    )
    checklists.insert_default(db, process_id)
    for theme in content["themes"]:
        database.insert(db, "themes", {"process_id": process_id, "name": theme["name"]})
    insert_plans(db, process_id, content, starts[0])
    return process_id, areas


def process_row(content: dict[str, Any], area_id: int) -> dict[str, Any]:
    return {
        "slug": content["slug"],
        "name": content["name"],
        "area_id": area_id,
        "summary": content["summary"],
        "description": content["intro"].strip(),
        "budget": content["budget"] * 100,
        "voting_method": content["voting_method"],
        "max_sum_cost": content["budget"] * 100,
        "blank_allowed": 1,
        "change_allowed": 0,
        "rule_options": json.dumps({"min_score": content.get("min_score", 0)}),
        "lot_seed": content.get("lot_seed") or secrets.token_hex(8),
        "support_threshold": content.get("support_threshold", 25),
        "plan_moderation": content.get("plan_moderation", "after"),
        "max_plan_cost": content["max_plan_cost"] * 100 if "max_plan_cost" in content else None,
        "photo": content["plans"][0]["picture"],
        "vote_age": 12,
        "legal_basis": SETTINGS["legal_basis"],
        "controller": SETTINGS["municipality"],
        "privacy_contact": SETTINGS["contact_email"],
    }


def insert_plans(
    db: Database, process_id: int, content: dict[str, Any], since: datetime, *, supported: bool = True
) -> None:
    assessed = content.get("open_phase", "vote") not in ("collect", "support", "assess")
    themes = dict(db.execute("SELECT name, id FROM themes WHERE process_id = ?", [process_id]).fetchall())
    for plan in content["plans"]:
        moment = since + timedelta(hours=9 + 5 * int(plan["project_id"]))
        verdict = (VERDICT if assessed else {}) | given_verdict(plan)
        plan_id = plans.insert(db, plan_row(plan, process_id, moment) | verdict)
        if verdict:
            keep_verdict(db, process_id, plan_id, moment - since)
        if "theme" in plan:
            db.table("plan_themes").insert({"plan_id": plan_id, "theme_id": themes[plan["theme"]]})
        insert_photos(db, plan["picture"])
        if plan.get("status") == "submitted":
            continue
        if supported:
            insert_supports(db, plan_id, plan.get("supports", 25 + len(plan["description"]) % 60), moment)
        insert_reactions(db, plan_id, plan.get("reactions", []), moment)
        news.tell(db, process_id, plan_id, "published", "", moment)


VERDICT = {"verdict": "feasible", "verdict_reason": "Dit plan kan. Het past binnen het budget en de regels."}


def given_verdict(plan: dict[str, Any]) -> dict[str, Any]:
    """The verdict that the content gives itself, with what was asked where that differs."""
    if "verdict" not in plan:
        return {}
    asked = plan["asked"] * 100 if "asked" in plan else None
    return {"verdict": plan["verdict"], "verdict_reason": plan["reason"], "asked_cost": asked}


def keep_verdict(db: Database, process_id: int, plan_id: int, later: timedelta) -> None:
    """That Tessa gave the verdict, so long after assessing began, where plans are assessed."""
    phase = "SELECT opens_at FROM phases WHERE process_id = ? AND kind = 'assess'"
    tessa = db.execute("SELECT id FROM accounts WHERE name = 'Tessa'").fetchone()[0]
    verdict, cost, reason = db.execute(
        "SELECT verdict, iif(verdict = 'feasible', cost, NULL), verdict_reason FROM plans WHERE id = ?", [plan_id]
    ).fetchone()
    for (opens_at,) in db.execute(phase, [process_id]).fetchall():
        given = assessments.Judgement(verdict, cost, reason)
        assessments.keep(db, plan_id, given, tessa, phases.from_text(opens_at) + later)


def insert_supports(db: Database, plan_id: int, number: int, since: datetime) -> None:
    """Of nobody in particular: no resident of the demo exists."""
    day = since.astimezone(HERE).date().isoformat()
    rows = [(plan_id, day, "paper" if place % 8 == 7 else "online") for place in range(number)]
    db.conn.executemany("INSERT INTO supports (plan_id, given_on, channel) VALUES (?, ?, ?)", rows)


def insert_reactions(db: Database, plan_id: int, reactions: list[dict[str, Any]], since: datetime) -> None:
    for number, reaction in enumerate(reactions, start=1):
        written = {"plan_id": plan_id, "status": "published", "created_at": phases.to_text(since + DAY * number)}
        own = {name: reaction[name] for name in ("name", "side", "text")}
        id_ = database.insert(db, "reactions", {**written, **own})
        if "answer" in reaction:
            answer = {"parent_id": id_, "side": "answer", **reaction["answer"]}
            database.insert(db, "reactions", {**written, **answer})


DAY = timedelta(days=1)


def plan_row(plan: dict[str, Any], process_id: int, moment: datetime) -> dict[str, Any]:
    texts = ("title", "summary", "description", "location", "maker")
    return {
        **{name: plan[name].strip() for name in texts},
        "process_id": process_id,
        "project_id": str(plan["project_id"]),
        "for_whom": plan.get("for_whom", ""),
        "own_work": plan.get("what_we_do_ourselves", ""),
        "cost": plan["cost"] * 100,
        "channel": plan.get("channel", "online"),
        "planned": plan.get("planned", ""),
        "lat": plan.get("lat"),
        "lon": plan.get("lon"),
        "items": json.dumps([[what, euros * 100] for what, euros in plan.get("items", [])], ensure_ascii=False),
        "submitted_at": phases.to_text(moment),
        "published_at": phases.to_text(moment) if "status" not in plan else None,
        "status": plan.get("status", "published"),
        "photo": plan["picture"],
        "photo_alt": plan["picture_alt"],
        "unread": plan.get("unread", 0),
    }


def insert_photos(db: Database, picture: str) -> None:
    for width in WIDTHS:
        data = (CONTENT / "pictures" / f"{picture}-{width}.webp").read_bytes()
        db.execute("INSERT OR IGNORE INTO photos (key, width, data) VALUES (?, ?, ?)", (picture, width, data))


def ballots(plans: Sequence[tuple[int, int, int]], number: int, budget: int) -> list[list[int]]:
    """`number` ballots, none empty and none above the budget, on which every plan (id, cost, votes) has its votes.

    Dearest plans first, each to the ballots with the most room: what must fit somewhere still finds its place.
    """
    chance = random.Random(2019)  # noqa: S311  (a demo looks the same every time)
    cast: list[list[int]] = [[] for _ in range(number)]
    room = [budget] * number
    for plan_id, cost, votes in sorted(plans, key=lambda plan: -plan[1]):
        order = sorted(range(number), key=lambda n: (bool(cast[n]) and room[n] < budget // 3, chance.random()))
        takers = [n for n in order if room[n] >= cost][:votes]
        assert len(takers) == votes, "the content names more votes than ballots have room for"
        for n in takers:
            cast[n].append(plan_id)
            room[n] -= cost
    assert all(cast), "a ballot without a plan would be blank"
    return cast
