"""Colleagues: who has an account, their roles, inviting and disabling."""

from litestar import Request
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from domain import accounts, fields
from domain.accounts import Account, Disabled, LastOwner
from domain.fields import Wrong
from domain.processes import Process
from domain.sessions import ROLES, NotAllowed, Staff
from routes.forms import Form, read_form
from routes.pages import site_of
from routes.replies import Reply, see_other
from routes.staff.access import OWNER, processes_of, staff_answer, staff_of, staff_page, staff_post
from routes.staff.delays import delays_of
from routes.staff.passwords import wrong_address, wrong_name

COLLEAGUES = "/beheer/medewerkers"
INVITATION = f"{COLLEAGUES}/uitnodiging"
ONE = COLLEAGUES + "/{account_id:int}"


@staff_page(COLLEAGUES, "beheerder")
async def index(request: Request) -> Reply:
    site, staff = site_of(request), staff_of(request)
    return staff_answer(
        request,
        "staff/colleagues.html",
        accounts=[account for account in accounts.load_all(site.reader) if seen_by(staff, account)],
        required=accounts.second_factor_required(site.reader),
        managed=managed_by(request, staff),
    )


def seen_by(staff: Staff, account: Account) -> bool:
    """The owner sees everyone, a beheerder the colleagues in their processes."""
    return staff.owner or account.id == staff.id or bool(staff.managed.intersection(account.roles))


def seen_or_404(request: Request, account_id: int) -> Account:
    """Raises NotFoundException for a number that is nobody's, or somebody's they don't work with."""
    account = accounts.load(site_of(request).reader, account_id)
    if account is None or not seen_by(staff_of(request), account):
        raise NotFoundException
    return account


def managed_by(request: Request, staff: Staff) -> list[Process]:
    """The processes they may give roles in."""
    return [process for process in processes_of(request, staff) if staff.may(process.id, "beheerder")]


@staff_page(INVITATION, "beheerder")
async def new(request: Request) -> Reply:
    return invitation_page(request, Form([("traject", request.query_params.get("traject", ""))]), [])


def invitation_page(request: Request, form: Form, wrong: list[Wrong], status: int = 422) -> Reply:
    return staff_answer(
        request,
        "staff/invitation.html",
        status=status if wrong else 200,
        wrong=wrong,
        form=form,
        managed=managed_by(request, staff_of(request)),
        roles=ROLES,
    )


@staff_post(INVITATION, "beheerder")
async def invite(request: Request) -> Reply:
    site, staff, form = site_of(request), staff_of(request), await read_form(request)
    as_owner, may_design = (staff.owner and role in form.all("rol") for role in ("eigenaar", "ontwerper"))
    process = next((p for p in managed_by(request, staff) if p.slug == form.get("traject")), None)
    roles = [role for role in ROLES if role in form.all("rol")]
    wrong = wrong_name(form) + wrong_address(form.get("email"))
    if process is None and not as_owner and (roles or not may_design):
        wrong.append(Wrong("traject", "not_a_choice"))
    if not roles and not as_owner and not may_design:
        wrong.append(Wrong("rol", "no_role"))
    if wrong:
        return invitation_page(request, form, wrong)
    if delays_of(request).too_many(request):
        return invitation_page(request, form, [Wrong("email", "wait", 60)], 429)
    email, name = fields.address(form.get("email")), fields.line(form.get("name"))
    where = process if roles and not as_owner else None
    try:
        arguments = (staff.id, email, name, where, roles, as_owner, site.now(), may_design and not as_owner)
        account_id = await site.writer.write(accounts.invite, *arguments)
    except NotAllowed:  # the address of an owner, whose roles are nobody's to give
        return invitation_page(request, form, [Wrong("email", "not_yours")])
    except Disabled:
        return invitation_page(request, form, [Wrong("email", "disabled")])
    return see_other(f"{COLLEAGUES}/{account_id}?uitgenodigd=1")


