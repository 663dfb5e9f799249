"""The choices of a process once it is there, in the steps in which it was designed; and its photo."""

from collections.abc import Iterable, Iterator

from litestar import Request
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from domain import photos
from domain.designs import making, model
from domain.designs.choices import Choice
from domain.designs.making import HostTaken
from domain.designs.model import Clash, Design
from domain.fields import Wrong, WrongFields
from domain.phase_kinds import KINDS
from domain.photos import NotAPhoto
from domain.processes import Process
from routes.forms import read_form, read_upload
from routes.pages import site_of
from routes.replies import Reply, see_other
from routes.staff import steps
from routes.staff.access import process_for, staff_answer, staff_of, staff_page, staff_post
from routes.staff.steps import LARGEST_STEP, PHASE, THEMES, StepForm

MEGABYTE = 1_000_000
ELSEWHERE = {"traject-municipality": "area", "traject-area": "area", "traject-area_code": "area"}
ELSEWHERE |= {"assess-checklist": "checklist"}  # what has a page of its own, or stays


def steps_of(process: Process) -> tuple[str, ...]:
    """The steps in which this process has something to choose; its dates have a page of their own."""
    return tuple(
        step
        for step in model.steps()
        if steps.choices_in(step) and (step not in KINDS or process.phase(step) is not None)
    )


def reasons(request: Request, process: Process) -> dict[str, str]:
    """Why a choice can't be made here any more, by its field: vote, supports, area or checklist."""
    site = site_of(request)
    holds = making.fixed(site.reader, process, site.now())
    fixed = {choice.field: choice.fixed for choice in model.choices() if choice.fixed in holds}
    return fixed | ELSEWHERE | ({THEMES: "vote"} if "vote" in holds else {})


@staff_page("/beheer/{slug:str}/keuzes", "beheerder")
async def show(request: Request, slug: FromPath[str]) -> Reply:
    return overview(request, process_for(request, slug))


def overview(request: Request, process: Process, wrong: tuple[Wrong, ...] = ()) -> Reply:
    """`wrong`: with the photo."""
    design = making.of(site_of(request).reader, process)
    return staff_answer(
        request,
        "staff/choices.html",
        process,
        status=422 if wrong else 200,
        design=design,
        steps=[(step, steps.choices_in(step)) for step in steps_of(process)],
        reasons=reasons(request, process),
        wrong=wrong,
        largest=photos.LARGEST // MEGABYTE,
        done=request.query_params.get("gedaan", ""),
    )


@staff_page("/beheer/{slug:str}/keuzes/{step:str}", "beheerder")
async def show_step(request: Request, slug: FromPath[str], step: FromPath[str]) -> Reply:
    process = process_for(request, slug)
    design = making.of(site_of(request).reader, process)
    return step_page(request, process, design, form_of(process, design, step))


def form_of(process: Process, design: Design, step: str) -> StepForm:
    """Raises NotFoundException."""
    if step not in steps_of(process):
        raise NotFoundException
    return steps.shown(step, design, True, {})


def step_page(
    request: Request,
    process: Process,
    design: Design,
    form: StepForm,
    *,
    mark: str = "",
    meanwhile: StepForm | None = None,
    more: int = 0,
    clashes: Iterable[Clash] = (),
) -> Reply:
    """`mark`: of the choices that the form shows. `meanwhile`: the step as somebody else saved it first. `clashes`:
    what would not fit together."""
    fixed = reasons(request, process)
    if form.step == "money" and THEMES not in fixed:
        form.themes = steps.empty_themes(form.themes, more)
    return staff_answer(
        request,
        "staff/choices_step.html",
        process,
        status=409 if meanwhile else 422 if form.wrong or clashes else 200,
        design=design,
        form=form,
        kinds=KINDS,
        mark=mark or making.mark(site_of(request).reader, process),
        reasons=fixed,
        clashes=[*clashes],
        meanwhile=steps.differences(form, meanwhile) if meanwhile else None,
        longest_theme=model.LONGEST_THEME,
    )


@staff_post("/beheer/{slug:str}/keuzes/{step:str}", "beheerder", request_max_body_size=LARGEST_STEP)
async def save(request: Request, slug: FromPath[str], step: FromPath[str]) -> Reply:
    process, site = process_for(request, slug), site_of(request)
    there = making.of(site.reader, process)
    shown = form_of(process, there, step)
    sent = await read_form(request)
    fixed = reasons(request, process)
    form, wanted = steps.read(step, sent, there, {*fixed, PHASE})
    form.typed |= {field: shown.typed[field] for field in fixed if field in shown.typed}
    if "meer" in sent:
        form.wrong = []
        return step_page(request, process, there, form, mark=sent.get("mark"), more=steps.NEW_THEMES)
    form.wrong += missing(form.choices, wanted, fixed)
    clashes = [clash for clash in model.clashes(wanted) if clash not in model.clashes(there)]
    if form.wrong or clashes:
        return step_page(request, process, there, form, mark=sent.get("mark"), clashes=clashes)
    arguments = (process, sent.get("mark"), wanted, site.now(), staff_of(request).id)
    try:
        changed = await site.writer.write(making.change_marked, *arguments)
    except WrongFields as refused:
        form.wrong = [*refused.wrong]
    except HostTaken:
        form.wrong = [Wrong("look-host", "host_taken")]
    except making.Stale as first:
        now = process_for(request, slug)
        return step_page(request, now, first.current, form, meanwhile=form_of(now, first.current, step))
    if form.wrong:
        return step_page(request, process_for(request, slug), there, form, mark=sent.get("mark"))
    return see_other(f"/beheer/{process.slug}/keuzes?gedaan={'keuzes' if changed else 'niets'}")


def missing(listed: tuple[Choice, ...], design: Design, fixed: dict[str, str]) -> Iterator[Wrong]:
    """What a process can't do without."""
    for choice in listed:
        if choice.needed and choice.field not in fixed and model.missing(design.values.get(choice.field)):
            yield Wrong(choice.field, "missing")


@staff_post("/beheer/{slug:str}/foto", "beheerder", request_max_body_size=photos.LARGEST + 200_000)
async def photo(request: Request, slug: FromPath[str]) -> Reply:
    """The photo on top of the process's page, or none any more."""
    process, site = process_for(request, slug), site_of(request)
    form = await read_upload(request)
    upload, pictures = form.files.get("photo"), None
    if "weg" not in form:
        if upload is None or not upload.data:
            return photo_refused(request, process, "missing")
        try:
            pictures = await photos.prepared(upload.data)
        except NotAPhoto as refused:
            return photo_refused(request, process, refused.kind)
    await site.writer.write(photos.show_on_process, process.id, pictures, site.now(), staff_of(request).id)
    return see_other(f"/beheer/{process.slug}/keuzes?gedaan=foto#photo-part")


def photo_refused(request: Request, process: Process, kind: str) -> Reply:
    return overview(request, process, (Wrong("photo", kind, photos.LARGEST // MEGABYTE),))


ROUTES = [show, show_step, save, photo]
