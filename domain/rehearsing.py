"""Playing a dress rehearsal: a design run from the first plan to the result, by residents who don't exist.

In a database of its own that is thrown away, through the verbs that residents and staff use, at a `now` that moves
from phase to phase. On the way it tries what must be refused. Run as a script it is the child process that the site
starts: an Order as JSON on stdin, its progress and what came of it as lines of JSON on stdout.
"""

import contextlib
import json
import os
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from domain import (
    accounts,
    assessments,
    ballots,
    batches,
    checklists,
    database,
    follows,
    links,
    mails,
    moderation,
    outbox,
    paper,
    receipts,
    residents,
    results,
    sealing,
    submissions,
    supports,
    synthetic,
    versions,
    work,
)
from domain.assessments import Judgement, Seen
from domain.ballots import Outcome
from domain.database import Database, connect, writing
from domain.designs import making, trials
from domain.designs.model import Design
from domain.fields import WrongFields
from domain.migrations import migrate
from domain.outbox import Recipient
from domain.paper import Entry
from domain.phases import Phase
from domain.plans import Plan
from domain.processes import Process
from domain.rehearsals import Count, Finding, Order, Place, Post, Rehearsed, Row, order_from_json
from domain.secret import open_secret
from domain.submissions import Typed
from domain.synthetic import Resident, SyntheticPlan

TURNOUT = 0.6  # of the residents; more than in a real vote, so that a small rehearsal counts something
FOLLOWERS = 0.05
INFEASIBLE = 8  # of so many plans one
CHEAPER = 6  # of so many feasible plans one is found to cost another amount
MUCH_LEFT = 0.25  # of the budget
EVERY = 25  # residents between two lines of progress
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
# Content, as in a plan or a verdict; no text of the site.
FEASIBLE = {"nl": "Dit plan kan. Het past binnen de regels.", "en": "This can be done. It fits within the rules."}
INFEASIBLE_TEXT = {"nl": "Dit plan kan niet: de grond is van iemand anders.", "en": "Somebody else owns the ground."}


Told = Callable[[str, int, int], None]  # the step, and how many of how many are done


def nobody(step: str, done: int, of: int) -> None:
    pass


def rehearse(order: Order, directory: Path, told: Told = nobody) -> Rehearsed:
    """Run the whole thing in that directory, which is there and empty, and gone afterwards whatever happens."""
    began = time.monotonic()
    try:
        with staged(order, directory, told) as stage:
            for _, step in sorted(moments(stage.process).items()):
                step(stage)
            return outcome(stage, began)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def moments(process: Process) -> dict[tuple[datetime, int], Callable[["Stage"], None]]:
    """When each step is played, in an order that the dates decide; what has no phase comes before or after it all."""
    phase = {one.kind: one for one in process.phases}
    first, last = process.phases[0].opens_at - HOUR, process.phases[-1].closes_at
    found: dict[tuple[datetime, int], Callable[[Stage], None]] = {
        (during(phase["collect"], 0.1) if "collect" in phase else first, 0): collect,
        (phase["vote"].opens_at if "vote" in phase else last, 3): vote,
    }
    if "support" in phase:
        found[support_moment(process), 1] = support
    if "assess" in phase:
        found[assess_moment(process), 2] = assess
    return found


def support_moment(process: Process) -> datetime:
    """In the middle, or as soon as there are plans where these come in later."""
    support, collected = process.phase("support"), process.phase("collect")
    assert support is not None
    return max(during(support), during(collected, 0.2)) if collected else during(support)


def assess_moment(process: Process) -> datetime:
    """In the middle of what is left of it before the vote."""
    assess, opens = process.phase("assess"), process.voting_phase
    assert assess is not None
    if opens is None or opens.opens_at <= assess.opens_at:
        return during(assess)
    return assess.opens_at + (min(assess.closes_at, opens.opens_at) - assess.opens_at) / 2


