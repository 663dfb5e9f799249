"""What a resident has here (mijn): plans, support, reactions, follows; what we know of them, and having it removed."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from litestar import Request, post

from domain import follows, interests, personal_data, questions, residents, supports
from domain.database import Database, connect
from domain.personal_data import Traces
from domain.residents import Resident
from routes.confirmations import ask_address
from routes.forms import read_form
from routes.notices import notice
from routes.pages import answer, page, site_of
from routes.replies import Reply, reply, see_other
from routes.site import Site
from routes.submissions import here, tokens_ended, written_here
from routes.visitors import all_of, signed_out, tokens_of


@page("/mijn")
async def show(request: Request) -> Reply:
    """Everything of theirs, with the way to each; or the form to sign in."""
    found = all_of(request)
    if not found:
        return await ask_address(request, None, "sign_in", {"to": "/mijn"})
    site = site_of(request)
    db, now = site.reader, site.now()
    tables = [personal_data.known(db, resident, Traces()) for resident in found]
    return answer(
        request,
        "residents/show.html",
        secret=True,
        residents=found,
        questions=[one for resident in found for one in questions.open_for(db, resident.id)],
        plans=together(tables, "plans"),
        drafts=[(here(process), process, draft) for process, draft in written_here(request) if not draft.typed.empty],
        supported=[one for resident in found for one in supports.of_resident(db, resident.id, now)],
        reactions=together(tables, "reactions"),
        follows=[one for resident in found for one in follows.of_resident(db, resident.id)],
        interest_areas=[name for resident in found for name in areas_of(site, resident)],
    )


def areas_of(site: Site, resident: Resident) -> list[str]:
    """Where they asked to hear of new processes."""
    interest = interests.of_resident(site.reader, site.secret, resident.id)
    return list(interests.known(site.reader, interest)["areas"]) if interest else []


def together(tables: Sequence[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [row for table in tables for row in table[name]]


@post("/mijn/afmelding", status_code=303)
async def sign_out(request: Request) -> Reply:
    await read_form(request)
    await site_of(request).writer.write(end_sessions, tokens_of(request))
    return see_other("/", [*signed_out(request), notice(request, "signed_out")])


def end_sessions(db: Database, tokens: Sequence[str]) -> None:
    for token in tokens:
        residents.end_session(db, token)


@page("/mijn/gegevens")
async def data(request: Request) -> Reply:
    """“Wat weten jullie van mij?”"""
    found = all_of(request)
    if not found:
        return await ask_address(request, None, "personal_data", {})
    tables = await asyncio.to_thread(read_known, site_of(request), found, draft_ids(request))
    return answer(request, "residents/data.html", secret=True, residents=found, tables=tables)


@page("/mijn/gegevens.json")
async def data_file(request: Request) -> Reply:
    """The same, for a program or to keep."""
    found = all_of(request)
    if not found:
        return see_other("/mijn/gegevens")
    tables = await asyncio.to_thread(read_known, site_of(request), found, draft_ids(request))
    body = json.dumps(tables, ensure_ascii=False, indent=2).encode()
    headers = {"Cache-Control": "no-store", "Content-Disposition": 'attachment; filename="mijn-gegevens.json"'}
    return reply(body, "application/json", headers)


def draft_ids(request: Request) -> list[int]:
    """Of plans that are written in this browser: no address stands in them before it is asked."""
    return [draft.id for _, draft in written_here(request)]


def read_known(site: Site, found: Sequence[Resident], drafts: Sequence[int]) -> list[dict[str, Any]]:
    with_traces = read_traces(site, found, drafts)
    db = connect(site.settings.db, readonly=True)
    try:
        return [personal_data.known(db, resident, with_traces[resident.id]) for resident in found]
    finally:
        db.close()


def read_traces(site: Site, found: Sequence[Resident], drafts: Sequence[int]) -> dict[int, Traces]:
    """By resident; `drafts` of this browser are of the first of them."""
    db = connect(site.settings.db, readonly=True)
    try:
        traces = {resident.id: personal_data.traces(db, site.secret, resident.id) for resident in found}
    finally:
        db.close()
    first = traces[found[0].id]
    return traces | {found[0].id: replace(first, drafts=tuple(sorted({*first.drafts, *drafts})))}


@page("/mijn/verwijdering")
async def ask_removal(request: Request) -> Reply:
    """What goes and what stays, before the button."""
    found = all_of(request)
    if not found:
        return see_other("/mijn/gegevens")
    tables = [personal_data.known(site_of(request).reader, resident, Traces()) for resident in found]
    return answer(request, "residents/remove.html", secret=True, residents=found, plans=together(tables, "plans"))


@post("/mijn/verwijdering", status_code=200)
async def remove(request: Request) -> Reply:
    """“Verwijder mij”: at once, for good, and signed out everywhere."""
    site, found = site_of(request), all_of(request)
    form = await read_form(request)
    if not found:
        return see_other("/mijn/gegevens")
    with_traces = await asyncio.to_thread(read_traces, site, found, draft_ids(request))
    await site.writer.write(personal_data.forget, list(with_traces.items()), "naam_weg" in form, site.now())
    request.scope["state"]["residents"] = ()
    return answer(
        request, "residents/removed.html", secret=True, cookies=[*signed_out(request), *tokens_ended(request)]
    )


ROUTES = [show, sign_out, data, data_file, ask_removal, remove]
