"""The wizard: a process designed step by step, begun from something or nothing, left and taken up, and opened."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from litestar import Request
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from domain import areas, phases, planning, processes
from domain.designs import drafts, files, making, model, presets
from domain.designs.choices import Value
from domain.designs.drafts import Draft, Lack, NoSuchDraft, Stale
from domain.designs.files import Flaw, FlawedFile
from domain.designs.making import HostTaken, NotReady
from domain.designs.model import Clash, Design
from domain.fields import Wrong
from domain.phase_kinds import KINDS, Move, Remark
from domain.processes import Process
from domain.sessions import Staff
from routes.forms import Form, read_form, read_upload
from routes.pages import site_of
from routes.replies import Reply, reply, see_other
from routes.staff import steps
from routes.staff.access import DESIGNER, processes_of, staff_answer, staff_of, staff_page, staff_post
from routes.staff.steps import LARGEST_STEP, StepForm

NEW, HERE = "/beheer/nieuw", "/beheer/ontwerpen"
ONE = HERE + "/{design_id:int}"
LARGEST_FORM = 4 * files.LARGEST  # bytes of a design in a hidden field, as a browser encodes it
AHEAD = timedelta(weeks=4)  # between now and the first day that is suggested
TOML = "application/toml; charset=utf-8"


# To begin


@staff_page(NEW, DESIGNER)
async def new(request: Request) -> Reply:
    return staff_answer(
        request,
        "staff/designs_new.html",
        presets=presets.all_presets(),
        waiting=drafts.number(site_of(request).reader, whose(staff_of(request))),
        earlier=earlier(request),
        number=len(model.steps()),
    )


def whose(staff: Staff) -> int | None:
    """Whose designs they see: their own, and the owner everybody's."""
    return None if staff.owner else staff.id


def earlier(request: Request) -> list[Process]:
    """The processes of which a next one can be made."""
    staff = staff_of(request)
    return [process for process in processes_of(request, staff) if staff.may(process.id, "beheerder")]


@staff_post(NEW, DESIGNER, request_max_body_size=LARGEST_FORM)
async def start(request: Request) -> Reply:
    """From a preset, a file that was looked at, last year's process, or nothing."""
    form, site = await read_form(request), site_of(request)
    predecessor = None
    if "voorbeeld" in form:
        design = presets.all_presets().get(form.get("voorbeeld"))
    elif "bestand" in form:
        try:
            design = files.read(form.get("bestand").encode())
        except FlawedFile as flawed:
            return import_page(request, flaws=flawed.flaws)
    elif "traject" in form:
        predecessor = next((each for each in earlier(request) if each.slug == form.get("traject")), None)
        design = drafts.next_year(site.reader, predecessor, today(request)) if predecessor else None
    else:
        design = Design(spans=model.laid_out(KINDS))
    if design is None:
        raise NotFoundException
    arguments = (design, staff_of(request).id, site.now(), predecessor.id if predecessor else None)
    id_ = await site.writer.write(drafts.start, *arguments)
    return see_other(f"{HERE}/{id_}")


def today(request: Request) -> date:
    return site_of(request).now().astimezone(phases.HERE).date()


# A file of somebody else


@staff_page(HERE + "/import", DESIGNER)
async def import_form(request: Request) -> Reply:
    return import_page(request)


def import_page(request: Request, wrong: Iterable[Wrong] = (), flaws: Iterable[Flaw] = ()) -> Reply:
    listed = [*flaws]
    return staff_answer(
        request,
        "staff/designs_import.html",
        status=422 if wrong or listed else 200,
        wrong=[*wrong],
        flaws=[(flaw.line, Wrong(flaw.where, flaw.kind, flaw.limit)) for flaw in listed],
        most_told=files.MOST_FLAWS,
        largest=files.LARGEST // 1000,
    )