@dataclass
class Stage:
    """Where it is played: the database, the people, and what happened so far."""

    db: Database
    secret: bytes
    slug: str
    order: Order
    told: Told
    manager: int  # ids of accounts
    assessor: int
    plans: list[SyntheticPlan]
    people: list[Resident]
    ids: list[int] = field(default_factory=list)  # of the plans, in their order; 0 for one that didn't come in
    codes: list[str] = field(default_factory=list)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)

    @property
    def process(self) -> Process:
        return trials.loaded(self.db, self.slug)

    def count(self, step: str, what: str, number: int = 1) -> None:
        self.counts[step, what] += number

    def write(self, verb: Callable[..., Any], *arguments: Any) -> Any:
        with writing(self.db):
            return verb(self.db, *arguments)

    def does(self, step: str, verb: Callable[..., Any], *arguments: Any) -> bool:
        """As `write`, where something may be in the way in this design, which is then found; whether nothing was."""
        try:
            self.write(verb, *arguments)
        except REFUSALS:
            self.findings.append(Finding("in_the_way", name=step))
            return False
        return True

    def tries(self, what: str, verb: Callable[..., Any], *arguments: Any) -> None:
        """Somebody does what must be refused. If it isn't, that is found; either way nothing of it stays."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            verb(self.db, *arguments)
        except REFUSALS:
            self.refused[what] += 1
        else:
            self.findings.append(Finding("not_refused", name=what))
        finally:
            self.db.execute("ROLLBACK")


class Again(Exception):
    """It was done before, and nothing changed."""


REFUSALS = (
    *(submissions.Closed, WrongFields, supports.Refused, assessments.Stale, assessments.NotPossible),
    *(ballots.Refused, ballots.Closed, versions.Frozen, batches.Refused, paper.Refused, moderation.Refused, Again),
)


@contextlib.contextmanager
def staged(order: Order, directory: Path, told: Told) -> Iterator[Stage]:
    """A fresh database with the process, its staff and what the residents will do."""
    told("prepare", 0, 0)
    db = connect(directory / "repetitie.db")
    try:
        db.execute("PRAGMA synchronous = OFF")  # it need not survive anything
        migrate(db)
        secret = open_secret(db, directory / "repetitie.secret")
        with writing(db):
            first = phases_of(order.design)[0].opens_at - HOUR
            manager = accounts.make(db, "beheer@repetitie.example", "Beheer", "", True, first)
            assessor = accounts.make(db, "toets@repetitie.example", "Toets", "", False, first)
            insert_places(db, order.places)
            slug = making.create(db, trials.without_unknown_code(db, order.design), first, manager)
            db.execute("UPDATE processes SET lot_seed = ?", [str(order.seed)])
            (process_id,) = db.execute("SELECT id FROM processes").fetchone()
            database.insert(db, "roles", {"account_id": assessor, "process_id": process_id, "role": "toetser"})
        room = trials.room_of(trials.loaded(db, slug))
        listed = synthetic.plans(order.seed, synthetic.number_of_plans(order.residents), room)
        people = synthetic.residents(order.seed, order.residents, [plan.appeal for plan in listed])
        yield Stage(db, secret, slug, order, told, manager, assessor, listed, people)
    finally:
        db.close()


def phases_of(design: Design) -> list[Phase]:
    return sorted(design.phases, key=lambda phase: phase.opens_at)


def insert_places(db: Database, places: Iterable[Place]) -> None:
    within = None
    for place in places:
        row = {"parent_id": within, "name": place.name, "level": place.level}
        row |= {"code": place.code or None, "boundary": place.boundary or None}
        within = database.insert(db, "areas", row)


def during(phase: Phase, part: float = 0.5) -> datetime:
    """A moment so far into the phase."""
    return phase.opens_at + (phase.closes_at - phase.opens_at) * part


# Plans


def collect(stage: Stage) -> None:
    """Every plan is handed in by a resident who confirms by mail, or by staff where only they may."""
    process = stage.process
    phase = process.phase("collect")
    if phase is None:
        bring_in(stage)
        return
    now = during(phase, 0.1)
    stage.told("collect", 0, len(stage.plans))
    makers = [stage.people[n % len(stage.people)] for n in range(len(stage.plans))]
    on_paper = process.submitters == "staff"
    drafts = [keep_draft(stage, process, plan, who, now) for plan, who in zip(stage.plans, makers, strict=True)]
    try_plans(stage, process, phase, drafts[0], makers[0])
    for number, (draft, who) in enumerate(zip(drafts, makers, strict=True), 1):
        stage.ids.append(handed_in(stage, draft, who, now, on_paper))
        stage.told("collect", number, len(drafts))
    follow(stage, process, now)
    if process.plan_moderation == "before":
        publish(stage, process, now + HOUR)
    send_news(stage, now + 2 * HOUR)


def try_plans(stage: Stage, process: Process, phase: Phase, draft: int, who: Resident) -> None:
    """What can't be a plan, or not then."""
    now, on_paper = during(phase, 0.1), process.submitters == "staff"
    late = phase.closes_at + (paper.LATE if on_paper else timedelta())
    first = stage.plans[0]
    most = trials.room_of(process).most[first.theme]
    dear = replace(first, items=((first.items[0][0], most + 100),))
    stage.tries("plan_early", submitted, stage, draft, who, phase.opens_at - MINUTE, on_paper)
    stage.tries("plan_late", submitted, stage, draft, who, late + MINUTE, on_paper)
    stage.tries("plan_too_dear", submitted, stage, keep_draft(stage, process, dear, who, now), who, now, on_paper)
    if process.reach:
        typed = replace(typed_plan(process, first, who), lat="0", lon="0")
        outside = stage.write(submissions.save, process.id, submissions.new_token(), typed, None, now)
        stage.tries("plan_outside", submitted, stage, outside.id, who, now, on_paper)


