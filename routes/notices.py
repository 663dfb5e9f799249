"""“Gelukt: …”: said once, on the page where somebody arrives after what they did.

Which one travels in a cookie, not in the address: that is shared, kept and loaded again.
"""

from litestar import Request
from litestar.datastructures import Cookie

from routes import forms
from routes.site import Site

COOKIE = "gelukt"
KEPT = 60  # seconds, for who never arrives
# Each has its words in templates/parts/notices.html.
KINDS = (
    *("edited", "edit_waits", "withdrawn", "reinstated", "joined", "left", "invitation_back", "invitation_gone"),
    *("answered", "support_back", "unfollowed", "reaction_removed", "signed_in", "signed_out"),
    *("interested", "not_interested"),
)


def notice(request: Request, kind: str) -> Cookie:
    """The cookie that has `kind`, one of KINDS, said on the next page."""
    if kind not in KINDS:
        raise ValueError(kind)
    return made(request, kind, KEPT)


def pending(request: Request) -> str:
    """What is to be said on this page, or the empty text."""
    kind = forms.cookie(request, COOKIE)
    return kind if kind in KINDS else ""


def said(request: Request) -> Cookie:
    """Ends the cookie."""
    return made(request, "", 0)


def made(request: Request, value: str, max_age: int) -> Cookie:
    site: Site = request.app.state.site
    return Cookie(COOKIE, value=value, max_age=max_age, path="/", secure=site.secure, httponly=True, samesite="lax")
