"""The list of plans, and one plan."""

from typing import Any

from litestar import Request
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from domain.makers import is_maker as is_maker_of
from domain.plans import AMOUNTS, PAGE, Plan, page_of
from domain.processes import Process
from domain.supports import carry
from routes import drafts, follows, makers, maps, progress, questions, reactions, results, supports
from routes.orders import filters_of, shuffle_of
from routes.pages import is_htmx, page, process_or_404, shared, site_of
from routes.replies import Reply, elsewhere
from routes.visitors import resident_of


@page("/{slug:str}/plannen")
async def index(request: Request, slug: FromPath[str]) -> Reply:
    process = process_or_404(request, slug)
    filters = filters_of(request, process)
    shuffle, cookies = shuffle_of(request)
    number = page_number(request)

    def link(**more: object) -> str:
        query = filters.query(**more)
        return f"/{process.slug}/plannen{'?' + query if query else ''}"

    def values() -> dict[str, Any]:
        found = filters.apply(site_of(request).reader, process, shuffle)
        try:
            shown, pages = page_of(found, number)
        except IndexError as error:
            raise NotFoundException from error
        first = (number - 1) * PAGE
        return {
            "plans": shown,
            "total": len(found),
            "filters": filters,
            "theme_id": filters.theme_id,
            "amount": filters.amount,
            "amounts": AMOUNTS,
            "q": filters.q,
            "sort": filters.sort,
            "page": number,
            "pages": pages,
            "first": first + 1,
            "last": first + len(shown),
            "link": link,
            "order_query": filters.query(),
        }

    order = shuffle if not filters.sort else -1
    return shared(
        request,
        "plans/index.html",
        process,
        (filters, number, order),
        values,
        block="results",
        keep=not filters.q,
        cookies=cookies,
    )


def page_number(request: Request) -> int:
    asked = request.query_params.get("pagina", "1")
    if not (asked.isascii() and asked.isdigit() and len(asked) < 6):
        raise NotFoundException
    return int(asked)


@page("/{slug:str}/plannen/{plan_id:int}")
async def show(request: Request, slug: FromPath[str], plan_id: FromPath[int]) -> Reply:
    process = process_or_404(request, slug)
    plan = process.by_id.get(plan_id)
    if plan is None or not (plan.public or plan.status in GONE or is_maker(request, plan)):
        raise NotFoundException
    if plan.status in GONE and not is_maker(request, plan):
        if is_htmx(request):  # it wants more reactions
            return elsewhere(plan.url)
        return shared(request, "plans/gone.html", process, "", lambda: gone_values(request, process, plan))
    filters = filters_of(request, process)
    shuffle, cookies = shuffle_of(request)
    fared = await results.on_plan(request, process, plan)

    def values() -> dict[str, Any]:
        around = filters.apply(site_of(request).reader, process, shuffle)
        if plan not in around:  # the link was shared with other filters than the plan has
            around = filters.without().apply(site_of(request).reader, process, shuffle)
        place = around.index(plan) if plan in around else 0
        draft = drafts.read(request, process)
        return {
            **{name: value for panel in PANELS for name, value in panel(request, process, plan).items()},
            **fared,
            "plan": plan,
            "previous": around[place - 1] if place else None,
            "next": around[place + 1] if place + 1 < len(around) else None,
            "position": place + 1,
            "total": len(around),
            "order_query": filters.query(),
            "chosen": plan.id in draft.plan_ids,
            "can_choose": process.voting(site_of(request).now()) and plan in process.on_ballot,
        }

    order = shuffle if not filters.sort else -1
    key = (filters, order, reactions.pages_asked(request))
    return shared(request, "plans/show.html", process, key, values, of_resident=True, cookies=cookies)


def gone_values(request: Request, process: Process, plan: Plan) -> dict[str, Any]:
    """`carry`: until when a support of this plan may be taken along, now that support closed."""
    into, site = process.by_id.get(plan.merged_into or 0), site_of(request)
    return {"plan": plan, "into": into, "carry": carry(site.reader, into.id, site.now()) if into else None}


GONE = ("hidden", "merged")
# What other nouns put on the page of a plan; each fills templates/<noun>/on_plan.html.
PANELS = (
    *(supports.on_plan, makers.on_plan, questions.on_plan, progress.on_plan),
    *(maps.on_plan, reactions.on_plan, follows.on_plan),
)


def is_maker(request: Request, plan: Plan) -> bool:
    resident = resident_of(request)
    return resident is not None and is_maker_of(site_of(request).reader, plan.id, resident.id)
