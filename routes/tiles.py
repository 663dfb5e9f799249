"""Tiles of the background map, passed on from who makes it."""

import asyncio
import contextlib
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor

from litestar import Request
from litestar.params import FromPath

from domain import tiles
from domain.maps import Box
from domain.tiles import NoTile, Unreachable
from routes.pages import page, site_of
from routes.replies import Reply, reply
from routes.site import Site

AT_ONCE = 4
MOST_WAITING = 60  # a large screen asks for half of it
AFTER_FAILURE = 60.0  # seconds in which we don't ask again
A_WEEK = "public, max-age=604800"

Tile = tuple[int, int, int]  # z, x, y


class Background:
    """Fetches tiles that we don't have yet: a few at a time, each once, and none for a while after a failure."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.thread = ThreadPoolExecutor(AT_ONCE, "tiles")
        self.fetching: dict[Tile, asyncio.Task[bytes | None]] = {}
        self.silent_until = 0.0
        self.boxes: tuple[int, list[Box]] = (-1, [])

    def needs(self, tile: Tile) -> bool:
        """It is of an area of ours; and not of anywhere else, for we are not the map of the world."""
        revision = self.site.revision()
        if self.boxes[0] != revision:
            self.boxes = (revision, tiles.boxes(self.site.reader))
        return tiles.needed(self.boxes[1], *tile)

    async def get(self, tile: Tile) -> bytes | None:
        kept = tiles.find(self.site.reader, *tile, self.site.now())
        if kept and kept[1]:
            return kept[0]
        return await self.fetched(tile) or (kept and kept[0]) or None  # an old one rather than none

    async def fetched(self, tile: Tile) -> bytes | None:
        if tile not in self.fetching:
            if not self.site.settings.tiles_url or self.silent() or len(self.fetching) >= MOST_WAITING:
                return None
            task = self.fetching[tile] = asyncio.create_task(self.fetch(tile))
            task.add_done_callback(lambda _: self.fetching.pop(tile, None))
        return await asyncio.shield(self.fetching[tile])

    def silent(self) -> bool:
        return time.monotonic() < self.silent_until

    async def fetch(self, tile: Tile) -> bytes | None:
        try:
            data = await asyncio.get_running_loop().run_in_executor(self.thread, self.ask, tile)
        except NoTile:
            return None
        except Unreachable:
            self.silent_until = time.monotonic() + AFTER_FAILURE
            return None
        with contextlib.suppress(sqlite3.Error):  # a full disk: the map is there all the same
            await self.site.writer.write(tiles.keep, *tile, data, self.site.now())
        return data

    def ask(self, tile: Tile) -> bytes:
        if self.silent():  # it went wrong while this one waited
            raise NoTile
        return tiles.fetch(self.site.settings.tiles_url, *tile)


def background_of(request: Request) -> Background:
    state = request.app.state
    if "background" not in state:
        state.background = Background(site_of(request))
    background: Background = state.background
    return background


@page("/kaart/tegels/{z:int}/{x:int}/{name:str}")
async def tile(request: Request, z: FromPath[int], x: FromPath[int], name: FromPath[str]) -> Reply:
    """Answers 404 without a page around it: a map asks for many."""
    background, y = background_of(request), number(name)
    if y is None or not background.needs((z, x, y)) or (data := await background.get((z, x, y))) is None:
        return reply(b"", "text/plain", {"Cache-Control": "no-store"}, status=404)
    return reply(data, "image/png", {"Cache-Control": A_WEEK})


def number(name: str) -> int | None:
    digits = name.removesuffix(".png")
    return int(digits) if digits != name and digits.isascii() and digits.isdigit() and len(digits) < 8 else None
