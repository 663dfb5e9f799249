"""Submissions (inzendingen): a plan while it is written, and handing it in."""

import hashlib
import json
import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from domain import areas, database, fields, mails, makers, maps, news, phases, photos, plans, processes, versions
from domain.database import Database
from domain.fields import Wrong, WrongFields
from domain.photos import Pictures
from domain.plans import Plan
from domain.processes import Process

KEPT = timedelta(days=90)  # after the last time it was saved
MOST_ROWS = 20  # items of a plan
LEAST_COST = 100  # cents
# What is typed on one line, what on more, and how many characters it may have.
LINES = {"title": 80, "summary": 200, "location": 200, "planned": 200, "photo_alt": 250, "name": 40, "contact": 100}
TEXTS = {"description": 6_000, "for_whom": 600, "own_work": 1_000}
LENGTHS = {**LINES, **TEXTS, "what": 100}
REQUIRED = ("title", "summary", "description")
ADDRESS = "link_email"  # to which the link to the draft was mailed; no part of the plan
OF_MAKER = ("name", "contact")  # of the maker, not of the plan
MOST_PHOTOS = 2_000  # of plans that aren't handed in


def most_kept(name: str) -> int:
    """Characters of that field while it is written: more than it may have, so that a text can be made shorter."""
    return 2 * LENGTHS[name] + 1_000


class HandedIn(Exception):
    """The draft was handed in before, as that plan."""

    def __init__(self, plan_id: int) -> None:
        super().__init__(plan_id)
        self.plan_id = plan_id


class Closed(Exception):
    """Plans of this process can't be handed in now."""

    def __init__(self, slug: str) -> None:
        super().__init__(slug)
        self.slug = slug


class Changed(Exception):
    """The draft says something else than when its maker asked to hand it in."""


class Gone(Exception):
    """There is no such draft any more."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A plan as it stands in the form, whether it is right or not. `items` are what and how much, as typed."""

    texts: Mapping[str, str] = field(default_factory=dict)
    themes: tuple[str, ...] = ()
    items: tuple[tuple[str, str], ...] = ()
    lat: str = ""
    lon: str = ""

    def __getitem__(self, name: str) -> str:
        return self.texts.get(name, "")

    @property
    def empty(self) -> bool:
        return not (self.themes or self.lat or any(self.texts.values()) or any(a or b for a, b in self.items))

    @property
    def total(self) -> int:
        """Cents that the items add up to; what is no amount counts for nothing."""
        return sum(cents_or_none(amount) or 0 for _, amount in self.items)

    def to_json(self) -> str:
        values = {"texts": dict(self.texts), "themes": self.themes, "items": self.items}
        return json.dumps({**values, "lat": self.lat, "lon": self.lon}, ensure_ascii=False)


def typed_from_json(text: str) -> Typed:
    values = json.loads(text)
    return Typed(
        values.get("texts", {}),
        tuple(values.get("themes", ())),
        tuple((what, amount) for what, amount in values.get("items", ())),
        values.get("lat", ""),
        values.get("lon", ""),
    )


def typed_from_plan(plan: Plan) -> Typed:
    """What the form shows of a plan that its maker changes."""
    fields = {name: getattr(plan, name) for name in versions.COLUMNS}
    return typed_from_fields(fields | {"themes": [theme.id for theme in plan.themes]})


def typed_from_fields(values: Mapping[str, Any]) -> Typed:
    """The same of versions.FIELDS."""
    items = values["items"] or ((values["title"], values["cost"]),)
    return Typed(
        {name: values[name] for name in (*LINES, *TEXTS) if name not in OF_MAKER},
        tuple(str(theme) for theme in values["themes"]),
        tuple((what, amount(cents)) for what, cents in items),
        "" if values["lat"] is None else str(values["lat"]),
        "" if values["lon"] is None else str(values["lon"]),
    )


