"""Which resident is looking: the cookie of somebody who confirmed an e-mail address or gave a stemcode."""

from litestar import Request
from litestar.datastructures import Cookie

from domain import residents
from domain.residents import Resident
from routes import forms
from routes.site import Site

COOKIE = "bewoner"


def resident_of(request: Request) -> Resident | None:
    """The resident of this browser's session, read once per request."""
    state = request.scope["state"]
    if "resident" not in state:
        token = forms.cookie(request, COOKIE)
        site: Site = request.app.state.site
        state["resident"] = residents.of_session(site.reader, token, site.now()) if token else None
    resident: Resident | None = state["resident"]
    return resident


def session_cookie(request: Request, token: str) -> Cookie:
    """The cookie of a new session; an empty token ends it."""
    site: Site = request.app.state.site
    return Cookie(
        COOKIE,
        value=token,
        max_age=int(residents.SESSION.total_seconds()) if token else 0,
        path="/",
        secure=site.secure,
        httponly=True,
        samesite="lax",
    )
