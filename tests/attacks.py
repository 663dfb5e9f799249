"""What an attacker has: a town in which something of every kind is there, every address of the app, every form of every
page, and strings that become something else where a page forgets to escape."""

import hashlib
import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import Any

from httpx import Response
from litestar import Litestar
from litestar.routes import HTTPRoute
from litestar.testing import TestClient

from domain import (
    accounts,
    areas,
    database,
    follows,
    interests,
    links,
    mails,
    merges,
    news,
    paper,
    phases,
    residents,
    submissions,
    supports,
    versions,
)
from domain.database import Database, writing
from domain.designs import model
from domain.outbox import Recipient
from domain.phase_kinds import KINDS
from domain.phases import Phase
from domain.processes import Process
from routes.site import Site
from routes.tries import Tries
from tests import staff
from tests import writing as writers
from tests.cast import EURO, NOW, Resident, insert_vote, reload
from tests.writing import COLLECT_CLOSES, COLLECT_OPENS, VOTE_CLOSES, VOTE_OPENS

AT = phases.to_text(NOW)
SQUARE = '{"type":"Polygon","coordinates":[[[4.30,52.06],[4.36,52.06],[4.36,52.10],[4.30,52.10],[4.30,52.06]]]}'
PUBLIC, SUBMITTED, HIDDEN, MERGED, TWIN = "swing", "submitted", "hidden", "merged", "twin"

# Each as short as a name may be, so that it is kept and not refused; the last is cut off where a field ends.
PAYLOADS = {
    "script": '<script>a()</script>"><b onclick=a()>',
    "attribute": "' onfocus=alert(1) \" onfocus=alert(1) x",
    "link": "[x](javascript:alert(1)) <javascript:alert(1)>",
    "template": "{{7*191}}${7*191}{%raw%}</title>]]><svg onload=a()>",
    "unseen": "om\u202ege\u2066keerd\0\r\nBcc: k@elders.example",
    "long": "a" * 10_000,
}


@dataclass(frozen=True)
class Town:
    """A process and the id of one thing of every kind in it; `tokens` by the path they stand in."""

    process: Process
    maker: Resident
    plans: Mapping[str, int]
    ids: Mapping[str, int]
    tokens: Mapping[str, str]


def insert_town(db: Database, secret: bytes, slug: str, maker: Resident, other: Resident, boss: str) -> Town:
    """Plans can be handed in, supported, talked about and assessed there, all at once; `boss` is its beheerder."""
    process = insert_vote(
        db,
        secret,
        slug=slug,
        residents=(maker, other),
        opens_at=VOTE_OPENS,
        closes_at=VOTE_CLOSES,
        max_plan_cost=5_000 * EURO,
        support_threshold=1,
    )
    maker_id, other_id = writers.arrives(db, secret, maker), writers.arrives(db, secret, other)
    with writing(db):
        phases.insert(
            db, process.id, [Phase(k, COLLECT_OPENS, COLLECT_CLOSES) for k in ("collect", "support", "assess")]
        )
        db.execute(
            "UPDATE areas SET boundary = ? WHERE id = (SELECT area_id FROM processes WHERE id = ?)",
            [SQUARE, process.id],
        )
    process = reload(db, slug)
    plans = {kind: insert_plan(db, process, kind, maker_id) for kind in (PUBLIC, SUBMITTED, HIDDEN, MERGED)}
    plans[TWIN] = writers.insert_plan(db, process, other_id, other.name, title="De tweeling")
    with writing(db):
        ids = insert_around(db, process, plans, maker_id, other_id, boss)
        merges.merge(db, process, plans[MERGED], plans[TWIN], NOW, ids["account"])
        tokens = insert_tokens(db, secret, process, plans[PUBLIC], ids["follow"], maker)
    return Town(reload(db, slug), maker, plans, ids, tokens)


def insert_plan(db: Database, process: Process, kind: str, maker_id: int) -> int:
    """With a title that nothing else has."""
    status = kind if kind in (SUBMITTED, HIDDEN) else "published"
    title = title_of(process.slug, kind)
    return writers.insert_plan(db, process, maker_id, title=title, status=status, lat=52.08, lon=4.33)


def title_of(slug: str, kind: str) -> str:
    return f"Een {kind} plan van {slug}"