def keep_draft(stage: Stage, process: Process, plan: SyntheticPlan, who: Resident, now: datetime) -> int:
    token = submissions.new_token()
    typed = typed_plan(process, plan, who)
    draft = stage.write(submissions.save, process.id, token, typed, None, now)
    return int(draft.id)


def typed_plan(process: Process, plan: SyntheticPlan, who: Resident) -> Typed:
    """The form, as the resident fills it in."""
    texts = {"title": plan.title, "summary": plan.summary, "description": plan.summary, "name": who.name}
    themes = tuple(str(theme.id) for theme in process.themes if theme.name == plan.theme)
    listed = tuple((what, submissions.amount(cents)) for what, cents in plan.items)
    return Typed(texts, themes, listed)


def submitted(db: Database, stage: Stage, draft_id: int, who: Resident, now: datetime, on_paper: bool) -> int:
    """Hand in the draft, as the resident with the link of a mail, or as staff. Raises as submissions.hand_in."""
    if on_paper:
        return paper.hand_in(db, draft_id, Entry("desk", language=language_of(stage)), now, stage.manager)
    draft = submissions.of_id(db, draft_id)
    assert draft is not None
    path = by_mail(db, stage, "submission", who, {"submission": draft_id, "seal": draft.seal}, now)
    return int(path.split("/")[-2])


def language_of(stage: Stage) -> str:
    return str(stage.order.design["traject-language"])


CONFIRMED: Mapping[str, Callable[[Database, int, Mapping[str, Any], datetime], str]] = {
    "submission": submissions.confirmed,
    "support": supports.confirmed,
    "follow": follows.confirmed,
}


def by_mail(db: Database, stage: Stage, purpose: str, who: Resident, payload: Mapping[str, Any], now: datetime) -> str:
    """The resident asks for the link by mail and uses it, as routes/confirmations.py does; returns where it shows."""
    to = Recipient(who.email, language_of(stage))
    token = links.make(db, purpose, who.email, payload, now)
    mails.confirm(db, now, to, path=f"/bevestig/{token}", action=purpose)
    link = links.use(db, token, now)
    assert link is not None
    resident_id = residents.arrived(db, residents.key_of_address(stage.secret, link.email), to.language, now)
    if purpose != "support":
        residents.keep_address(db, resident_id, link.email)
    path = CONFIRMED[purpose](db, resident_id, link.payload, now)
    links.done(db, token, path)
    return path


