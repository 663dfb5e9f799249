"""How a process looks (uiterlijk): colours, fonts and logo, what stands on its front page, and where it is shown."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from litestar import Request
from litestar.params import FromPath

from domain import fields, front_pages, hosts, logos, looks, tokens
from domain.designs.making import HostTaken
from domain.designs.model import BLOCKS
from domain.fields import Wrong
from domain.photos import NotAPhoto
from domain.processes import Process
from routes.embeds import snippets
from routes.forms import Form, read_form, read_upload
from routes.hosts import base_of
from routes.pages import site_of
from routes.replies import Reply, reply, see_other
from routes.staff import look_fields
from routes.staff.access import process_for, staff_answer, staff_of, staff_page, staff_post
from routes.staff.look_fields import LookForm

PAGE = "/beheer/{slug:str}/uiterlijk"
MEGABYTE = 1_000_000
SAMPLE = ".look-sample"


@staff_page(PAGE, "beheerder")
async def show(request: Request, slug: FromPath[str]) -> Reply:
    return form_page(request, process_for(request, slug))


def form_page(
    request: Request,
    process: Process,
    *,
    look: LookForm | None = None,
    preview: bool = False,
    stale: bool = False,
    wrong: Iterable[Wrong] = (),
    typed: Mapping[str, Any] | None = None,
) -> Reply:
    """`look`: as it was typed; `preview`: it isn't saved; `typed`: of the other forms, what was wrong."""
    form = look or look_fields.shown(process.look)
    listed = [*form.wrong, *wrong]
    return staff_answer(
        request,
        "staff/looks.html",
        process,
        status=409 if stale else 422 if listed else 200,
        form=form,
        preview=preview,
        stale=stale,
        wrong=listed,
        pairs=contrasts(form.look),
        removed=logos.removed(site_of(request).reader, process.id),
        blocks=places(process),
        typed={**addresses(process), "alt": process.logo.alt if process.logo else "", **(typed or {})},
        base=base_of(site_of(request).settings, process),
        snippets=snippets(base_of(site_of(request).settings, process), process),
        limits={"logo": logos.LARGEST // MEGABYTE, "alt": logos.LONGEST_ALT, "host": hosts.LONGEST},
        done=request.query_params.get("gedaan", ""),
    )


def contrasts(look: looks.Look) -> list[tuple[looks.Pair, float, float]]:
    """Every pair, with its contrast on a light and on a dark page."""
    return [
        (
            pair,
            looks.contrast(look.light[pair.front], look.light[pair.back]),
            looks.contrast(look.dark[pair.front], look.dark[pair.back]),
        )
        for pair in looks.PAIRS
    ]


def places(process: Process) -> list[tuple[str, str]]:
    """Every block with its place, as typed; those that aren't shown last."""
    there = front_pages.blocks_of(process)
    shown = [(block, str(place)) for place, block in enumerate(there, 1)]
    return [*shown, *((block, "") for block in BLOCKS if block not in there)]


def addresses(process: Process) -> dict[str, str]:
    return {"host": process.host, "framers": "\n".join(process.frame_ancestors)}


@staff_page("/beheer/voorbeeld.css")
async def sample(request: Request) -> Reply:
    """The style of a sample that somebody is about to choose, and of nothing else on the page."""
    look = looks.of(look_fields.unpack(request.query_params.get("t", "")))
    headers = {"Cache-Control": "private, max-age=3600"}
    return reply(looks.sheet(look, SAMPLE).encode(), "text/css", headers)


@staff_post(PAGE, "beheerder", request_max_body_size=4 * tokens.LARGEST)
async def save(request: Request, slug: FromPath[str]) -> Reply:
    process, site = process_for(request, slug), site_of(request)
    sent = await read_upload(request, 2 * tokens.LARGEST)
    form = await asyncio.to_thread(look_fields.read, sent)
    if sent.get("doe") == "leeg":
        form = LookForm(before=form.before)
    if form.wrong or sent.get("doe") == "bekijk":
        return form_page(request, process, look=form, preview=not form.wrong)
    arguments = (process, form.tokens, form.before, site.now(), staff_of(request).id)
    try:
        changed = await site.writer.write(looks.save, *arguments)
    except looks.Stale:
        now_there = process_for(request, slug)
        form.before = look_fields.shown(now_there.look).tokens
        return form_page(request, now_there, look=form, preview=True, stale=True)
    return done(process, "look" if changed else "niets")


def done(process: Process, what: str, part: str = "") -> Reply:
    return see_other(f"/beheer/{process.slug}/uiterlijk?gedaan={what}{f'#{part}' if part else ''}")


# Logo


@staff_post(PAGE + "/logo", "beheerder", request_max_body_size=logos.LARGEST + 200_000)
async def logo(request: Request, slug: FromPath[str]) -> Reply:
    process, site = process_for(request, slug), site_of(request)
    form = await read_upload(request, logos.LARGEST + 1)
    upload, alt = form.files.get("logo"), fields.line(form.get("alt"))
    by = (site.now(), staff_of(request).id)
    if form.get("doe") in ("weg", "terug"):
        await site.writer.write(logos.show, process, form.get("doe") == "terug", *by)
        return done(process, "logo", "logo-part")
    wrong = fields.check_text("alt", alt, logos.LONGEST_ALT, required=True)
    if upload is None and process.logo is None:
        wrong.append(Wrong("logo", "missing"))
    picture = None
    if upload is not None:
        try:
            picture = await logos.prepared(upload.data)
        except NotAPhoto as refused:
            wrong.append(Wrong("logo", refused.kind, logos.LARGEST // MEGABYTE))
    if wrong:
        return form_page(request, process, wrong=wrong, typed={"alt": alt})
    if picture is None:
        await site.writer.write(logos.describe, process, alt, *by)
    else:
        await site.writer.write(logos.save, process, picture, alt, *by)
    return done(process, "logo", "logo-part")


# Blocks


@staff_post(PAGE + "/blokken", "beheerder")
async def blocks(request: Request, slug: FromPath[str]) -> Reply:
    """The blocks with a number, in the order of these; the same number twice is no matter."""
    process, site = process_for(request, slug), site_of(request)
    form = await read_form(request)
    wrong, placed = read_places(form)
    if not placed and not wrong:
        wrong = [Wrong(f"plek-{BLOCKS[0]}", "none_left")]
    if wrong:
        typed = [(block, form.get(f"plek-{block}")[:10]) for block, _ in places(process)]
        return form_page(request, process, wrong=wrong, typed={"blocks": typed})
    wanted = [block for _, block in sorted(placed, key=lambda pair: pair[0])]
    changed = await site.writer.write(front_pages.save_blocks, process, wanted, site.now(), staff_of(request).id)
    return done(process, "blokken" if changed else "niets", "blocks-part")


def read_places(form: Form) -> tuple[list[Wrong], list[tuple[int, str]]]:
    wrong, placed = list[Wrong](), list[tuple[int, str]]()
    for block in BLOCKS:
        typed = form.get(f"plek-{block}").strip()
        try:
            if typed:
                placed.append((fields.number(typed), block))
        except ValueError:
            wrong.append(Wrong(f"plek-{block}", "not_a_number"))
    return wrong, placed


# Where it is shown


@staff_post(PAGE + "/adres", "beheerder")
async def address(request: Request, slug: FromPath[str]) -> Reply:
    process, site = process_for(request, slug), site_of(request)
    form = await read_form(request)
    typed = {"host": form.get("host").strip()[:300], "framers": form.get("framers")[:3000].replace("\r\n", "\n")}
    wrong, host, framers = read_addresses(typed, site.host_name)
    if host != process.host and not staff_of(request).owner:
        wrong.append(Wrong("host", "owner_only"))
    if not wrong:
        arguments = (process, host, framers, site.now(), staff_of(request).id)
        try:
            changed = await site.writer.write(front_pages.save_addresses, *arguments)
            return done(process, "adres" if changed else "niets", "address-part")
        except HostTaken:
            wrong = [Wrong("host", "host_taken")]
    return form_page(request, process, wrong=wrong, typed=typed)


def read_addresses(typed: Mapping[str, str], own: str) -> tuple[list[Wrong], str, list[str]]:
    wrong, host, framers = list[Wrong](), "", list[str]()
    try:
        host = hosts.host(typed["host"]) if typed["host"] else ""
        if host == own:
            wrong.append(Wrong("host", "host_of_site"))
    except ValueError:
        wrong.append(Wrong("host", "not_a_host"))
    for line in filter(None, map(str.strip, typed["framers"].split("\n"))):
        try:
            framers.append(hosts.origin(line))
        except ValueError:
            wrong.append(Wrong("framers", "not_an_origin"))
            break
    if len(framers) > hosts.MOST_ORIGINS:
        wrong.append(Wrong("framers", "too_many", hosts.MOST_ORIGINS))
    return wrong, host, framers


ROUTES = [show, sample, save, logo, blocks, address]
