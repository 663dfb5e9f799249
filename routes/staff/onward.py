"""From one piece of work to the next: who came from the work list goes on through it, and hears what they just did."""

from collections.abc import Sequence
from typing import Any

from litestar import Request

from domain import work
from domain.processes import Process
from domain.sessions import Staff
from domain.work import Item
from routes.pages import site_of
from routes.staff.access import staff_of

# What can have been done to a plan just now, or (without one) to reactions and mail.
DONE = (
    *("judge", "opinion", "publish", "hide", "restore", "seen", "allow", "refuse", "reports"),
    *("reactions", "mail"),
)


def kind_of(request: Request) -> str:
    """At which kind of work (work.KINDS) somebody is who came from the work list; empty for who did not."""
    kind = request.query_params.get("werk", "")
    return kind if kind in work.KINDS else ""


def waiting(request: Request, process: Process) -> tuple[Item, ...]:
    site, staff = site_of(request), staff_of(request)
    return work.waiting(site.reader, process, roles_in(staff, process), staff.id, site.now())


def roles_in(staff: Staff, process: Process) -> frozenset[str]:
    return frozenset({"beheerder"}) if staff.owner else staff.roles.get(process.id, frozenset())


def place_of(process: Process, item: Item) -> str:
    """The page on which this is dealt with, and from which one goes on."""
    here, at = f"/beheer/{process.slug}", f"?werk={item.kind}"
    if item.plan is None:
        return f"/beheer/post{at}&toon=mislukt&traject={process.slug}"
    plan = f"{here}/plannen/{item.plan.id}"
    match item.kind:
        case "new":
            return f"{plan}{at}"
        case "edit":
            return f"{plan}/voorstel{at}"
        case "report":
            return f"{here}/meldingen{at}"
        case "reaction":
            return f"{here}/reacties{at}"
        case "opinion" | "opinion_given":
            return f"{plan}/toets{at}#tweede-meningen"
        case "answer":
            return f"{plan}/toets{at}#vragen"
    return f"{plan}/toets{at}"


def next_place(
    request: Request, process: Process, before: Sequence[Item], done: str, plan_id: int = 0, *, kind: str = ""
) -> str:
    """Where to go on after this was `done` (DONE) to that plan: `before` is what waited until then. The work list once
    nothing waits. `kind`: at which work somebody is who did not come from the list."""
    here = (kind or kind_of(request), plan_id)
    return said(place_after(process, here, before, waiting(request, process)), done, plan_id)


def place_after(process: Process, here: work.Key, before: Sequence[Item], still: Sequence[Item]) -> str:
    following = work.following(before, here, still)
    return place_of(process, following) if following else f"/beheer/{process.slug}/werk"


def said(place: str, done: str, plan_id: int) -> str:
    """That address, so that its page says what was done."""
    page, hash_, part = place.partition("#")
    return f"{page}{'&' if '?' in page else '?'}klaar={done}-{plan_id}{hash_}{part}"


def marks(request: Request, process: Process, plan_id: int = 0) -> dict[str, Any]:
    """What a page shows of this: `at` goes behind the addresses of its forms, `skip` is the next piece of work without
    doing this one, and `just_done` what was done before, to which plan."""
    kind, skip = kind_of(request), ""
    if kind:
        all_ = waiting(request, process)
        following = work.following(all_, (kind, plan_id), all_)
        skip = place_of(process, following) if following and following.key != (kind, plan_id) else ""
    return {"at": f"?werk={kind}" if kind else "", "skip": skip, "just_done": done_of(request, process)}


def done_of(request: Request, process: Process) -> tuple[str, Any] | None:
    """What was done just now, and to which plan (None for other things), as the address tells."""
    done, _, number = request.query_params.get("klaar", "").partition("-")
    if done not in DONE or not (number.isascii() and number.isdigit() and len(number) < 12):
        return None
    plan = process.by_id.get(int(number))
    return (done, plan) if plan or done in ("reactions", "mail") else None
