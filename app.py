"""The application: routes, error pages, headers and lifespan. Nothing is opened before it starts to serve."""

import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import uvicorn
from litestar import Litestar

from config.settings import Settings, load
from routes import (
    assets,
    ballots,
    confirmations,
    devices,
    embeds,
    errors,
    feeds,
    follows,
    headers,
    information,
    interests,
    jobs,
    languages,
    looks,
    makers,
    maps,
    pages,
    plans,
    processes,
    questions,
    reactions,
    receipts,
    reports,
    residents,
    results,
    rules,
    staff,
    submissions,
    supports,
    tiles,
    turnout,
    versions,
    withdrawals,
)
from routes.site import Site, prepared
from routes.staff import access

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
    maps.show,
    maps.places,
    maps.picture,
    tiles.tile,
    plans.index,
    plans.show,
    ballots.new,
    ballots.save,
    ballots.confirm,
    ballots.handed_in_already,
    ballots.hand_in,
    *devices.ROUTES,
    receipts.check,
    receipts.checked,
    results.show,
    results.published_ballots,
    results.published_receipts,
    *submissions.ROUTES,
    *makers.ROUTES,
    *versions.ROUTES,
    *withdrawals.ROUTES,
    *questions.ROUTES,
    *confirmations.ROUTES,
    *supports.ROUTES,
    *residents.ROUTES,
    *reactions.ROUTES,
    *reports.ROUTES,
    *follows.ROUTES,
    *interests.ROUTES,
    *feeds.ROUTES,
    *turnout.ROUTES,
    *rules.ROUTES,
    information.process_privacy,
    *looks.ROUTES,
    *embeds.ROUTES,
    *staff.ROUTES,
]
access.refuse_undeclared(ROUTES)
LARGEST_BODY = 64_000  # bytes; a ballot with every plan of the largest vote is half of it


def create_app(settings: Settings | None = None) -> Litestar:
    """The application for these settings, by default those of the environment. Opens nothing yet.

    Its lifespan raises what `Site` raises: OSError, NotOurs, NewerDatabase, SecretError.
    """
    chosen = settings or load()

    @contextlib.asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        app.state.site = site = Site(chosen)
        try:
            async with jobs.running(site):
                yield
        finally:
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


class Server(uvicorn.Server):
    """uvicorn, which tells when the site answers."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self.announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            pages.compile_ahead()
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
