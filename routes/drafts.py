"""The draft ballot as pages show it, and its cookie."""

from dataclasses import dataclass

from litestar import Request
from litestar.datastructures import Cookie

from domain import ballots, drafts
from domain.ballots import Problem
from domain.drafts import Draft
from domain.plans import Plan, Theme
from domain.processes import Process
from routes import forms
from routes.site import Site

MONTH = 30 * 24 * 3600
PREFIX = "concept_"


@dataclass(frozen=True, slots=True)
class Share:
    """What a draft takes of one theme, whose own limits it must keep. `total` in cents."""

    theme: Theme
    count: int
    total: int

    @property
    def left(self) -> int | None:
        """Cents; None where the theme has no limit in money."""
        most = self.theme.max_sum_cost
        return None if most is None else most - self.total

    @property
    def over(self) -> bool:
        most = self.theme.max_length
        return (self.left is not None and self.left < 0) or (most is not None and self.count > most)

    @property
    def full(self) -> bool:
        most = self.theme.max_length
        return most is not None and self.count >= most


FEW = 4  # themes that the bar of the ballot has room for; of more it shows those that were chosen from


@dataclass(frozen=True, slots=True)
class DraftView:
    """What a page says of a draft. `total` and `left` in cents; `left` is None where no limit is in money."""

    process: Process
    plans: tuple[Plan, ...]
    has_code: bool
    problems: tuple[Problem, ...]

    @property
    def count(self) -> int:
        return len(self.plans)

    @property
    def total(self) -> int:
        return sum(plan.cost for plan in self.plans)

    @property
    def left(self) -> int | None:
        most = self.process.limits.max_sum_cost
        return None if most is None else most - self.total

    @property
    def shares(self) -> tuple[Share, ...]:
        """Of every theme with limits of its own."""
        return tuple(self.share(theme) for theme in self.process.themes if theme.limited)

    def share(self, theme: Theme) -> Share:
        costs = [plan.cost for plan in self.plans if theme in plan.themes]
        return Share(theme, len(costs), sum(costs))

    def hides(self, share: Share) -> bool:
        """The bar has no room for it."""
        return not share.count and sum(theme.limited for theme in self.process.themes) > FEW

    def obstacle(self, plan: Plan) -> Problem | None:
        """Why this plan can't be added, the first reason; None if it can, or is there already."""
        if plan in self.plans:
            return None
        if self.left is not None and plan.cost > self.left:
            return Problem("all_over" if self.left < 0 else "no_fit", actual=abs(self.left))
        for share in map(self.share, plan.themes):
            if share.full:
                return Problem("theme_full", share.theme.max_length, share.count, share.theme.name)
            if share.left is not None and plan.cost > share.left:
                return Problem("theme_no_fit", actual=max(share.left, 0), theme=share.theme.name)
        return None

    @property
    def ballot_url(self) -> str:
        return f"/{self.process.slug}/stemmen"


def name_of(process: Process) -> str:
    return f"{PREFIX}{process.id}"


def read(request: Request, process: Process) -> Draft:
    """The visitor's draft for this process; plans that left the ballot meanwhile are no longer in it."""
    site: Site = request.app.state.site
    text = forms.cookie(request, name_of(process))
    draft = drafts.unseal(site.secret, process.id, text) if text else Draft()
    on_ballot = {plan.id for plan in process.on_ballot}
    return Draft(tuple(id_ for id_ in draft.plan_ids if id_ in on_ballot), draft.code)


def view(process: Process, draft: Draft) -> DraftView:
    plans = tuple(process.by_id[id_] for id_ in draft.plan_ids)
    return DraftView(process, plans, bool(draft.code), tuple(ballots.problems_with(process, plans)))


def draft_on_page(request: Request, process: Process | None) -> DraftView | None:
    """The draft that a page must say of that it isn't handed in: of its process, or on other pages of any."""
    if not any(name.startswith(PREFIX) for name in forms.cookies_of(request)):
        return None
    site: Site = request.app.state.site
    now = site.now()
    for candidate in [process] if process else site.all():
        if candidate.voting(now) and not (draft := read(request, candidate)).empty:
            return view(candidate, draft)
    return None


def cookie(request: Request, process: Process, draft: Draft) -> Cookie:
    """The cookie that keeps the draft, or the one that ends it if the draft is empty."""
    site: Site = request.app.state.site
    text = "" if draft.empty else drafts.seal(site.secret, process.id, draft)
    return Cookie(
        name_of(process),
        value=text,
        max_age=MONTH if text else 0,
        path="/",
        secure=site.secure,
        httponly=True,
        samesite="lax",
    )


def ended(request: Request, process: Process) -> list[Cookie]:
    """The cookie that ends the draft, where there is one."""
    kept = name_of(process) in forms.cookies_of(request)
    return [cookie(request, process, Draft())] if kept else []