def amount(cents: int) -> str:
    """The amount as it stands in a field: 1500 or 12,50."""
    return f"{cents // 100},{cents % 100:02}" if cents % 100 else str(cents // 100)


def cents_or_none(typed: str) -> int | None:
    try:
        return fields.euros(typed)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Submission:
    """A draft. `photo` is a key of photos, `plan_id` the plan it became."""

    id: int
    process_id: int
    typed: Typed
    photo: str
    saved_at: datetime
    plan_id: int | None

    @property
    def seal(self) -> str:
        """Another with everything else that would be handed in."""
        said = replace(self.typed, texts={name: text for name, text in self.typed.texts.items() if name != ADDRESS})
        return hashlib.sha256(f"{said.to_json()}{self.photo}".encode()).hexdigest()[:16]


def checked(process: Process, typed: Typed, photo: str, *, maker: bool = True) -> tuple[dict[str, Any], list[Wrong]]:
    """The values of versions.FIELDS (and, of a new plan, of OF_MAKER), and everything that is wrong with them, in the
    order of the form."""
    texts = {name: fields.line(typed[name]) for name in LINES} | {name: fields.text(typed[name]) for name in TEXTS}
    values: dict[str, Any] = {name: text for name, text in texts.items() if maker or name not in OF_MAKER}
    wrong = [w for name in values for w in check_text(name, texts[name], photo)]
    values["themes"], wrong_theme = checked_themes(process, typed.themes)
    values["items"], wrong_items = checked_items(process, typed.items, values["themes"])
    values["cost"] = sum(cents for _, cents in values["items"])
    values["lat"], values["lon"] = place(typed)
    wrong += check_place(process, values["lat"], values["lon"])
    values["photo"] = photo
    if not photo:
        values["photo_alt"] = ""
    wrong += wrong_theme + wrong_items
    return values, sorted(wrong, key=lambda one: ORDER.index(one.field.partition("-")[0]))


ORDER = (
    *("title", "summary", "description", "theme", "for_whom", "location", "place", "planned", "items", "what", "euros"),
    *("own_work", "photo", "photo_alt", "name", "contact"),
)


def check_text(name: str, text: str, photo: str) -> list[Wrong]:
    if name == "photo_alt":
        return fields.check_text(name, text, LENGTHS[name], required=bool(photo)) if photo else []
    if name == "name":
        return fields.check_name(name, text, LENGTHS[name])
    return fields.check_text(name, text, LENGTHS[name], required=name in REQUIRED)


def checked_themes(process: Process, chosen: Iterable[str]) -> tuple[list[int], list[Wrong]]:
    """Themes of this process; one at least, where it has any."""
    known = {str(theme.id): theme.id for theme in process.themes}
    asked = [value for value in chosen if value]
    if not asked:
        return [], [Wrong("theme", "missing")] if known else []
    if any(value not in known for value in asked):
        return [], [Wrong("theme", "not_a_choice")]
    return sorted({known[value] for value in asked}), []


def checked_items(
    process: Process, rows: Iterable[tuple[str, str]], themes: Collection[int] = ()
) -> tuple[list[list[Any]], list[Wrong]]:
    """[[what, cents], …] without the rows that are empty; together at least € 1 and not too dear."""
    items: list[list[Any]] = []
    wrong: list[Wrong] = []
    for number, (typed_what, typed_euros) in enumerate(rows, 1):
        what, cents = fields.line(typed_what), cents_or_none(typed_euros)
        if not what and not typed_euros.strip():
            continue
        wrong += fields.check_text(f"what-{number}", what, LENGTHS["what"], required=True)
        if cents is None:
            wrong.append(Wrong(f"euros-{number}", "not_an_amount" if typed_euros.strip() else "missing"))
        items.append([what, cents or 0])
    most = most_cost(process, themes)
    return items, wrong or check_cost(most, sum(cents for _, cents in items), bool(items))


def check_cost(most: int, cost: int, any_item: bool) -> list[Wrong]:
    if not any_item:
        return [Wrong("items", "missing")]
    if cost < LEAST_COST:
        return [Wrong("items", "too_cheap", LEAST_COST)]
    return [Wrong("items", "too_dear", most)] if cost > most else []


def as_plan(process: Process, values: Mapping[str, Any]) -> Plan:
    """The plan that these values (`checked`) would make, for who looks at it before it is handed in."""
    shown = {name: values[name] for name in versions.COLUMNS if name != "items"}
    return Plan(
        id=0,
        project_id="",
        themes=tuple(theme for theme in process.themes if theme.id in values["themes"]),
        maker=values["name"],
        items=tuple((what, cents) for what, cents in values["items"]),
        **shown,
    )


def most_cost(process: Process, theme_ids: Collection[int] = ()) -> int:
    """Cents that one plan may cost: more than a ballot may hold, or than its theme has, nobody could choose or pay."""
    caps = [process.budget, process.max_plan_cost, process.limits.max_sum_cost]
    for theme in process.themes:
        if theme.id in theme_ids:
            caps += [theme.budget, theme.max_sum_cost]
    return min(cap for cap in caps if cap is not None)


def check_place(process: Process, lat: float | None, lon: float | None) -> list[Wrong]:
    """Whether the pin lies in the area or not too far from it, where the area has a boundary."""
    if process.reach is None or lat is None or lon is None or maps.within(process.reach, lat, lon):
        return []
    return [Wrong("place", "outside")]


def place(typed: Typed) -> tuple[float | None, float | None]:
    """Latitude and longitude of the pin, to a metre; None where there is none, or none on earth."""
    try:
        lat, lon = round(float(typed.lat), 5), round(float(typed.lon), 5)
    except ValueError:
        return None, None
    return (lat, lon) if -90 <= lat <= 90 and -180 <= lon <= 180 else (None, None)


def hash_of(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def of_id(db: Database, submission_id: int) -> Submission | None:
    """For who holds a link that hands it in."""
    return loaded(db, "id = ?", submission_id)


def of_token(db: Database, process_id: int, token: str) -> Submission | None:
    """The draft that this token is the key of, if it is of this process."""
    return loaded(db, "hash = ? AND process_id = ?", hash_of(token), process_id) if token else None


def loaded(db: Database, condition: str, *values: object) -> Submission | None:
    row = db.execute(
        f"SELECT id, process_id, fields, photo, saved_at, plan_id FROM submissions WHERE {condition}", list(values)
    ).fetchone()
    if row is None:
        return None
    id_, process_id, typed, photo, saved_at, plan_id = row
    return Submission(id_, process_id, typed_from_json(typed), photo, phases.from_text(saved_at), plan_id)


def new_token() -> str:
    return secrets.token_urlsafe(24)


def save(
    db: Database,
    process_id: int,
    token: str,
    typed: Typed,
    pictures: Pictures | None,
    now: datetime,
    without_photo: bool = False,
) -> Submission:
    """Keep the whole form under this token, a new draft or in the place of what was kept: a later save never mixes
    with an earlier one. `pictures` replace the photo; without them it stays, unless asked otherwise. Raises HandedIn.
    """
    draft = of_token(db, process_id, token)
    if draft is not None and draft.plan_id is not None:
        raise HandedIn(draft.plan_id)
    photo = photos.store(db, pictures) if pictures else "" if draft is None or without_photo else draft.photo
    row: dict[str, Any] = {"fields": typed.to_json(), "photo": photo, "saved_at": phases.to_text(now)}
    if draft is None:
        database.insert(db, "submissions", row | {"hash": hash_of(token), "process_id": process_id})
    else:
        row |= {"id": draft.id}
        db.execute("UPDATE submissions SET fields = :fields, photo = :photo, saved_at = :saved_at WHERE id = :id", row)
        if draft.photo != photo:
            photos.remove(db, draft.photo)
    if pictures:
        make_room(db)
    saved = of_token(db, process_id, token)
    assert saved is not None, "it was written just now"
    return saved


def make_room(db: Database) -> None:
    """The photos of drafts that were saved longest ago go: else what nobody hands in would fill the disk."""
    query = (
        "SELECT id, photo FROM submissions WHERE photo != '' AND plan_id IS NULL "
        "ORDER BY saved_at DESC, id DESC LIMIT -1 OFFSET ?"
    )
    for id_, key in db.execute(query, [MOST_PHOTOS]).fetchall():
        db.execute("UPDATE submissions SET photo = '' WHERE id = ?", [id_])
        photos.remove(db, key)


def possible(process: Process, now: datetime) -> bool:
    """Residents can hand in a plan themselves now. Where staff write plans down for them: domain/paper.py."""
    return process.open("collect", now) and process.submitters == "mail"


def hand_in(db: Database, submission_id: int, resident_id: int, now: datetime) -> int:
    """The plan that the draft became, now or before: once, however often it is asked.

    The resident is its maker and gets the mail. Raises Gone, Closed and WrongFields.
    """
    draft = of_id(db, submission_id)
    if draft is None:
        raise Gone(submission_id)
    if draft.plan_id is not None:
        return draft.plan_id
    process = process_of(db, draft.process_id)
    if not possible(process, now):
        raise Closed(process.slug)
    values, wrong = checked(process, draft.typed, draft.photo)
    if wrong:
        raise WrongFields(*wrong)
    plan_id = insert(db, process, values, now, unread=int(process.plan_moderation == "after"))
    db.execute(
        f"UPDATE submissions SET plan_id = ?, fields = json_remove(fields, '$.texts.{ADDRESS}') WHERE id = ?",
        [plan_id, draft.id],
    )
    db.execute("UPDATE residents SET name = ? WHERE id = ? AND name = ''", [values["name"], resident_id])
    makers.add(db, plan_id, resident_id, values["name"], values["contact"], now)
    tell(db, process, plan_id, values["title"], now)
    return plan_id


def process_of(db: Database, process_id: int) -> Process:
    slug = db.execute("SELECT slug FROM processes WHERE id = ?", [process_id]).fetchone()[0]
    process = processes.load(db, slug)
    assert process is not None
    return process


def insert(db: Database, process: Process, values: Mapping[str, Any], now: datetime, **more: Any) -> int:
    """Write the plan: public at once, or waiting for staff where the process wants that. `more` are columns of it."""
    public = process.plan_moderation == "after"
    row = {name: values[name] for name in versions.COLUMNS}
    row |= {
        "process_id": process.id,
        "project_id": next_project_id(db, process.id),
        "items": json.dumps(values["items"], ensure_ascii=False),
        "status": "published" if public else "submitted",
        "submitted_at": phases.to_text(now),
        "published_at": phases.to_text(now) if public else None,
    }
    plan_id = plans.insert(db, row | more)
    areas.place_plan(db, plan_id)
    versions.set_themes(db, plan_id, values["themes"])
    return plan_id


def next_project_id(db: Database, process_id: int) -> str:
    """The number after the highest that a plan of the process has as its name."""
    highest = db.execute(
        "SELECT coalesce(max(CAST(project_id AS INTEGER)), 0) FROM plans "
        "WHERE process_id = ? AND project_id NOT GLOB '*[^0-9]*' AND length(project_id) < 16",
        [process_id],
    ).fetchone()[0]
    return str(highest + 1)


def tell(db: Database, process: Process, plan_id: int, title: str, now: datetime) -> None:
    public = process.plan_moderation == "after"
    mail = mails.plan_published if public else mails.plan_received
    for to in makers.recipients(db, plan_id):
        mail(db, now, to, process=process, plan_id=plan_id, title=title)
    if public:
        news.tell(db, process.id, plan_id, "published", "", now)


def confirmed(db: Database, resident_id: int, payload: Mapping[str, Any], now: datetime) -> str:
    """The maker confirmed the address: the draft is handed in, as it was when the mail was asked (`seal`). Returns
    where it shows; raises Changed, and as `hand_in`."""
    draft = of_id(db, int(payload["submission"]))
    if draft and draft.plan_id is None and draft.seal != payload.get("seal"):
        raise Changed(draft.id)
    plan_id = hand_in(db, int(payload["submission"]), resident_id, now)
    return f"{path_of(db, plan_id)}/ingediend"


def path_of(db: Database, plan_id: int) -> str:
    slug = db.execute(
        "SELECT slug FROM processes JOIN plans ON process_id = processes.id WHERE plans.id = ?", [plan_id]
    ).fetchone()[0]
    return f"/{slug}/plannen/{plan_id}"
