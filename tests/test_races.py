"""A hundred at once, through the site as browsers ask it: each thing happens exactly once, and who came second is told.

What one noun does by itself is raced beside its rules (test_supports_domain, test_merges_domain, test_reactions_domain,
test_assessments_domain); here is what goes through pages, and what two nouns do to one plan.
"""

import asyncio
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from httpx import Response
from litestar import Litestar
from litestar.testing import AsyncTestClient, TestClient

from config.settings import Settings
from domain import assessments, links, merges, moderation, residents, sessions, submissions, versions, withdrawals
from domain.assessments import Judgement, Seen
from domain.database import Database, Writer, writing
from domain.processes import Process
from routes.site import Site
from routes.visitors import COOKIE
from tests import staff
from tests.attacks import PUBLIC, TWIN, Town, insert_town
from tests.cast import AICHA, BRAM, CHEN, NOW, Resident, crowd, insert_roll, reload
from tests.conftest import Clock
from tests.pages import Page, words
from tests.writing import arrives, mails_of, swing

HUNDRED = 100
MAKERS = [AICHA.email, BRAM.email]  # of the twin, since another plan of Aïcha was merged into it
Post = tuple[str, dict[str, Any], dict[str, str]]  # path, fields, cookies


@pytest.fixture
def town(db: Database, secret: bytes) -> Town:
    return insert_town(db, secret, "bezuidenhout", AICHA, BRAM, "Bea")


@pytest.fixture
def plan(town: Town) -> str:
    return f"/bezuidenhout/plannen/{town.plans[PUBLIC]}"


def at_once(app: Litestar, posts: Iterable[Post]) -> list[Response]:
    """Everyone presses at the same moment, each in a browser of their own."""

    async def race() -> list[Response]:
        async with AsyncTestClient(app, base_url="http://testserver.local") as client:
            client.follow_redirects = False
            sent = [
                client.post(path, data=fields, headers={"Cookie": "; ".join(f"{k}={v}" for k, v in cookies.items())})
                for path, fields, cookies in posts
            ]
            return list(await asyncio.gather(*sent))

    return asyncio.run(race())


