"""Choosing a password: by the link of the first start, of an invitation or of a reset, and when signed in."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from litestar import Request
from litestar.params import FromPath

from domain import accounts, audit, fields, passwords, sessions
from domain.accounts import Account, LinkGone
from domain.database import Database
from domain.fields import Wrong
from domain.sessions import Staff
from routes.forms import Form, read_form
from routes.languages import language_of
from routes.pages import site_of
from routes.replies import Reply, see_other
from routes.staff import browsers
from routes.staff.access import (
    SIGN_IN,
    open_page,
    open_post,
    session_cookie,
    staff_answer,
    staff_of,
    staff_page,
    staff_post,
)
from routes.staff.delays import delays_of
from routes.staff.sign_in import device_of, must_wait

OWN = "/beheer/account/wachtwoord"


def gone(request: Request) -> Reply:
    """The page for a link that no longer counts. The same for one that never was."""
    return staff_answer(request, "staff/link_gone.html", status=404)


def link_page(request: Request, purpose: str, wrong: list[Wrong] | None = None, **values: Any) -> Reply:
    status = 422 if wrong else 200
    known = {"purpose": purpose, "wrong": wrong or [], "name": "", "email": ""}
    return staff_answer(request, "staff/password.html", status=status, **known | values)


async def wrong_password(form: Form, *own: str) -> list[Wrong]:
    """What is wrong with the new password in this form, typed twice."""
    chosen = form.get("password")
    wrong = await passwords.in_turn(passwords.problems, "password", chosen, own)
    if not wrong and form.get("again") != chosen:
        return [Wrong("again", "not_the_same")]
    return wrong


def wrong_name(form: Form) -> list[Wrong]:
    return fields.check_text("name", fields.line(form.get("name")), accounts.NAME_LENGTH, required=True)


def wrong_address(typed: str) -> list[Wrong]:
    try:
        fields.address(typed)
    except ValueError:
        return [Wrong("email", "not_an_address" if typed.strip() else "missing")]
    return []


async def hashed(form: Form) -> str:
    return await passwords.in_turn(passwords.hash_of, form.get("password"))


def arrived(
    db: Database, verb: Callable[..., int], token: str, rest: tuple[str, ...], device: str, now: datetime
) -> tuple[int, str]:
    """A session for the account that `verb` makes or opens: the account's id and the token. Raises LinkGone."""
    account_id = verb(db, token, *rest, now)
    audit.record(db, account_id, None, "signed_in", f"account {account_id}", now)
    return account_id, sessions.start(db, account_id, device, now)


async def let_in(request: Request, verb: Callable[..., int], token: str, *rest: str) -> Reply:
    """`rest` ends with the hash of the password that they chose."""
    site = site_of(request)
    try:
        account_id, cookie = await site.writer.write(arrived, verb, token, rest, device_of(request), site.now())
    except LinkGone:
        return gone(request)
    return see_other("/beheer", [session_cookie(request, cookie), browsers.cookie(request, account_id, rest[-1])])


# The first account


@open_page("/beheer/start/{token:str}")
async def first(request: Request, token: FromPath[str]) -> Reply:
    site = site_of(request)
    try:
        accounts.of_link(site.reader, accounts.FIRST, token, site.now())
    except LinkGone:
        return gone(request)
    return link_page(request, accounts.FIRST)


@open_post("/beheer/start/{token:str}")
async def make_first(request: Request, token: FromPath[str]) -> Reply:
    site, form = site_of(request), await read_form(request)
    try:
        accounts.of_link(site.reader, accounts.FIRST, token, site.now())
    except LinkGone:
        return gone(request)
    name, email = fields.line(form.get("name")), form.get("email")
    wrong = wrong_name(form) + wrong_address(email) + await wrong_password(form, name, email)
    if wrong:
        return link_page(request, accounts.FIRST, wrong, name=name, email=email)
    return await let_in(request, accounts.make_first, token, fields.address(email), name, await hashed(form))


# An invitation


@open_page("/beheer/uitnodiging/{token:str}")
async def invitation(request: Request, token: FromPath[str]) -> Reply:
    try:
        account = invited(request, token)
    except LinkGone:
        return gone(request)
    return link_page(request, accounts.INVITATION, name=account.name, email=account.email)


def invited(request: Request, token: str) -> Account:
    return accounts.of_invitation(site_of(request).reader, token, site_of(request).now())


