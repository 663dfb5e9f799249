"""Everything that happens by itself while the site runs: each job in one list, with how often."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from domain import follows, interests, outcomes, retention, sealing, turnout
from domain.database import connect
from routes import mail
from routes.results import outcomes_of
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


async def tell_results(site: Site) -> None:
    """Tell once of each process that was sealed what the result is, and makers how their plans fared."""
    for process in outcomes.untold(site.reader, site.all(), site.now()):
        await site.writer.write(outcomes.tell, process, await outcomes_of(site, process), site.now())


async def tell_followers(site: Site) -> None:
    """Put news for followers in the outbox."""
    if follows.anything_due(site.reader, site.now()):
        await site.writer.write(follows.send_news, site.secret, site.all(), site.now())


async def announce(site: Site) -> None:
    """Mail who asked to hear of it that a process opened in their area."""
    while interests.opened(site.reader, site.now()):
        await site.writer.write(interests.announce, site.secret, site.all(), site.now())


async def purge(site: Site) -> None:
    """Delete what was kept long enough."""
    await site.writer.write(retention.purge, site.now())


async def make_figures(site: Site) -> None:
    """Make the figures of who takes part, of every process that has none of today yet or whose vote was sealed;
    and how many asked to hear of the next."""
    for process in site.all():
        now = site.now()
        if turnout.due(site.reader, process, now):
            made = await asyncio.to_thread(site.read, partial(turnout.figures, now=now), process)
            await site.writer.write(turnout.keep, process.id, made)
    if interests.figure_due(site.reader, site.now()):
        await site.writer.write(interests.make_figure, site.now())


@dataclass(frozen=True, slots=True)
class Job:
    """`run` once at the start, and again `seconds` after it ended, until the site stops."""

    run: Callable[[Site], Awaitable[None]]
    seconds: float


JOBS = (
    Job(seal, 20.0),
    Job(mail.send_due, 5.0),
    Job(tell_results, 30.0),
    Job(tell_followers, 30.0),
    Job(announce, 30.0),
    Job(purge, 6 * 3600.0),
    Job(make_figures, 60.0),
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
