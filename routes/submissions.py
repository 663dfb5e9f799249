"""Handing in a plan: the form that saves itself, how it will look, and handing it in."""

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from litestar import Request, post
from litestar.datastructures import Cookie
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from domain import fields, mails, makers, outbox, phases, photos, submissions
from domain.fields import Wrong, WrongFields
from domain.maps import contains
from domain.outbox import Recipient
from domain.photos import NotAPhoto, Pictures
from domain.processes import Process
from domain.submissions import Closed, Gone, HandedIn, Submission, Typed
from routes import forms, maps
from routes.confirmations import ask_address
from routes.drafts import draft_on_page
from routes.forms import LARGEST_UPLOAD, Form, read_upload
from routes.languages import language_of
from routes.pages import answer, is_htmx, page, process_or_404, site_of
from routes.replies import Reply, see_other
from routes.visitors import resident_of

PREFIX = "plan_"
MEGABYTE = 1_000_000
ROWS = 3  # of items, to begin with


def token_of(request: Request, process: Process) -> str:
    return forms.cookie(request, f"{PREFIX}{process.id}")


def token_cookie(request: Request, process: Process, token: str) -> Cookie:
    """The cookie that is the key of the draft; an empty token ends it."""
    return Cookie(
        f"{PREFIX}{process.id}",
        value=token,
        max_age=int(submissions.KEPT.total_seconds()) if token else 0,
        path="/",
        secure=site_of(request).secure,
        httponly=True,
        samesite="lax",
    )


def draft_of(request: Request, process: Process) -> Submission | None:
    return submissions.of_token(site_of(request).reader, process.id, token_of(request, process))


def written_here(request: Request) -> list[tuple[Process, Submission]]:
    """What is written in this browser and not handed in, with the process it is for."""
    pairs = ((process, draft_of(request, process)) for process in site_of(request).all())
    return [(process, draft) for process, draft in pairs if draft and draft.plan_id is None]


def tokens_ended(request: Request) -> list[Cookie]:
    """The cookies of all drafts of this browser, ended."""
    held = [process for process in site_of(request).all() if token_of(request, process)]
    return [token_cookie(request, process, "") for process in held]


def here(process: Process) -> str:
    return f"/{process.slug}/plannen/nieuw"


@page("/{slug:str}/plannen/nieuw")
async def new(request: Request, slug: FromPath[str]) -> Reply:
    process = process_or_404(request, slug)
    draft = draft_of(request, process)
    if draft and draft.plan_id is not None:
        return handed_in_page(request, process, draft.plan_id)
    if not submissions.possible(process, site_of(request).now()):
        return closed(request, process)
    token = token_of(request, process) or submissions.new_token()
    return form_page(request, process, draft, cookies=[token_cookie(request, process, token)])


def closed(request: Request, process: Process, *, handing_in: bool = False, typed: Typed | None = None) -> Reply:
    """The page for who comes too early or too late, or where staff write plans down for residents; `handing_in`: with
    a plan, which was not handed in. What was `typed`, or else the draft of this browser, stands there to be read."""
    phase, now = process.phase("collect"), site_of(request).now()
    kept = draft_of(request, process)
    reason = "never" if phase is None else "before" if now < phase.opens_at else "after"
    if phase is not None and phase.open(now):
        reason = "staff"
    return answer(
        request,
        "submissions/closed.html",
        process,
        draft=draft_on_page(request, process),
        status=409 if handing_in else 200,
        secret=True,
        reason=reason,
        phase=phase,
        handing_in=handing_in,
        typed=typed or (kept.typed if kept else Typed()),
        kept_until=kept.saved_at + submissions.KEPT if kept and typed in (None, kept.typed) else None,
    )


def handed_in_page(request: Request, process: Process, plan_id: int, status: int = 200) -> Reply:
    """It was handed in, says the tab of who writes on or comes back; from here another plan can be begun."""
    plan = process.by_id[plan_id]
    resident = resident_of(request)
    mine = resident is not None and makers.is_maker(site_of(request).reader, plan_id, resident.id)
    return answer(
        request,
        "submissions/handed_in.html",
        process,
        status=status,
        secret=True,
        plan=plan,
        visible=mine or plan.public,
        fresh=False,
        another=submissions.possible(process, site_of(request).now()),
    )


