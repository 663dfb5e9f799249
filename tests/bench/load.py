"""The load generator: a process of its own, so that it shares no interpreter with what it measures.

A visit is what one visitor does: [cookies, steps], with the cookies she comes with, and steps [method, path, body] that
follow each other; the cookies she gets are kept from step to step. One line of JSON on stdin is a round:
{"port", "connections", "visits"}. One line on stdout answers it: {"seconds", "visit_ms": [one a visit],
"last_ms": [its last step], "statuses": {"303 200 200": number of visits}, "bytes"}.
"""

import asyncio
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import uvloop

BROWSER = (
    "Host: 127.0.0.1:{port}\r\n"
    "User-Agent: Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    "Accept-Language: nl,en-US;q=0.7,en;q=0.3\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Sec-Fetch-Site: same-origin\r\n"
)
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
SET_COOKIE = re.compile(rb"\r\nset-cookie: *([^=]+)=([^;\r]*)", re.IGNORECASE)

Cookies = dict[str, str]
Visit = tuple[Cookies, list[tuple[str, str, str]]]


class Connection(asyncio.Protocol):
    """One keep-alive connection that asks one thing at a time."""

    def __init__(self) -> None:
        self.received = b""
        self.answer: asyncio.Future[tuple[bytes, int]] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        head, end, body = self.received.partition(b"\r\n\r\n")
        length = LENGTH.search(head) if end else None
        if length and len(body) >= int(length[1]):
            self.answer.set_result((head, len(body)))

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.answer.done():
            self.answer.set_exception(exc or ConnectionResetError("the server closed the connection"))

    async def ask(self, request: bytes) -> tuple[bytes, int]:
        """The head of the answer, and how many bytes its body has."""
        self.received, self.answer = b"", asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self.answer


def request(browser: str, cookies: Cookies, method: str, path: str, body: str) -> bytes:
    form = f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n" if body else ""
    kept = f"Cookie: {'; '.join(map('='.join, cookies.items()))}\r\n" if cookies else ""
    return f"{method} {path} HTTP/1.1\r\n{browser}{form}{kept}\r\n{body}".encode()


class Round:
    """What came of one round of visits."""

    def __init__(self, port: int) -> None:
        self.browser = BROWSER.format(port=port)
        self.visit_ms: list[float] = []
        self.last_ms: list[float] = []
        self.statuses: Counter[str] = Counter()
        self.bytes = 0

    async def visit(self, connection: Connection, cookies: Cookies, steps: list[tuple[str, str, str]]) -> None:
        statuses = []
        start = last = time.perf_counter()
        for step in steps:
            last = time.perf_counter()
            head, size = await connection.ask(request(self.browser, cookies, *step))
            cookies.update((name.decode(), value.decode()) for name, value in SET_COOKIE.findall(head))
            statuses.append(head[9:12].decode())
            self.bytes += len(head) + size
        end = time.perf_counter()
        self.visit_ms.append(round((end - start) * 1000, 3))
        self.last_ms.append(round((end - last) * 1000, 3))
        self.statuses[" ".join(statuses)] += 1

    async def visitor(self, connection: Connection, visits: Iterator[Visit]) -> None:
        for cookies, steps in visits:
            await self.visit(connection, cookies, steps)


async def run(port: int, connections: int, visits: list[Visit]) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    opened = [(await loop.create_connection(Connection, "127.0.0.1", port))[1] for _ in range(connections)]
    done, waiting = Round(port), iter(visits)
    start = time.perf_counter()
    await asyncio.gather(*(done.visitor(connection, waiting) for connection in opened))
    seconds = time.perf_counter() - start
    for connection in opened:
        connection.answer.cancel()
        connection.transport.close()
    return {name: value for name, value in vars(done).items() if name != "browser"} | {"seconds": seconds}


def main() -> None:
    for line in sys.stdin:
        json.dump(uvloop.run(run(**json.loads(line))), sys.stdout)
        print(flush=True)


if __name__ == "__main__":
    main()
