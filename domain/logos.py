"""The logo of a process: what somebody uploads becomes one small WebP; nothing of the original is kept."""

import asyncio
import hashlib
import struct
from dataclasses import dataclass
from datetime import datetime

from domain import audit, photos
from domain.database import Database
from domain.photos import NotAPhoto
from domain.processes import Process

LARGEST = 4_000_000  # bytes of what is uploaded
LONGEST_ALT = 120  # characters
WIDEST, HIGHEST = 480, 160  # pixels, as in domain/decoding.py
TOGETHER = 40_000  # bytes of what is made of it
KINDS = (*photos.KINDS, "svg")  # of a NotAPhoto


@dataclass(frozen=True, slots=True)
class Picture:
    """A logo as it is kept: a WebP of at most 480 by 160, see-through where it was."""

    data: bytes
    width: int
    height: int

    @property
    def key(self) -> str:
        return hashlib.sha256(self.data).hexdigest()[:16]


async def prepared(data: bytes) -> Picture:
    """`prepare`, on the thread of the photos. Raises NotAPhoto."""
    return await asyncio.get_running_loop().run_in_executor(photos.THREAD, prepare, data)


def prepare(data: bytes) -> Picture:
    """The picture made of a PNG, JPEG or WebP. Blocks. Raises NotAPhoto, its kind one of KINDS.

    An SVG is a program as much as a picture: scripts, fonts and addresses of others can stand in it.
    """
    if len(data) > LARGEST:
        raise NotAPhoto("too_large")
    if is_svg(data):
        raise NotAPhoto("svg")
    if not data:
        raise NotAPhoto("not_a_photo")
    with photos.ONE_AT_A_TIME:
        return read_answer(photos.ask_child(data, "logo"))


def is_svg(data: bytes) -> bool:
    start = data[:2000].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return start.startswith((b"<?xml", b"<svg", b"<!doctype svg", b"<!--")) or start.startswith(b"\x1f\x8b")


def read_answer(answer: bytes) -> Picture:
    """Raises NotAPhoto. The child may have been taken over: what isn't one WebP of the right size is no answer."""
    if not answer.startswith(b"ok"):
        kind = answer.decode(errors="replace")
        raise NotAPhoto(kind if kind in photos.KINDS else "broken")
    data = answer[6:]
    if answer[2:6] != struct.pack(">I", len(data)) or len(data) > TOGETHER or not photos.is_webp(data):
        raise NotAPhoto("broken")
    width, height = size_of(data)
    if not (1 <= width <= WIDEST and 1 <= height <= HIGHEST):
        raise NotAPhoto("broken")
    return Picture(data, width, height)


def size_of(data: bytes) -> tuple[int, int]:
    """Width and height as a WebP tells them in its first chunk; 0, 0 where it doesn't."""
    kind, body = data[12:16], data[20:30]
    if kind == b"VP8X" and len(body) == 10:
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if kind == b"VP8L" and body[:1] == b"\x2f":
        bits = int.from_bytes(body[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 " and body[3:6] == b"\x9d\x01\x2a":
        return int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(body[8:10], "little") & 0x3FFF
    return 0, 0


def save(db: Database, process: Process, picture: Picture, alt: str, now: datetime, account_id: int) -> None:
    """Show this logo from now on."""
    db.execute(
        "INSERT OR REPLACE INTO logos (process_id, key, data, width, height, alt) VALUES (?, ?, ?, ?, ?, ?)",
        [process.id, picture.key, picture.data, picture.width, picture.height, alt],
    )
    tell(db, process, now, account_id)


def describe(db: Database, process: Process, alt: str, now: datetime, account_id: int) -> bool:
    """Another text for who can't see it; False where there is no logo."""
    done = db.execute("UPDATE logos SET alt = ? WHERE process_id = ?", [alt, process.id]).rowcount > 0
    if done:
        tell(db, process, now, account_id)
    return done


def show(db: Database, process: Process, shown: bool, now: datetime, account_id: int) -> bool:
    """Take it away, or put back the one that was taken away; False where it was so already."""
    values = [shown, process.id, not shown]
    done = db.execute("UPDATE logos SET shown = ? WHERE process_id = ? AND shown = ?", values).rowcount > 0
    if done:
        tell(db, process, now, account_id)
    return done


def tell(db: Database, process: Process, now: datetime, account_id: int) -> None:
    audit.record(db, account_id, process.id, "choices_changed", f"process {process.id}", now, changed=["logo"])


def removed(db: Database, process_id: int) -> bool:
    """There is one that was taken away."""
    return bool(db.execute("SELECT 1 FROM logos WHERE process_id = ? AND shown = 0", [process_id]).fetchone())


def data(db: Database, process_id: int, key: str) -> bytes | None:
    """The picture at that address, shown or not: the page that staff can undo it on shows it too."""
    row = db.execute("SELECT data FROM logos WHERE process_id = ? AND key = ?", [process_id, key]).fetchone()
    return bytes(row[0]) if row else None
