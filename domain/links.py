"""Links in mails: each does one thing, once, for a while. And what a form carries along until its link is made."""

import hashlib
import hmac
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain import database, phases
from domain.database import Database

DAY = timedelta(days=1)  # how long a link that confirms an address holds
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Link:
    """What a link does for whom. `payload` is what the verb of its purpose needs."""

    purpose: str
    email: str
    payload: Mapping[str, Any]
    expires_at: datetime
    used: bool = False

    def expired(self, now: datetime) -> bool:
        return now >= self.expires_at


def make(
    db: Database, purpose: str, email: str, payload: Mapping[str, Any], now: datetime, lasts: timedelta = DAY
) -> str:
    """A new token for a path in a mail; the database keeps its hash."""
    token = secrets.token_urlsafe(24)
    row = {
        "hash": hash_of(token),
        "purpose": purpose,
        "email": email,
        "payload": json.dumps(payload, ensure_ascii=False),
        "expires_at": phases.to_text(now + lasts),
    }
    database.insert(db, "links", row)
    return token


def find(db: Database, token: str) -> Link | None:
    """The link of that token, also when it is used or has expired; None once it is purged, or never was."""
    row = db.execute(
        "SELECT purpose, email, payload, expires_at, used_at IS NOT NULL FROM links WHERE hash = ?", [hash_of(token)]
    ).fetchone()
    if row is None:
        return None
    purpose, email, payload, expires_at, used = row
    return Link(purpose, email, json.loads(payload), phases.from_text(expires_at), bool(used))


def read(db: Database, token: str, now: datetime) -> Link | None:
    """The link of that token, if it can still be used."""
    link = find(db, token)
    return link if link and not link.used and not link.expired(now) else None


def use(db: Database, token: str, now: datetime) -> Link | None:
    """The same, and it can't be used again; whose it was is in no row any more."""
    link = read(db, token, now)
    if link is not None:
        db.execute("UPDATE links SET used_at = ?, email = '' WHERE hash = ?", [phases.to_text(now), hash_of(token)])
    return link


def done(db: Database, token: str, path: str) -> None:
    """What the link was for is done and shows at `path`; what it carried, such as a text, is kept no longer."""
    db.execute("UPDATE links SET payload = json_object('path', ?) WHERE hash = ?", [path, hash_of(token)])


def made_lately(db: Database, purposes: Collection[str], email: str, now: datetime) -> int:
    """How many links for these purposes, which hold for a day, were made for that address in the last hour and wait."""
    (number,) = db.execute(
        "SELECT count(*) FROM links WHERE email = ? AND expires_at > ? AND purpose IN (SELECT value FROM json_each(?))",
        [email, phases.to_text(now + DAY - HOUR), json.dumps(list(purposes))],
    ).fetchone()
    return int(number)


def hash_of(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


# What somebody typed before their address was asked travels in the form, sealed: nobody can read or change it.


class BrokenSeal(Exception):
    """It was not sealed by us, or too long ago."""


def key(secret: bytes) -> bytes:
    return hmac.digest(secret, b"confirmation", hashlib.sha256)


def seal(secret: bytes, values: Mapping[str, Any], now: datetime) -> str:
    """The values as text for a hidden field; it holds for a day."""
    nonce = secrets.token_bytes(12)
    plain = json.dumps([phases.to_text(now + DAY), values], ensure_ascii=False).encode()
    return urlsafe_b64encode(nonce + AESGCM(key(secret)).encrypt(nonce, plain, None)).decode()


def unseal(secret: bytes, text: str, now: datetime) -> dict[str, Any]:
    """What was sealed. Raises BrokenSeal."""
    try:
        raw = urlsafe_b64decode(text)
        expires_at, values = json.loads(AESGCM(key(secret)).decrypt(raw[:12], raw[12:], None))
    except (InvalidTag, ValueError) as error:
        raise BrokenSeal from error
    if phases.to_text(now) >= expires_at:
        raise BrokenSeal
    return dict(values)