def insert_around(
    db: Database, process: Process, plans: Mapping[str, int], maker_id: int, other_id: int, boss: str
) -> dict[str, int]:
    """What there is around the first plan. Inside a write."""
    plan_id = plans[PUBLIC]
    account_id, colleague = staff.account(db, boss), staff.account(db, f"{boss}2")
    staff.give(db, account_id, process, "beheerder")
    staff.give(db, colleague, process, "toetser")
    reaction = {
        "plan_id": plan_id,
        "name": f"Buur in {process.slug}",
        "text": f"Een reden van {process.slug}",
        "created_at": AT,
    }
    ids = {
        "account": account_id,
        "colleague": colleague,
        "theme": process.themes[0].id,
        "reaction": database.insert(
            db, "reactions", reaction | {"side": "for", "resident_id": other_id, "status": "published"}
        ),
        "question": database.insert(
            db,
            "questions",
            {"plan_id": plan_id, "account_id": account_id, "text": f"Waarom in {process.slug}?", "asked_at": AT},
        ),
        "opinion": database.insert(
            db,
            "second_opinions",
            {"plan_id": plan_id, "asked_by": account_id, "question": f"Kan dit in {process.slug}?", "asked_at": AT},
        ),
        "item": database.insert(
            db, "checklist_items", {"process_id": process.id, "place": 1, "text": f"Mag het in {process.slug}?"}
        ),
    }
    design = {"toml": "format = 1\n[traject]\nname = 'Ontwerp'\n", "account_id": account_id, "changed_at": AT}
    ids["area"] = db.execute("SELECT area_id FROM processes WHERE id = ?", [process.id]).fetchone()[0]
    ids["design"] = database.insert(db, "designs", design)
    correction = {"process_id": process.id, "changes": '{"budget": [2000000, 2500000]}', "asked_by": account_id}
    ids["correction"] = database.insert(
        db, "corrections", correction | {"reason": f"Een fout in {process.slug}", "asked_at": AT}
    )
    done = {"action": "market", "done_on": AT[:10], "account_id": account_id, "created_at": AT}
    ids["outreach"] = database.insert(db, "outreach", {"process_id": process.id, **done})
    ids["waiting"] = database.insert(
        db, "reactions", reaction | {"side": "against", "resident_id": other_id, "status": "waiting"}
    )
    answer = {"side": "answer", "parent_id": ids["reaction"], "account_id": account_id, "status": "published"}
    database.insert(db, "reactions", reaction | answer)
    for reaction_id in (None, ids["reaction"]):
        report = {
            "plan_id": plan_id,
            "reaction_id": reaction_id,
            "reason": f"Niet aardig voor {process.slug}",
            "reported_at": AT,
        }
        ids["report"] = database.insert(db, "reports", report)
    database.insert(
        db, "notes", {"plan_id": plan_id, "account_id": account_id, "text": f"Let op {process.slug}", "written_at": AT}
    )
    insert_version(db, plan_id, account_id)
    supports.give(db, plan_id, other_id, NOW)
    ids["number"] = 100 + process.id
    paper.enter(db, process.id, plan_id, ids["number"], 1, NOW, account_id)
    follows.follow(db, process.id, plan_id, maker_id, "at_once", NOW)
    ids["follow"] = db.execute("SELECT max(id) FROM follows").fetchone()[0]
    news.tell(db, process.id, plan_id, "infeasible", "Daarom", NOW)
    mails.question(
        db, NOW, Recipient("m@example.org"), process=process, plan_id=plan_id, title="Een plan", question="Waarom?"
    )
    ids["mail"] = db.execute("SELECT max(id) FROM outbox").fetchone()[0]
    db.execute("UPDATE outbox SET failed_at = ?, error = 'refused' WHERE id = ?", [AT, ids["mail"]])
    return ids


def insert_version(db: Database, plan_id: int, account_id: int) -> None:
    values = {"title": f"Een {PUBLIC} plan, beter", "description": "Wij willen iets anders."}
    versions.edit(db, plan_id, 1, values, NOW, account_id, "Beter zo")


