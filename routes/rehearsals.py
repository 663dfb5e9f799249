"""The dress rehearsal that runs, one at a time, and what came of those of the last hour: in memory and nowhere else."""

import asyncio
import contextlib
import json
import logging
import os
import secrets
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from domain.designs.choices import Choice
from domain.rehearsals import Order, Rehearsed, rehearsed_from_json

log = logging.getLogger("wijkbudget")

ROOT = Path(__file__).parent.parent
CHILD = "domain.rehearsing"
PATIENCE = 60.0  # seconds that one may take
KEPT = timedelta(hours=1)
MOST_KEPT = 20
LARGEST_LINE = 8_000_000  # bytes of what the child says at once


class Busy(Exception):
    """Another one runs. `running` is that one."""

    def __init__(self, running: "Running") -> None:
        super().__init__()
        self.running = running


class ChildFailed(Exception):
    """It ended without an outcome."""


@dataclass
class Running:
    """One rehearsal, under way or over. `of`: the path of what it rehearses; `filled` and `dated` as trials.Completed.

    `step`, `done` and `total`: how far it is. `failed`: “too_long” or “failed”.
    """

    key: str
    of: str
    order: Order
    filled: Sequence[Choice]
    dated: Sequence[str]
    started_at: datetime
    step: str = "prepare"
    done: int = 0
    total: int = 0
    outcome: Rehearsed | None = None
    failed: str = ""
    task: asyncio.Task[None] | None = None

    @property
    def over(self) -> bool:
        return self.outcome is not None or bool(self.failed)

    @property
    def forgotten_at(self) -> datetime:
        return self.started_at + KEPT


class Rehearsals:
    """Of one server process."""

    def __init__(self) -> None:
        self.known: dict[str, Running] = {}

    def find(self, key: str, of: str, now: datetime) -> Running | None:
        """That rehearsal of this design or process, if it is of the last hour."""
        self.forget(now)
        found = self.known.get(key)
        return found if found and found.of == of else None

    def latest(self, of: str, now: datetime) -> Running | None:
        self.forget(now)
        return next((one for one in reversed(self.known.values()) if one.of == of), None)

    def forget(self, now: datetime) -> None:
        gone = [one for one in self.known.values() if one.over and now >= one.forgotten_at]
        over = [one for one in self.known.values() if one.over and one not in gone]
        for one in (*gone, *over[: max(0, len(over) - MOST_KEPT)]):
            del self.known[one.key]

    def start(self, of: str, order: Order, filled: Sequence[Choice], dated: Sequence[str], now: datetime) -> Running:
        """Raises Busy."""
        self.forget(now)
        under_way = next((one for one in self.known.values() if not one.over), None)
        if under_way is not None:
            raise Busy(under_way)
        running = Running(secrets.token_urlsafe(12), of, order, filled, dated, now)
        self.known[running.key] = running
        running.task = asyncio.create_task(rehearsed(running))
        return running

    async def close(self) -> None:
        """End what is under way; nothing of it stays."""
        tasks = [one.task for one in self.known.values() if one.task and not one.task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def rehearsed(running: Running) -> None:
    """Play it in a child process, in a directory that is gone afterwards whatever happened."""
    directory = Path(tempfile.mkdtemp(prefix="wijkbudget-repetitie-"))
    try:
        async with asyncio.timeout(PATIENCE):
            await played(running, directory)
    except TimeoutError:
        running.failed = "too_long"
    except Exception as error:
        log.warning("a rehearsal failed: %s", error)
        running.failed = "failed"
    finally:
        shutil.rmtree(directory, ignore_errors=True)


async def played(running: Running, directory: Path) -> None:
    """Raises ChildFailed."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        CHILD,
        str(directory),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=LARGEST_LINE,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        child.stdin.write(running.order.to_json().encode())
        child.stdin.close()
        async for line in child.stdout:
            heard(running, line)
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child.pid, signal.SIGKILL)
        raise
    finally:
        await asyncio.shield(child.wait())
    if running.outcome is None:
        raise ChildFailed(f"it ended with {child.returncode}")


def heard(running: Running, line: bytes) -> None:
    said = json.loads(line)
    if "told" in said:
        running.step, running.done, running.total = said["told"]
    else:
        running.outcome = rehearsed_from_json(said["rehearsed"])
