"""Signing in: a password, then the second factor of who has one; and signing out."""

from datetime import datetime
from typing import Any
from urllib.parse import quote

from litestar import Request

from domain import accounts, audit, mails, passwords, second_factors, sessions
from domain.accounts import Known
from domain.database import Database
from domain.fields import Wrong
from domain.outbox import Recipient
from domain.residents import normal_address
from domain.sessions import HALF, LONGEST, Staff
from routes import forms
from routes.forms import read_form
from routes.pages import site_of
from routes.replies import Reply, see_other
from routes.staff import browsers
from routes.staff.access import (
    COOKIE,
    SIGN_IN,
    open_page,
    open_post,
    session_cookie,
    signed_in,
    staff_answer,
    staff_of,
    staff_path,
    staff_post,
)
from routes.staff.delays import delays_of

CODE = f"{SIGN_IN}/code"

SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Macintosh": "Mac",
    "CrOS": "Chromebook",
    "Linux": "Linux",
}
BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "CriOS": "Chrome",
    "Chrome": "Chrome",
    "Safari": "Safari",
}


def device_of(request: Request) -> str:
    """Browser and system in names that its owner knows, such as “Firefox, Windows”; empty for others."""
    agent = request.headers.get("user-agent", "")
    found = (next((name for mark, name in table.items() if mark in agent), "") for table in (BROWSERS, SYSTEMS))
    return ", ".join(name for name in found if name)


@open_page(SIGN_IN)
async def new(request: Request) -> Reply:
    staff, back = signed_in(request), staff_path(request.query_params.get("terug", ""))
    if staff and not staff.code_needed:
        return see_other(back)
    return page(request, back)


def page(request: Request, back: str, wrong: tuple[Wrong, ...] = (), email: str = "", status: int = 200) -> Reply:
    fresh = "nieuw" in request.query_params  # a password chosen just now
    values: dict[str, Any] = {"back": back, "typed": (), "wrong": wrong, "email": email, "fresh": fresh}
    return staff_answer(request, "staff/sign_in.html", status=status, **values)


@open_post(SIGN_IN)
async def sign_in(request: Request) -> Reply:
    site, delays, form = site_of(request), delays_of(request), await read_form(request)
    email, back = normal_address(form.get("email"))[:254], staff_path(form.get("terug"))
    if refused := must_wait(request, email):
        return page(request, back, (refused,), email, 429)
    known = accounts.known(site.reader, email)
    if not await passwords.in_turn(passwords.verify, known.password, form.get("password")):
        delays.wrong(request, email)
        return page(request, back, (Wrong("email", "not_together"),), email, 422)
    new_hash = ""
    if passwords.outdated(known.password):
        new_hash = await passwords.in_turn(passwords.hash_of, form.get("password"))
    old, device = forms.cookie(request, COOKIE), device_of(request)
    strange = not browsers.known(request, known.id, known.password)
    token = await site.writer.write(begin, known, new_hash, old, device, strange, site.now())
    if not token:  # disabled, or another password, meanwhile
        return page(request, back, (Wrong("email", "not_together"),), email, 422)
    if known.second_factor:
        return see_other(f"{CODE}?terug={quote(back, safe='/')}", [session_cookie(request, token)])
    delays.right(request, email)
    browser = browsers.cookie(request, known.id, new_hash or known.password)
    return see_other(back, [session_cookie(request, token), browser])


def must_wait(request: Request, account: str) -> Wrong | None:
    """Why this try is not looked at."""
    delays = delays_of(request)
    if delays.too_many(request):
        return Wrong("email", "wait", 60)
    seconds = delays.seconds(request, account)
    return Wrong("email", "wait", seconds) if seconds else None


def begin(db: Database, known: Known, new_hash: str, old: str, device: str, strange: bool, now: datetime) -> str:
    """A session in the place of the one this browser had, a half one where a second factor is asked; its token.

    `strange`: a browser not seen before, of which its owner hears. Empty where the account is no longer as it was when
    the password was found right.
    """
    same = "SELECT email FROM accounts WHERE id = ? AND password = ? AND disabled_at IS NULL AND (totp IS NOT NULL) = ?"
    row = db.execute(same, [known.id, known.password, known.second_factor]).fetchone()
    if row is None:
        return ""
    if new_hash:
        accounts.set_password(db, known.id, new_hash)
    sessions.purge(db, now)
    sessions.end_token(db, old)
    if not known.second_factor:
        arrived(db, known.id, row[0], device, strange, now)
    return sessions.start(db, known.id, device, now, lasts=HALF if known.second_factor else LONGEST)


def arrived(db: Database, account_id: int, email: str, device: str, strange: bool, now: datetime) -> None:
    """Write down that they are in, and tell them if it was in a browser they never signed in with."""
    audit.record(db, account_id, None, "signed_in", f"account {account_id}", now)
    if strange:
        mails.signed_in_elsewhere(db, now, Recipient(email, "nl"), device=device)


@open_page(CODE)
async def code(request: Request) -> Reply:
    back = staff_path(request.query_params.get("terug", ""))
    return code_page(request, back) if half(request) else see_other(SIGN_IN)


def half(request: Request) -> Staff | None:
    """Who gave the password and not yet the second factor."""
    staff = signed_in(request)
    return staff if staff and staff.code_needed else None


def code_page(request: Request, back: str, wrong: tuple[Wrong, ...] = (), status: int = 200) -> Reply:
    return staff_answer(request, "staff/code.html", status=status, back=back, wrong=wrong)


@open_post(CODE)
async def give_code(request: Request) -> Reply:
    site, delays, staff = site_of(request), delays_of(request), half(request)
    if staff is None:
        return see_other(SIGN_IN)
    form = await read_form(request)
    back = staff_path(form.get("terug"))
    if refused := must_wait(request, staff.email):
        return code_page(request, back, (Wrong("code", refused.kind, refused.limit),), 429)
    if delays.too_many_codes(staff.id):
        return code_page(request, back, (Wrong("code", "wait", 3600),), 429)
    typed, device = form.get("code")[:40], device_of(request)
    password = accounts.password_of(site.reader, staff.id)
    strange = not browsers.known(request, staff.id, password)
    token = await site.writer.write(complete, site.secret, staff, typed, device, strange, site.now())
    if not token:
        delays.wrong(request, staff.email)
        delays.wrong_code(staff.id)
        return code_page(request, back, (Wrong("code", "wrong_code"),), 422)
    delays.right(request, staff.email)
    return see_other(back, [session_cookie(request, token), browsers.cookie(request, staff.id, password)])


def complete(db: Database, secret: bytes, staff: Staff, typed: str, device: str, strange: bool, now: datetime) -> str:
    """A whole session in the place of the half one; its token, empty for a wrong code."""
    if not second_factors.passed(db, secret, staff.id, typed, now):
        return ""
    if not sessions.end(db, staff.id, staff.session_id):  # disabled or reset meanwhile
        return ""
    arrived(db, staff.id, staff.email, device, strange, now)
    return sessions.start(db, staff.id, device, now, second_factor=True)


@staff_post("/beheer/uitloggen", setting_up=True)
async def sign_out(request: Request) -> Reply:
    site, staff = site_of(request), staff_of(request)
    await site.writer.write(sessions.end, staff.id, staff.session_id)
    return see_other(SIGN_IN, [session_cookie(request, "")])


ROUTES = [new, sign_in, code, give_code, sign_out]