def handed_in(stage: Stage, draft_id: int, who: Resident, now: datetime, on_paper: bool) -> int:
    """The id of the plan; 0 where the process refused it, which is then found."""
    try:
        plan_id = stage.write(submitted, stage, draft_id, who, now, on_paper)
    except WrongFields as wrong:
        stage.findings.append(Finding("plan_refused", name=wrong.wrong[0].kind))
        return 0
    except REFUSALS:
        stage.findings.append(Finding("in_the_way", name="collect"))
        return 0
    stage.count("collect", "plans")
    return int(plan_id)


def bring_in(stage: Stage) -> None:
    """There is no phase to collect plans, so they come in as an import brings them."""
    stage.findings.append(Finding("no_collect"))
    process = stage.process
    for number, plan in enumerate(stage.plans, 1):
        stage.ids.append(stage.write(trials.insert, process, plan, number))
    stage.count("collect", "imported", len(stage.plans))


def follow(stage: Stage, process: Process, now: datetime) -> None:
    """Some residents want to hear how it goes on."""
    number = max(1, round(FOLLOWERS * len(stage.people)))
    for who in stage.people[-number:]:
        payload = {"process": process.id, "plan": None, "frequency": "at_once"}
        stage.write(by_mail, stage, "follow", who, payload, now)
    stage.count("collect", "followers", number)


def publish(stage: Stage, process: Process, now: datetime) -> None:
    for plan_id in filter(None, stage.ids):
        stage.does("collect", moderation.publish, process, plan_id, "", now, stage.manager)
    stage.count("collect", "published", sum(plan.public for plan in stage.process.all_plans))


def send_news(stage: Stage, now: datetime) -> None:
    stage.write(follows.send_news, stage.secret, [stage.process], now + timedelta(days=1))


# Support


def support(stage: Stage) -> None:
    """Every resident supports what they like: who shows themselves by mail does so once, and is known from then on."""
    process = stage.process
    phase = process.phase("support")
    if phase is None or not any(stage.ids):
        return
    now = support_moment(process)
    if process.supporters == "code":
        draw_codes(stage, process, now)
        if not stage.codes:
            return
    stage.told("support", 0, len(stage.people))
    for number, who in enumerate(stage.people, 1):
        support_all(stage, process, number - 1, who, now)
        if number % EVERY == 0 or number == len(stage.people):
            stage.told("support", number, len(stage.people))
    if stage.counts["support", "supports"]:
        try_supports(stage, process, now)
    found_support(stage)
    send_news(stage, now + HOUR)


def try_supports(stage: Stage, process: Process, now: datetime) -> None:
    """What can't be supported, or not then."""
    (plan_id, who) = stage.db.execute("SELECT plan_id, resident_id FROM supports LIMIT 1").fetchone()
    period = supports.period(process, now)
    assert period is not None
    stage.tries("support_twice", support_again, plan_id, who, now)
    stage.tries("support_late", supports.give, plan_id, who, period.closes_at + MINUTE)


def resident_id(stage: Stage, process: Process, place: int) -> int:
    """The id of the resident at that place, who showed who they are."""
    if process.supporters == "code":
        key = residents.key_of_code(stage.secret, process.id, stage.codes[place])
    else:
        key = residents.key_of_address(stage.secret, stage.people[place].email)
    found = stage.db.execute("SELECT id FROM residents WHERE key = ?", [key]).fetchone()
    return int(found[0]) if found else 0


def support_all(stage: Stage, process: Process, place: int, who: Resident, now: datetime) -> None:
    wanted = [stage.ids[one] for one in who.supports if stage.ids[one]]
    if wanted and stage.does("support", give_all, stage, process, place, wanted, now):
        stage.count("support", "supports", len(wanted))
        stage.count("support", "supporters")


