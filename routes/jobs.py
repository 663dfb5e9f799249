"""Everything that happens by itself while the site runs: each job in one list, with how often."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from domain import follows, retention, sealing
from domain.database import connect
from routes import mail
from routes.site import Site

log = logging.getLogger("wijkbudget")


async def seal(site: Site) -> None:
    """Seal every vote that closed."""
    await asyncio.to_thread(seal_due, site)


def seal_due(site: Site) -> None:
    db = connect(site.settings.db)
    try:
        for slug in sealing.due(db, site.now()):
            try:
                sealing.seal(db, slug, site.now())
                log.info("sealed the vote of %s", slug)
            except Exception as error:
                log.warning("the vote of %s is not sealed yet: %s", slug, error)
    finally:
        db.close()


async def tell_followers(site: Site) -> None:
    """Put news for followers in the outbox."""
    if follows.anything_due(site.reader, site.now()):
        await site.writer.write(follows.send_news, site.secret, site.all(), site.now())


async def purge(site: Site) -> None:
    """Delete what was kept long enough."""
    await site.writer.write(retention.purge, site.now())


@dataclass(frozen=True, slots=True)
class Job:
    """`run` once at the start, and again `seconds` after it ended, until the site stops."""

    run: Callable[[Site], Awaitable[None]]
    seconds: float


JOBS = (
    Job(seal, 20.0),
    Job(mail.send_due, 5.0),
    Job(tell_followers, 30.0),
    Job(purge, 6 * 3600.0),
)


async def repeat(job: Job, site: Site) -> None:
    """A job that fails is logged and tried again at its next time; it never takes the site down."""
    while True:
        try:
            await job.run(site)
        except Exception as error:
            log.warning("%s: %s", job.run.__name__, error)
        await asyncio.sleep(job.seconds)


@contextlib.asynccontextmanager
async def running(site: Site) -> AsyncIterator[None]:
    """The jobs, as long as the body runs."""
    tasks = [asyncio.create_task(repeat(job, site)) for job in JOBS]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
