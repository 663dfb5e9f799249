"""Tiles of the background map: fetched for visitors, only of our areas, once, and never in the way."""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from litestar.testing import TestClient

from app import create_app
from config.settings import Settings, SettingsError, load
from domain import maps, tiles
from domain.database import Database, writing
from domain.processes import Process
from routes.tiles import background_of
from tests.cast import NOW
from tests.conftest import Clock
from tests.test_maps_domain import AREA, INSIDE

PNG = tiles.PNG + b"een tegel"
Z = 15


class MapMaker:
    """A server of tiles. Says what it was asked; `status` and `body` are what it answers."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.status = 200
        self.body = PNG
        self.headers: dict[str, str] = {}
        self.wait = threading.Event()
        self.wait.set()
        maker = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                maker.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                maker.wait.wait(5)
                self.send_response(maker.status)
                for name, value in maker.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(maker.body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/{{z}}/{{x}}/{{y}}.png"

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


@pytest.fixture
def maker(monkeypatch: pytest.MonkeyPatch) -> Iterator[MapMaker]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    maker = MapMaker()
    yield maker
    maker.wait.set()
    maker.server.shutdown()
    maker.server.server_close()


@pytest.fixture
def settings(settings: Settings, maker: MapMaker) -> Settings:
    return replace(settings, tiles_url=maker.url)


@pytest.fixture(autouse=True)
def _area(db: Database, process: Process) -> None:
    db.execute("UPDATE areas SET boundary = ? WHERE name = 'Bezuidenhout'", [AREA])


def tile_at(lat: float, lon: float, z: int = Z) -> tuple[int, int, int]:
    x, y = maps.mercator(lat, lon)
    return z, int(x * 2**z), int(y * 2**z)


def path(z: int, x: int, y: int) -> str:
    return f"/{z}/{x}/{y}.png"


HERE = tile_at(*INSIDE)
ADDRESS = "/kaart/tegels" + path(*HERE)


def test_a_tile_is_fetched_once_and_kept(client: TestClient, maker: MapMaker) -> None:
    for _ in range(3):
        answer = client.get(ADDRESS)
        assert (answer.status_code, answer.content) == (200, PNG)
        assert answer.headers["content-type"] == "image/png"
        assert answer.headers["cache-control"] == "public, max-age=604800"
    assert maker.paths == [path(*HERE)]


def test_nothing_of_the_visitor_goes_to_who_makes_the_map(client: TestClient, maker: MapMaker) -> None:
    client.cookies.set("bewoner", "geheim")
    client.get(ADDRESS, headers={"User-Agent": "Telefoon", "Referer": "https://wijk.example/plan"})
    (_, headers), = maker.asked  # fmt: skip
    assert set(headers) <= {"host", "user-agent", "accept", "accept-encoding", "connection"}
    assert headers["user-agent"] == "wijkbudget"


def test_a_tile_asked_by_many_at_once_is_fetched_once(client: TestClient, maker: MapMaker) -> None:
    maker.wait.clear()
    answers: list[int] = []
    visitors = [threading.Thread(target=lambda: answers.append(client.get(ADDRESS).status_code)) for _ in range(6)]
    for visitor in visitors:
        visitor.start()
    threading.Timer(0.3, maker.wait.set).start()
    for visitor in visitors:
        visitor.join()
    assert answers == [200] * 6
    assert maker.paths == [path(*HERE)]


ELSEWHERE = [
    path(*tile_at(48.85, 2.35)),
    path(*tile_at(52.37, 4.89)),
    path(*tile_at(*INSIDE, 5)),
    path(*tile_at(*INSIDE, 20)),
    path(6, 0, 0),
    path(6, 99, 0),
    "/15/16777/x.png",
    "/15/16777/10778.svg",
    "/15/16777/10778",
    "/15/16777/٣.png",
    "/15/-1/-1.png",
]


@pytest.mark.parametrize("elsewhere", ELSEWHERE)
def test_we_are_not_the_map_of_the_world(client: TestClient, maker: MapMaker, elsewhere: str) -> None:
    answer = client.get("/kaart/tegels" + elsewhere)
    assert answer.status_code == 404
    assert maker.asked == []


@pytest.mark.parametrize("z", range(tiles.FIRST_ZOOM, tiles.LAST_ZOOM + 1))
def test_of_our_area_there_are_tiles_at_every_zoom_with_some_around_it(client: TestClient, z: int) -> None:
    _, x, y = tile_at(*INSIDE, z)
    for tile in ((z, x, y), (z, x + 1, y), (z, x - 2, y + 2)):
        assert client.get("/kaart/tegels" + path(*tile)).status_code == 200


def test_a_new_area_has_tiles_at_once(client: TestClient, db: Database, elsewhere: Process) -> None:
    there = "/kaart/tegels" + path(*tile_at(52.05, 4.24))
    assert client.get(there).status_code == 404
    db.execute("UPDATE plans SET lat = 52.05, lon = 4.24 WHERE process_id = ?", [elsewhere.id])
    assert client.get(there).status_code == 200


def test_one_pin_put_wrong_does_not_make_the_world_our_area(
    client: TestClient, db: Database, elsewhere: Process
) -> None:
    rows = [(52.05, 4.24), (0.0, 0.0)]
    for n, (lat, lon) in enumerate(rows):
        query = "INSERT INTO plans (process_id, project_id, title, cost, lat, lon) VALUES (?, ?, 'Bank', 1, ?, ?)"
        db.execute(query, [elsewhere.id, f"p{n}", lat, lon])
    assert client.get("/kaart/tegels" + path(*tile_at(40.0, 3.0))).status_code == 404


def wrong_answers() -> list[tuple[int, bytes, dict[str, str]]]:
    return [
        (200, b"<html>geen tegel</html>", {}),
        (200, b"", {}),
        (200, PNG + bytes(tiles.LARGEST), {}),
        (302, b"", {"Location": "/15/1/1.png"}),
        (302, b"", {"Location": "file:///etc/passwd"}),
        (500, PNG, {}),
        (503, b"", {}),
    ]


@pytest.mark.parametrize(("status", "body", "headers"), wrong_answers())
def test_what_is_no_tile_is_not_passed_on_and_not_asked_again_for_a_minute(
    client: TestClient, db: Database, maker: MapMaker, status: int, body: bytes, headers: dict[str, str]
) -> None:
    maker.status, maker.body, maker.headers = status, body, headers
    for _ in range(3):
        answer = client.get(ADDRESS)
        assert (answer.status_code, answer.content) == (404, b"")
        assert answer.headers["cache-control"] == "no-store"
    assert maker.paths == [path(*HERE)]  # nor followed anywhere
    assert db.execute("SELECT count(*) FROM tiles").fetchone()[0] == 0


def test_after_that_minute_the_map_is_back(client: TestClient, maker: MapMaker) -> None:
    maker.status = 500
    assert client.get(ADDRESS).status_code == 404
    maker.status = 200
    assert client.get(ADDRESS).status_code == 404
    background_of(Asked(client)).silent_until = 0.0  # type: ignore[arg-type]
    assert client.get(ADDRESS).status_code == 200


class Asked:
    def __init__(self, client: TestClient) -> None:
        self.app = client.app


def test_a_tile_that_does_not_exist_does_not_silence_the_others(client: TestClient, maker: MapMaker) -> None:
    maker.status = 404
    assert client.get(ADDRESS).status_code == 404
    maker.status = 200
    z, x, y = HERE
    assert client.get("/kaart/tegels" + path(z, x + 1, y)).status_code == 200


def test_a_map_maker_that_is_gone_costs_nobody_time(client: TestClient, maker: MapMaker) -> None:
    maker.server.shutdown()
    maker.server.server_close()
    assert client.get(ADDRESS).status_code == 404
    assert background_of(Asked(client)).silent()  # type: ignore[arg-type]


def test_without_a_map_maker_there_is_no_background(settings: Settings, maker: MapMaker, clock: Clock) -> None:
    with TestClient(create_app(replace(settings, tiles_url="")), base_url="http://testserver.local") as client:
        assert client.get(ADDRESS).status_code == 404
    assert maker.asked == []


def test_after_thirty_days_a_tile_is_fetched_again_and_the_old_one_serves_where_that_fails(
    client: TestClient, maker: MapMaker, clock: Clock
) -> None:
    assert client.get(ADDRESS).content == PNG
    clock.now = NOW + timedelta(days=31)
    maker.status = 500
    assert client.get(ADDRESS).content == PNG
    background_of(Asked(client)).silent_until = 0.0  # type: ignore[arg-type]
    maker.status, maker.body = 200, PNG + b", de nieuwe"
    assert client.get(ADDRESS).content == PNG + b", de nieuwe"
    clock.now = NOW + timedelta(days=60)
    assert client.get(ADDRESS).content == PNG + b", de nieuwe"
    assert len(maker.asked) == 3


def test_there_is_room_for_so_many_tiles_and_the_oldest_go(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiles, "MOST_KEPT", 3)
    with writing(db):
        for x in (1, 2, 3, 1, 4):  # the first is fetched once more
            tiles.keep(db, 9, x, 0, PNG, NOW)
    assert [x for (x,) in db.execute("SELECT x FROM tiles ORDER BY x")] == [1, 3, 4]


def test_too_many_tiles_at_once_are_not_waited_for(client: TestClient, maker: MapMaker) -> None:
    background = background_of(Asked(client))  # type: ignore[arg-type]
    forever: asyncio.Future[bytes | None] = asyncio.Future(loop=asyncio.new_event_loop())
    background.fetching = {(0, n, 0): forever for n in range(60)}  # type: ignore[misc]
    assert client.get(ADDRESS).status_code == 404
    assert maker.asked == []


@pytest.mark.parametrize(
    "value", ["tegels", "file:///{z}/{x}/{y}", "https://kaart.example/{z}/{x}.png", "ftp://x/{z}{x}{y}"]
)
def test_an_address_of_tiles_that_can_not_be_one_stops_the_start(value: str) -> None:
    with pytest.raises(SettingsError, match="tiles_url"):
        load({"tiles_url": value}, {})


def test_by_default_the_map_is_that_of_the_kadaster() -> None:
    assert load({}, {}).tiles_url.startswith("https://service.pdok.nl/brt/achtergrondkaart/")
