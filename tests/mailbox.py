"""The mailboxes of the residents: what the outbox holds for them, and the links in it."""

import json
from typing import Any

import pytest
from litestar.testing import TestClient

from domain.database import Database
from routes.site import Site
from tests.cast import Resident
from tests.pages import Page

SEND = "/aanmelden"


def mail_to(db: Database, who: Resident) -> list[dict[str, Any]]:
    """What the mails to that resident are filled with, the newest last."""
    rows = db.execute("SELECT content FROM outbox WHERE lower(recipient) = ? ORDER BY id", [who.email])
    return [json.loads(content) for (content,) in rows]


def link_to(db: Database, who: Resident) -> str:
    """The path of the link in the newest mail to that resident."""
    path: str = mail_to(db, who)[-1]["path"]
    return path


def ask_mail(client: TestClient, page: str, email: str) -> Any:
    """Fill in the address on a page that asks for it."""
    return client.post(SEND, data={**Page(page).form(SEND).fields, "email": email})


def confirm(client: TestClient, db: Database, who: Resident) -> Any:
    """Press the button of the link in the newest mail."""
    return client.post(link_to(db, who))


def with_server(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings with a mail server that nobody listens on."""
    changed = {"smtp_host": "127.0.0.1", "smtp_port": 9, "mail_from": "post@example.org"}
    monkeypatch.setattr(site, "settings", type(site.settings)(**{**vars(site.settings), **changed}))
