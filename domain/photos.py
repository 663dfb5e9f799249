"""Photos (foto's): what somebody uploads becomes three small WebPs in the one file; nothing of the original is kept."""

import asyncio
import contextlib
import secrets
import string
import struct
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from domain import audit
from domain.database import Database

WIDTHS = (320, 640, 960)  # as in the schema
LARGEST = 12_000_000  # bytes of a photo as it comes from a phone
TOGETHER = 150_000  # bytes of the three pictures made of it
PATIENCE = 30.0  # seconds
KINDS = ("too_large", "not_a_photo", "too_many_pixels", "broken")
LETTERS = string.ascii_lowercase + string.digits
CHILD = Path(__file__).with_name("decoding.py")

ONE_AT_A_TIME = threading.Lock()  # a child may take a gigabyte
THREAD = ThreadPoolExecutor(1, "photos")


class NotAPhoto(Exception):
    """What was uploaded can't be used; `kind` is one of KINDS."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Pictures:
    """A photo as it is kept: a WebP for each of WIDTHS, at most TOGETHER bytes, 3:2, without metadata.

    What isn't 3:2 was cut off around the middle, as the pages show it. A photo that is smaller isn't enlarged.
    """

    by_width: dict[int, bytes]


async def prepared(data: bytes) -> Pictures:
    """`prepare`, without anybody waiting for it: on a thread of its own, one after the other. Raises NotAPhoto."""
    return await asyncio.get_running_loop().run_in_executor(THREAD, prepare, data)


def prepare(data: bytes) -> Pictures:
    """The pictures made of a JPEG, PNG, WebP or HEIC, upright. Takes a second or so; blocks. Raises NotAPhoto.

    Decoding happens in a child process with limits (domain/decoding.py).
    """
    if len(data) > LARGEST:
        raise NotAPhoto("too_large")
    if not data:
        raise NotAPhoto("not_a_photo")
    with ONE_AT_A_TIME:
        return read_answer(ask_child(data))


def ask_child(data: bytes, *what: str) -> bytes:
    """What the child says of the photo, or nothing if it was ended. It gets no environment and no open file of ours."""
    child = subprocess.Popen(  # noqa: S603
        [sys.executable, "-I", str(CHILD), *what],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"MALLOC_ARENA_MAX": "2"},
        cwd="/",
    )
    watchdog = threading.Timer(PATIENCE, child.kill)
    watchdog.start()
    try:
        assert child.stdin
        assert child.stdout
        with contextlib.suppress(OSError):  # it ended before it read everything
            child.stdin.write(data)
            child.stdin.close()
        return child.stdout.read(TOGETHER + 1000)  # a child that went wrong can't fill our memory
    finally:
        watchdog.cancel()
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            with contextlib.suppress(OSError):
                pipe and pipe.close()


def read_answer(answer: bytes) -> Pictures:
    """Raises NotAPhoto. The child may have been taken over: what isn't three WebPs is no answer."""
    if not answer.startswith(b"ok"):
        kind = answer.decode(errors="replace")
        raise NotAPhoto(kind if kind in KINDS else "broken")
    pictures, rest = {}, answer[2:]
    for width in WIDTHS:
        if len(rest) < 4:
            raise NotAPhoto("broken")
        (length,) = struct.unpack(">I", rest[:4])
        pictures[width], rest = rest[4 : 4 + length], rest[4 + length :]
    if rest or len(answer) > TOGETHER + 100 or not all(is_webp(picture) for picture in pictures.values()):
        raise NotAPhoto("broken")
    return Pictures(pictures)


def is_webp(data: bytes) -> bool:
    """Its first bytes say so, and that it is as long as it is."""
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP" and data[4:8] == struct.pack("<I", len(data) - 8)


def store(db: Database, pictures: Pictures) -> str:
    """Write the pictures under a new key, which is returned.

    In the same write as the row that names the key, or `purge` takes them for left behind.
    """
    key = "".join(secrets.choice(LETTERS) for _ in range(16))
    rows = ((key, width, data) for width, data in pictures.by_width.items())
    db.conn.executemany("INSERT INTO photos (key, width, data) VALUES (?, ?, ?)", rows)
    return key


def show_on_process(db: Database, process_id: int, pictures: Pictures | None, now: datetime, account_id: int) -> None:
    """That photo stands on top of the process's page from now on; None for none."""
    key = store(db, pictures) if pictures else ""
    db.execute("UPDATE processes SET photo = ? WHERE id = ?", [key, process_id])
    audit.record(db, account_id, process_id, "choices_changed", f"process {process_id}", now, changed=["photo"])


def remove(db: Database, key: str) -> bool:
    """Delete the pictures with that key, unless something names it: a process, a plan or one of its last versions (no
    page shows the older ones), or a plan being written. Returns whether they are gone."""
    return db.execute(f"DELETE FROM photos WHERE key = ? AND {LEFT_BEHIND}", [key]).rowcount > 0


def orphans(db: Database) -> set[str]:
    """The keys that nothing names."""
    return {key for (key,) in db.execute(f"SELECT DISTINCT key FROM photos WHERE {LEFT_BEHIND}").fetchall()}


def purge(db: Database) -> int:
    """Delete what nothing names, and return how many photos that were."""
    return sum(remove(db, key) for key in orphans(db))


LEFT_BEHIND = """
    key NOT IN (SELECT photo FROM plans) AND key NOT IN (SELECT photo FROM processes)
    AND key NOT IN (SELECT photo FROM submissions)
    AND key NOT IN (
        SELECT ifnull(json_extract(fields, '$.photo'), '') FROM plan_versions
        WHERE number > (SELECT version FROM plans WHERE id = plan_id) - 10
    )
    AND key NOT IN (SELECT ifnull(json_extract(fields, '$.photo'), '') FROM proposed_edits)
"""
