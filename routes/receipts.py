"""Receipt check: is my ballot counted. Nothing about what is on it."""

from litestar import Request, Response, post
from litestar.params import FromPath

from domain import codes, receipts
from routes.drafts import draft_on_page
from routes.forms import read_form
from routes.pages import answer, page, process_or_404, shared, site_of


@page("/{slug:str}/controle")
async def check(request: Request, slug: FromPath[str]) -> Response[bytes]:
    process = process_or_404(request, slug)
    return shared(request, "receipts/check.html", process, "", lambda: {"state": None, "typed": ""})


@post("/{slug:str}/controle", status_code=200)
async def checked(request: Request, slug: FromPath[str]) -> Response[bytes]:
    """By POST, so that the receipt stands in no address and no log."""
    process = process_or_404(request, slug)
    typed = (await read_form(request)).get("code")[:100]
    try:
        receipt = codes.normal(typed, codes.RECEIPT_LENGTH)
        found = receipts.counted(site_of(request).reader, process.id, receipt)
        state = "found" if found else "unknown"
    except codes.Typo:
        state = "typo"
    return answer(
        request,
        "receipts/check.html",
        process,
        draft=draft_on_page(request, process),
        status=422 if state == "typo" else 200,
        secret=True,
        state=state,
        typed=typed,
    )