def insert_tokens(
    db: Database, secret: bytes, process: Process, plan_id: int, follow_id: int, maker: Resident
) -> dict[str, str]:
    """What stands in the links of mails. Inside a write."""
    draft, to = submissions.new_token(), f"{process.slug}@gemeente.example"
    submissions.save(db, process.id, draft, writers.typed_of(writers.swing(process)), None, NOW)
    resident_key = residents.key_of_address(secret, maker.email)
    account_id = accounts.make(db, to, "Nieuw", "", False, NOW)
    shown = {"title": "Een plan", "slug": process.slug, "back": f"/{process.slug}"}
    payload = {"shown": shown, "process": process.id, "plan": plan_id, "to": "/mijn"}
    made = {
        purpose: links.make(db, purpose, to, {"account_id": account_id}, NOW)
        for purpose in (accounts.INVITATION, accounts.RESET)
    }
    key = interests.key_of(secret, resident_key)
    address = interests.sealed_address(secret, maker.email)
    interests.ask(db, key, address, "nl", [areas.of_process(db, process.id)], (), NOW)
    interested = interests.of_key(db, secret, key)
    assert interested is not None
    return {
        "/{slug}/plannen/nieuw/{token}": draft,
        "/bevestig/{token}": links.make(db, "support", maker.email, payload, NOW),
        "/afmelden/{token}": follows.token(secret, [follow_id], resident_key),
        "/op-de-hoogte/{token}": interests.token(secret, interested.id, key),
        "/beheer/start/{token}": "x",
        "/beheer/uitnodiging/{token}": made[accounts.INVITATION],
        "/beheer/wachtwoord/{token}": made[accounts.RESET],
    }


def unlimited(site: Site) -> None:
    """An attacker has many networks."""
    site.tries = site.mail_tries = site.report_tries = site.draft_tries = site.photo_tries = Tries(10**9, ())


# Addresses

OF_THE_APP = ("/static", "/kaart/tegels", "/favicon", "/health")  # nothing that anybody typed


@dataclass(frozen=True)
class Route:
    """A method and path pattern of the app, such as `/{slug}/plannen/{plan_id}`; `names` are what varies in it."""

    method: str
    path: str
    names: tuple[str, ...]

    @property
    def of_staff(self) -> bool:
        return f"{self.path}/".startswith("/beheer/")

    def address(self, town: Town, **changes: object) -> str:
        return self.path.format(**values_in(self.path, town) | changes)


def routes_of(app: Litestar, *methods: str) -> list[Route]:
    found = [
        Route(
            method, route.path_format, tuple(part.name for part in route.path_components if not isinstance(part, str))
        )
        for route in app.routes
        if isinstance(route, HTTPRoute) and not route.path.startswith(OF_THE_APP)
        for method in route.route_handler_map
        if method in methods
    ]
    return sorted(found, key=lambda route: (route.path, route.method))


def values_in(path: str, town: Town) -> dict[str, object]:
    known: dict[str, object] = dict.fromkeys(re.findall(r"{(\w+)}", path), 1)  # of what a town has none of
    known |= {f"{name}_id": id_ for name, id_ in town.ids.items()}
    name = "plannen.csv" if "export" in path else "x-320.webp"
    rest = {"slug": town.process.slug, "plan_id": town.plans[PUBLIC], "session_id": 1, "name": name, "file": name}
    rest["step"] = "money"
    return known | rest | {"token": town.tokens.get(path, "x")}


def contents(db: Database) -> dict[str, str]:
    """A hash of the rows of every table."""
    tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {
        table: hashlib.sha256(repr(sorted(map(repr, db.execute(f"SELECT * FROM [{table}]")))).encode()).hexdigest()
        for table in tables
        if not table.startswith("plans_fts")
    }


# Forms

BLANK = {"number": "1", "date": "2026-06-01", "time": "10:00", "email": "iemand@example.org"}
PASSPHRASE = "vier losse woorden zonder zin"  # noqa: S105
TEXTUAL = ("text", "search", "tel", "url", "textarea", "")


