"""The second factor (tweede stap) of staff: a code of six digits from an app (TOTP, RFC 6238), or a recovery code."""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime

import pyotp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain import codes
from domain.database import Database
from domain.secret import keyed_hash

STEP = 30  # seconds
DRIFT = 1  # steps that the clock of a phone may be off, either way
RECOVERY_CODES = 10
RECOVERY_LENGTH = 12  # 11 random characters are 53 bits, and one check character


def draw() -> str:
    """A new TOTP secret: 160 bits in base 32."""
    return pyotp.random_base32()


def address(totp: str, email: str, site: str) -> str:
    """What the QR code for an app holds."""
    return pyotp.TOTP(totp).provisioning_uri(name=email, issuer_name=site)


def key(secret: bytes) -> bytes:
    return hmac.digest(secret, b"second factor", hashlib.sha256)


def sealed(secret: bytes, account_id: int, totp: str) -> bytes:
    """The TOTP secret as the database keeps it: unreadable without the secret file, void in another account."""
    nonce = secrets.token_bytes(12)
    return nonce + AESGCM(key(secret)).encrypt(nonce, totp.encode(), b"%d" % account_id)


def unsealed(secret: bytes, account_id: int, kept: bytes) -> str:
    """Raises InvalidTag for what was not sealed for that account."""
    return AESGCM(key(secret)).decrypt(kept[:12], kept[12:], b"%d" % account_id).decode()


def as_text(kept: bytes) -> str:
    """A sealed secret for the hidden field of a form."""
    return urlsafe_b64encode(kept).decode()


def from_text(secret: bytes, account_id: int, text: str) -> str | None:
    """The secret in that field, None if the field was tampered with."""
    try:
        return unsealed(secret, account_id, urlsafe_b64decode(text))
    except (InvalidTag, ValueError):
        return None


def step_of(totp: str, typed: str, now: datetime) -> int | None:
    """Which step of 30 seconds that code belongs to, None if to none of now."""
    digits = "".join(typed.split())
    app, here = pyotp.TOTP(totp), int(now.timestamp()) // STEP
    if not (digits.isascii() and digits.isdigit()):
        return None
    near = range(here - DRIFT, here + DRIFT + 1)
    return next((step for step in near if hmac.compare_digest(app.at(step * STEP), digits)), None)


def passed(db: Database, secret: bytes, account_id: int, typed: str, now: datetime) -> bool:
    """Whether that is the code of the app now, or a recovery code. It counts once: a step and a code are used up."""
    row = db.execute("SELECT totp FROM accounts WHERE id = ? AND totp IS NOT NULL", [account_id]).fetchone()
    if row is None:
        return False
    step = step_of(unsealed(secret, account_id, row[0]), typed, now)
    if step is None:
        return recovered(db, secret, account_id, typed)
    used = "UPDATE accounts SET totp_step = :step WHERE id = :id AND totp_step < :step"
    return db.execute(used, {"step": step, "id": account_id}).rowcount == 1


def recovered(db: Database, secret: bytes, account_id: int, typed: str) -> bool:
    try:
        code = codes.normal(typed, RECOVERY_LENGTH)
    except codes.Typo:
        return False
    values = [account_id, recovery_key(secret, account_id, code)]
    return db.execute("DELETE FROM recovery_codes WHERE account_id = ? AND hash = ?", values).rowcount == 1


def turn_on(db: Database, secret: bytes, account_id: int, totp: str, step: int) -> list[str]:
    """Ask for that app's codes from now on, those after `step`. Returns the recovery codes: they are shown once."""
    values = [sealed(secret, account_id, totp), step, account_id]
    db.execute("UPDATE accounts SET totp = ?, totp_step = ? WHERE id = ?", values)
    return renew_recovery_codes(db, secret, account_id)


def turn_off(db: Database, account_id: int) -> None:
    db.execute("UPDATE accounts SET totp = NULL WHERE id = ?", [account_id])
    db.execute("DELETE FROM recovery_codes WHERE account_id = ?", [account_id])


def renew_recovery_codes(db: Database, secret: bytes, account_id: int) -> list[str]:
    """Ten new ones, in groups as they are written down; the old ones are void."""
    drawn = [codes.draw(RECOVERY_LENGTH) for _ in range(RECOVERY_CODES)]
    db.execute("DELETE FROM recovery_codes WHERE account_id = ?", [account_id])
    db.conn.executemany(
        "INSERT INTO recovery_codes (account_id, hash) VALUES (?, ?)",
        [(account_id, recovery_key(secret, account_id, code)) for code in drawn],
    )
    return [codes.grouped(code) for code in drawn]


def recovery_codes_left(db: Database, account_id: int) -> int:
    query = "SELECT count(*) FROM recovery_codes WHERE account_id = ?"
    return int(db.execute(query, [account_id]).fetchone()[0])


def recovery_key(secret: bytes, account_id: int, code: str) -> bytes:
    return keyed_hash(secret, "recovery code", account_id, code)
