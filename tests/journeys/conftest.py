"""The demo site as people run it, and Chromium to visit it with. One server and one browser for all journeys."""

import csv
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    ViewportSize,
    expect,
    sync_playwright,
)

from config.settings import load, secret_path
from domain import demos
from domain.database import connect
from domain.secret import open_secret
from tests.cast import insert_vote

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
ARGUMENTS = ["--no-sandbox", "--disable-background-networking", "--disable-gpu"]
TIMEOUT_MS = 15_000  # a busy machine is no failure
PHONE: ViewportSize = {"width": 360, "height": 740}
PROGRAM = Path(sys.executable).with_name("wijkbudget")


@dataclass(frozen=True)
class Demo:
    """The running demo: its address, its open vote, codes nobody used, and two more processes put beside it."""

    site: str
    process: str
    codes: Iterator[str]
    letters: Path
    letter_urls: list[str]
    db: Path
    password: str  # of the staff of the demo
    finished: str = demos.FINISHED_SLUG
    ahead: str = "straks"  # its vote opens next week
    approval: str = "drie-plannen"  # at most three plans, at least two, no blank ballot; a vote may be changed

    def __call__(self, path: str = "") -> str:
        """The address of a page below the process whose vote is open; of the site if it starts with a slash."""
        return self.site + path if path.startswith("/") else f"{self.site}/{self.process}/{path}".rstrip("/")


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    # A package's fixture, not a session's: while it runs, nothing else in this thread can use asyncio.
    if CHROMIUM is None:
        pytest.skip("No Chromium: install it, or name it in CHROMIUM.")
    with sync_playwright() as playwright:
        expect.set_options(timeout=TIMEOUT_MS)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    directory = tmp_path_factory.mktemp("demo")
    db = directory / "demo.db"
    server = subprocess.Popen([PROGRAM, "demo", "--json", "--db", db], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        facts = json.loads(server.stdout.readline())
        insert_neighbours(db)
        listed = draw_codes(db, facts, directory)
        codes = (row["code"] for row in listed)
        urls = [row["url"] for row in listed]
        yield Demo(facts["site"], facts["process"], codes, directory / "letters.html", urls, db, facts["password"])
    finally:
        server.terminate()
        server.wait(30)


def draw_codes(db: Path, facts: dict[str, Any], directory: Path) -> list[dict[str, str]]:
    """Letters as the printer gets them; more than the ten codes that the demo itself gives away."""
    files: list[str | Path] = ["--out", directory / "codes.csv", "--letters", directory / "letters.html"]
    subprocess.run(
        [PROGRAM, "codes", facts["process"], "--db", db, "--number", "40", *files],
        check=True,
        capture_output=True,
        env={**os.environ, "WIJKBUDGET_URL": facts["site"]},
    )
    with (directory / "codes.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def insert_neighbours(path: Path) -> None:
    now, week = datetime.now(UTC), timedelta(days=7)
    db = connect(path)
    secret = open_secret(db, secret_path(load({"db": str(path)}, environment={})))
    insert_vote(db, secret, slug=Demo.ahead, opens_at=now + week, closes_at=now + 3 * week)
    limits: dict[str, Any] = {
        "max_sum_cost": None,
        "min_length": 2,
        "max_length": 3,
        "blank_allowed": 0,
        "change_allowed": 1,
    }
    insert_vote(
        db,
        secret,
        slug=Demo.approval,
        opens_at=now - week,
        closes_at=now + week,
        voting_method="approval",
        **limits,
    )
    db.close()


@dataclass
class Watch:
    """What no page may do: complain in the console, break its own CSP, or ask another host for anything."""

    host: str
    complaints: list[str] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)

    def follow(self, context: BrowserContext) -> None:
        context.on("console", self.console)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        context.on("request", self.request)
        context.on("response", self.response)

    def console(self, message: ConsoleMessage) -> None:
        # A page with status 422 and a phone without connection are part of the journeys; `response` sees the rest.
        expected = message.text.startswith(("Failed to load resource", "htmx: htmx:error: Failed to fetch"))
        if message.type in ("error", "warning") and not expected:
            self.complaints.append(message.text)

    def request(self, request: Request) -> None:
        self.urls.append(request.url)
        if urlsplit(request.url).scheme in ("http", "https") and urlsplit(request.url).netloc != self.host:
            self.complaints.append(f"another host: {request.url}")

    def response(self, response: Response) -> None:
        if response.status >= 400 and response.request.resource_type != "document":
            self.complaints.append(f"{response.status} {response.url}")


Visitor = Callable[..., Page]


@pytest.fixture
def watch(demo: Demo) -> Iterator[Watch]:
    watch = Watch(urlsplit(demo.site).netloc)
    yield watch
    assert watch.complaints == []


@pytest.fixture
def visitor(chromium: Browser, watch: Watch) -> Iterator[Visitor]:
    """`visitor(locale="en-GB")`: somebody with a phone that never saw the site; options are Playwright's."""
    contexts: list[BrowserContext] = []

    def visitor(**options: Any) -> Page:
        context = chromium.new_context(**{"locale": "nl-NL", "viewport": PHONE, "reduced_motion": "reduce"} | options)
        context.set_default_timeout(TIMEOUT_MS)
        watch.follow(context)
        contexts.append(context)
        return context.new_page()

    yield visitor
    for context in contexts:
        context.close()


@pytest.fixture
def phone(visitor: Visitor) -> Page:
    return visitor()


@pytest.fixture
def plain_phone(visitor: Visitor) -> Page:
    """A phone without JavaScript."""
    return visitor(java_script_enabled=False)


@pytest.fixture
def code(demo: Demo) -> str:
    """A stemcode from a letter that nobody used."""
    return next(demo.codes)
