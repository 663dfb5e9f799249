"""An error page per situation of the visitor: what happened, and what to do next."""

import logging
import sqlite3
from typing import Any

from litestar import Request
from litestar.exceptions import HTTPException

from domain.passwords import Busy
from routes.drafts import draft_on_page
from routes.pages import answer, site_of
from routes.replies import Reply
from routes.staff.access import signed_in, staff_answer

log = logging.getLogger("wijkbudget")

SITUATIONS = {
    400: "bad_request",
    403: "forbidden_cross_site",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    429: "too_many_tries",
    503: "try_later",
}


def error_page(request: Request, situation: str, status: int) -> Reply:
    if situation == "not_found" and of_staff(request):
        return staff_answer(request, "staff/not_found.html", status=status)
    slug = request.url.path.strip("/").split("/")[0]
    try:
        process = site_of(request).process(slug)
        draft = draft_on_page(request, process)
    except sqlite3.Error:  # the page that says that the database is out of reach can't ask it anything
        process = draft = None
    return answer(request, f"errors/{situation}.html", process, draft=draft, status=status, secret=True)


def of_staff(request: Request) -> bool:
    """Somebody who is signed in asks for a page under /beheer. To others there is nothing there that is theirs."""
    if request.url.path.split("/")[1] != "beheer":
        return False
    try:
        staff = signed_in(request)
    except sqlite3.Error:
        return False
    return staff is not None and not staff.code_needed


def http_error(request: Request, error: HTTPException) -> Reply:
    situation = SITUATIONS.get(error.status_code)
    if situation is None:
        return unexpected(request, error) if error.status_code >= 500 else error_page(request, "bad_request", 400)
    return error_page(request, situation, error.status_code)


def database_error(request: Request, error: sqlite3.Error) -> Reply:
    """A full disk, or a database that somebody else holds too long. Nothing was written, no ballot counted."""
    log.error("database: %s", error)
    if "full" in str(error) or "disk I/O" in str(error):
        return error_page(request, "disk_full", 507)
    return error_page(request, "try_later", 503)


def unexpected(request: Request, error: Exception) -> Reply:
    log.exception("%s %s", request.method, request.url.path, exc_info=error)
    return error_page(request, "internal", 500)


def no_such_number(request: Request, error: OverflowError) -> Reply:
    """A number in the address that is larger than any row's: there is nothing there."""
    return error_page(request, "not_found", 404)


def busy(request: Request, error: Busy) -> Reply:
    return error_page(request, "try_later", 503)


HANDLERS: dict[int | type[Exception], Any] = {
    HTTPException: http_error,
    sqlite3.Error: database_error,
    OverflowError: no_such_number,
    Busy: busy,
    Exception: unexpected,
}
