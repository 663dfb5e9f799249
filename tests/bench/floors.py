"""The floors: the least that a Litestar app must do. `python floors.py DB SECRET PAGE ANSWER` serves both on a free
port and prints it: hand-ins into DB by raw sqlite3 that answer with the bytes of the file ANSWER, and /page, which is
the bytes of the file PAGE. No check of a ballot, no page to render, no group commit.
"""

import hashlib
import hmac
import secrets
import socket
import sqlite3
import sys
from pathlib import Path
from typing import Any

import uvicorn
from litestar import Litestar, Request, Response, get, post

from config.settings import load
from routes.headers import add_headers

DB, SECRET, PAGE, ANSWER = (Path(name) for name in sys.argv[1:])
SHARED = {"Cache-Control": "no-cache", "ETag": '"x"', "Content-Encoding": "zstd"}
PRIVATE = {"Cache-Control": "no-store"}
for headers in (SHARED, PRIVATE):
    headers["Vary"] = "Accept-Encoding, Accept-Language, Cookie, HX-Request"
secret, page_bytes, answer_bytes = bytes.fromhex(SECRET.read_text()), PAGE.read_bytes(), ANSWER.read_bytes()
db = sqlite3.connect(DB, isolation_level=None)
db.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON")


@post("/inzending", status_code=200)
async def hand_in(request: Request[Any, Any, Any]) -> Response[bytes]:
    form = await request.form()
    key = hmac.digest(secret, f"roll\0{1}\0{form['code']}".encode(), hashlib.sha256)[:16]
    receipt = hashlib.sha256(form["receipt"].encode()).digest()
    db.execute("BEGIN IMMEDIATE")
    db.execute("UPDATE roll SET used_on = '2026-12-03' WHERE process_id = 1 AND key = ? AND used_on IS NULL", (key,))
    db.execute("INSERT INTO receipts (process_id, hash) VALUES (1, ?)", (receipt,))
    vote = (secrets.token_bytes(16), ",".join(sorted(form.getall("plan"))))
    db.execute("INSERT INTO ballots (process_id, key, vote) VALUES (1, ?, ?)", vote)
    db.execute("COMMIT")
    return Response(answer_bytes, media_type="text/html; charset=utf-8", headers=PRIVATE)


@get("/page")
async def page(request: Request[Any, Any, Any]) -> Response[bytes]:
    return Response(page_bytes, media_type="text/html; charset=utf-8", headers=SHARED)


def main() -> None:
    before_send = [add_headers(load(environment={}))]
    app = Litestar([hand_in, page], before_send=before_send, openapi_config=None, logging_config=None)
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", file=sys.stderr, flush=True)
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        ws="none",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=30,
        log_level="warning",
    )
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
