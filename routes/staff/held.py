"""What staff uploaded and still have to confirm: kept in memory for an hour, for who uploaded it alone."""

import secrets
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

KEPT = timedelta(hours=1)
MOST = 20  # uploads at a time; each is bounded by what may be uploaded


@dataclass(frozen=True, slots=True)
class Upload:
    process_id: int
    account_id: int
    what: Any
    until: datetime


class Held:
    """The uploads that wait, the oldest first. A restart forgets them: then the file is chosen once more."""

    def __init__(self) -> None:
        self.uploads: OrderedDict[str, Upload] = OrderedDict()

    def put(self, process_id: int, account_id: int, what: Any, now: datetime) -> str:
        """Keep it, and return the name with which it is found again."""
        token = secrets.token_urlsafe(16)
        self.uploads[token] = Upload(process_id, account_id, what, now + KEPT)
        while len(self.uploads) > MOST or next(iter(self.uploads.values())).until < now:
            self.uploads.popitem(last=False)
        return token

    def get(self, token: str, process_id: int, account_id: int, now: datetime) -> Any:
        """What was kept under that name by this person for this process, or None."""
        kept = self.uploads.get(token)
        mine = kept and (kept.process_id, kept.account_id) == (process_id, account_id) and kept.until >= now
        return kept.what if kept and mine else None

    def drop(self, token: str) -> None:
        self.uploads.pop(token, None)