@staff_post(HERE + "/import", DESIGNER, request_max_body_size=files.LARGEST + 100_000)
async def look(request: Request) -> Reply:
    """What a file would bring. Nothing is made of it yet."""
    form = await read_upload(request, files.LARGEST + 1)
    upload = form.files.get("ontwerp")
    if upload is None or not upload.data:
        return import_page(request, [Wrong("ontwerp", "missing")])
    try:
        design = files.read(upload.data)
    except FlawedFile as flawed:
        return import_page(request, flaws=flawed.flaws)
    site = site_of(request)
    past = drafts.past(design, site.now())
    begun = drafts.years_later(design, today(request)) if past else design
    return staff_answer(
        request,
        "staff/designs_preview.html",
        design=begun,
        file=files.written(begun),
        past=past,
        undecided=model.undecided(begun),
        clashes=drafts.problems(site.reader, begun),
        lacks=lacks_in(request, begun),
    )


def lacks_in(request: Request, design: Design) -> list[Lack]:
    """What will be otherwise if they open it."""
    return [*drafts.lacks(site_of(request).reader, design, staff_of(request).owner)]


# What was begun


@staff_page(HERE, DESIGNER)
async def index(request: Request) -> Reply:
    listed = drafts.listed(site_of(request).reader, whose(staff_of(request)))
    return staff_answer(
        request,
        "staff/designs.html",
        drafts=listed,
        done=request.query_params.get("gedaan", ""),
    )


def draft_for(request: Request, design_id: int) -> Draft:
    """Raises NotFoundException for one that isn't there, or is somebody else's."""
    staff, draft = staff_of(request), drafts.load(site_of(request).reader, design_id)
    if draft is None or not (staff.owner or draft.account_id == staff.id):
        raise NotFoundException
    return draft


def opened_as(request: Request, draft: Draft) -> Reply | None:
    """On to the process, if there is one of it already."""
    process = next((each for each in site_of(request).all() if each.id == draft.process_id), None)
    return see_other(f"/beheer/{process.slug}") if process else None


@dataclass(frozen=True, slots=True)
class StepState:
    """How far a step is. `state`: done, new (nobody looked at it), open (`undecided` choices are), wrong or out."""

    step: str
    state: str
    undecided: int
    clashes: tuple[Clash, ...]


def states(draft: Draft, clashes: Iterable[Clash]) -> Iterator[StepState]:
    open_, clashes = model.undecided(draft.design), [*clashes]
    for step in model.steps():
        number = sum(choice.section == step for choice in open_)
        here = tuple(clash for clash in clashes if clash.step == step)
        yield StepState(step, state_of(step, draft, number, here), number, here)


def state_of(step: str, draft: Draft, undecided: int, clashes: tuple[Clash, ...]) -> str:
    if step not in draft.seen:
        return "new"
    if clashes:
        return "wrong"
    if undecided:
        return "open"
    return "out" if step in KINDS and step not in draft.design.spans else "done"


@staff_page(ONE, DESIGNER)
async def show(request: Request, design_id: FromPath[int]) -> Reply:
    draft = draft_for(request, design_id)
    return opened_as(request, draft) or overview(request, draft)


def overview(request: Request, draft: Draft, *, refused: str = "", status: int = 200) -> Reply:
    """The steps, and how far each is. `refused`: why it could not be opened just now."""
    db = site_of(request).reader
    listed = [*states(draft, drafts.problems(db, draft.design))]
    return staff_answer(
        request,
        "staff/designs_show.html",
        status=status,
        begun=draft,
        design=draft.design,
        states=listed,
        next=next((each for each in listed if each.state in ("new", "wrong", "open")), None),
        ready=drafts.openable(db, draft.design),
        warnings=warnings(draft.design, site_of(request)),
        lacks=lacks_in(request, draft.design),
        refused=refused,
        done=request.query_params.get("gedaan", ""),
    )


def warnings(design: Design, site: Any) -> list[Remark]:
    """What of its dates looks like a mistake."""
    listed = {phase.kind: phase for phase in design.phases}
    moves = [Move(kind, None, phase) for kind, phase in listed.items()]
    return [*planning.warnings(moves, listed, site.now())]


@staff_page(ONE + "/verwijderen", DESIGNER)
async def confirm_deletion(request: Request, design_id: FromPath[int]) -> Reply:
    return staff_answer(request, "staff/designs_delete.html", begun=draft_for(request, design_id))


@staff_post(ONE + "/verwijderen", DESIGNER)
async def delete(request: Request, design_id: FromPath[int]) -> Reply:
    draft, site = draft_for(request, design_id), site_of(request)
    gone = await site.writer.write(drafts.delete, draft.id, site.now(), staff_of(request).id)
    return see_other(f"{HERE}?gedaan={'weg' if gone else 'niets'}")


