"""Who took part: the page for residents, and the two questions after handing in a ballot."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from litestar import Request, post
from litestar.params import FromPath

from domain import areas, outreach, representation, turnout
from domain.database import Database
from domain.processes import Process
from routes.forms import Form, read_form
from routes.pages import answer, page, process_or_404, shared, site_of
from routes.replies import Reply, see_other

KEPT = timedelta(hours=1)
MOST = 200_000  # tokens at once, of some 200 bytes: more than hand in within an hour


class Asked:
    """Who may still answer: a token for each ballot counted, drawn for its success page, and used up by an answer.

    In memory alone and for an hour, so that nothing on disk says when somebody handed in, or that an answer belongs to
    a ballot: a token stands for no code, ballot or receipt. What it prevents: an answer without a ballot, and more than
    one from the same page, also from two tabs, a reload, or a bot that sends the form over and over. A hand-in that is
    sent again (a lost answer) asks nothing again. What it doesn't: that a voter answers untruly, or doesn't answer
    (so the page says how many did); and who changes a vote with the receipt they had is asked once more. Whatever
    happens, of each question no more answers are counted than there are ballots (turnout.answered). After a restart
    the pages of before ask in vain: their answer is not counted, and they are told.
    """

    def __init__(self) -> None:
        self.tokens: dict[str, tuple[int, datetime]] = {}  # in the order in which they end

    def draw(self, process_id: int, now: datetime) -> str:
        while self.tokens and (len(self.tokens) >= MOST or self.tokens[next(iter(self.tokens))][1] <= now):
            del self.tokens[next(iter(self.tokens))]
        token = secrets.token_urlsafe(16)
        self.tokens[token] = (process_id, now + KEPT)
        return token

    def use_up(self, token: str, process_id: int, now: datetime) -> bool:
        """True once for each token of that process."""
        asked = self.tokens.get(token)
        if asked is None or asked[0] != process_id or asked[1] <= now:
            return False
        del self.tokens[token]
        return True


ASKED = Asked()
FIELDS = {"leeftijd": "age", "eerste_keer": "first_time"}


@post("/{slug:str}/stemmen/vragen", status_code=200)
async def answer_questions(request: Request, slug: FromPath[str]) -> Reply:
    """Count the answers, if any, of a page that asked."""
    process, site = process_or_404(request, slug), site_of(request)
    form = await read_form(request)
    answers, now = answers_in(form), site.now()
    said = "nothing"
    if answers:
        fine = not process.finished and ASKED.use_up(form.get("kaart"), process.id, now)
        said = "thanks" if fine else "gone"
        if fine:
            await site.writer.write(turnout.answered, process.id, answers)
    return answer(request, "turnout/thanks.html", process, secret=True, block="thanks", said=said)


def answers_in(form: Form) -> dict[str, str]:
    """What was answered; what is no answer of ours counts as none: nobody has to answer."""
    given = {question: form.get(field) for field, question in FIELDS.items()}
    return {question: said for question, said in given.items() if said in turnout.QUESTIONS[question]}


@page("/{slug:str}/stemmen/vragen")
async def questions_gone(request: Request, slug: FromPath[str]) -> Reply:
    """Somebody typed or reloaded the address of the answers."""
    return see_other(f"/{process_or_404(request, slug).slug}")


@page("/{slug:str}/opkomst")
async def show(request: Request, slug: FromPath[str]) -> Reply:
    """Once all is over, or day by day where the process says so; a page that says when before that."""
    process = process_or_404(request, slug)
    if not public(request, process):
        return shared(request, "turnout/soon.html", process, "", dict)
    made = await site_of(request).once(who_took_part, process)
    return shared(request, "turnout/show.html", process, "", lambda: made)


def public(request: Request, process: Process) -> bool:
    """Residents may see the figures there are."""
    site = site_of(request)
    if turnout.last_made(site.reader, process.id) is None:
        return False
    return process.turnout_public == "daily" or turnout.final(site.reader, process, site.now())


def who_took_part(db: Database, process: Process) -> dict[str, Any]:
    return {
        "watch": representation.watch(db, process),
        "drawing": areas.drawing(db, areas.of_process(db, process.id)),
        "done": outreach.of_process(db, process.id),
        "steps": representation.STEPS,
    }


ROUTES = [show, answer_questions, questions_gone]
