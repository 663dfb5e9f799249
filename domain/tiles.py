"""Tiles (tegels) of the background map: fetched for visitors, so that nobody's address goes to who makes the map."""

import http.client
import math
import time
import urllib.error
import urllib.request
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from domain import maps, phases
from domain.database import Database
from domain.maps import Box

FIRST_ZOOM, LAST_ZOOM = 6, 19
LARGEST = 200_000  # bytes
KEPT = timedelta(days=30)
MOST_KEPT = 20_000
TIMEOUT = 5.0  # seconds without a byte
PATIENCE = 8.0  # seconds for a whole tile
PNG = b"\x89PNG\r\n\x1a\n"


class NoTile(Exception):
    """There is no such tile."""


class Unreachable(Exception):
    """Who makes the map doesn't answer, or answers something else."""


def boxes(db: Database) -> list[Box]:
    """Around the area of every process; around the pins that lie together where the area has no boundary."""
    rows = db.execute("SELECT processes.id, boundary FROM processes JOIN areas ON areas.id = area_id").fetchall()
    return [box for id_, geometry in rows if (box := box_of(db, id_, geometry or ""))]


def box_of(db: Database, process_id: int, geometry: str) -> Box | None:
    points = maps.outline_of(geometry)
    if not points:
        query = "SELECT lat, lon FROM plans WHERE process_id = ? AND status = 'published' AND lat + lon IS NOT NULL"
        points = maps.together([maps.mercator(*place) for place in db.execute(query, [process_id]).fetchall()])
    return maps.extent(points) if points else None


def needed(boxes: Iterable[Box], z: int, x: int, y: int) -> bool:
    """Whether that tile shows one of these boxes or what a screen shows around it."""
    return FIRST_ZOOM <= z <= LAST_ZOOM and any(near(box, z, x, y) for box in boxes)


def near(box: Box, z: int, x: int, y: int) -> bool:
    left, top, right, bottom = box
    tiles = 1 << z  # in a row around the world
    around = max(right - left, bottom - top) / 2 * tiles + 3
    first_x, last_x = math.floor(left * tiles - around), math.floor(right * tiles + around)
    first_y, last_y = math.floor(top * tiles - around), math.floor(bottom * tiles + around)
    return max(0, first_x) <= x <= min(tiles - 1, last_x) and max(0, first_y) <= y <= min(tiles - 1, last_y)


def find(db: Database, z: int, x: int, y: int, now: datetime) -> tuple[bytes, bool] | None:
    """The tile if we have it, and whether it is still fresh."""
    query = "SELECT data, fetched_at FROM tiles WHERE z = ? AND x = ? AND y = ?"
    row = db.execute(query, [z, x, y]).fetchone()
    return (row[0], phases.from_text(row[1]) + KEPT > now) if row else None


def keep(db: Database, z: int, x: int, y: int, data: bytes, now: datetime) -> None:
    """Those fetched longest ago make room."""
    query = "INSERT OR REPLACE INTO tiles (z, x, y, data, fetched_at) VALUES (?, ?, ?, ?, ?)"
    db.execute(query, [z, x, y, data, phases.to_text(now)])
    db.execute("DELETE FROM tiles WHERE rowid <= (SELECT max(rowid) FROM tiles) - ?", [MOST_KEPT])


class SamePlace(urllib.request.HTTPRedirectHandler):
    """Whoever is at that address answers himself: we are not sent anywhere else."""

    def redirect_request(self, *_: Any) -> None:
        return None


OPENER = urllib.request.build_opener(SamePlace)


def fetch(address: str, z: int, x: int, y: int) -> bytes:
    """The tile from `address`, in which {z}, {x} and {y} stand. Nothing of a visitor goes along. Blocks.

    Raises NoTile and Unreachable.
    """
    url = address.replace("{z}", str(z)).replace("{x}", str(x)).replace("{y}", str(y))
    request = urllib.request.Request(url, headers={"User-Agent": "wijkbudget", "Accept": "image/png"})  # noqa: S310
    try:
        with OPENER.open(request, timeout=TIMEOUT) as answer:
            data = read_within(answer)
    except urllib.error.HTTPError as error:
        error.close()
        raise (NoTile if error.code in (204, 400, 404) else Unreachable)(url) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Unreachable(url) from error
    if not data.startswith(PNG) or len(data) > LARGEST:
        raise Unreachable(url)
    return data


def read_within(answer: Any) -> bytes:
    """At most one byte more than a tile may have, and not for ever."""
    data, until = b"", time.monotonic() + PATIENCE
    while len(data) <= LARGEST and (chunk := answer.read1(LARGEST + 1 - len(data))):
        data += chunk
        if time.monotonic() > until:
            raise TimeoutError
    return data