@staff_page(ONE + "/ontwerp.toml", DESIGNER)
async def download(request: Request, design_id: FromPath[int]) -> Reply:
    draft = draft_for(request, design_id)
    return file_of(draft.design, processes.slug_from(str(draft.design["traject-name"] or "ontwerp")))


@staff_page("/beheer/{slug:str}/ontwerp.toml", "beheerder")
async def download_of_process(request: Request, slug: FromPath[str]) -> Reply:
    process = site_of(request).process(slug)
    if process is None:
        raise NotFoundException
    return file_of(making.of(site_of(request).reader, process), process.slug)


def file_of(design: Design, name: str) -> Reply:
    headers = {"Content-Disposition": f'attachment; filename="{name}.toml"', "Cache-Control": "no-store"}
    return reply(files.written(design).encode(), TOML, headers)


# One step


@staff_page(ONE + "/{step:str}", DESIGNER)
async def show_step(request: Request, design_id: FromPath[int], step: FromPath[str]) -> Reply:
    draft = draft_for(request, design_id)
    if step not in model.steps():
        raise NotFoundException
    return opened_as(request, draft) or step_page(request, draft, form_of(request, draft, step))


def form_of(request: Request, draft: Draft, step: str) -> StepForm:
    """The step as it stands in the draft; where nothing has dates yet, with dates to begin from."""
    design, begins = draft.design, first_monday(request)
    if step != "planning":
        return steps.shown(step, design, step in draft.seen, suggestions(request, design))
    form = steps.shown(step, model.proposed(design, begins), True, {})
    form.suggested = [kind for kind in design.kinds if not design.spans[kind].dated]
    form.first_day = form.first_day or f"{begins:%Y-%m-%d}"
    return form


def first_monday(request: Request) -> date:
    day = today(request) + AHEAD
    return day + timedelta(days=-day.weekday() % 7)


def suggestions(request: Request, design: Design) -> dict[str, Value]:
    """What is likely here, by field."""
    site = site_of(request).settings
    return {
        "traject-municipality": usual_municipality(request),
        "privacy-controller": site.municipality or design["traject-municipality"],
        "privacy-privacy_contact": site.privacy_email or site.contact_email,
    }


def usual_municipality(request: Request) -> str:
    """That of the newest process that has one, else that of the settings, which may name who runs the site."""
    site = site_of(request)
    return next((each.municipality for each in site.all() if each.municipality), "") or site.settings.municipality


def step_page(
    request: Request,
    draft: Draft,
    form: StepForm,
    *,
    meanwhile: StepForm | None = None,
    more: int = 0,
    version: int = 0,
) -> Reply:
    """`meanwhile`: the step as somebody else saved it first. `version`: of the draft that the form shows."""
    listed = model.steps()
    status = 409 if meanwhile else 422 if form.wrong else 200
    form.themes = steps.empty_themes(form.themes, more) if form.step == "money" else []
    return staff_answer(
        request,
        "staff/designs_step.html",
        status=status,
        begun=draft,
        design=draft.design,
        form=form,
        kinds=KINDS,
        version=version or draft.version,
        place=listed.index(form.step) + 1,
        number=len(listed),
        before=listed[listed.index(form.step) - 1] if listed.index(form.step) else "",
        undecided=model.undecided(draft.design) if form.step in draft.seen else [],
        clashes=[clash for clash in drafts.problems(site_of(request).reader, draft.design) if clash.step == form.step]
        if form.step in draft.seen
        else [],
        warnings=warnings(draft.design, site_of(request)) if form.step == "planning" else [],
        lacks=[lack for lack in lacks_in(request, draft.design) if lack.step == form.step],
        areas=areas.tree(site_of(request).reader)[:MOST_AREAS] if form.step == "traject" else [],
        meanwhile=steps.differences(form, meanwhile) if meanwhile else None,
        hours=request.query_params.get("uren") == "1" or any(steps.has_hours(form)),
        saved=request.query_params.get("gedaan") == "1",
        limits=LIMITS,
    )


