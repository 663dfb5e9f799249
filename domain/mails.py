"""Mails: one function for each, which puts it in the outbox inside the caller's write. Their words are in
templates/mail/<name>.txt and .html, filled with the content put here: plain JSON data.

Paths are of this site, such as “/bevestig/TOKEN”: the templates put the address of the site before them. In the content
`process` is {name, path, language, currency} and `title` that of the plan at `path`.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from domain.database import Database
from domain.outbox import Recipient, put
from domain.phases import to_text
from domain.processes import Process

ACTIONS = ("support", "reaction", "useful", "submission", "follow", "maker", "interest", "sign_in")


def confirm(
    db: Database,
    now: datetime,
    to: Recipient,
    *,
    path: str,
    action: str,
    process: Process | None = None,
) -> None:
    """“Bevestig uw adres”: content {path, action}; the link holds for a day.

    Anyone can have this mail sent to anyone, so it says nothing that a resident typed: no title of a plan.
    """
    if action not in ACTIONS:
        raise ValueError(action)
    put(db, "confirm", to, {"path": path, "action": action}, now, process_id=process.id if process else None)


def continue_submission(db: Database, now: datetime, to: Recipient, *, path: str, process: Process) -> None:
    """The link to go on writing a plan: content {process, path, until (UTC as in the database: when handing in ends, or
    empty)}."""
    collect = process.phase("collect")
    until = to_text(collect.closes_at) if collect else ""
    put(db, "continue_submission", to, {**of(process), "path": path, "until": until}, now, process_id=process.id)


def plan_received(db: Database, now: datetime, to: Recipient, *, process: Process, plan_id: int, title: str) -> None:
    """Handed in, and staff look at it before it is public: content {process, title, path}."""
    put(db, "plan_received", to, about(process, plan_id, title), now, process_id=process.id)


def plan_published(db: Database, now: datetime, to: Recipient, *, process: Process, plan_id: int, title: str) -> None:
    """It is public: content {process, title, path}."""
    put(db, "plan_published", to, about(process, plan_id, title), now, process_id=process.id)


def plan_hidden(
    db: Database, now: datetime, to: Recipient, *, process: Process, plan_id: int, title: str, reason: str
) -> None:
    """Staff took it off the site: content {process, title, path, reason}."""
    put(db, "plan_hidden", to, {**about(process, plan_id, title), "reason": reason}, now, process_id=process.id)


def plan_restored(
    db: Database, now: datetime, to: Recipient, *, process: Process, plan_id: int, title: str, waits: bool = False
) -> None:
    """It is back on the site, or waits for staff as before: content {process, title, path, waits}."""
    put(db, "plan_restored", to, {**about(process, plan_id, title), "waits": waits}, now, process_id=process.id)


def plan_edited(
    db: Database, now: datetime, to: Recipient, *, process: Process, plan_id: int, title: str, reason: str
) -> None:
    """Staff changed its text: content {process, title, path, reason}; `path` is that of its versions."""
    content = {**about(process, plan_id, title), "reason": reason}
    content["path"] += "/versies"
    put(db, "plan_edited", to, content, now, process_id=process.id)


def edit_judged(
    db: Database, now: datetime, to: Recipient, *, process: Process, plan_id: int, title: str, reason: str
) -> None:
    """Staff read what a maker wants to change: content {process, title, path, reason}; without a reason it is done."""
    put(db, "edit_judged", to, {**about(process, plan_id, title), "reason": reason}, now, process_id=process.id)


def verdict(
    db: Database,
    now: datetime,
    to: Recipient,
    *,
    process: Process,
    plan_id: int,
    title: str,
    verdict: str,
    cost: int | None,
    reason: str,
    once: str | None = None,
) -> None:
    """The outcome of the assessment: content {process, title, path, verdict, cost (cents or None), reason}."""
    content = {**about(process, plan_id, title), "verdict": verdict, "cost": cost, "reason": reason}
    put(db, "verdict", to, content, now, process_id=process.id, once=once)


def plan_outcomes(
    db: Database, now: datetime, to: Recipient, *, process: Process, items: Iterable[Mapping[str, Any]]
) -> None:
    """To a maker: how their plans on the ballot fared: content {process, items, path (of the result)}; each item is
    {kind (of news.OUTCOMES), title, text (why), path}."""
    names = ("kind", "title", "text", "path")
    listed = [{name: item[name] for name in names} for item in items]
    content = {**of(process), "items": listed, "path": f"/{process.slug}/uitslag"}
    put(db, "plan_outcomes", to, content, now, process_id=process.id)


def question(
    db: Database, now: datetime, to: Recipient, *, process: Process, plan_id: int, title: str, question: str
) -> None:
    """Staff ask the makers something: content {process, title, path, question}; `path` is where they answer."""
    content = {**about(process, plan_id, title), "question": question}
    content["path"] += "/vragen"
    put(db, "question", to, content, now, process_id=process.id)


def answer(
    db: Database, now: datetime, to: Recipient, *, process: Process, plan_id: int, title: str, answer: str
) -> None:
    """A maker answered the staff: content {process, title, path (in the beheer), answer}."""
    content = {**about(process, plan_id, title), "path": staff_path(process, plan_id), "answer": answer}
    put(db, "answer", to, content, now, process_id=process.id)


def maker_invited(db: Database, now: datetime, to: Recipient, *, process: Process, path: str) -> None:
    """A maker asks somebody to make a plan together: content {process, path}. It goes to whom they like, so it says
    nothing that they typed; the page of its link does."""
    put(db, "maker_invited", to, {**of(process), "path": path}, now, process_id=process.id)


def plan_entered(
    db: Database, now: datetime, to: Recipient, *, process: Process, plan_id: int, title: str, path: str
) -> None:
    """Staff put in a plan of theirs from paper; with the link it is theirs here too: content {process, title,
    plan_path, path}."""
    content = about(process, plan_id, title)
    content |= {"plan_path": content["path"], "path": path}
    put(db, "plan_entered", to, content, now, process_id=process.id)


def plan_withdrawn(
    db: Database, now: datetime, to: Recipient, *, process: Process, plan_id: int, title: str, reason: str
) -> None:
    """Staff withdrew it: content {process, title, path, reason}."""
    put(db, "plan_withdrawn", to, {**about(process, plan_id, title), "reason": reason}, now, process_id=process.id)


DID = ("edited", "withdrawn", "reinstated", "left")


def maker_did(
    db: Database,
    now: datetime,
    to: Recipient,
    *,
    process: Process,
    plan_id: int,
    title: str,
    who: str = "",
    did: str,
    reason: str = "",
    once: str | None = None,
) -> None:
    """To a maker: somebody else did something (DID) with their plan: content {process, title, path, who (a maker;
    empty: staff), did, reason, final (they can't take it back)}; of an edit `path` is that of its versions."""
    if did not in DID:
        raise ValueError(did)
    content = {**about(process, plan_id, title), "who": who, "did": did, "reason": reason}
    content["final"] = process.frozen(now)
    content["path"] += "/versies" if did == "edited" else ""
    put(db, "maker_did", to, content, now, process_id=process.id, once=once)


def plan_unmerged(
    db: Database, now: datetime, to: Recipient, *, process: Process, plan_id: int, title: str, into_title: str
) -> None:
    """A merge is undone: content {process, title, path, into_title}; `title` is that of the reader's own plan."""
    content = {**about(process, plan_id, title), "into_title": into_title}
    put(db, "plan_unmerged", to, content, now, process_id=process.id)


def plan_merged(
    db: Database,
    now: datetime,
    to: Recipient,
    *,
    process: Process,
    plan_id: int,
    title: str,
    into_id: int,
    into_title: str,
    path: str,
    once: str | None = None,
) -> None:
    """A plan became part of another; whoever supported or followed it is asked whether they do so with that one too:
    content {process, title, plan_path, into_title, into_path, path}."""
    content = {
        **of(process),
        "title": title,
        "plan_path": path_of(process, plan_id),
        "into_title": into_title,
        "into_path": path_of(process, into_id),
        "path": path,
    }
    put(db, "plan_merged", to, content, now, process_id=process.id, once=once)


def second_opinion_asked(
    db: Database,
    now: datetime,
    to: Recipient,
    *,
    process: Process,
    plan_id: int,
    title: str,
    asked_by: str,
    question: str,
) -> None:
    """A colleague wants to know what somebody of the staff thinks: content {process, title, path (in the beheer),
    asked_by, question (may be empty)}."""
    content = {
        **about(process, plan_id, title),
        "path": staff_path(process, plan_id),
        "asked_by": asked_by,
        "question": question,
    }
    put(db, "second_opinion_asked", to, content, now, process_id=process.id)


def second_opinion_given(
    db: Database, now: datetime, to: Recipient, *, process: Process, plan_id: int, title: str, given_by: str
) -> None:
    """To who asked: a colleague said what they think. What it is stands in the beheer alone: content {process, title,
    path (in the beheer), given_by}."""
    content = {**about(process, plan_id, title), "path": staff_path(process, plan_id), "given_by": given_by}
    put(db, "second_opinion_given", to, content, now, process_id=process.id)


def correction_asked(
    db: Database, now: datetime, to: Recipient, *, process: Process, asked_by: str, reason: str, path: str
) -> None:
    """To a beheerder: a colleague wants to correct a rule of the vote: content {process, asked_by, reason, path}."""
    content = {**of(process), "asked_by": asked_by, "reason": reason, "path": path}
    put(db, "correction_asked", to, content, now, process_id=process.id)


def correction_made(
    db: Database, now: datetime, to: Recipient, *, process: Process, asked_by: str, reason: str, path: str
) -> None:
    """To a beheerder: a rule of the vote was corrected; `asked_by` is who agreed. Content as of correction_asked."""
    content = {**of(process), "asked_by": asked_by, "reason": reason, "path": path}
    put(db, "correction_made", to, content, now, process_id=process.id)


def reaction_hidden(
    db: Database, now: datetime, to: Recipient, *, process: Process, plan_id: int, title: str, reason: str
) -> None:
    """Staff took a reaction off the site: content {process, title, path, reason}."""
    put(db, "reaction_hidden", to, {**about(process, plan_id, title), "reason": reason}, now, process_id=process.id)


def news(
    db: Database,
    now: datetime,
    to: Recipient,
    *,
    process: Process,
    items: Iterable[Mapping[str, Any]],
    unsubscribe: str,
) -> None:
    """To a follower, of one piece of news or more: content {process, items, unsubscribe}; each item is {kind (as in
    domain/news.py), title (empty: about the whole process), text (may be empty), day (a date that the text is about, or
    empty), path}."""
    names = ("kind", "title", "text", "path")
    listed = [{name: item[name] for name in names} | {"day": item.get("day", "")} for item in items]
    content = {**of(process), "items": listed, "unsubscribe": unsubscribe}
    put(db, "news", to, content, now, process_id=process.id, unsubscribe=unsubscribe)


def new_process(db: Database, now: datetime, to: Recipient, *, process: Process, doing: str, unsubscribe: str) -> None:
    """A process opened in the area of who asked to hear of it, once: content {process, area, text (what it says of
    itself, may be empty), doing (the kind of its open phase, or empty), unsubscribe}."""
    content = {**of(process), "area": process.area, "text": process.summary, "doing": doing, "unsubscribe": unsubscribe}
    once = f"new_process {process.id}"
    put(db, "new_process", to, content, now, process_id=process.id, once=once, unsubscribe=unsubscribe)


def invitation(
    db: Database,
    now: datetime,
    to: Recipient,
    *,
    inviter: str,
    path: str,
    roles: Collection[str] = (),
    where: str = "",
    days: int = 0,
    may_design: bool = False,
) -> None:
    """A colleague is asked to make an account: content {inviter, path, roles (of sessions.ROLES), where (the name of
    the process), may_design (may make a new one; without that and a role: owner of the site), days (that the
    link holds; 0 where it needs no link)}.

    Only the owner of the site may read it under /beheer/post: whoever opens the link becomes that colleague.
    """
    content = {"inviter": inviter, "path": path, "roles": list(roles), "where": where, "days": days}
    content["may_design"] = may_design
    put(db, "invitation", to, content, now)


def password_reset(db: Database, now: datetime, to: Recipient, *, path: str) -> None:
    """The link to choose another password: content {path}."""
    put(db, "password_reset", to, {"path": path}, now)


def signed_in_elsewhere(db: Database, now: datetime, to: Recipient, *, device: str) -> None:
    """To staff, of a session on a device not seen before: content {device, at (UTC as in the database)}."""
    put(db, "signed_in_elsewhere", to, {"device": device, "at": to_text(now)}, now)


def personal_data(db: Database, now: datetime, to: Recipient, *, path: str) -> None:
    """The link to “wat weten jullie van mij”: content {path}."""
    put(db, "personal_data", to, {"path": path}, now)


def of(process: Process) -> dict[str, Any]:
    facts = {
        "name": process.name,
        "path": f"/{process.slug}",
        "language": process.language,
        "currency": process.currency,
    }
    return {"process": facts}


def about(process: Process, plan_id: int, title: str) -> dict[str, Any]:
    return {**of(process), "title": title, "path": path_of(process, plan_id)}


def path_of(process: Process, plan_id: int) -> str:
    return f"/{process.slug}/plannen/{plan_id}"


def staff_path(process: Process, plan_id: int) -> str:
    return f"/beheer/{process.slug}/plannen/{plan_id}/toets"
