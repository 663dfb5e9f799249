"""Devices (apparaten) on which several people vote: one at the desk, or one of somebody who helps.

What says so is a cookie that staff put there, sealed with the secret: who makes one up votes online. Of a ballot only
the number per channel is kept, as everywhere; nothing ties it to the device.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime, timedelta

from domain import phases
from domain.secret import seal, unseal

ONLINE, CHANNELS = "online", ("desk", "helped")
LASTS = timedelta(hours=12)
LABEL = "device"


def sealed(secret: bytes, process_id: int, channel: str, now: datetime) -> str:
    """The text of the cookie, for this process and a working day."""
    plain = json.dumps([process_id, channel, phases.to_text(now + LASTS)]).encode()
    return urlsafe_b64encode(seal(secret, LABEL, plain)).decode()


def channel_of(secret: bytes, process_id: int, text: str, now: datetime) -> str:
    """One of CHANNELS while the cookie holds; else online."""
    try:
        plain = unseal(secret, LABEL, urlsafe_b64decode(text))
    except ValueError:
        return ONLINE
    if plain is None:
        return ONLINE
    process, channel, until = json.loads(plain)
    return channel if process == process_id and phases.to_text(now) < until and channel in CHANNELS else ONLINE