@dataclass
class Control:
    name: str
    kind: str
    value: str = ""
    on: bool = False
    most: int = 0
    amount: bool = False
    action: str = ""  # of a button that sends the form elsewhere

    def like(self, other: "Control | None") -> bool:
        return other is not None and (self.name, self.value) == (other.name, other.value)

    def filled(self, payload: str, *, everything: bool) -> str | None:
        """What an attacker types here; None where nothing is sent."""
        if self.kind == "file":
            return None
        if everything or (self.kind in TEXTUAL and not self.amount):
            number = re.sub(r"\D", "", self.name)  # themes, say, must differ from each other
            return (payload[: self.most - len(number)] if self.most else payload) + number
        if self.kind == "password":
            return PASSPHRASE
        return self.value or self.date or BLANK.get("number" if self.amount else self.kind, "")

    @property
    def date(self) -> str:
        """Where a phase begins or ends: each in a month of its own, one after the other."""
        kind, _, end = self.name.partition("-")
        if kind not in KINDS or not end.endswith("_date"):
            return ""
        return f"2026-{6 + [*KINDS].index(kind):02}-{1 if end.startswith('opens') else 20:02}"


@dataclass
class Typing:
    """A form as it stands on a page."""

    page: str
    action: str
    method: str
    multipart: bool
    controls: list[Control] = field(default_factory=list)

    @property
    def buttons(self) -> list[Control | None]:
        there = [control for control in self.controls if control.kind == "submit"]
        named: list[Control | None] = [control for control in there if control.name]
        return named if named and len(named) == len(there) else [*named, None]

    @property
    def key(self) -> tuple[Any, ...]:
        """What it is a form of: without numbers, so that of a hundred plans one is tried."""
        names = {re.sub(r"\d+", "0", control.name) for control in self.controls}
        return re.sub(r"\d+", "0", self.action), self.method, tuple(sorted(names))

    def fields(self, payload: str, button: Control | None = None, *, everything: bool = False) -> dict[str, list[str]]:
        """Every box ticked, of radio buttons and options the first, and `payload` in the rest."""
        sent: dict[str, list[str]] = {}
        for control in self.controls:
            if not control.name or (control.kind == "submit" and not control.like(button)):
                continue
            if control.kind in ("radio", "option") and control.name in sent and not control.on:
                continue
            value = control.filled(payload, everything=everything)
            if value is not None:
                earlier = sent.get(control.name, []) if control.kind in ("checkbox", "hidden", *TEXTUAL) else []
                sent[control.name] = [*earlier, value]
        return sent


class Forms(HTMLParser):
    def __init__(self, page: str, html: str) -> None:
        super().__init__()
        self.page = page
        self.forms: list[Typing] = []
        self.by_id: dict[str, Typing] = {}
        self.late: list[tuple[str, Control]] = []
        self.here: Typing | None = None
        self.area: Control | None = None
        self.select = ("", "")
        self.feed(html)
        for form, control in self.late:
            self.by_id[form].controls.append(control)
        self.forms += [elsewhere for form in self.forms for elsewhere in sent_elsewhere(form)]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        a = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.here = Typing(
                self.page, a.get("action", self.page), a.get("method", "get"), "multipart" in a.get("enctype", "")
            )
            self.forms.append(self.here)
            self.by_id[a.get("id", "")] = self.here
        elif tag == "select":
            self.select = (a.get("name", ""), a.get("form", ""))
        elif tag == "option":
            self.add(Control(self.select[0], "option", a.get("value", ""), "selected" in a), self.select[1])
        elif tag in ("input", "button", "textarea"):
            kind = a.get("type", "submit" if tag == "button" else tag if tag == "textarea" else "text")
            amount = a.get("inputmode", "") in ("decimal", "numeric") or "date" in a.get("name", "")
            control = Control(
                *(a.get("name", ""), kind, a.get("value", ""), "checked" in a, int(a.get("maxlength") or 0), amount),
                action=a.get("formaction", ""),
            )
            self.area = control if tag == "textarea" else None
            self.add(control, a.get("form", ""))

    def add(self, control: Control, form: str) -> None:
        if control.kind == "option" and not control.value:
            return
        if form:
            self.late.append((form, control))
        elif self.here:
            self.here.controls.append(control)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.here = None
        if tag == "textarea":
            self.area = None

    def handle_data(self, data: str) -> None:
        if self.area is not None:
            self.area.value += data