def form_page(
    request: Request,
    process: Process,
    draft: Submission | None,
    wrong: Sequence[Wrong] = (),
    cookies: Iterable[Cookie] = (),
    *,
    typed: Typed | None = None,
    link_email: str = "",
) -> Reply:
    shown = typed or (draft.typed if draft else Typed())
    mailed = request.query_params.get("mail") == "1"
    return answer(
        request,
        "submissions/new.html",
        process,
        draft=draft_on_page(request, process),
        status=status_of(wrong),
        secret=True,
        cookies=cookies,
        saved=clock(draft.saved_at, request) if draft else "",
        link_email=link_email or shown[submissions.ADDRESS],
        link_asked=bool(link_email) or mailed,
        mailed=mailed,
        **form_values(request, process, shown, draft.photo if draft else "", wrong, photo_kept=True),
    )


def clock(moment: datetime, request: Request) -> str:
    """The time of day, as it is written in the visitor's language."""
    return moment.astimezone(phases.HERE).strftime("%H.%M" if language_of(request) == "nl" else "%H:%M")


def form_values(
    request: Request, process: Process, typed: Typed, photo: str, wrong: Sequence[Wrong], *, photo_kept: bool
) -> dict[str, Any]:
    """What templates/submissions/fields.html shows, of a new plan or of one that its maker changes. `photo_kept`: the
    photo is part of it already."""
    rows = [*typed.items, *[("", "")] * (ROWS - len(typed.items))]
    return {
        "typed": typed,
        "rows": rows,
        "themes": [(theme.id, theme.name) for theme in process.themes],
        "new_row": request.query_params.get("rij", ""),
        "has_map": bool(maps.geometry_of(request, process)),
        "most_rows": submissions.MOST_ROWS,
        "photo": photo,
        "photo_kept": photo_kept,
        "wrong": wrong,
        "lengths": submissions.LENGTHS,
        "total": typed.total,
        "most": submissions.most_cost(process),
        "largest": photos.LARGEST // MEGABYTE,
    }


def status_of(wrong: Iterable[Wrong]) -> int:
    kinds = {one.kind for one in wrong}
    return 429 if "too_many_tries" in kinds else 422 if kinds else 200


@post("/{slug:str}/plannen/nieuw", status_code=200, request_max_body_size=LARGEST_UPLOAD)
async def save(request: Request, slug: FromPath[str]) -> Reply:
    """Keep the whole form; then where the button that was pressed says."""
    site, process = site_of(request), process_or_404(request, slug)
    form = await read_upload(request)
    if "opnieuw" in form:
        return see_other(here(process), [token_cookie(request, process, "")])
    typed, token = with_pin(request, process, form), token_of(request, process)
    before = draft_of(request, process)
    if before and before.plan_id is not None:
        return handed_in_page(request, process, before.plan_id, 409)
    typed = with_address(typed, form, before)
    if not submissions.possible(process, site.now()):
        return closed(request, process, handing_in=True, typed=typed)
    if not token:  # this browser keeps no cookies, or lost ours: on another page nothing would be left of the text
        cookies = [token_cookie(request, process, submissions.new_token())]
        return form_page(request, process, None, [Wrong("form", "no_cookie")], cookies, typed=typed)
    if before is None and site.draft_tries.too_many(request):
        return form_page(request, process, None, [Wrong("form", "too_many_tries")], typed=typed)
    pictures, wrong = await pictures_from(request, form)
    try:
        arguments = (process.id, token, typed, pictures, site.now(), "foto_weg" in form)
        draft = await site.writer.write(submissions.save, *arguments)
    except HandedIn as done:
        return handed_in_page(request, site.process(slug) or process, done.plan_id, 409)
    if is_htmx(request):
        said = clock(draft.saved_at, request)
        return answer(request, "submissions/new.html", process, block="saved", saved=said)
    return await after_saving(request, process, form, draft, wrong, [token_cookie(request, process, token)])


async def after_saving(
    request: Request, process: Process, form: Form, draft: Submission, wrong: list[Wrong], cookies: list[Cookie]
) -> Reply:
    if "verder" in form:
        wrong = [*wrong, *submissions.checked(process, draft.typed, draft.photo)[1]]
    if "link" in form:
        wrong = [*wrong, *await mail_link(request, process, form.get("link_email"))]
    if wrong:
        return form_page(request, process, draft, wrong, cookies, link_email=form.get("link_email"))
    return see_other(next_place(process, form, draft), cookies)


def next_place(process: Process, form: Form, draft: Submission) -> str:
    if "verder" in form:
        return f"{here(process)}/voorbeeld"
    if "link" in form:
        return f"{here(process)}?mail=1#bewaren"
    if "rij" in form:
        number = len(draft.typed.items)
        return f"{here(process)}?rij={number}#what-{number}"
    if "foto" in form or "foto_weg" in form:
        asks = draft.photo and not draft.typed["photo_alt"]
        return f"{here(process)}#{'photo_alt' if asks else 'photo-part'}"
    if "prik.x" in form or "prik_weg" in form:
        return f"{here(process)}#place"
    return f"{here(process)}#bewaren"


