"""The mail of the site (post): what waits, went out or failed, and what staff must pass on by hand."""

from typing import Any

from litestar import Request
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from domain import outbox
from domain.outbox import Reader
from domain.processes import Process
from domain.sessions import Staff
from routes.mail import as_text
from routes.pages import site_of
from routes.replies import Reply, see_other
from routes.staff import onward
from routes.staff.access import staff_answer, staff_of, staff_page, staff_post

PAGE = 50
HIGHEST_ID = 2**63 - 1


def reader_of(staff: Staff) -> Reader:
    return Reader(staff.owner, staff.managed)


@staff_page("/beheer/post", "beheerder")
async def index(request: Request) -> Reply:
    """The newest first. The text shows only where there was no mail server: it holds links meant for its reader."""
    site, reader = site_of(request), reader_of(staff_of(request))
    failed = request.query_params.get("toon") == "mislukt"
    has_server = bool(site.settings.smtp_host)
    unsent = ("unsent",) if has_server else ("unsent", "waiting")
    mails = outbox.page(site.reader, reader, PAGE + 1, failed=failed, before=before_of(request))
    shown = mails[:PAGE]
    return staff_answer(
        request,
        "staff/mail.html",
        mails=[(mail, as_text(site, mail) if mail.status in unsent else "") for mail in shown],
        failed=failed,
        failures=outbox.count_failed(site.reader, reader),
        older=shown[-1].id if len(mails) > PAGE else None,
        has_server=has_server,
        **marks(request),
    )


def marks(request: Request) -> dict[str, Any]:
    """As onward.marks, for who came from the work list of a process."""
    process = process_of(request)
    if process is None:
        return {"at": "", "skip": "", "just_done": None}
    found = onward.marks(request, process)
    return found | {"at": f"{found['at']}&traject={process.slug}"}


def process_of(request: Request) -> Process | None:
    """That of whose work list somebody came."""
    process = site_of(request).process(request.query_params.get("traject", ""))
    mine = process and staff_of(request).may(process.id, "beheerder") and onward.kind_of(request)
    return process if mine else None


def after_try(request: Request) -> str:
    process = process_of(request)
    return onward.next_place(request, process, (), "mail") if process else "/beheer/post"


def before_of(request: Request) -> int | None:
    typed = request.query_params.get("voor", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 19 else None


@staff_post("/beheer/post/{mail_id:int}/poging", "beheerder")
async def try_again(request: Request, mail_id: FromPath[int]) -> Reply:
    """Opnieuw versturen. Somebody else's second click finds nothing to do, and that is fine."""
    site, staff = site_of(request), staff_of(request)
    if mail_id > HIGHEST_ID or outbox.find(site.reader, reader_of(staff), mail_id) is None:
        raise NotFoundException
    await site.writer.write(outbox.again, reader_of(staff), mail_id, staff.id, site.now())
    return see_other(after_try(request))


@staff_post("/beheer/post/pogingen", "beheerder")
async def try_all_again(request: Request) -> Reply:
    site, staff = site_of(request), staff_of(request)
    await site.writer.write(outbox.all_again, reader_of(staff), staff.id, site.now())
    return see_other(after_try(request))


ROUTES = [index, try_again, try_all_again]
