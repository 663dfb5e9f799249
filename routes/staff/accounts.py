"""One's own account: the second factor, and where one is signed in."""

from datetime import datetime

import segno
from litestar import Request
from litestar.datastructures import Cookie
from litestar.params import FromPath
from markupsafe import Markup

from domain import accounts, audit, second_factors, sessions
from domain.database import Database
from domain.fields import Wrong
from domain.sessions import Staff
from routes import forms
from routes.forms import read_form
from routes.pages import site_of
from routes.replies import Reply, see_other
from routes.staff.access import SECOND_FACTOR, SIGN_IN, session_cookie, staff_answer, staff_of, staff_page, staff_post
from routes.staff.passwords import proved
from routes.staff.sign_in import device_of

ACCOUNT = "/beheer/account"
PENDING = "tweede-stap"  # the cookie that keeps a secret until it is confirmed, sealed as in the form
PENDING_LASTS = 3600  # seconds


@staff_page(ACCOUNT)
async def show(request: Request) -> Reply:
    return account_page(request)


def account_page(request: Request, wrong: list[Wrong] | None = None) -> Reply:
    site, staff = site_of(request), staff_of(request)
    return staff_answer(
        request,
        "staff/account.html",
        status=422 if wrong else 200,
        wrong=wrong or [],
        account=accounts.load(site.reader, staff.id),
        sessions=sessions.of_account(site.reader, staff.id, site.now()),
        codes_left=second_factors.recovery_codes_left(site.reader, staff.id),
        required=accounts.second_factor_required(site.reader),
    )


# The second factor


@staff_page(SECOND_FACTOR, setting_up=True)
async def new_second_factor(request: Request) -> Reply:
    """The same secret at every visit within an hour: who scanned the code and lost the page goes on with that."""
    site, staff = site_of(request), staff_of(request)
    account = accounts.load(site.reader, staff.id)
    if account and account.second_factor:
        return see_other(ACCOUNT)
    pending = second_factors.from_text(site.secret, staff.id, forms.cookie(request, PENDING))
    return set_up_page(request, pending or second_factors.draw())


def pending_cookie(request: Request, kept: str) -> Cookie:
    """Empty: it was confirmed."""
    return Cookie(
        PENDING,
        value=kept,
        max_age=PENDING_LASTS if kept else 0,
        path=SECOND_FACTOR,
        secure=site_of(request).secure,
        httponly=True,
        samesite="lax",
    )


def set_up_page(request: Request, totp: str, wrong: list[Wrong] | None = None) -> Reply:
    """The QR code stands in the page itself: there is no address under which anyone could fetch it again."""
    site, staff = site_of(request), staff_of(request)
    kept = second_factors.as_text(second_factors.sealed(site.secret, staff.id, totp))
    address = second_factors.address(totp, staff.email, site.settings.name)
    drawn = segno.make(address, error="m", micro=False).svg_inline(omitsize=True, border=4)
    return staff_answer(
        request,
        "staff/second_factor.html",
        status=422 if wrong else 200,
        wrong=wrong or [],
        qr=Markup(drawn),  # noqa: S704 – made by segno of what we gave it: a path of squares
        address=address,
        by_hand=" ".join(totp[start : start + 4] for start in range(0, len(totp), 4)),
        kept=kept,
        cookies=[pending_cookie(request, kept)],
        required=accounts.second_factor_required(site.reader),
    )


@staff_post(SECOND_FACTOR, setting_up=True)
async def turn_on(request: Request) -> Reply:
    """With a code of the app, so that nobody shuts themselves out with an app that doesn't work."""
    site, staff, form = site_of(request), staff_of(request), await read_form(request)
    totp = second_factors.from_text(site.secret, staff.id, form.get("kept"))
    if totp is None:
        return see_other(SECOND_FACTOR)
    step = second_factors.step_of(totp, form.get("code")[:40], site.now())
    if step is None:
        return set_up_page(request, totp, [Wrong("code", "wrong_code")])
    made = await site.writer.write(turned_on, site.secret, staff, totp, step, device_of(request), site.now())
    if made is None:
        return see_other(ACCOUNT)
    token, codes = made
    cookies = [session_cookie(request, token), pending_cookie(request, "")]
    return staff_answer(request, "staff/recovery_codes.html", codes=codes, cookies=cookies, fresh=True)


def turned_on(
    db: Database, secret: bytes, staff: Staff, totp: str, step: int, device: str, now: datetime
) -> tuple[str, list[str]] | None:
    """The token of the one session left, and the recovery codes; None where there was a second factor already."""
    account = accounts.load(db, staff.id)
    if account is None or account.second_factor:
        return None
    codes = second_factors.turn_on(db, secret, staff.id, totp, step)
    audit.record(db, staff.id, None, "second_factor_on", f"account {staff.id}", now)
    return sessions.start_over(db, staff.id, device, now), codes


@staff_post(f"{ACCOUNT}/tweede-stap/einde")
async def turn_off(request: Request) -> Reply:
    site, staff, form = site_of(request), staff_of(request), await read_form(request)
    if accounts.second_factor_required(site.reader):
        return see_other(ACCOUNT)
    if wrong := await proved(request, form, "password"):
        return account_page(request, wrong)
    await site.writer.write(turned_off, staff, site.now())
    return see_other(ACCOUNT)


def turned_off(db: Database, staff: Staff, now: datetime) -> None:
    second_factors.turn_off(db, staff.id)
    audit.record(db, staff.id, None, "second_factor_off", f"account {staff.id}", now)


@staff_post(f"{ACCOUNT}/reservecodes")
async def renew_recovery_codes(request: Request) -> Reply:
    site, staff, form = site_of(request), staff_of(request), await read_form(request)
    account = accounts.load(site.reader, staff.id)
    if account is None or not account.second_factor:
        return see_other(ACCOUNT)
    if wrong := await proved(request, form, "password"):
        return account_page(request, wrong)
    codes = await site.writer.write(renewed, site.secret, staff, site.now())
    return staff_answer(request, "staff/recovery_codes.html", codes=codes, fresh=False)


def renewed(db: Database, secret: bytes, staff: Staff, now: datetime) -> list[str]:
    audit.record(db, staff.id, None, "recovery_codes_renewed", f"account {staff.id}", now)
    return second_factors.renew_recovery_codes(db, secret, staff.id)


# Where one is signed in


@staff_post(f"{ACCOUNT}/sessies/{{session_id:int}}")
async def end_session(request: Request, session_id: FromPath[int]) -> Reply:
    """Of one's own sessions; somebody else's number ends nothing."""
    site, staff = site_of(request), staff_of(request)
    await site.writer.write(sessions.end_own, staff.id, session_id, site.now())
    if session_id == staff.session_id:
        return see_other(SIGN_IN, [session_cookie(request, "")])
    return see_other(f"{ACCOUNT}#sessies")


@staff_post(f"{ACCOUNT}/sessies")
async def end_all_sessions(request: Request) -> Reply:
    site, staff = site_of(request), staff_of(request)
    await site.writer.write(sessions.end_all_own, staff.id, site.now())
    return see_other(SIGN_IN, [session_cookie(request, "")])


ROUTES = [
    *(show, new_second_factor, turn_on, turn_off, renew_recovery_codes),
    *(end_session, end_all_sessions),
]
