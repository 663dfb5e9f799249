"""Who may open which page of the staff. Every handler under /beheer is made here, with the roles it lets in."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from litestar import Request, route
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.exceptions import ClientException
from litestar.handlers import BaseRouteHandler

from domain import sessions
from domain.processes import Process
from domain.sessions import LONGEST, SEEN_EVERY, NotAllowed, Staff
from routes import forms
from routes.pages import answer, is_htmx, process_or_404, site_of
from routes.replies import Reply, elsewhere, see_other
from routes.site import Site

COOKIE = "beheer"
SIGN_IN = "/beheer/inloggen"
SECOND_FACTOR = "/beheer/account/tweede-stap"
OWNER = "owner"  # as a role: the owner of the site and nobody else
DESIGNER = "designer"  # as a role: whoever may make a new process
DECLARED = "staff_roles"  # in a handler's opt: the roles it lets in, or None for everyone
SETTING_UP = "staff_setting_up"  # and whether it is open to who must still set up a second factor


class SignInFirst(Exception):
    """Nobody is signed in, or not yet with a second factor. `typed`: names and texts of a form that came too late."""

    def __init__(self, typed: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__()
        self.typed = typed


class SetUpFirst(Exception):
    """Must set up a second factor before anything else."""


def staff_page(path: str, *roles: str, setting_up: bool = False) -> Callable[..., Any]:
    """A page (GET and HEAD) for staff with one of these roles, for a beheerder and for the owner.

    With `{slug}` in the path the role must be one in that process, else one in any process. Without roles: whoever is
    signed in, or with `{slug}` whoever has any role there. OWNER: only the owner of the site. DESIGNER: also whoever
    may make a new process.
    """
    return handler(("GET", "HEAD"), path, roles, setting_up)


def staff_post(path: str, *roles: str, setting_up: bool = False, **more: Any) -> Callable[..., Any]:
    """The same for what a form sends. `more` is Litestar's, such as `request_max_body_size` for a file."""
    return handler(("POST",), path, roles, setting_up, **more)


def open_page(path: str) -> Callable[..., Any]:
    """A page under /beheer for who is not signed in: signing in itself, and links in mail."""
    return handler(("GET", "HEAD"), path, None, True)


def open_post(path: str) -> Callable[..., Any]:
    return handler(("POST",), path, None, True)


def handler(
    methods: Iterable[Any], path: str, roles: tuple[str, ...] | None, setting_up: bool, **more: Any
) -> Callable[..., Any]:
    unknown = set(roles or ()) - {OWNER, DESIGNER, *sessions.ROLES}
    if DESIGNER in (roles or ()) and "{slug" in path:
        raise ValueError(f"{path}: a process that is there has a beheerder")
    if unknown or not (path == "/beheer" or path.startswith("/beheer/")):
        raise ValueError(f"{path}: {unknown or 'is not under /beheer'}")
    replies: dict[int | type[Exception], Any] = {
        SignInFirst: to_sign_in,
        SetUpFirst: to_second_factor,
        NotAllowed: forbidden,
    }
    return route(
        path,
        http_method=list(methods),
        status_code=200,
        opt={DECLARED: roles, SETTING_UP: setting_up},
        guards=[admit],
        exception_handlers=replies,
        **more,
    )


def refuse_undeclared(handlers: Iterable[Any]) -> None:
    """Raises ValueError for a handler under /beheer that was not made here."""
    for each in handlers:
        for path in each.paths:
            if path.split("/")[1] == "beheer" and (DECLARED not in each.opt or admit not in (each.guards or ())):
                raise ValueError(f"{path} says for whom it is: make it with staff_page or staff_post")


async def admit(connection: ASGIConnection, handler: BaseRouteHandler) -> None:
    """Before every handler under /beheer. Raises SignInFirst, SetUpFirst and NotAllowed."""
    roles, site = handler.opt[DECLARED], site_of_connection(connection)
    if roles is None:
        return
    staff = signed_in(connection)
    if staff is None or staff.code_needed:
        raise SignInFirst(await typed_too_late(connection))
    if staff.setting_up and not handler.opt[SETTING_UP]:
        raise SetUpFirst
    if not admitted(site, staff, roles, connection.path_params.get("slug")):
        raise NotAllowed
    if site.now() - staff.seen_at > SEEN_EVERY:
        await site.writer.write(sessions.seen, staff.session_id, site.now())


PASSWORDS = ("password", "again", "now")  # what fields with one are called


async def typed_too_late(connection: ASGIConnection) -> Sequence[tuple[str, str]]:
    """What somebody wrote whose session ended meanwhile: every text of more than one word, and no password. Nothing of
    who has no cookie of a session, nor of a form with files or of a length that nobody types."""
    request: Request = Request(connection.scope, connection.receive)
    if request.method != "POST" or not forms.cookie(request, COOKIE):
        return ()
    try:
        form = await forms.read_late(request)
    except ClientException:
        return ()
    written = [(name, form.get(name).strip()) for name in form.fields if name not in PASSWORDS]
    return [(name, text) for name, text in written if len(text.split(None, 1)) > 1]


