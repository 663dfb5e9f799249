"""The draft ballot: what a visitor chose but hasn't handed in. It lives in an encrypted cookie and nowhere else."""

import hashlib
import hmac
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


@dataclass(frozen=True, slots=True)
class Draft:
    """Ids of the plans chosen, in the order of choosing, and the code in its normal form if it was given."""

    plan_ids: tuple[int, ...] = field(default=())
    code: str = ""

    @property
    def empty(self) -> bool:
        return not self.plan_ids and not self.code


def key(secret: bytes) -> bytes:
    return hmac.digest(secret, b"draft ballot", hashlib.sha256)


def seal(secret: bytes, process_id: int, draft: Draft) -> str:
    """The draft as text for a cookie: unreadable without the secret, and void in another process."""
    nonce = secrets.token_bytes(12)
    plain = json.dumps([draft.plan_ids, draft.code], separators=(",", ":")).encode()
    padded = plain + b" " * (-len(plain) % 64)  # the length would tell how many plans
    return urlsafe_b64encode(nonce + AESGCM(key(secret)).encrypt(nonce, padded, b"%d" % process_id)).decode()


def unseal(secret: bytes, process_id: int, text: str) -> Draft:
    """The draft in the cookie; an empty one if the cookie is missing, tampered with or of another process."""
    try:
        raw = urlsafe_b64decode(text)
        plain = AESGCM(key(secret)).decrypt(raw[:12], raw[12:], b"%d" % process_id)
    except (InvalidTag, ValueError):
        return Draft()
    plan_ids, code = json.loads(plain)
    return Draft(tuple(plan_ids), code)
