"""A fresh database, a site and a clock for every test. The people are in cast.py."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis
from litestar import Litestar
from litestar.testing import TestClient

from app import create_app
from config.settings import Settings, load, secret_path
from domain import ballots, passwords, sealing
from domain.ballots import Outcome
from domain.database import Database, connect, writing
from domain.migrations import migrate
from domain.processes import Process
from domain.secret import open_secret
from routes.site import Site
from tests.cast import AFTER, LOOSDUINEN, LOOSDUINEN_PLANS, NOW, Resident, insert_vote, reload

hypothesis.register_profile("quick", max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
hypothesis.load_profile("quick")

FOLDER = Path(os.environ.get("PABULIB_DIR", Path(__file__).parents[2] / "shared" / "pabulib"))
FILES = sorted(FOLDER.glob("*.pb"))


@pytest.fixture(scope="session")
def folder() -> Path:
    """The real .pb files: in ../shared/pabulib beside the checkout, or in PABULIB_DIR."""
    if not FILES and os.environ.get("CI"):
        pytest.fail(f"No .pb files in {FOLDER}; CI must have them.")
    if not FILES:
        pytest.skip(f"No .pb files in {FOLDER}; set PABULIB_DIR.")
    return FOLDER


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where everything is there (.ci/run says so), a test that skipped is a test that failed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("WIJKBUDGET_NO_SKIPS") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a password costs to guess is tested once; the others needn't wait for it."""
    monkeypatch.setattr(passwords, "HASHER", QUICK)


class Clock:
    """What time it is on the site. Tests move it: `clock.now = CLOSES`."""

    def __init__(self, now: datetime) -> None:
        self.now = now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock(NOW)
    monkeypatch.setattr(Site, "now", lambda site: clock.now)
    return clock


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load({"db": str(tmp_path / "wijkbudget.db"), "url": "http://testserver.local"}, environment={})


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of an empty database that is up to date: made once, every test has a copy."""
    path = tmp_path_factory.mktemp("migrated") / "wijkbudget.db"
    db = connect(path)
    migrate(db)
    db.close()
    return path


@pytest.fixture
def db(settings: Settings, migrated: Path) -> Iterator[Database]:
    """A fresh database, up to date and empty."""
    shutil.copy(migrated, settings.db)
    db = connect(settings.db)
    yield db
    db.close()


@pytest.fixture
def secret(db: Database, settings: Settings) -> bytes:
    return open_secret(db, secret_path(settings))


@pytest.fixture
def elsewhere(db: Database, secret: bytes) -> Process:
    """Loosduinen votes too. Willem lives there."""
    return insert_vote(db, secret, slug="loosduinen", plans=LOOSDUINEN_PLANS, residents=LOOSDUINEN)


@pytest.fixture
def process(db: Database, secret: bytes, elsewhere: Process) -> Process:
    """Bezuidenhout divides € 20.000 by knapsack; its vote is open at NOW."""
    return insert_vote(db, secret)


HandIn = Callable[..., Outcome]


@pytest.fixture
def hand_in(db: Database, secret: bytes) -> HandIn:
    """`hand_in(process, AICHA, "bank", "tuin")`: straight into the domain, committed."""

    def hand_in(process: Process, who: Resident, *project_ids: str, now: datetime = NOW, receipt: str = "") -> Outcome:
        with writing(db):
            return ballots.hand_in(db, secret, process, who.code, project_ids, receipt or who.receipt, now)

    return hand_in


Seal = Callable[[Process], Process]


@pytest.fixture
def seal(db: Database) -> Seal:
    """The vote closes and is sealed; returns the process as it is then."""

    def seal(process: Process) -> Process:
        sealing.seal(db, process.slug, AFTER)
        return reload(db, process.slug)

    return seal


ANYWHERE = load({"db": "anywhere", "url": "http://testserver.local"}, environment={})


@pytest.fixture(scope="session")
def any_app() -> Litestar:
    return create_app(ANYWHERE)


@pytest.fixture
def app(settings: Settings, clock: Clock, any_app: Litestar, monkeypatch: pytest.MonkeyPatch) -> Litestar:
    """The site with these settings. Making one takes long: where only the database is another, it is the one of the
    test before, and holds nothing of it."""
    if replace(settings, db=ANYWHERE.db) != ANYWHERE:
        return create_app(settings)
    monkeypatch.setattr("app.Site", lambda chosen: Site(settings if chosen is ANYWHERE else chosen))
    any_app.state.clear()
    return any_app


@pytest.fixture
def client(app: Litestar, db: Database, secret: bytes) -> Iterator[TestClient]:
    """A browser, without following redirects. The site runs in this process and looks at `clock`."""
    with TestClient(app, base_url="http://testserver.local") as client:
        client.follow_redirects = False
        yield client


@pytest.fixture
def site(client: TestClient, app: Litestar) -> Site:
    """The running site behind `client`."""
    running: Site = app.state.site
    return running
