"""Confirming an e-mail address (bevestigen): the address is asked, a link is mailed, its button does what was asked.

Opening the link does nothing yet: programs that check mail for viruses open every link in it.
"""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import Request, post
from litestar.params import FromPath

from domain import fields, follows, interests, links, mails, makers, reactions, residents, submissions, supports
from domain.database import Database
from domain.fields import Wrong
from domain.links import BrokenSeal, Link
from domain.outbox import Recipient
from domain.processes import Process
from domain.submissions import Submission
from routes.forms import cookie, local_path, read_form
from routes.languages import language_of
from routes.notices import notice
from routes.pages import answer, page, site_of
from routes.replies import Reply, see_other
from routes.site import Site
from routes.visitors import COOKIE, resident_of, session_cookie

Verb = Callable[[Database, int, Mapping[str, Any], datetime], str]
MOST_MAILS = 5  # an hour, to one address


def signed_in(_db: Database, _resident_id: int, payload: Mapping[str, Any], _now: datetime) -> str:
    return local_path(str(payload.get("to", "")), "/mijn")


def interested(db: Database, _resident_id: int, payload: Mapping[str, Any], now: datetime) -> str:
    """Who the link was for follows from the link alone (`use`), not from what was asked with another address."""
    key, address = bytes.fromhex(payload["interest_key"]), bytes.fromhex(payload["interest_address"])
    interests.ask(db, key, address, payload["language"], payload["areas"], payload["themes"], now)
    return "/op-de-hoogte"


def shows_data(_db: Database, _resident_id: int, _payload: Mapping[str, Any], _now: datetime) -> str:
    return "/mijn/gegevens"


# What the button of a link does, for whom and with what: returns the path where it shows.
ACTIONS: Mapping[str, Verb] = {
    "support": supports.confirmed,
    "reaction": reactions.confirmed,
    "useful": reactions.confirmed,
    "submission": submissions.confirmed,
    "follow": follows.confirmed,
    "maker": makers.confirmed,
    "interest": interested,
    "sign_in": signed_in,
    "personal_data": shows_data,
}
ASKS_MAIL = ("submission", "follow", "maker")  # whoever confirms one of these gets mail, so the address is kept
REFUSALS = (
    *(submissions.Closed, submissions.Changed, submissions.Gone, fields.WrongFields, makers.NoMorePlan, makers.TooMany),
    makers.Frozen,
    *(supports.Refused, reactions.Refused, follows.Refused, interests.Refused),
)


@dataclass(frozen=True, slots=True)
class Pending:
    """What waits for an address. `back`: where the visitor came from; `email`: to whom, where that is known."""

    purpose: str
    payload: Mapping[str, Any]
    title: str = ""
    slug: str = ""
    back: str = "/"
    email: str = ""

    def sealed(self, secret: bytes, now: datetime) -> str:
        return links.seal(secret, {name: getattr(self, name) for name in self.__slots__}, now)


async def ask_address(
    request: Request,
    process: Process | None,
    purpose: str,
    payload: Mapping[str, Any],
    action_title: str = "",
    *,
    back: str = "/",
    typed: str = "",
) -> Reply:
    """The page that asks “Wat is uw e-mailadres?” before `purpose` (one of ACTIONS) is done with `payload`; where htmx
    asks, only its form. `action_title` is such as the title of the plan, `back` a path of ours, `typed` an address they
    typed before."""
    site = site_of(request)
    pending = Pending(purpose, payload, action_title, process.slug if process else "", local_path(back, "/"))
    return ask_page(request, process, pending, pending.sealed(site.secret, site.now()), typed=typed)


def ask_page(
    request: Request,
    process: Process | None,
    pending: Pending,
    sealed: str,
    wrong: Sequence[Wrong] = (),
    typed: str = "",
) -> Reply:
    status = 429 if any(one.kind == "too_many_tries" for one in wrong) else 422 if wrong else 200
    return answer(
        request,
        "confirmations/ask.html",
        process,
        block="ask",
        status=status,
        secret=True,
        pending=pending,
        sealed=sealed,
        wrong=wrong,
        typed=typed,
    )


@page("/aanmelden")
async def sign_in(request: Request) -> Reply:
    to = local_path(request.query_params.get("terug", ""), "/mijn")
    if resident_of(request):
        return see_other(to)
    return await ask_address(request, None, "sign_in", {"to": to})


@post("/aanmelden", status_code=200)
async def send(request: Request) -> Reply:
    """Mail the link. What the visitor sees is the same for every address, known or not."""
    site, now = site_of(request), site_of(request).now()
    form = await read_form(request)
    sealed = form.get("sealed")
    try:
        pending = Pending(**links.unseal(site.secret, sealed, now))
    except BrokenSeal:
        return answer(request, "confirmations/too_late.html", status=422, secret=True)
    return await send_to(request, pending, sealed, pending.email or form.get("email"))


async def send_to(request: Request, pending: Pending, sealed: str, typed: str) -> Reply:
    """Mail the link for what is pending to the address that was typed."""
    site, now = site_of(request), site_of(request).now()
    process = site.process(pending.slug) if pending.slug else None
    try:
        email = residents.normal_address(fields.address(typed))
    except ValueError:
        wrong = Wrong("email", "not_an_address" if typed.strip() else "missing")
        return ask_page(request, process, pending, sealed, [wrong], typed)
    if site.mail_tries.too_many(request):
        return ask_page(request, process, pending, sealed, [Wrong("email", "too_many_tries")], typed)
    to = Recipient(email, language_of(request))
    await site.writer.write(mail_link, to, pending, process, now)
    return answer(
        request,
        "confirmations/sent.html",
        process,
        secret=True,
        pending=pending,
        sealed=sealed,
        email="" if pending.email else email,
    )