def sent_elsewhere(form: Typing) -> Iterator[Typing]:
    """The form once more for each of its buttons that sends it to an address of its own; it loses that button."""
    away = [control for control in form.controls if control.action]
    form.controls = [control for control in form.controls if not control.action]
    fields = [control for control in form.controls if control.kind != "submit"]
    for button in away:
        yield replace(form, action=button.action, controls=[*fields, button])


def forms_on(page: str, html: str) -> list[Typing]:
    return Forms(page, html).forms


def submit(client: TestClient, form: Typing, sent: Mapping[str, list[str]]) -> Response:
    if form.method == "get":
        answer: Response = client.get(form.action, params=sent)
        return answer
    files = {"nothing": ("", b"")} if form.multipart else None
    answer = client.post(form.action, data=dict(sent), files=files)
    return answer


# Pages

URLS = ("href", "src", "action", "formaction", "data", "xlink:href", "srcset", "poster")
FOREIGN = ("iframe", "object", "embed", "base", "style", "math", "meta http-equiv")


class Reading(HTMLParser):
    """A page as a browser reads it; `harm` is what in it is not of our making."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.harm: list[str] = []
        self.seen = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen += 1
        known = {name: value or "" for name, value in attrs}
        for name, value in known.items():
            scheme = re.sub(r"[\s\x00-\x1f]", "", value).lower().partition(":")[0]
            if name.startswith(("on", "hx-on")) or name == "style":
                self.harm.append(f"<{tag} {name}={value!r}>")
            if name in URLS and scheme in ("javascript", "data", "vbscript"):
                self.harm.append(f"<{tag} {name}={value!r}>")
        if (
            tag in FOREIGN
            or known.get("src") == "x"
            or (tag == "script" and not known.get("src", "").startswith("/static/"))
        ):
            self.harm.append(f"<{tag} {known}>")

    handle_startendtag = handle_starttag


def harm_in(text: str, typed: str = "", *, mail: bool = False) -> list[str]:
    """What an attacker made of this page. A mail has styles of ours, as programs that show mail know no other."""
    computed = ["7*191 was computed"] if re.search(r"(?<!\d)1337(?!\d)", text) else []
    copied = ["an unescaped copy"] if typed.startswith("<") and typed in text else []
    harm = [found for found in Reading(text).harm if not (mail and " style=" in found)]
    return [*harm, *computed, *copied]


def unseen_in(text: str) -> list[str]:
    """Characters that turn or break the text after them: who typed them may see them again, nobody else."""
    return [repr(c) for c in ("\0", "\u202e", "\u2066") if c in text]


def everybody(client: TestClient, db: Database, secret: bytes, town: Town) -> Iterator[str]:
    """The browser becomes a passer-by, then the maker, then the owner of the site."""
    forget(client)
    yield "passer-by"
    writers.sign_in(client, db, secret, town.maker)
    yield "maker"
    staff.sign_in(client, db, secret, town.process, "owner")
    yield "owner"


def forget(client: TestClient) -> None:
    client.cookies.clear()


def become_everyone(client: TestClient, db: Database, secret: bytes, town: Town) -> None:
    """Maker and owner of the site in one browser, with the draft of a plan."""
    forget(client)
    writers.sign_in(client, db, secret, town.maker)
    staff.sign_in(client, db, secret, town.process, "owner")
    draft = town.tokens["/{slug}/plannen/nieuw/{token}"]
    client.cookies.set(f"plan_{town.process.id}", draft, domain="testserver.local")


def pages(app: Litestar, town: Town) -> list[str]:
    """Every address that answers a GET, for the plans of every status."""
    found = []
    for route in routes_of(app, "GET"):
        kinds: list[dict[str, object]] = [{"plan_id": id_} for id_ in town.plans.values()]
        if "plan_id" not in route.names:
            kinds = [{"step": step} for step in model.steps()] if "step" in route.names else [{}]
        for changes in kinds:
            found.append(route.address(town, **changes))
    return list(dict.fromkeys(itertools.chain(found, lists_of(town))))


def lists_of(town: Town) -> list[str]:
    here = f"/beheer/{town.process.slug}"
    shown = ("wacht", "gemeld", "alles")
    files = ("plannen", "steun", "reacties")
    return [
        f"/{town.process.slug}/plannen?zoek=plan",
        *(f"{here}/reacties?toon={each}" for each in shown),
        *(f"{here}/export/{file}.csv" for file in files),
    ]