def codes(answers: Iterable[Response]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


def count(db: Database, table: str, where: str = "1", *values: object) -> int:
    return int(db.execute(f"SELECT count(*) FROM {table} WHERE {where}", list(values)).fetchone()[0])


def session_of(db: Database, secret: bytes, who: Resident) -> dict[str, str]:
    """The cookie of that resident."""
    id_ = arrives(db, secret, who)
    with writing(db):
        return {COOKIE: residents.start_session(db, id_, NOW)}


def session_of_staff(db: Database, process: Process, name: str, role: str) -> dict[str, str]:
    with writing(db):
        account_id = staff.account(db, name)
        staff.give(db, account_id, process, role)
        return {staff.COOKIE: sessions.start(db, account_id, "Firefox op Linux", NOW)}


def test_a_hundred_people_support_a_plan_at_once(
    app: Litestar, db: Database, secret: bytes, town: Town, plan: str
) -> None:
    posts = [(f"{plan}/steun", {}, session_of(db, secret, who)) for who in crowd(HUNDRED)]
    before = count(db, "supports", "plan_id = ?", town.plans[PUBLIC])
    assert codes(at_once(app, posts)) == {303: HUNDRED}
    assert count(db, "supports", "plan_id = ?", town.plans[PUBLIC]) == before + HUNDRED
    (shown,) = db.execute("SELECT supports FROM plans WHERE id = ?", [town.plans[PUBLIC]]).fetchone()
    assert shown == before + HUNDRED


def test_a_link_in_a_mail_pressed_a_hundred_times_does_it_once(
    app: Litestar, db: Database, secret: bytes, town: Town
) -> None:
    plan_id = town.plans[TWIN]
    with writing(db):
        shown = {"title": "De tweeling", "slug": "bezuidenhout", "back": "/bezuidenhout"}
        payload = {"shown": shown, "process": town.process.id, "plan": plan_id}
        token = links.make(db, "support", CHEN.email, payload, NOW)
    answers = at_once(app, [(f"/bevestig/{token}", {}, {})] * HUNDRED)
    assert codes(answers) == {303: 1, 200: HUNDRED - 1}
    assert sum(COOKIE in answer.cookies for answer in answers) == 1
    assert all("U hebt dit al bevestigd" in words(a.text) for a in answers if a.status_code == 200)
    assert count(db, "supports", "plan_id = ?", plan_id) == 1


def test_a_plan_handed_in_a_hundred_times_is_one_plan(app: Litestar, db: Database, secret: bytes, town: Town) -> None:
    before, aicha = count(db, "plans"), session_of(db, secret, AICHA)
    draft = town.tokens["/{slug}/plannen/nieuw/{token}"]
    cookies = {**aicha, f"plan_{town.process.id}": draft}
    with TestClient(app, base_url="http://testserver.local", cookies=cookies) as client:
        page = client.get("/bezuidenhout/plannen/nieuw/voorbeeld").text
    fields = {
        name: values[-1] for name, values in Page(page).form("/bezuidenhout/plannen/nieuw/inzending").fields.items()
    }
    answers = at_once(app, [("/bezuidenhout/plannen/nieuw/inzending", fields, cookies)] * HUNDRED)
    assert count(db, "plans") == before + 1
    assert set(codes(answers)) <= {200, 303}
    (plan_id,) = db.execute("SELECT max(id) FROM plans").fetchone()
    assert all(str(plan_id) in answer.headers.get("location", "") + answer.text for answer in answers)
    assert mails_of(db, "plan_published") == [AICHA.email]


def test_of_a_hundred_edits_of_one_text_one_is_kept_and_the_others_see_the_difference(
    app: Litestar, db: Database, secret: bytes, town: Town, plan: str
) -> None:
    aicha, version = session_of(db, secret, AICHA), town.process.by_id[town.plans[PUBLIC]].version
    posts = [
        (f"{plan}/wijzigen", {**swing(town.process, title=f"Schommel {n}"), "version": str(version)}, aicha)
        for n in range(HUNDRED)
    ]
    answers = at_once(app, posts)
    assert codes(answers) == {303: 1, 409: HUNDRED - 1}
    kept = next(n for n, answer in enumerate(answers) if answer.status_code == 303)
    assert reload(db).by_id[town.plans[PUBLIC]].title == f"Schommel {kept}"
    assert count(db, "plan_versions", "plan_id = ?", town.plans[PUBLIC]) == version  # of before this, and of this
    for n, answer in enumerate(answers):
        if n != kept:
            typed = {tag.get("name"): tag.get("value") for tag in Page(answer.text).all("input")}
            assert typed["title"] == f"Schommel {n}"  # nothing that was typed is lost
            assert f"<del>{kept}</del>" in answer.text or str(kept) in words(answer.text)


def test_of_a_hundred_verdicts_one_is_given_and_the_others_see_it(app: Litestar, db: Database, town: Town) -> None:
    plan_id = town.plans[TWIN]
    page = f"/beheer/bezuidenhout/plannen/{plan_id}/toets"
    colleagues = [session_of_staff(db, town.process, f"Toetser{n}", "toetser") for n in range(HUNDRED)]
    seen = {"versie": "1", "gezien": "0", "checklist": "0"}
    posts = [(page, {**seen, "oordeel": "infeasible", "reden": f"Reden {n}"}, who) for n, who in enumerate(colleagues)]
    answers = at_once(app, posts)
    assert codes(answers) == {303: 1, 409: HUNDRED - 1}
    assert count(db, "verdicts", "plan_id = ?", plan_id) == 1
    kept = next(n for n, answer in enumerate(answers) if answer.status_code == 303)
    assert reload(db).by_id[plan_id].verdict_reason == f"Reden {kept}"
    assert all(f"Reden {kept}" in a.text and f"Reden {n}" in a.text for n, a in enumerate(answers) if n != kept)
    assert sorted(mails_of(db, "verdict")) == MAKERS


# Two nouns, one plan: the writer, so that the order is that of pressing


async def written(settings: Settings, *writes: tuple[Any, ...]) -> list[str]:
    """What became of each: “done”, or the name of what was raised."""
    writer = Writer(settings.db)

    async def one(verb: Any, *arguments: Any) -> str:
        try:
            await writer.write(verb, *arguments)
        except (moderation.Refused, versions.Stale, assessments.Stale, assessments.NotPossible) as refused:
            return type(refused).__name__
        return "done"

    try:
        return list(await asyncio.gather(*(one(*write) for write in writes)))
    finally:
        await writer.close()


@pytest.mark.parametrize("first", [0, 1])
def test_two_plans_merged_into_each_other_at_once_are_one(
    db: Database, settings: Settings, town: Town, first: int
) -> None:
    swing_, twin, bea = town.plans[PUBLIC], town.plans[TWIN], town.ids["account"]
    pairs = [(swing_, twin), (twin, swing_)]
    writes = [(merges.merge, town.process, *pairs[(first + n) % 2], NOW, bea) for n in range(HUNDRED)]
    outcomes = asyncio.run(written(settings, *writes))
    assert Counter(outcomes) == {"done": 1, "Refused": HUNDRED - 1}
    merged = {plan_id: reload(db).by_id[plan_id].merged_into for plan_id in (swing_, twin)}
    gone, into = pairs[first]
    assert merged == {gone: into, into: None}


def test_hidden_and_judged_at_once_the_verdict_stays_off_the_site(
    db: Database, settings: Settings, town: Town, client: TestClient
) -> None:
    twin, bea, colleague = town.plans[TWIN], town.ids["account"], town.ids["colleague"]
    given, seen = Judgement("infeasible", None, "Dit mag niet"), Seen(1, 0, 0)
    hide = (moderation.hide, town.process, twin, "Naam van een buur", NOW, bea)
    judge = (assessments.judge, town.process, twin, given, {}, seen, colleague, NOW)
    outcomes = asyncio.run(written(settings, *[hide, judge] * (HUNDRED // 2)))
    assert outcomes.count("done") - outcomes[1::2].count("done") == 1  # hidden once
    plan = reload(db).by_id[twin]
    assert plan.status == "hidden"
    assert count(db, "verdicts", "plan_id = ?", twin) == (1 if plan.verdict else 0)
    assert sorted(mails_of(db, "plan_hidden")) == MAKERS
    assert "Dit mag niet" not in client.get(f"/bezuidenhout/plannen/{twin}").text
    assert "Dit mag niet" not in client.get("/bezuidenhout/feed.atom").text


@pytest.mark.parametrize("first", ["withdrawn", "merged"])
def test_withdrawn_and_merged_at_once_what_came_first_stays(
    db: Database, settings: Settings, town: Town, first: str
) -> None:
    swing_, twin, bea = town.plans[PUBLIC], town.plans[TWIN], town.ids["account"]
    withdraw = (withdrawals.withdraw, swing_, "Toch niet", NOW)
    merge = (merges.merge, town.process, swing_, twin, NOW, bea)
    told = len(mails_of(db, "plan_merged"))
    pressed = [withdraw, merge] if first == "withdrawn" else [merge, withdraw]
    asyncio.run(written(settings, *pressed * (HUNDRED // 2)))
    plan = reload(db).by_id[swing_]
    assert (plan.withdrawn, plan.status == "merged") == (first == "withdrawn", first == "merged")
    assert len(mails_of(db, "plan_merged")) - told == (2 if first == "merged" else 0)


def test_drafts_saved_and_handed_in_at_once_lose_nothing(
    db: Database, secret: bytes, settings: Settings, town: Town
) -> None:
    """Another tab that saves while the plan is handed in is told so; it makes no second draft under the same key."""
    token, aicha = town.tokens["/{slug}/plannen/nieuw/{token}"], arrives(db, secret, AICHA)
    draft = submissions.of_token(db, town.process.id, token)
    assert draft is not None

    async def race() -> list[Any]:
        writer = Writer(settings.db)
        save = (submissions.save, town.process.id, token, draft.typed, None, NOW)
        writes = [save if n % 2 else (submissions.hand_in, draft.id, aicha, NOW) for n in range(HUNDRED)]
        try:
            return list(await asyncio.gather(*(writer.write(*w) for w in writes), return_exceptions=True))
        finally:
            await writer.close()

    outcomes = asyncio.run(race())
    (plan_id,) = db.execute("SELECT plan_id FROM submissions WHERE id = ?", [draft.id]).fetchone()
    assert set(outcomes[::2]) == {plan_id}
    assert {type(outcome) for outcome in outcomes[1::2]} == {submissions.HandedIn}
    assert count(db, "submissions") == 1


# The vote


def test_what_is_handed_in_while_staff_close_the_vote_is_counted_or_refused(
    app: Litestar, db: Database, secret: bytes, process: Process, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    """Who heard that the ballot counts is in the box, and nobody else: with the code still unused."""
    voters = crowd(HUNDRED)
    with writing(db):
        insert_roll(db, secret, process.id, voters)
    bea = session_of_staff(db, process, "Bea", "beheerder")
    path = "/beheer/bezuidenhout/fasen"
    with TestClient(app, base_url="http://testserver.local", cookies=bea) as client:
        page = Page(client.post(path, data={"nu": "vote-closes"}).text)
    close = ({name: values[-1] for name, values in page.form(f"{path}/wijziging").fields.items()}, bea)
    posts = [("/bezuidenhout/stemmen/inzending", who.form("bank"), {}) for who in voters]
    posts.insert(HUNDRED // 2, (f"{path}/wijziging", *close))
    ticks = count_from(NOW)
    monkeypatch.setattr(Site, "now", lambda site: next(ticks))
    answers = at_once(app, posts)
    assert answers.pop(HUNDRED // 2).status_code == 303
    assert set(codes(answers)) == {200, 409}
    heard = codes(answers)[200]
    assert count(db, "ballots") == count(db, "receipts") == count(db, "roll", "used_on IS NOT NULL") == heard


def count_from(moment: datetime) -> Iterator[datetime]:
    """A clock on which some time passes at every look, so that a hundred requests take some seconds."""
    return (moment + timedelta(milliseconds=50 * n) for n in itertools.count())
