"""“Houd mij op de hoogte van mijn buurt”: asking for mail when a process opens there, changing that and stopping."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Request, post
from litestar.params import FromPath

from domain import areas, fields, interests
from domain.areas import Area
from domain.fields import Wrong
from domain.interests import Interest
from domain.processes import Process
from routes.confirmations import Pending, send_to
from routes.forms import Form, read_form
from routes.languages import language_of
from routes.notices import notice
from routes.pages import answer, page, process_or_404, shared, site_of
from routes.replies import Reply, see_other
from routes.visitors import all_of

HERE = "/op-de-hoogte"


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, where this browser showed an address. `email` is known where we may mail it without asking again."""

    key: bytes
    email: str
    interest: Interest | None


def asker_of(request: Request) -> Asker | None:
    site = site_of(request)
    resident = next((one for one in all_of(request) if not one.code_of), None)
    if resident is None:
        return None
    (own,) = site.reader.execute("SELECT key FROM residents WHERE id = ?", [resident.id]).fetchone()
    key = interests.key_of(site.secret, own)
    interest = interests.of_key(site.reader, site.secret, key)
    return Asker(key, interest.email if interest else resident.email or "", interest)


@page("/op-de-hoogte")
async def show(request: Request) -> Reply:
    return shared(request, "interests/show.html", None, "", lambda: values(request, None), of_resident=True)


@page("/{slug:str}/op-de-hoogte")
async def show_of_process(request: Request, slug: FromPath[str]) -> Reply:
    process = process_or_404(request, slug)
    return shared(request, "interests/show.html", process, "", lambda: values(request, process), of_resident=True)


def values(
    request: Request, process: Process | None, wrong: Sequence[Wrong] = (), form: Form | None = None
) -> dict[str, Any]:
    """What the page shows; `form` is what was typed."""
    db, asker = site_of(request).reader, asker_of(request)
    listed = interests.areas_to_choose(db)
    interest = asker.interest if asker else None
    chosen = list(interest.area_ids) if interest else [areas.of_process(db, process.id)] if process else []
    return {
        "areas": with_hints(listed),
        "themes": interests.themes_to_choose(db),
        "chosen": form.all("gebied") if form else chosen,
        "chosen_themes": form.all("thema") if form else interest.themes if interest else (),
        "email": form.get("email") if form else "",
        "known": asker.email if asker else "",
        "interest": interest,
        "years": 3,
        "wrong": wrong,
    }


def with_hints(listed: Sequence[Area]) -> list[tuple[int, str, str | bool]]:
    """Id and name of each area; True where others lie in it, and where it lies if there may be doubt."""
    by_id = {area.id: area for area in listed}
    holding, names = {area.parent_id for area in listed}, Counter(area.name for area in listed)
    several = sum(area.depth == 0 for area in listed) > 1
    made: list[tuple[int, str, str | bool]] = []
    for area in listed:
        parent = by_id.get(area.parent_id or 0)
        hint = True if area.id in holding else parent.name if parent and (several or names[area.name] > 1) else ""
        made.append((area.id, area.name, hint))
    return made


@post("/op-de-hoogte", status_code=200)
async def ask(request: Request) -> Reply:
    return await asked(request, None)


@post("/{slug:str}/op-de-hoogte", status_code=200)
async def ask_of_process(request: Request, slug: FromPath[str]) -> Reply:
    return await asked(request, process_or_404(request, slug))


async def asked(request: Request, process: Process | None) -> Reply:
    """At once for who confirmed their address before; else only after the link in a mail says that they want it."""
    site, form, asker = site_of(request), await read_form(request), asker_of(request)
    if "stop" in form:
        if asker and asker.interest:
            await site.writer.write(interests.stop, asker.interest.id)
        return see_other(HERE, [notice(request, "not_interested")])
    listed = {str(area.id): area.name for area in interests.areas_to_choose(site.reader)}
    offered = interests.themes_to_choose(site.reader)
    chosen = [value for value in dict.fromkeys(form.all("gebied")) if value in listed]
    themes = [value for value in dict.fromkeys(form.all("thema")) if value in offered]
    wrong = check_number("gebied", len(chosen), interests.MOST_AREAS, required=True)
    wrong += check_number("thema", len(themes), interests.MOST_THEMES)
    if not (asker and asker.email):
        wrong += check_address(form.get("email"))
    if wrong:
        return answer(
            *(request, "interests/show.html", process),
            status=422,
            secret=True,
            **values(request, process, wrong, form),
        )
    area_ids = [int(value) for value in chosen]
    if asker and asker.email:
        address = interests.sealed_address(site.secret, asker.email)
        arguments = (asker.key, address, language_of(request), area_ids, themes, site.now())
        await site.writer.write(interests.ask, *arguments)
        return see_other(HERE, [notice(request, "interested")])
    title = ", ".join(listed[value] for value in chosen)
    slug = process.slug if process else ""
    pending = Pending("interest", {"areas": area_ids, "themes": themes}, title, slug, request.scope["path"])
    return await send_to(request, pending, pending.sealed(site.secret, site.now()), form.get("email"))


def check_number(name: str, number: int, most: int, *, required: bool = False) -> list[Wrong]:
    if required and not number:
        return [Wrong(name, "missing")]
    return [Wrong(name, "too_many", most)] if number > most else []


def check_address(typed: str) -> list[Wrong]:
    try:
        fields.address(typed)
    except ValueError:
        return [Wrong("email", "not_an_address" if typed.strip() else "missing")]
    return []


@page("/op-de-hoogte/{token:str}")
async def ask_to_stop(request: Request, token: FromPath[str]) -> Reply:
    """Only asks: programs that check mail open every link in it."""
    site = site_of(request)
    there = interests.of_token(site.reader, site.secret, token) is not None
    return stop_page(request, token, "ask" if there else "gone")


@post("/op-de-hoogte/{token:str}", status_code=200)
async def stop(request: Request, token: FromPath[str]) -> Reply:
    """From the page, or from a mail program by RFC 8058: without cookies, and with a body that says nothing new."""
    site = site_of(request)
    stopped = await site.writer.write(interests.stop_by_token, site.secret, token)
    return stop_page(request, token, "stopped" if stopped else "gone")


def stop_page(request: Request, token: str, state: str) -> Reply:
    return answer(request, "interests/stop.html", secret=True, state=state, token=token)


ROUTES = [show, show_of_process, ask, ask_of_process, ask_to_stop, stop]
