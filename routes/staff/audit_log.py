"""The log of what staff did: the owner reads all of it, a beheerder that of their processes."""

import asyncio
import csv
import io
from typing import Any

from litestar import Request

from domain import accounts, audit
from domain.database import connect
from domain.processes import Process
from domain.sessions import NotAllowed
from routes.pages import site_of
from routes.replies import Reply, reply
from routes.staff.access import processes_of, staff_answer, staff_of, staff_page

LOG = "/beheer/logboek"
A_PAGE = 50


@staff_page(LOG, "beheerder")
async def show(request: Request) -> Reply:
    db, process = site_of(request).reader, asked(request)
    before = request.query_params.get("voor", "")
    older_than = int(before) if before.isascii() and before.isdigit() and len(before) < 16 else None
    entries = audit.page(db, allowed(request, process), A_PAGE + 1, older_than)
    return staff_answer(
        request,
        "staff/audit_log.html",
        entries=entries[:A_PAGE],
        more=len(entries) > A_PAGE,
        older_than=older_than,
        chosen=process,
        readable=readable(request),
        names=accounts.names(db) | {audit.COMMAND_LINE: ""},
        slugs={each.id: each for each in site_of(request).all()},
    )


@staff_page(f"{LOG}.csv", "beheerder")
async def export(request: Request) -> Reply:
    """Every row as it stands, so that anyone can follow the chain; the owner's without a filter holds all of it."""
    process = asked(request)
    body = await asyncio.to_thread(written, request, allowed(request, process))
    name = f"logboek-{process.slug}.csv" if process else "logboek.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return reply(body, "text/csv", headers)


def written(request: Request, process_ids: list[int] | None) -> bytes:
    db = connect(site_of(request).settings.db, readonly=True)
    try:
        lines = io.StringIO()
        csv.writer(lines).writerows([audit.COLUMNS, *audit.rows(db, process_ids)])
        return lines.getvalue().encode()
    finally:
        db.close()


def readable(request: Request) -> list[Process]:
    staff = staff_of(request)
    return [process for process in processes_of(request, staff) if staff.may(process.id, "beheerder")]


def asked(request: Request) -> Process | None:
    """The process to show the rows of; None for all they may read. Raises NotAllowed for one that is not theirs."""
    slug: Any = request.query_params.get("traject", "")
    found = next((process for process in readable(request) if process.slug == slug), None)
    if slug and found is None:
        raise NotAllowed
    return found


def allowed(request: Request, process: Process | None) -> list[int] | None:
    """The ids of the processes to show; None for everything, also what belongs to no process."""
    if process:
        return [process.id]
    return None if staff_of(request).owner else [each.id for each in readable(request)]


ROUTES = [show, export]