def typed_from(form: Form) -> Typed:
    """What was typed, right or wrong, cut off where no honest text comes."""
    rows = [(form.get(f"what-{n}"), form.get(f"euros-{n}")) for n in range(1, submissions.MOST_ROWS + 1)]
    while rows and not any(part.strip() for part in rows[-1]):
        rows.pop()
    items = [(what[:500], euros[:30]) for what, euros in rows]
    if "rij" in form and len(items) < submissions.MOST_ROWS:
        shown = sum(f"what-{n}" in form for n in range(1, submissions.MOST_ROWS + 1))
        items += [("", "")] * (min(shown + 1, submissions.MOST_ROWS) - len(items))
    names = (*submissions.LINES, *submissions.TEXTS)
    texts = {name: form.get(name)[: submissions.most_kept(name)] for name in names if form.get(name)}
    themes = tuple(value for value in form.all("theme") if value)[:20]
    return Typed(texts, themes, tuple(items), form.get("lat")[:20], form.get("lon")[:20])


def with_address(typed: Typed, form: Form, before: Submission | None) -> Typed:
    """With the address to which the link was asked, so that handing in needn't ask it again."""
    address = before.typed[submissions.ADDRESS] if before else ""
    if "link" in form:
        with contextlib.suppress(ValueError):
            address = fields.address(form.get("link_email"))
    return replace(typed, texts={**typed.texts, submissions.ADDRESS: address}) if address else typed


def with_pin(request: Request, process: Process, form: Form) -> Typed:
    """What was typed, with the pin where somebody clicked on the drawn map."""
    typed = typed_from(form)
    if "prik_weg" in form:
        return replace(typed, lat="", lon="")
    place = maps.picked(request, process, form)
    return replace(typed, lat=f"{place[0]:.6f}", lon=f"{place[1]:.6f}") if place else typed


def outside(request: Request, process: Process, values: Mapping[str, Any]) -> bool:
    """The pin lies outside the area: perhaps on purpose, so the maker is asked to look."""
    geometry = maps.geometry_of(request, process)
    return bool(geometry) and values["lat"] is not None and not contains(geometry, values["lat"], values["lon"])


