"""The application: routes, error pages, headers and lifespan. Nothing is opened before it starts to serve."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import uvicorn
from litestar import Litestar

from config.settings import Settings, load
from domain import sealing
from domain.database import connect
from routes import (
    assets,
    ballots,
    errors,
    headers,
    information,
    languages,
    plans,
    processes,
    receipts,
    results,
)
from routes.site import Site, prepared

log = logging.getLogger("wijkbudget")

ROUTES = [
    processes.home,
    information.help_page,
    information.privacy,
    information.accessibility,
    information.security,
    information.robots,
    information.health,
    languages.choose_language,
    assets.static_file,
    assets.favicon,
    assets.photo,
    processes.show,
    plans.index,
    plans.show,
    ballots.new,
    ballots.save,
    ballots.confirm,
    ballots.handed_in_already,
    ballots.hand_in,
    receipts.check,
    receipts.checked,
    results.show,
    results.published_ballots,
    results.published_receipts,
]
LARGEST_BODY = 64_000  # bytes; a ballot with every plan of the largest vote is half of it
SEALING_EVERY = 20.0  # seconds


def create_app(settings: Settings | None = None) -> Litestar:
    """The application for these settings, by default those of the environment. Opens nothing yet.

    Its lifespan raises what `Site` raises: OSError, NotOurs, NewerDatabase, SecretError.
    """
    chosen = settings or load()

    @contextlib.asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        app.state.site = site = Site(chosen)
        timer = asyncio.create_task(seal_closed_votes(site))
        try:
            yield
        finally:
            timer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await timer
            await site.close()

    return Litestar(
        ROUTES,
        lifespan=[lifespan],
        before_request=headers.check_request,
        before_send=[headers.add_headers(chosen)],
        exception_handlers=errors.HANDLERS,
        request_max_body_size=LARGEST_BODY,
        openapi_config=None,
        logging_config=None,
    )


async def seal_closed_votes(site: Site) -> None:
    """Seal every vote that closed, at the start and then every so often, until it takes."""
    while True:
        with contextlib.suppress(Exception):
            await asyncio.to_thread(seal_due, site)
        await asyncio.sleep(SEALING_EVERY)


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


class Server(uvicorn.Server):
    """uvicorn, which tells when the site answers."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self.announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self.announce()


def listen(settings: Settings) -> socket.socket:
    try:
        return socket.create_server((settings.host, settings.port), backlog=2048)
    except OSError as error:
        raise OSError(f"Can't listen on {settings.host}, port {settings.port}: {error.strerror}.") from error


def serve(settings: Settings, announce: Callable[[str], None], *, own_url: bool = False) -> None:
    """Serve until a signal ends it; `announce` gets the address once the site answers.

    `own_url`: links name the address it listens on, whatever the settings say.
    Raises OSError where the port is taken, and what `prepared` raises: before anything is served.
    """
    listener = listen(settings)
    address = f"http://{settings.host}:{listener.getsockname()[1]}"
    chosen = replace(settings, url=address) if own_url else settings
    prepared(chosen)
    config = uvicorn.Config(
        create_app(chosen),
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        access_log=False,  # it would hold addresses of visitors
        proxy_headers=False,  # whose word counts is a setting of ours
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=10,
        log_level="warning",
    )
    Server(config, lambda: announce(address)).run(sockets=[listener])
