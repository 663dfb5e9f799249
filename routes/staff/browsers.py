"""The browsers that somebody of the staff signed in with before. A cookie of its own for each account says so, and no
longer after another password: whoever knew the old one is a stranger then."""

import hmac

from litestar import Request
from litestar.datastructures import Cookie

from domain.secret import keyed_hash
from routes import forms
from routes.pages import site_of

LASTS = 365 * 24 * 3600  # seconds


def mark(request: Request, account_id: int, password_hash: str) -> str:
    return keyed_hash(site_of(request).secret, "known browser", account_id, password_hash).hex()


def name_of(account_id: int) -> str:
    return f"beheer-bekend-{account_id}"  # one for each account: colleagues share a computer


def known(request: Request, account_id: int, password_hash: str) -> bool:
    kept = forms.cookie(request, name_of(account_id))
    return kept.isascii() and hmac.compare_digest(kept, mark(request, account_id, password_hash))


def cookie(request: Request, account_id: int, password_hash: str) -> Cookie:
    return Cookie(
        name_of(account_id),
        value=mark(request, account_id, password_hash),
        max_age=LASTS,
        path="/beheer",
        secure=site_of(request).secure,
        httponly=True,
        samesite="lax",
    )