@open_post("/beheer/uitnodiging/{token:str}")
async def accept(request: Request, token: FromPath[str]) -> Reply:
    form = await read_form(request)
    try:
        account = invited(request, token)
    except LinkGone:
        return gone(request)
    name = fields.line(form.get("name"))
    wrong = wrong_name(form) + await wrong_password(form, name, account.email)
    if wrong:
        return link_page(request, accounts.INVITATION, wrong, name=name, email=account.email)
    return await let_in(request, accounts.accept, token, name, await hashed(form))


# Forgotten


@open_page("/beheer/wachtwoord")
async def forgotten(request: Request) -> Reply:
    return staff_answer(request, "staff/forgotten.html", wrong=[], email="", asked=False)


@open_post("/beheer/wachtwoord")
async def ask_reset(request: Request) -> Reply:
    """The same answer whether there is such an account or not."""
    site, form = site_of(request), await read_form(request)
    email = form.get("email")
    wrong, status = wrong_address(email), 422
    if not wrong and delays_of(request).too_many(request):
        wrong, status = [Wrong("email", "wait", 60)], 429
    if wrong:
        return staff_answer(request, "staff/forgotten.html", status=status, wrong=wrong, email=email, asked=False)
    await site.writer.write(accounts.ask_reset, fields.address(email), language_of(request), site.now())
    return staff_answer(request, "staff/forgotten.html", wrong=[], email=email, asked=True)


@open_page("/beheer/wachtwoord/{token:str}")
async def reset_page(request: Request, token: FromPath[str]) -> Reply:
    try:
        account = resetting(request, token)
    except LinkGone:
        return gone(request)
    return link_page(request, accounts.RESET, email=account.email)


def resetting(request: Request, token: str) -> Account:
    return accounts.of_reset(site_of(request).reader, token, site_of(request).now())


@open_post("/beheer/wachtwoord/{token:str}")
async def reset(request: Request, token: FromPath[str]) -> Reply:
    """Who followed the link must still sign in, with the second factor if there is one."""
    site, form = site_of(request), await read_form(request)
    try:
        account = resetting(request, token)
        wrong = await wrong_password(form, account.name, account.email)
        if wrong:
            return link_page(request, accounts.RESET, wrong, email=account.email)
        await site.writer.write(accounts.reset, token, await hashed(form), site.now())
    except LinkGone:
        return gone(request)
    return see_other(f"{SIGN_IN}?nieuw=1", [session_cookie(request, "")])


# Signed in


async def proved(request: Request, form: Form, name: str) -> list[Wrong]:
    """What is wrong with the present password, typed in that field to show that it is really them."""
    staff = staff_of(request)
    if refused := must_wait(request, staff.email):
        return [Wrong(name, refused.kind, refused.limit)]
    kept = accounts.password_of(site_of(request).reader, staff.id)
    if await passwords.in_turn(passwords.verify, kept, form.get(name)):
        return []
    delays_of(request).wrong(request, staff.email)
    return [Wrong(name, "wrong_password")]


@staff_page(OWN)
async def own(request: Request) -> Reply:
    return own_page(request, [])


def own_page(request: Request, wrong: list[Wrong]) -> Reply:
    return staff_answer(request, "staff/own_password.html", status=422 if wrong else 200, wrong=wrong)


@staff_post(OWN)
async def change(request: Request) -> Reply:
    site, staff, form = site_of(request), staff_of(request), await read_form(request)
    wrong = await proved(request, form, "now") or await wrong_password(form, staff.name, staff.email)
    if wrong:
        return own_page(request, wrong)
    chosen = await hashed(form)
    token = await site.writer.write(changed, staff, chosen, device_of(request), site.now())
    return see_other("/beheer/account", [session_cookie(request, token), browsers.cookie(request, staff.id, chosen)])


def changed(db: Database, staff: Staff, password_hash: str, device: str, now: datetime) -> str:
    """A new password: every other session ends, and this one goes on under a new token."""
    accounts.set_password(db, staff.id, password_hash)
    audit.record(db, staff.id, None, "password_changed", f"account {staff.id}", now)
    return sessions.start_over(db, staff.id, device, now)


ROUTES = [
    *(first, make_first, invitation, accept, forgotten, ask_reset, reset_page, reset),
    *(own, change),
]
