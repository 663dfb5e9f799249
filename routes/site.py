"""The running site: what one server process holds while it serves."""

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

from config.settings import Settings, secret_path, secure
from domain import hosts, processes
from domain.database import Database, Writer, connect
from domain.migrations import migrate
from domain.processes import Process
from domain.secret import open_secret
from routes.cache import PageCache
from routes.rehearsals import Rehearsals
from routes.tries import HOUR, Tries

T = TypeVar("T")
DRAFTS_BEGUN = 200  # plans that somebody begins to write, an hour, by one network: a neighbourhood centre or a school
PHOTOS_SENT = 60  # an hour, by one network: they lie in the file for months, handed in or not
MAILS_ASKED = 60  # a minute, by one network
REPORTS = 10  # a minute, by one network


class Site:
    """Opens the database, brings it up to date and reads the secret.

    Raises the errors of `prepared`.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.secure = secure(settings)
        self.host = urlsplit(settings.url).netloc
        self.host_name = (urlsplit(settings.url).hostname or "").lower()
        self.secret = prepared(settings)
        self.reader = connect(settings.db, readonly=True)
        self.writer = Writer(settings.db)
        self.cache = PageCache()
        self.tries = Tries(settings.wrong_codes, settings.proxies)
        self.draft_tries = Tries(DRAFTS_BEGUN, settings.proxies, window=HOUR)
        self.photo_tries = Tries(PHOTOS_SENT, settings.proxies, window=HOUR)
        self.mail_tries = Tries(MAILS_ASKED, settings.proxies)
        self.report_tries = Tries(REPORTS, settings.proxies)
        self.rehearsals = Rehearsals()
        self._made: dict[tuple[str, int], asyncio.Task[Any]] = {}
        self._revision = 0
        self._processes: dict[str, Process] = {}
        self._all: tuple[Process, ...] | None = None
        self._hosts: dict[str, str] | None = None

    async def close(self) -> None:
        await self.rehearsals.close()
        self.reader.close()
        await self.writer.close()  # last, so that the log is written back: the one file holds everything

    def now(self) -> datetime:
        return datetime.now(UTC)

    def revision(self) -> int:
        """The revision of what is public now; what was read at another one is forgotten here."""
        revision = processes.revision(self.reader)
        if revision < self._revision:  # a backup was put back: what was made since is of another time
            self.cache = PageCache()
            self._processes = {}
        if revision != self._revision:
            self._revision, self._all, self._made, self._hosts = revision, None, {}, None
        return revision

    def process(self, slug: str) -> Process | None:
        revision = self.revision()
        known = self._processes.get(slug)
        if known is None or known.revision != revision:
            known = processes.load(self.reader, slug, known)
            if known is not None:  # nothing is remembered of names that don't exist: there are too many
                self._processes[slug] = known
        return known

    async def once(self, verb: Callable[[Database, Process], T], process: Process) -> T:
        """What `verb` makes of the process: once per revision, on a thread and a connection of its own.

        For what takes longer than others should wait, such as counting 150,000 ballots.
        """
        key = (verb.__qualname__, process.id)
        made = self._made.get(key)
        if made is None or (made.done() and made.exception() is not None):
            made = self._made[key] = asyncio.create_task(asyncio.to_thread(self.read, verb, process))
        return await asyncio.shield(made)

    def read(self, verb: Callable[[Database, Process], T], process: Process) -> T:
        db = connect(self.settings.db, readonly=True)
        try:
            return verb(db, process)
        finally:
            db.close()

    def hosts(self) -> dict[str, str]:
        """The slug of each process with a host name of its own, by that name."""
        self.revision()
        if self._hosts is None:
            self._hosts = hosts.hosts(self.reader)
        return self._hosts

    def all(self) -> tuple[Process, ...]:
        self.revision()
        if self._all is None:
            known = map(self.process, processes.slugs(self.reader))
            self._all = tuple(process for process in known if process is not None)
        return self._all


def prepared(settings: Settings) -> bytes:
    """Bring the database up to date, and return the secret that belongs to it.

    Raises the errors of `opened`, `migrate` and `open_secret`.
    """
    with opened(settings) as db:
        migrate(db)
        return open_secret(db, secret_path(settings))


@contextmanager
def opened(settings: Settings) -> Iterator[Database]:
    """A connection for a while. Raises OSError where the directory is missing or can't be written."""
    refuse_directory(settings)
    db = connect(settings.db)
    try:
        yield db
    finally:
        db.close()


def refuse_directory(settings: Settings) -> None:
    directory = settings.db.absolute().parent
    if not directory.is_dir():
        raise OSError(f"The directory {directory} of the database does not exist.")
    if settings.db.is_dir():
        raise OSError(f"The database {settings.db} is a directory.")
    if not os.access(directory, os.W_OK) or (settings.db.exists() and not os.access(settings.db, os.W_OK)):
        raise OSError(f"The database {settings.db} or its directory can't be written.")