def mail_link(db: Database, to: Recipient, pending: Pending, process: Process | None, now: datetime) -> None:
    """Nobody can have more mail sent to an address than it can bear; who tries isn't told."""
    if links.made_lately(db, ACTIONS, to.email, now) >= MOST_MAILS:
        return
    shown = {"title": pending.title, "slug": pending.slug, "back": pending.back}
    token = links.make(db, pending.purpose, to.email, {"shown": shown, **pending.payload}, now)
    path = f"/bevestig/{token}"
    if pending.purpose == "personal_data":
        mails.personal_data(db, now, to, path=path)
    else:
        mails.confirm(db, now, to, path=path, action=pending.purpose, process=process)


@page("/bevestig/{token:str}")
async def show(request: Request, token: FromPath[str]) -> Reply:
    return link_page(request, token)


def link_page(request: Request, token: str) -> Reply:
    """What the link will do, or why it does nothing any more and what to do then."""
    site = site_of(request)
    link = links.find(site.reader, token)
    if link is None or link.purpose not in ACTIONS:
        return state_page(request, "unknown", Pending("sign_in", {}), 404)
    pending = pending_of(link)
    if link.expired(site.now()):
        invitation = link.purpose == "maker" and not link.used
        again = Pending("sign_in", {}, back=pending.back) if link.used or invitation else pending
        return state_page(request, "expired", again, 410, invitation=invitation)
    if link.used:
        return state_page(request, "used", pending, 200, path=str(link.payload.get("path", "/mijn")))
    if changed(site, pending):
        return state_page(request, "refused", pending, 409, kind="changed")
    return state_page(request, "ready", pending, 200, link=link, token=token, **confirmed_by(site, pending))


def changed(site: Site, pending: Pending) -> bool:
    """The draft that the link hands in is another than when the mail was asked."""
    draft = draft_of(site, pending)
    return draft is not None and draft.plan_id is None and draft.seal != pending.payload.get("seal")


def draft_of(site: Site, pending: Pending) -> Submission | None:
    number = pending.payload.get("submission")
    return submissions.of_id(site.reader, int(number)) if number is not None else None


def confirmed_by(site: Site, pending: Pending) -> dict[str, Any]:
    """What the page of the link shows above its button: the plan, or the reaction that is found useful."""
    process, draft = site.process(pending.slug), draft_of(site, pending)
    plan = reaction = None
    if process and draft:
        plan = submissions.as_plan(process, submissions.checked(process, draft.typed, draft.photo)[0])
    if process and "useful" in pending.payload:
        with contextlib.suppress(reactions.Refused):
            found = reactions.found(site.reader, process.id, int(pending.payload["useful"]))
            reaction = found if found.status == "published" else None
    return {"plan": plan, "reaction": reaction, "on_map": False}


def pending_of(link: Link) -> Pending:
    payload = dict(link.payload)
    shown = payload.pop("shown", {})
    return Pending(link.purpose, payload, email=link.email, **shown)


def state_page(request: Request, state: str, pending: Pending, status: int, **values: Any) -> Reply:
    site = site_of(request)
    return answer(
        request,
        "confirmations/link.html",
        site.process(pending.slug) if pending.slug else None,
        status=status,
        secret=True,
        state=state,
        pending=pending,
        sealed=pending.sealed(site.secret, site.now()),
        **values,
    )


@post("/bevestig/{token:str}", status_code=303)
async def confirm(request: Request, token: FromPath[str]) -> Reply:
    """Do what the link is for, once, and give this browser a new session of its resident."""
    site = site_of(request)
    await read_form(request)
    arguments = (site.secret, token, cookie(request, COOKIE), language_of(request), site.now())
    try:
        confirmed = await site.writer.write(use, *arguments)
    except REFUSALS as refused:
        return refused_page(request, token, refused)
    if confirmed is None:
        return link_page(request, token)
    purpose, path, session = confirmed
    said = NOTICES.get(purpose)
    return see_other(path, [session_cookie(request, session), *([notice(request, said)] if said else ())])


# What else is done shows in its place on the page.
NOTICES = {"maker": "joined", "interest": "interested", "sign_in": "signed_in"}


def use(
    db: Database, secret: bytes, token: str, old_session: str, language: str, now: datetime
) -> tuple[str, str, str] | None:
    """The purpose, where it shows and the token of the new session; None for a link that can't be used. Raises
    REFUSALS."""
    found = links.find(db, token)
    link = links.use(db, token, now) if found and found.purpose in ACTIONS else None
    if link is None:
        return None
    resident_id = residents.arrived(db, residents.key_of_address(secret, link.email), language, now)
    if link.purpose in ASKS_MAIL:
        residents.keep_address(db, resident_id, link.email)
    payload = {**link.payload, "email": link.email}
    if link.purpose == "interest":
        key = interests.key_of(secret, residents.key_of_address(secret, link.email))
        address = interests.sealed_address(secret, link.email)
        payload |= {"interest_key": key.hex(), "interest_address": address.hex(), "language": language}
    path = ACTIONS[link.purpose](db, resident_id, payload, now)
    links.done(db, token, path)
    residents.end_session(db, old_session)
    return link.purpose, path, residents.start_session(db, resident_id, now)


def refused_page(request: Request, token: str, refused: Exception) -> Reply:
    """Nothing was done, and the link still holds, should it become possible again."""
    link = links.find(site_of(request).reader, token)
    assert link is not None, "who is refused had a link"
    kind = getattr(refused, "kind", type(refused).__name__.lower())
    return state_page(request, "refused", pending_of(link), 409, kind=kind)


ROUTES = [sign_in, send, show, confirm]
