"""The secret file beside the database, and the keys that are made of it."""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.database import Database

CHECK = b"wijkbudget check value"
SIZE = 32  # bytes


class SecretError(Exception):
    """The secret is missing, wrong or can't be written; its text is one sentence."""


def keyed_hash(secret: bytes, label: str, process_id: int, text: str) -> bytes:
    """HMAC-SHA256(secret, label | process | text), cut to 16 bytes: a key of its own for each label.

    Without the secret nobody can tell which text (a code) belongs to a key, nor which two keys of different
    labels belong to the same text.
    """
    return hmac.digest(secret, f"{label}\0{process_id}\0{text}".encode(), hashlib.sha256)[:16]


def seal(secret: bytes, label: str, plain: bytes) -> bytes:
    """Unreadable without the secret, with a key of its own for each label; another time it looks otherwise."""
    nonce = secrets.token_bytes(12)
    return nonce + AESGCM(key_of(secret, label)).encrypt(nonce, plain, None)


def unseal(secret: bytes, label: str, sealed: bytes) -> bytes | None:
    """What was sealed with that label; None if it wasn't, or not with this secret."""
    try:
        return AESGCM(key_of(secret, label)).decrypt(sealed[:12], sealed[12:], None)
    except (InvalidTag, ValueError):
        return None


def key_of(secret: bytes, label: str) -> bytes:
    return hmac.digest(secret, f"seal\0{label}".encode(), hashlib.sha256)


def check_value(secret: bytes) -> bytes:
    return hmac.digest(secret, CHECK, hashlib.sha256)[:16]


def open_secret(db: Database, path: Path) -> bytes:
    """The 32 bytes of the secret file, made (mode 0600) where neither database nor file has one yet.

    Raises SecretError if the database was used with another secret, or its secret file is gone.
    """
    known = stored_check(db)
    if known is None:
        secret = read(path) if path.exists() else create(path)
        db.execute("INSERT OR IGNORE INTO secret_check (id, value) VALUES (1, ?)", [check_value(secret)])
        return secret
    if not path.exists():
        raise SecretError(f"The secret file {path} is missing. Put back the one that belongs to this database.")
    secret = read(path)
    refuse_wrong(secret, known, path)
    return secret


def refuse_wrong(secret: bytes, known: bytes, path: Path) -> None:
    """Raises SecretError unless `secret` is the one that `known` is the check value of."""
    if not hmac.compare_digest(check_value(secret), known):
        raise SecretError(f"The secret file {path} belongs to another database.")


def stored_check(db: Database) -> bytes | None:
    row = db.execute("SELECT value FROM secret_check").fetchone()
    return row[0] if row else None


def read(path: Path) -> bytes:
    """All 32 bytes: with an empty secret, of a disk that was full, anyone could compute every key."""
    try:
        secret = bytes.fromhex(path.read_text("ascii").strip())
        if len(secret) != SIZE:
            raise ValueError(f"it holds {len(secret)} bytes instead of {SIZE}")
    except (OSError, ValueError) as error:
        raise SecretError(f"The secret file {path} can't be read: {error}.") from error
    return secret


def create(path: Path) -> bytes:
    secret = secrets.token_bytes(SIZE)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secret.hex() + "\n")
            file.flush()
            os.fsync(descriptor)
    except OSError as error:
        raise SecretError(f"The secret file {path} can't be written: {error.strerror}.") from error
    return secret
