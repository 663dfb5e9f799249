"""A writer for tests that aren't asynchronous: on an event loop of its own, on a thread of its own."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from domain.database import Database, Writer


class Desk:
    """`submit` puts a write in the queue at once; the future gets what became of it."""

    def __init__(self, path: Path) -> None:
        self.loop = asyncio.new_event_loop()
        self.writer = Writer(path)
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    @property
    def db(self) -> Database:
        return self.writer.db

    def submit(self, verb: Callable[..., Any], *arguments: Any) -> Future[Any]:
        return asyncio.run_coroutine_threadsafe(self.writer.write(verb, *arguments), self.loop)

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self.writer.close(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()