MOST_AREAS = 500  # that are offered while somebody types
LIMITS: Mapping[str, int] = {"theme": model.LONGEST_THEME, "text": model.LONGEST_TEXT}


@staff_post(ONE + "/{step:str}", DESIGNER, request_max_body_size=LARGEST_STEP)
async def save_step(request: Request, design_id: FromPath[int], step: FromPath[str]) -> Reply:
    draft, site = draft_for(request, design_id), site_of(request)
    if step not in model.steps():
        raise NotFoundException
    if opened := opened_as(request, draft):
        return opened
    sent = await read_form(request)
    version = version_in(sent)
    form, design = steps.read(step, sent, draft.design)
    form.wrong += refused_host(request, draft.design["look-host"], design["look-host"])
    if "meer" in sent or "bekijk" in sent:
        form.wrong = []
        return step_page(request, draft, form, more=steps.NEW_THEMES, version=version)
    if form.wrong:
        return step_page(request, draft, form, version=version)
    toml = files.written(design)
    try:
        await site.writer.write(drafts.save, draft.id, version, toml, step, site.now(), staff_of(request).id)
    except Stale as first:
        there = first.current
        return opened_as(request, there) or step_page(request, there, form, meanwhile=form_of(request, there, step))
    except NoSuchDraft as gone:
        raise NotFoundException from gone
    if (trial := sent.get("probeer")) in TRIALS:
        return see_other(f"{HERE}/{draft.id}/{trial}?van={step}")
    return see_other(after(draft.id, step, form.step == "planning" and "schuif" in sent, "stop" in sent))


def refused_host(request: Request, before: str | None, wanted: str | None) -> Iterator[Wrong]:
    """As making.change refuses it later."""
    if wanted and wanted != before and not staff_of(request).owner:
        yield Wrong("look-host", "owner_only")


TRIALS = ("proefstem", "simulatie")  # to which a step leads once it is saved, and which lead back to it


def version_in(sent: Form) -> int:
    """Of the draft that the form was made of; 0 where it says none."""
    typed = sent.get("versie")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 16 else 0


def after(design_id: int, step: str, stay: bool, stop: bool) -> str:
    listed = model.steps()
    place = listed.index(step) + 1
    if stay:
        return f"{HERE}/{design_id}/{step}?gedaan=1"
    if stop or place == len(listed):
        return f"{HERE}/{design_id}?gedaan=bewaard"
    return f"{HERE}/{design_id}/{listed[place]}"


# To open it


@staff_page(ONE + "/openen", DESIGNER)
async def confirm_opening(request: Request, design_id: FromPath[int]) -> Reply:
    """What becomes public, and when."""
    draft, site = draft_for(request, design_id), site_of(request)
    if opened := opened_as(request, draft):
        return opened
    if not drafts.openable(site.reader, draft.design):
        return overview(request, draft, refused="not_ready", status=409)
    return staff_answer(
        request,
        "staff/designs_open.html",
        begun=draft,
        design=draft.design,
        slug=processes.free_slug(site.reader, processes.slug_from(str(draft.design["traject-name"]))),
        warnings=warnings(draft.design, site),
        lacks=lacks_in(request, draft.design),
    )


@staff_post(ONE + "/openen", DESIGNER)
async def open_it(request: Request, design_id: FromPath[int]) -> Reply:
    draft, site = draft_for(request, design_id), site_of(request)
    sent = await read_form(request)
    if opened := opened_as(request, draft):
        return opened
    version = version_in(sent)
    try:
        slug = await site.writer.write(drafts.open_process, draft.id, version, site.now(), staff_of(request).id)
    except Stale as first:
        return opened_as(request, first.current) or overview(request, first.current, refused="stale", status=409)
    except NoSuchDraft as gone:
        raise NotFoundException from gone
    except NotReady:
        return overview(request, draft, refused="not_ready", status=409)
    except HostTaken:
        return overview(request, draft, refused="host_taken", status=409)
    return see_other(f"/beheer/{slug}?begonnen=1")


ROUTES = [
    new,
    start,
    import_form,
    look,
    index,
    show,
    confirm_deletion,
    delete,
    download,
    download_of_process,
    show_step,
    save_step,
    confirm_opening,
    open_it,
]