def admitted(site: Site, staff: Staff, roles: tuple[str, ...], slug: str | None) -> bool:
    if staff.owner or (DESIGNER in roles and staff.designs):
        return True
    named = [role for role in roles if role not in (OWNER, DESIGNER)]
    if roles and not named:
        return False
    if slug is None:
        return not roles or staff.may_anywhere(*named)
    process = site.process(slug)
    # A process that isn't there is nobody's: who has a role somewhere is told so by the page, nobody else.
    return staff.may(process.id, *named) if process else staff.may_anywhere()


def signed_in(connection: ASGIConnection) -> Staff | None:
    """Who this browser is signed in as, read once per request; perhaps without the second factor yet."""
    state = connection.scope["state"]
    if "staff" not in state:
        token, site = forms.cookie(connection, COOKIE), site_of_connection(connection)  # type: ignore[arg-type]
        state["staff"] = sessions.find(site.reader, token, site.now()) if token else None
    staff: Staff | None = state["staff"]
    return staff


def site_of_connection(connection: ASGIConnection) -> Site:
    site: Site = connection.app.state.site
    return site


def staff_of(request: Request) -> Staff:
    """Who asks. Only in handlers that are not open to everyone."""
    staff = signed_in(request)
    assert staff is not None, "the guard lets nobody else in"
    return staff


def process_for(request: Request, slug: str) -> Process:
    """The process of this page; the guard has looked at the role. Raises NotFoundException."""
    return process_or_404(request, slug)


def staff_answer(
    request: Request,
    template: str,
    process: Process | None = None,
    *,
    status: int = 200,
    block: str | None = None,
    cookies: Iterable[Cookie] = (),
    **values: Any,
) -> Reply:
    """A page of the staff: for this person alone and never stored. `staff` in it is who asks, or None."""
    staff = signed_in(request)
    known = staff if staff and not staff.code_needed else None
    return answer(
        request,
        template,
        process,
        status=status,
        block=block,
        secret=True,
        cookies=cookies,
        **{"staff": known, "processes": processes_of(request, known), **values},
    )


def processes_of(request: Request, staff: Staff | None) -> list[Process]:
    """The processes they have a role in, the newest first."""
    return [process for process in site_of(request).all() if staff and staff.may(process.id)]


def session_cookie(request: Request, token: str) -> Cookie:
    """The cookie of a session; an empty token ends it."""
    return Cookie(
        COOKIE,
        value=token,
        max_age=int(LONGEST.total_seconds()) if token else 0,
        path="/beheer",
        secure=site_of(request).secure,
        httponly=True,
        samesite="lax",
    )


def staff_path(path: str) -> str:
    """`path` if it is a page of the staff that one may be sent on to, else their home."""
    local = forms.local_path(path, "/beheer")
    plain = unquote(urlsplit(local).path)
    inside = plain == "/beheer" or plain.startswith("/beheer/")
    return local if inside and ".." not in plain and not plain.startswith(SIGN_IN) else "/beheer"


def to_sign_in(request: Request, error: Exception) -> Reply:
    """On to signing in, and then back. Nothing of a form was saved: it is back to its page then, and what was written
    in it is shown, to be copied."""
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if request.method not in ("GET", "HEAD") or is_htmx(request):
        asked = urlsplit(request.headers.get("referer", "")).path or "/beheer"
    if typed := getattr(error, "typed", ()):
        return too_late(request, staff_path(asked), typed)
    address = f"{SIGN_IN}?terug={quote(staff_path(asked), safe='/')}"
    if is_htmx(request):  # a block of a page is no place to sign in
        return elsewhere(address, 401)
    return see_other(address)


def too_late(request: Request, back: str, typed: Sequence[tuple[str, str]]) -> Reply:
    """Signing in, with what was written. Where htmx asks, in the place of the whole page, whichever part was sent."""
    whole = {"HX-Retarget": "#main", "HX-Reselect": "#main", "HX-Reswap": "outerHTML"} if is_htmx(request) else {}
    status = 200 if whole else 401  # htmx shows no refusal
    values: dict[str, Any] = {"back": back, "typed": typed, "wrong": (), "email": "", "fresh": False}
    page = staff_answer(request, "staff/sign_in.html", status=status, **values)
    for name, value in whole.items():
        page.headers[name] = value
    return page


def to_second_factor(request: Request, _: Exception) -> Reply:
    return elsewhere(SECOND_FACTOR) if is_htmx(request) else see_other(SECOND_FACTOR)


def forbidden(request: Request, _: Exception) -> Reply:
    return staff_answer(request, "staff/forbidden.html", status=403)
