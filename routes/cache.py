"""Pages that are the same for everyone: rendered and compressed once per change, then served from memory."""

import gzip
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

import brotli
import zstandard

from routes.replies import Reply

ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "zstd": lambda body: zstandard.ZstdCompressor(level=15).compress(body),
    "br": lambda body: brotli.compress(body, quality=9),
    "gzip": lambda body: gzip.compress(body, 9, mtime=0),
}
# For a page made for one visitor: about as small, in a fraction of the time.
QUICK_ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "zstd": lambda body: zstandard.ZstdCompressor(level=1).compress(body),
    "br": lambda body: brotli.compress(body, quality=3),
    "gzip": lambda body: gzip.compress(body, 2, mtime=0),
}
SMALL = 500  # bytes; compressing less gains nothing


@lru_cache(maxsize=512)
def best_encoding(accept: str) -> str:
    """The best of our encodings that the browser takes, or the empty text."""
    taken = {}
    for part in accept[:500].lower().split(","):
        name, _, parameters = part.strip().partition(";")
        taken[name.strip()] = parameters.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return next((name for name in ENCODERS if taken.get(name)), "")


@dataclass(slots=True)
class CachedPage:
    """A page at one revision; after `expires` a phase may have opened or closed, so it is made anew."""

    revision: int
    expires: datetime | None
    body: bytes
    etag: str
    encoded: dict[str, bytes] = field(default_factory=dict)
    replies: dict[Hashable, Reply] = field(default_factory=dict)

    def reply(self, key: Hashable, make: Callable[[], Reply]) -> Reply:
        """The one answer for all who share this key; nobody may change it. Putting its headers together took a tenth of
        the time of a page from memory."""
        if key not in self.replies:
            self.replies[key] = make()
        return self.replies[key]

    def bytes_for(self, encoding: str) -> bytes:
        if not encoding:
            return self.body
        if encoding not in self.encoded:
            self.encoded[encoding] = ENCODERS[encoding](self.body)
        return self.encoded[encoding]


def cached_page(body: bytes, revision: int = 0, expires: datetime | None = None) -> CachedPage:
    return CachedPage(revision, expires, body, hashlib.sha256(body).hexdigest()[:20])


class PageCache:
    """The pages made last, at most MOST bytes of them."""

    MOST = 24_000_000

    def __init__(self) -> None:
        self.pages: OrderedDict[Hashable, CachedPage] = OrderedDict()
        self.size = 0

    def get(self, key: Hashable, revision: int, now: datetime) -> CachedPage | None:
        page = self.pages.get(key)
        if page is None or page.revision != revision or (page.expires is not None and now >= page.expires):
            return None
        self.pages.move_to_end(key)
        return page

    def put(self, key: Hashable, page: CachedPage) -> None:
        old = self.pages.pop(key, None)
        # Three encodings come later; count them as one more copy of the text.
        self.size += 2 * len(page.body) - (2 * len(old.body) if old else 0)
        self.pages[key] = page
        while self.size > self.MOST and len(self.pages) > 1:
            _, oldest = self.pages.popitem(last=False)
            self.size -= 2 * len(oldest.body)