async def pictures_from(request: Request, form: Form) -> tuple[Pictures | None, list[Wrong]]:
    """The photo that came along, made into pictures, and what is wrong with it."""
    upload = form.files.get("photo")
    if upload is None or not upload.data:
        return None, []
    if site_of(request).photo_tries.too_many(request):
        return None, [Wrong("photo", "too_many_tries")]
    try:
        return await photos.prepared(upload.data), []
    except NotAPhoto as refused:
        return None, [Wrong("photo", refused.kind, photos.LARGEST // MEGABYTE)]


async def mail_link(request: Request, process: Process, typed: str) -> list[Wrong]:
    """Mail the link with which the draft is found again, wherever it is opened."""
    site = site_of(request)
    try:
        to = Recipient(fields.address(typed), language_of(request))
    except ValueError:
        return [Wrong("link_email", "not_an_address" if typed.strip() else "missing")]
    if site.mail_tries.too_many(request):
        return [Wrong("link_email", "too_many_tries")]
    path = f"{here(process)}/{token_of(request, process)}"
    if outbox.asked_enough(site.reader, "continue_submission", to, site.now()):
        return []  # the same answer: the mails are there already, and nobody learns whose address it is
    await site.writer.write(lambda db: mails.continue_submission(db, site.now(), to, path=path, process=process))
    return []


@page("/{slug:str}/plannen/nieuw/{token:str}")
async def go_on(request: Request, slug: FromPath[str], token: FromPath[str]) -> Reply:
    """The link in the mail. It asks first: whoever sent the link can read what is written after it."""
    process = process_or_404(request, slug)
    draft = submissions.of_token(site_of(request).reader, process.id, token)
    if draft is None:
        raise NotFoundException
    mine = draft_of(request, process)
    if mine and mine.id == draft.id:
        return see_other(here(process))
    other = mine if mine and mine.plan_id is None and not mine.typed.empty else None
    return answer(request, "submissions/which.html", process, secret=True, theirs=draft, mine=other, token=token)


@post("/{slug:str}/plannen/nieuw/{token:str}", status_code=303)
async def go_on_anyway(request: Request, slug: FromPath[str], token: FromPath[str]) -> Reply:
    process = process_or_404(request, slug)
    if submissions.of_token(site_of(request).reader, process.id, token) is None:
        raise NotFoundException
    return see_other(here(process), [token_cookie(request, process, token)])


@page("/{slug:str}/plannen/nieuw/voorbeeld")
async def preview(request: Request, slug: FromPath[str]) -> Reply:
    process = process_or_404(request, slug)
    draft = draft_of(request, process)
    if draft is None:
        return see_other(here(process))
    if draft.plan_id is not None:
        return handed_in_page(request, process, draft.plan_id)
    if not submissions.possible(process, site_of(request).now()):
        return closed(request, process)
    return preview_page(request, process, draft)


def preview_page(
    request: Request, process: Process, draft: Submission, *, changed: bool = False, too_young: bool = False
) -> Reply:
    """`too_young`: the maker did not say to be old enough."""
    values, wrong = submissions.checked(process, draft.typed, draft.photo)
    if wrong:
        return form_page(request, process, draft, wrong)
    resident, plan = resident_of(request), submissions.as_plan(process, values)
    return answer(
        request,
        "submissions/preview.html",
        process,
        status=409 if changed else 422 if too_young else 200,
        secret=True,
        plan=plan,
        wrong=[Wrong("leeftijd", "missing")] if too_young else [],
        **maps.on_plan(request, process, plan),
        contact=values["contact"],
        seal=draft.seal,
        changed=changed,
        known=resident is not None and resident.email is not None,
        confirmed=resident is not None and not resident.code_of,
        outside=outside(request, process, values),
    )


@page("/{slug:str}/plannen/nieuw/inzending")
async def handed_in_already(request: Request, slug: FromPath[str]) -> Reply:
    """Somebody typed or reloaded the address of handing in."""
    return see_other(here(process_or_404(request, slug)))


@post("/{slug:str}/plannen/nieuw/inzending", status_code=200)
async def hand_in(request: Request, slug: FromPath[str]) -> Reply:
    """At once for who confirmed an address before; else the address is asked, and the link in the mail does it."""
    site, process = site_of(request), process_or_404(request, slug)
    form = await forms.read_form(request)
    draft = draft_of(request, process)
    if draft is None:
        return see_other(here(process))
    resident = resident_of(request)
    if draft.plan_id is not None:
        return see_other(f"/{process.slug}/plannen/{draft.plan_id}/ingediend")
    if not submissions.possible(process, site.now()):
        return closed(request, process, handing_in=True)
    if form.get("seal") != draft.seal:
        return preview_page(request, process, draft, changed=True)
    if wrong := submissions.checked(process, draft.typed, draft.photo)[1]:
        return form_page(request, process, draft, wrong)
    if process.submit_age and "leeftijd" not in form:
        return preview_page(request, process, draft, too_young=True)
    if resident is None or resident.email is None:
        title = draft.typed["title"]
        back = f"{here(process)}/voorbeeld"
        payload = {"submission": draft.id, "seal": draft.seal}
        typed = draft.typed[submissions.ADDRESS]
        return await ask_address(request, process, "submission", payload, title, back=back, typed=typed)
    try:
        plan_id = await site.writer.write(submissions.hand_in, draft.id, resident.id, site.now())
    except Closed:
        return closed(request, process, handing_in=True)
    except (WrongFields, Gone):
        return see_other(f"{here(process)}/voorbeeld")
    return see_other(f"/{process.slug}/plannen/{plan_id}/ingediend")


@page("/{slug:str}/plannen/{plan_id:int}/ingediend")
async def handed_in(request: Request, slug: FromPath[str], plan_id: FromPath[int]) -> Reply:
    """What its maker sees first; for everybody else the plan itself."""
    process = process_or_404(request, slug)
    plan, resident = process.by_id.get(plan_id), resident_of(request)
    if plan is None:
        raise NotFoundException
    draft = draft_of(request, process)
    wrote_it = draft is not None and draft.plan_id == plan_id
    mine = resident is not None and makers.is_maker(site_of(request).reader, plan_id, resident.id)
    if not (mine or wrote_it):
        if not plan.public:
            raise NotFoundException
        return see_other(plan.url)
    return answer(
        request,
        "submissions/handed_in.html",
        process,
        secret=True,
        plan=plan,
        visible=mine or plan.public,
        fresh=True,
        another=submissions.possible(process, site_of(request).now()),
    )


ROUTES = [new, save, go_on, go_on_anyway, preview, handed_in_already, hand_in, handed_in]
