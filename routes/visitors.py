"""Which resident is looking: the cookies of somebody who confirmed an e-mail address, or gave a stemcode."""

from litestar import Request
from litestar.datastructures import Cookie

from domain import residents
from domain.processes import Process
from domain.residents import Resident
from routes import forms
from routes.site import Site

COOKIE = "bewoner"
CODE_COOKIE = "steun"  # beside the other: who gives a stemcode to support a plan goes on writing their own


def resident_of(request: Request) -> Resident | None:
    """The resident of this browser: who confirmed an address, else who gave a stemcode."""
    return next(iter(all_of(request)), None)


def supporter_of(request: Request, process: Process) -> Resident | None:
    """Who supports plans of this process: by address, or by one of its codes where those are asked."""
    code_of = process.id if process.supporters == "code" else 0
    return next((resident for resident in all_of(request) if resident.code_of == code_of), None)


def all_of(request: Request) -> tuple[Resident, ...]:
    """Everyone this browser showed to be, read once per request."""
    state = request.scope["state"]
    if "residents" not in state:
        site: Site = request.app.state.site
        now = site.now()
        read = (residents.of_session(site.reader, token, now) for token in tokens_of(request))
        state["residents"] = tuple(resident for resident in read if resident)
    found: tuple[Resident, ...] = state["residents"]
    return found


def tokens_of(request: Request) -> list[str]:
    """The tokens that the browser sent, whether they count or not."""
    return [token for name in (COOKIE, CODE_COOKIE) if (token := forms.cookie(request, name))]


def session_cookie(request: Request, token: str, name: str = COOKIE) -> Cookie:
    """The cookie of a new session; an empty token ends it."""
    site: Site = request.app.state.site
    return Cookie(
        name,
        value=token,
        max_age=int(residents.SESSION.total_seconds()) if token else 0,
        path="/",
        secure=site.secure,
        httponly=True,
        samesite="lax",
    )


def signed_out(request: Request) -> list[Cookie]:
    """Both cookies, ended."""
    return [session_cookie(request, "", COOKIE), session_cookie(request, "", CODE_COOKIE)]