def give_all(db: Database, stage: Stage, process: Process, place: int, wanted: Sequence[int], now: datetime) -> None:
    show_and_support(db, stage, process, place, wanted[0], now)
    who = resident_id(stage, process, place)
    for plan_id in wanted[1:]:
        supports.give(db, plan_id, who, now)


def show_and_support(db: Database, stage: Stage, process: Process, place: int, plan_id: int, now: datetime) -> None:
    if process.supporters == "code":
        code = stage.codes[place]
        supports.give_by_code(db, stage.secret, process, plan_id, code, language_of(stage), now)
    else:
        by_mail(db, stage, "support", stage.people[place], {"plan": plan_id}, now)


def support_again(db: Database, plan_id: int, who: int, now: datetime) -> None:
    """Support what they support already. Raises Again, if that makes no second support."""
    if not supports.give(db, plan_id, who, now):
        raise Again


def found_support(stage: Stage) -> None:
    """Whether the threshold divides the plans at all."""
    process = stage.process
    threshold, listed = process.support_threshold, [plan for plan in process.plans if not plan.withdrawn]
    if threshold is None or not listed:
        return
    enough = sum(plan.supports >= threshold for plan in listed)
    stage.count("support", "enough", enough)
    if not enough:
        stage.findings.append(Finding("nobody_enough_support", threshold, len(stage.people)))
    elif enough < len(listed) / 4:
        stage.findings.append(Finding("few_enough_support", enough, len(listed)))


# The assessment


def assess(stage: Stage) -> None:
    """Staff judge every plan that waits for it: one in INFEASIBLE can't be done, one in CHEAPER costs less."""
    phase = stage.process.phase("assess")
    if phase is None:
        return
    process = stage.process
    now = assess_moment(process)
    waiting = [item.plan for item in work.to_judge(stage.db, process, now) if item.plan]
    stage.told("assess", 0, len(waiting))
    for number, plan in enumerate(waiting, 1):
        judge(stage, process, plan, number, now)
        stage.told("assess", number, len(waiting))
    if not waiting:
        stage.findings.append(Finding("nothing_to_assess", number=int(process.frozen(now))))
    else:
        second = judgement(stage, waiting[0], 0), dict[int, str](), Seen(1, 0, 0), stage.manager, now
        stage.tries("verdict_second", assessments.judge, process, waiting[0].id, *second)
    send_news(stage, now + HOUR)


def judge(stage: Stage, process: Process, plan: Plan, number: int, now: datetime) -> None:
    given = judgement(stage, plan, number)
    answers = {item.id: "yes" for item in checklists.of_process(stage.db, process.id)}
    seen = Seen(versions.version_of(stage.db, plan.id), 0, 0)
    if stage.does("assess", assessments.judge, process, plan.id, given, answers, seen, stage.assessor, now):
        stage.count("assess", given.verdict)


