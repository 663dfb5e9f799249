"""In which order this visitor sees the plans, and with which filters."""

import secrets
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from litestar import Request
from litestar.datastructures import Cookie

from domain import plans, search
from domain.database import Database
from domain.plans import AMOUNTS, SHUFFLES, SORTS, Plan
from domain.processes import Process
from routes.forms import cookie
from routes.languages import YEAR
from routes.site import Site

COOKIE = "volgorde"
MOST_SEARCHED = 100  # characters


def shuffle_of(request: Request) -> tuple[int, list[Cookie]]:
    """The number of the visitor's order, and the cookie that keeps it where it is new."""
    kept = cookie(request, COOKIE)
    if kept.isascii() and kept.isdigit() and len(kept) < 3 and int(kept) < SHUFFLES:
        return int(kept), []
    site: Site = request.app.state.site
    drawn = secrets.randbelow(SHUFFLES)
    return drawn, [
        Cookie(
            COOKIE,
            value=str(drawn),
            max_age=YEAR,
            path="/",
            secure=site.secure,
            httponly=True,
            samesite="lax",
        )
    ]


@dataclass(frozen=True, slots=True)
class Filters:
    """What a visitor asked of the list of plans; anything a process doesn't have is dropped."""

    theme_id: int | None = None
    amount: str = ""
    q: str = ""
    sort: str = ""

    @property
    def any(self) -> bool:
        return bool(self.theme_id or self.amount or self.q)

    def query(self, **more: object) -> str:
        """As the part of a URL behind “?”, without what is empty."""
        fields = {"thema": self.theme_id, "bedrag": self.amount, "zoek": self.q, "volgorde": self.sort, **more}
        return urlencode({name: value for name, value in fields.items() if value})

    def apply(self, db: Database, process: Process, shuffle: int) -> list[Plan]:
        found = search.found(db, process, self.q) if self.q else None
        return plans.ordered(plans.matching(process.plans, self.theme_id, self.amount, found), self.sort, shuffle)

    def without(self) -> "Filters":
        return replace(self, theme_id=None, amount="", q="")


def filters_of(request: Request, process: Process) -> Filters:
    asked = request.query_params
    if not asked:
        return Filters()
    theme = asked.get("thema", "")
    amount, sort = asked.get("bedrag", ""), asked.get("volgorde", "")
    return Filters(
        theme_id=next((t.id for t in process.themes if str(t.id) == theme), None),
        amount=amount if amount in {value for value, _, _ in AMOUNTS} else "",
        q=" ".join(asked.get("zoek", "").split())[:MOST_SEARCHED],
        sort=sort if sort in SORTS else "",
    )
