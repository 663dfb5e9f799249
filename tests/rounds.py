"""A whole round of a preset, over HTTP: from the first plan that is handed in to the file of the ballots."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from httpx import Response
from litestar.testing import TestClient

from domain import pabulib, processes, receipts, residents, roll, sealing
from domain.codes import grouped
from domain.database import Database, writing
from domain.designs import making, model, presets
from domain.plans import Plan
from domain.processes import Process
from routes.visitors import COOKIE
from tests import staff
from tests.cast import AICHA, EURO
from tests.conftest import Clock
from tests.pages import Page, words
from tests.staff import BEA, MO, TESSA
from tests.writing import SWING, sign_out

OF_THE_PLACE = {
    "traject-name": "Proef",
    "traject-municipality": "Proefstad",
    "traject-area": "Proefwijk",
    "privacy-legal_basis": "public_task",
    "privacy-controller": "Gemeente Proefstad",
    "privacy-privacy_contact": "privacy@proefstad.example",
}
FIRST_DAY = date(2027, 1, 4)
BEFORE = datetime(2026, 12, 1, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
TYPED = {**SWING, "what-2": "", "euros-2": ""}

OLD_ENOUGH = {"leeftijd": "1"}  # asked where a process has an age


def plain(html: str) -> str:
    """The words of a page, amounts with an ordinary space."""
    return words(html).replace("\u00a0", " ")


def completed(name: str) -> model.Design:
    """The preset with what only the place itself knows, and dates."""
    return model.placed(model.decided(presets.all_presets()[name], OF_THE_PLACE), FIRST_DAY)


@dataclass
class Round:
    """One round; `plans` by the title that the test gave them."""

    client: TestClient
    db: Database
    secret: bytes
    clock: Clock
    slug: str = ""
    ids: dict[str, int] = field(default_factory=dict)

    @property
    def process(self) -> Process:
        process = processes.load(self.db, self.slug)
        assert process is not None
        return process

    def plan(self, title: str) -> Plan:
        return self.process.by_id[self.ids[title]]

    def begin(self, preset: str) -> None:
        self.clock.now = BEFORE
        with writing(self.db):
            account = staff.account(self.db, BEA.name)
            self.slug = making.create(self.db, completed(preset), BEFORE, account)

    def during(self, kind: str) -> None:
        """An hour after the phase opened."""
        phase = self.process.phase(kind)
        assert phase is not None
        self.clock.now = phase.opens_at + HOUR

    def page(self, path: str = "") -> str:
        """The words of a page of the process, spaces and amounts as one types them."""
        answer = self.client.get(f"/{self.slug}{path}")
        assert answer.status_code == 200, path
        return plain(answer.text)

    # Plans

    def write(self, title: str, euros: int, theme: str = "") -> Response:
        """Aïcha types a plan and asks to look at it."""
        ids = {one.name: str(one.id) for one in self.process.themes}
        form = f"/{self.slug}/plannen/nieuw"
        self.client.cookies.clear()
        self.sign_in(AICHA.email)
        self.client.get(form)
        typed = {**TYPED, "title": title, "theme": ids.get(theme, ""), "euros-1": str(euros)}
        return self.client.post(form, data={**typed, "verder": "1"})

    def hand_in_plan(self, title: str, euros: int, theme: str = "") -> None:
        """… and hands it in. Where staff look first, Mo lets it through."""
        form = f"/{self.slug}/plannen/nieuw"
        assert self.write(title, euros, theme).headers["location"] == f"{form}/voorbeeld", title
        fields = Page(self.client.get(f"{form}/voorbeeld").text).form(f"{form}/inzending").fields
        answer = self.client.post(f"{form}/inzending", data={**fields, **OLD_ENOUGH})
        assert answer.status_code == 303, words(answer.text)
        self.ids[title] = int(answer.headers["location"].split("/")[-2])
        if self.process.plan_moderation == "before":
            assert not self.plan(title).public
            self.let_through(title)
        assert self.plan(title).public

    def let_through(self, title: str) -> None:
        self.as_staff(MO)
        named = {"actie": "publish", "plan": [str(self.ids[title])]}
        page = self.client.post(f"/beheer/{self.slug}/plannen", data=named)
        action = f"/beheer/{self.slug}/moderatie"
        assert self.client.post(action, data=Page(page.text).form(action).fields).status_code == 303
        staff.sign_out(self.client)

    def plan_path(self, title: str) -> str:
        return f"/{self.slug}/plannen/{self.ids[title]}"

    # Support

    def support(self, title: str, number: int) -> None:
        """That many people support it: the last one in the browser, the others did before."""
        day = self.clock.now.date().isoformat()
        with writing(self.db):
            given = [(self.ids[title], day)] * (number - 1)
            self.db.conn.executemany("INSERT INTO supports (plan_id, given_on) VALUES (?, ?)", given)
        self.sign_in(f"buur-{title}@example.org")
        assert self.client.post(f"{self.plan_path(title)}/steun", data=OLD_ENOUGH).status_code == 303
        assert self.plan(title).supports == number

    def sign_in(self, email: str) -> None:
        """The browser is that of somebody who confirmed this address."""
        with writing(self.db):
            id_ = residents.arrived(self.db, residents.key_of_address(self.secret, email), "nl", self.clock.now)
            self.db.execute("UPDATE residents SET email = ?, name = 'Buur' WHERE id = ?", [email, id_])
            token = residents.start_session(self.db, id_, self.clock.now)
        sign_out(self.client)
        self.client.cookies.set(COOKIE, token, domain="testserver.local")

    # Staff

    def as_staff(self, who: staff.StaffMember) -> None:
        staff.sign_in(self.client, self.db, self.secret, self.process, who.role, who.name, self.clock.now)

    def waiting(self) -> set[str]:
        """The plans that the work list of Tessa names."""
        self.as_staff(TESSA)
        page = words(self.client.get(f"/beheer/{self.slug}/werk").text)
        staff.sign_out(self.client)
        return {title for title in self.ids if title in page}

    def judge(self, title: str) -> None:
        """Tessa finds it feasible at what was asked."""
        self.as_staff(TESSA)
        path = f"/beheer/{self.slug}/plannen/{self.ids[title]}/toets"
        form = Page(self.client.get(path).text).form(path).fields
        given = {name: form[name][-1] for name in ("versie", "gezien", "checklist")}
        given |= {"oordeel": "feasible", "kosten": str(self.plan(title).cost // EURO), "reden": "Dit plan kan."}
        assert self.client.post(path, data=given).status_code == 303
        staff.sign_out(self.client)

    # The vote

    def codes(self, number: int) -> list[str]:
        with writing(self.db):
            return roll.issue(self.db, self.secret, self.process.id, number)

    def vote(self, code: str, *titles: str) -> Response:
        """Straight to the hand-in, as a page with all of this in it would."""
        self.client.cookies.clear()
        named = [self.plan(title).project_id for title in titles]
        data: dict[str, Any] = {"code": grouped(code), "receipt": receipts.draw(), "plan": named}
        return self.client.post(f"/{self.slug}/stemmen/inzending", data=data)

    def counted(self, code: str, *titles: str) -> None:
        answer = self.vote(code, *titles)
        assert "Uw stem telt mee" in words(answer.text), plain(answer.text)

    def refused(self, code: str, *titles: str) -> str:
        """The words of the refusal; nothing was stored, and the code is still good."""
        before = self.stored()
        answer = self.vote(code, *titles)
        assert answer.status_code == 422
        assert self.stored() == before
        return plain(answer.text)

    def stored(self) -> list[tuple[str, ...]]:
        """Everything that a hand-in may write."""
        return [
            *self.db.execute("SELECT 'ballot', vote FROM ballots WHERE process_id = ? ORDER BY key", [self.process.id]),
            *self.db.execute("SELECT 'used', hex(key) FROM roll WHERE used_on IS NOT NULL ORDER BY key"),
            *self.db.execute("SELECT 'receipt', hex(hash) FROM receipts ORDER BY hash"),
            *self.db.execute("SELECT channel, number FROM ballot_channels ORDER BY channel"),
        ]

    # The result

    def close(self) -> None:
        """The vote is over and sealed, and the result is public."""
        vote = self.process.voting_phase
        assert vote is not None
        self.clock.now = vote.closes_at + HOUR
        sealing.seal(self.db, self.slug, self.clock.now)

    def file(self) -> pabulib.Instance:
        """The published ballots, as somebody else reads them."""
        return pabulib.read(self.client.get(f"/{self.slug}/uitslag/stembiljetten.pb").content)

    def recounted(self) -> list[str]:
        """The titles of what wins when the file is counted again, which must be what the page says won."""
        instance = self.file()
        found = pabulib.recount(instance)
        assert found["matches_file"] is True
        titles = {plan.project_id: plan.title for plan in self.process.plans}
        page = self.page("/uitslag")
        gone = page.index("Deze plannen gaan niet door") if "Deze plannen gaan niet door" in page else len(page)
        for project_id, title in titles.items():
            if project_id in found["selected"]:
                assert page.index(title) < gone, title
        return [titles[project_id] for project_id in found["selected"]]
