"""Receipt check: is my ballot counted. Nothing about what is on it."""

from litestar import Request, post
from litestar.params import FromPath

from domain import codes, receipts
from domain.processes import Process
from routes.drafts import draft_on_page
from routes.forms import read_form
from routes.pages import answer, page, process_or_404, shared, site_of
from routes.replies import Reply


@page("/{slug:str}/controle")
async def check(request: Request, slug: FromPath[str]) -> Reply:
    process = process_or_404(request, slug)
    return shared(request, "receipts/check.html", process, "", lambda: {"state": None, "typed": ""})


@post("/{slug:str}/controle", status_code=200)
async def checked(request: Request, slug: FromPath[str]) -> Reply:
    """By POST, so that the receipt stands in no address and no log."""
    process = process_or_404(request, slug)
    typed = (await read_form(request)).get("code")[:100]
    state = state_of(request, process, typed)
    return answer(
        request,
        "receipts/check.html",
        process,
        draft=draft_on_page(request, process),
        status=200 if state in ("found", "unknown") else 422,
        secret=True,
        state=state,
        typed="" if state == "is_code" else typed,  # a stemcode never stands in a page
    )


def state_of(request: Request, process: Process, typed: str) -> str:
    """What became of the check, as the page words it."""
    if not typed.strip():
        return "empty"
    try:
        receipt = codes.normal(typed, codes.RECEIPT_LENGTH)
    except codes.Typo:
        return "is_code" if codes.is_typed(typed, codes.CODE_LENGTH) else "typo"
    return "found" if receipts.counted(site_of(request).reader, process.id, receipt) else "unknown"