@staff_page(ONE, "beheerder")
async def show(request: Request, account_id: FromPath[int]) -> Reply:
    return one_page(request, account_id)


def one_page(request: Request, account_id: int, wrong: list[Wrong] | None = None) -> Reply:
    staff, account = staff_of(request), seen_or_404(request, account_id)
    return staff_answer(
        request,
        "staff/colleague.html",
        status=422 if wrong else 200,
        wrong=wrong or [],
        account=account,
        managed=managed_by(request, staff),
        roles=ROLES,
        just_invited="uitgenodigd" in request.query_params,
    )


@staff_post(f"{ONE}/rollen", "beheerder")
async def set_roles(request: Request, account_id: FromPath[int]) -> Reply:
    """The roles in one process, all of them at once."""
    site, staff, form = site_of(request), staff_of(request), await read_form(request)
    process = next((p for p in managed_by(request, staff) if p.slug == form.get("traject")), None)
    seen_or_404(request, account_id)
    if process is None:
        raise NotFoundException
    await site.writer.write(accounts.set_roles, staff.id, account_id, process.id, form.all("rol"), site.now())
    account = accounts.load(site.reader, account_id)
    still = account is not None and seen_by(staff, account)
    return see_other(f"{COLLEAGUES}/{account_id}" if still else COLLEAGUES)


@staff_post(f"{ONE}/uitnodiging", "beheerder")
async def invite_again(request: Request, account_id: FromPath[int]) -> Reply:
    site, staff = site_of(request), staff_of(request)
    account = seen_or_404(request, account_id)
    if not account.accepted and not account.disabled and not delays_of(request).too_many(request):
        process = next((p for p in managed_by(request, staff) if p.id in account.roles), None)
        await site.writer.write(accounts.invite_again, staff.id, account_id, process, site.now())
    return see_other(f"{COLLEAGUES}/{account_id}?uitgenodigd=1")


@staff_post(f"{ONE}/toegang", OWNER)
async def set_access(request: Request, account_id: FromPath[int]) -> Reply:
    """Disable the account, or enable it again."""
    site, staff, form = site_of(request), staff_of(request), await read_form(request)
    seen_or_404(request, account_id)
    verb = accounts.enable if form.get("toegang") == "ja" else accounts.disable
    try:
        await site.writer.write(verb, staff.id, account_id, site.now())
    except LastOwner:
        return one_page(request, account_id, [Wrong("toegang", "last_owner")])
    return see_other(f"{COLLEAGUES}/{account_id}")


@staff_post(f"{ONE}/ontwerpen", OWNER)
async def set_designer(request: Request, account_id: FromPath[int]) -> Reply:
    """They may make new processes, or no more."""
    site, staff, form = site_of(request), staff_of(request), await read_form(request)
    seen_or_404(request, account_id)
    await site.writer.write(accounts.let_design, staff.id, account_id, form.get("mag") == "ja", site.now())
    return see_other(f"{COLLEAGUES}/{account_id}")


@staff_post(f"{ONE}/tweede-stap", OWNER)
async def drop_second_factor(request: Request, account_id: FromPath[int]) -> Reply:
    site, staff = site_of(request), staff_of(request)
    seen_or_404(request, account_id)
    await site.writer.write(accounts.drop_second_factor, staff.id, account_id, site.now())
    return see_other(f"{COLLEAGUES}/{account_id}")


@staff_post(f"{COLLEAGUES}/tweede-stap", OWNER)
async def require_second_factor(request: Request) -> Reply:
    site, staff, form = site_of(request), staff_of(request), await read_form(request)
    required = form.get("verplicht") == "ja"
    await site.writer.write(accounts.require_second_factor, staff.id, required, site.now())
    return see_other(COLLEAGUES)


ROUTES = [
    *(index, new, invite, show, set_roles, invite_again),
    *(set_access, set_designer, drop_second_factor, require_second_factor),
]