def judgement(stage: Stage, plan: Plan, number: int) -> Judgement:
    language = language_of(stage)
    if number and number % INFEASIBLE == 0:
        return Judgement("infeasible", None, INFEASIBLE_TEXT.get(language, INFEASIBLE_TEXT["nl"]))
    cost = max(plan.cost * 9 // 1000 * 100, synthetic.LEAST_COST) if number % CHEAPER == 1 else plan.cost
    return Judgement("feasible", cost, FEASIBLE.get(language, FEASIBLE["nl"]))


# The vote


def draw_codes(stage: Stage, process: Process, now: datetime) -> None:
    """One for each resident, once."""
    if stage.codes:
        return
    batch = batches.draw(stage.secret, process.id, {None: len(stage.people)})
    if stage.does("codes", batches.enter, process, batch, 0, "letter", now, stage.manager):
        stage.codes = batch.codes[None]
        stage.count("vote", "codes", len(stage.codes))


def vote(stage: Stage) -> None:
    """Who votes hands in a ballot with their code; then the vote closes and is sealed."""
    process = stage.process
    phase = process.phase("vote")
    if phase is None:
        stage.findings.append(Finding("no_vote"))
        return
    draw_codes(stage, process, phase.opens_at - HOUR)
    process = stage.process
    found_ballot(stage, process)
    if process.on_ballot and stage.codes:
        cast(stage, process, phase)
        try_ballots(stage, process, during(phase, 0.9))
        late = stage.codes[-1], [process.on_ballot[0].project_id], receipts.draw()
        stage.tries("ballot_early", ballots.hand_in, stage.secret, process, *late, phase.opens_at - MINUTE)
        stage.tries("ballot_late", ballots.hand_in, stage.secret, process, *late, phase.closes_at)
        stage.tries("plan_edited", edit, process.on_ballot[0], during(phase, 0.9))
        more = process, batches.Batch({}, {}), len(stage.codes), "letter", phase.closes_at + HOUR, stage.manager
        stage.tries("codes_late", batches.enter, *more)
    stage.told("seal", 0, 0)
    sealing.seal(stage.db, stage.slug, phase.closes_at + MINUTE)


def cast(stage: Stage, process: Process, phase: Phase) -> None:
    voters = stage.people[: max(1, round(TURNOUT * len(stage.people)))]
    stage.told("vote", 0, len(voters))
    listed = [process.by_id.get(plan_id) for plan_id in stage.ids]
    there = {plan.id for plan in process.on_ballot}
    now = during(phase)
    for number, who in enumerate(voters, 1):
        wishes = [plan for place in who.wishes if (plan := listed[place]) and plan.id in there]
        chosen = synthetic.ballot(process, wishes, who.length)
        if chosen is None:
            stage.findings.append(Finding("no_valid_ballot"))
            return
        hand_in(stage, process, stage.codes[number - 1], chosen, now)
        if number % EVERY == 0 or number == len(voters):
            stage.told("vote", number, len(voters))


def hand_in(stage: Stage, process: Process, code: str, chosen: Sequence[Plan], now: datetime) -> None:
    named = [plan.project_id for plan in chosen]
    if stage.does("vote", ballots.hand_in, stage.secret, process, code, named, receipts.draw(), now):
        stage.count("vote", "ballots")


def try_ballots(stage: Stage, process: Process, now: datetime) -> None:
    """What the limits must stop, with a code that is still good; and codes that aren't."""
    for kind, chosen in synthetic.wrong_ballots(process).items():
        named = [plan.project_id for plan in chosen]
        stage.tries(kind, ballots.hand_in, stage.secret, process, stage.codes[-1], named, receipts.draw(), now)
    first = stage.db.execute("SELECT vote FROM ballots WHERE vote != '' LIMIT 1").fetchone()
    if first is None:
        return
    named = [process.by_id[int(id_)].project_id for id_ in filter(None, first[0].split(","))]
    attempt = partial(ballots.hand_in, secret=stage.secret, process=process, project_ids=named, now=now)
    if not process.change_allowed:
        stage.tries("code_used", attempt_of(attempt, stage.codes[0], receipts.draw()))
    stage.tries("code_unknown", attempt_of(attempt, "2" * 13 + "2", receipts.draw()))
    stage.tries("unknown_plan", attempt_of(partial(attempt, project_ids=["bestaat-niet"]), stage.codes[-1]))
    if named:
        stage.tries("duplicate_plan", attempt_of(partial(attempt, project_ids=named[:1] * 2), stage.codes[-1]))
    stage.tries("sent_twice", twice, attempt_of(attempt, stage.codes[-1], receipts.draw()))


def attempt_of(attempt: Callable[..., Outcome], code: str, receipt: str = "") -> Callable[[Database], Outcome]:
    return lambda db: attempt(db, code=code, receipt=receipt or receipts.draw())


def twice(db: Database, attempt: Callable[[Database], Outcome]) -> None:
    """The very same hand-in two times, as a double click sends it. Raises Again, if it counted once."""
    before = ballots_in(db)
    attempt(db)
    attempt(db)
    if ballots_in(db) == before + 1:
        raise Again


def ballots_in(db: Database) -> int:
    return int(db.execute("SELECT count(*) FROM ballots").fetchone()[0])


def edit(db: Database, plan: Plan, now: datetime) -> None:
    versions.edit(db, plan.id, plan.version, {"title": f"{plan.title}!"}, now)


def found_ballot(stage: Stage, process: Process) -> None:
    """Whether there is something to choose."""
    listed = process.on_ballot
    stage.count("vote", "on_ballot", len(listed))
    if not listed:
        stage.findings.append(Finding("nothing_on_ballot"))
        return
    total = sum(plan.cost for plan in listed)
    if total <= process.budget:
        stage.findings.append(Finding("all_fit", total, process.budget))
    for theme in process.themes:
        there = sum(theme in plan.themes for plan in listed)
        if not there:
            stage.findings.append(Finding("theme_empty", name=theme.name))
        elif there < theme.min_length:
            stage.findings.append(Finding("theme_short", there, theme.min_length, theme.name))


# The outcome


def outcome(stage: Stage, began: float) -> Rehearsed:
    stage.told("result", 0, 0)
    process = stage.process
    result = results.result(stage.db, process) if process.finished else None
    if result and result.ballots:
        found_result(stage, result)
    return Rehearsed(
        residents=stage.order.residents,
        seed=stage.order.seed,
        budget=process.budget,
        counts=tuple(Count(step, what, number) for (step, what), number in stage.counts.items()),
        refused=dict(stage.refused),
        rows=tuple(rows(process, result)),
        ballots=result.ballots if result else None,
        blank=result.blank if result else 0,
        spent=int(result.spent) if result else 0,
        post=tuple(post(stage.db)),
        findings=tuple(dict.fromkeys(stage.findings)),
        seconds=round(time.monotonic() - began, 1),
    )


def found_result(stage: Stage, result: results.Result) -> None:
    if not result.selected and not result.partial:
        stage.findings.append(Finding("nobody_won"))
    elif result.left > MUCH_LEFT * result.process.budget:
        stage.findings.append(Finding("much_left", int(result.left), result.process.budget))
    if result.ties:
        stage.findings.append(Finding("ties", len(result.ties)))
    if result.small:
        stage.findings.append(Finding("few_ballots", result.ballots, results.FEWEST))


def rows(process: Process, result: results.Result | None) -> Iterator[Row]:
    """Those of the result in its order, and then the plans that never came on the ballot."""
    counted = result.rows if result else []
    for row in counted:
        granted = int(row.granted or 0)
        yield Row(*of_plan(row.plan), True, row.votes, row.status, granted)
    there = {row.plan.id for row in counted}
    for plan in sorted(process.all_plans, key=lambda plan: -plan.supports):
        if plan.id not in there:
            yield Row(*of_plan(plan), False)


def of_plan(plan: Plan) -> tuple[str, str, int, int]:
    return plan.title, ", ".join(theme.name for theme in plan.themes), plan.cost, plan.supports


def post(db: Database) -> Iterator[Post]:
    """Every kind of mail in the outbox, the most frequent first."""
    counted = db.execute("SELECT kind, count(*), min(id) FROM outbox GROUP BY kind ORDER BY 2 DESC, kind").fetchall()
    for kind, number, first in counted:
        row = next(db.query(f"SELECT {outbox.COLUMNS} FROM outbox WHERE id = ?", [first]))
        yield Post(kind, number, row)


# The child process


def main() -> None:
    """Reads an Order from stdin; `directory` is the first argument. Whoever reads stdout no more, ends it."""
    os.nice(10)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")  # if memory runs out, this goes and not the site
    order = order_from_json(sys.stdin.read())
    found = rehearse(order, Path(sys.argv[1]), lambda *said: say({"told": said}))
    say({"rehearsed": found.to_json()})


def say(what: Mapping[str, Any]) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    main()
