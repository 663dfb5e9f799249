"""Mail: the outbox made into messages, and sent. Where there is no mail server staff read them under /beheer/post."""

import asyncio
import contextlib
import logging
import smtplib
import ssl
import sys
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from email.header import Header
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, quote
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, TemplateError
from jinja2_fragments import render_block

from config.settings import Settings, sender, smtp_password
from domain import fields, outbox, phases
from domain.database import is_demo
from domain.outbox import Mail
from routes.hosts import settings_at, staffs
from routes.languages import CODES, SOURCE
from routes.pages import environment
from routes.site import Site

log = logging.getLogger("wijkbudget")

PATIENCE = 20.0  # seconds that the mail server may take for one answer
LONGEST_LINE = 160  # characters of a title or a name in a mail
LONG_TEXTS = {"answer", "question", "reason", "text"}  # in content; anything else there is one line


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail in words."""

    subject: str
    text: str
    html: str


def letter(settings: Settings, mail: Mail) -> Letter:
    """The mail in the language of who gets it. Raises jinja2.TemplateError where its content is gone."""
    language = mail.language if mail.language in CODES else SOURCE
    pages, plain = environment(language), plain_environment(language)
    name, values = f"mail/{mail.kind}", values_of(settings, mail)
    blocks = {block: fields.line(render_block(plain, f"{name}.txt", block, values)) for block in ("subject", "why")}
    text = fields.text(plain.get_template(f"{name}.txt").render(values)) + "\n"
    return Letter(blocks["subject"], text, pages.get_template(f"{name}.html").render({**values, **blocks}))


LET_IN = ("confirm", "continue_submission", "maker_invited", "plan_entered", "plan_merged", "personal_data")


def settings_of(site: Site, mail: Mail) -> Settings:
    """The settings with the address that its links begin with: the host of its process, but for pages of the staff and
    links that let somebody in, which hold for the whole site."""
    lets_in = mail.kind in LET_IN or bool(mail.unsubscribe)
    if mail.process_id is None or lets_in or staffs(str(mail.content.get("path", ""))):
        return site.settings
    row = site.reader.execute("SELECT host FROM processes WHERE id = ?", [mail.process_id]).fetchone()
    return settings_at(site.settings, row[0] if row else "")


@cache
def plain_environment(language: str) -> Environment:
    """For the text parts, in which nothing is markup and a line end after a tag counts."""
    return environment(language).overlay(autoescape=False, trim_blocks=False)


def values_of(settings: Settings, mail: Mail) -> dict[str, Any]:
    values = {"site": settings, "unsubscribe": mail.unsubscribe, **visible(mail.content)}
    values |= {name: phases.from_text(values[name]) for name in ("at", "until") if values.get(name)}
    return values


def visible(value: Any, name: str = "") -> Any:
    """The content without control characters, and with titles and names on one line."""
    if isinstance(value, Mapping):
        return {key: visible(each, key) for key, each in value.items()}
    if isinstance(value, list):
        return [visible(each, name) for each in value]
    if not isinstance(value, str):
        return value
    if name in LONG_TEXTS:
        return fields.text(value)
    if name.endswith("path") or name == "unsubscribe":
        return value
    line = fields.line(value)
    return line if len(line) <= LONGEST_LINE else line[: LONGEST_LINE - 1] + "…"


def as_text(site: Site, mail: Mail) -> str:
    """The mail as somebody reads it who passes it on: for whom, the subject and the text. Only the first where the
    content lacks what the templates ask for, as after an update."""
    try:
        made = letter(settings_of(site, mail), mail)
    except TemplateError:
        return f"{mail.recipient}\n"
    return f"{mail.recipient}\n{made.subject}\n\n{made.text}"


class Written(UnstructuredHeader, BaseHeader):
    """A header as we write it. The library's own way (Python 3.11) puts spaces into names and titles, wraps up long
    addresses as if they were words, and reads what somebody typed as if it were encoded."""

    max_count = 1

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        kwds["parse_tree"] = cls.value_parser("")
        kwds["decoded"] = value

    def fold(self, *, policy: Any) -> str:
        return f"{self.name}: {self}{policy.linesep}"


class Subject(Written):
    def fold(self, *, policy: Any) -> str:
        return f"{self.name}: {encoded(str(self), policy.linesep)}{policy.linesep}"


class Sender(Written):
    """Its value: the name as it is, and the address between < and >."""

    def fold(self, *, policy: Any) -> str:
        name, _, address = str(self).rpartition(" <")
        phrase = f'"{quote(name)}"' if plain(name) else encoded(name, policy.linesep)
        return f"{self.name}: {phrase}{policy.linesep} <{address}{policy.linesep}"


def plain(text: str) -> bool:
    return text.isascii() and "=?" not in text


def encoded(text: str, linesep: str) -> str:
    """RFC 2047, on lines of at most 76 characters."""
    return Header(text, "us-ascii" if plain(text) else "utf-8", header_name="Subject").encode(linesep=linesep)


HEADERS = HeaderRegistry()
HEADERS.map_to_type("list-unsubscribe", Written)
HEADERS.map_to_type("subject", Subject)
HEADERS.map_to_type("from", Sender)
POLICY = SMTP.clone(header_factory=HEADERS)


def message(settings: Settings, mail: Mail) -> EmailMessage:
    """The mail as it goes out. Raises ValueError for an address that no header can hold."""
    made, address = letter(settings, mail), in_ascii(sender(settings))
    whole = EmailMessage(POLICY)
    whole["From"] = f"{fields.line(settings.name)} <{Address(addr_spec=address).addr_spec}>"
    whole["To"] = Address(addr_spec=in_ascii(mail.recipient))
    if settings.contact_email:
        whole["Reply-To"] = Address(addr_spec=settings.contact_email)
    whole["Subject"] = made.subject
    whole["Date"] = format_datetime(mail.created_at)
    whole["Message-ID"] = f"<{mail.message_id}@{address.rpartition('@')[2]}>"
    whole["Auto-Submitted"] = "auto-generated"
    if mail.unsubscribe:  # RFC 8058: mail programs show a button that needs no visit
        whole["List-Unsubscribe"] = f"<{settings.url}{mail.unsubscribe}>"
        whole["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    whole.set_content(made.text, cte="quoted-printable")
    whole.add_alternative(made.html, subtype="html", cte="quoted-printable")
    return whole


def in_ascii(address: str) -> str:
    """The address with its domain as mail servers know it: xn--…, where it has other letters than a to z."""
    name, _, domain = address.rpartition("@")
    return f"{name}@{domain if domain.isascii() else domain.encode('idna').decode()}"


async def send_due(site: Site) -> None:
    """Send what is due, or give it up for staff to read where there is no mail server. Never raises.

    One call at a time. A mail is marked the moment the server took it: who is stopped in between sends that one again,
    with the same Message-ID.
    """
    try:
        mails = outbox.due(site.reader, site.now())
        if mails and site.settings.smtp_host:
            await send(site, mails)
        elif mails:
            await keep(site, mails)
    except Exception as error:  # the next call tries again
        log.warning("mail is not sent: %s", sentence(error))


async def keep(site: Site, mails: list[Mail]) -> None:
    """No mail server: they stay under /beheer/post, and a demo prints them. Any other log would hold links that let
    its readers in."""
    await site.writer.write(outbox.unsent, [mail.id for mail in mails], site.now())
    if is_demo(site.reader):
        for mail in mails:
            print(f"\n--- mail to {as_text(site, mail)}---", file=sys.stderr, flush=True)


async def send(site: Site, mails: list[Mail]) -> None:
    """Over one connection, in order; where it breaks, what is behind the one it broke on waits for the next call."""
    try:
        server = await asyncio.to_thread(connected, site.settings)
    except (OSError, ValueError) as error:
        log.warning("the mail server can't be used: %s", sentence(error))
        await site.writer.write(outbox.all_later, [mail.id for mail in mails], sentence(error), site.now())
        return
    try:
        for mail in mails:
            await finished(send_one(site, server, mail))
            if server.sock is None:
                break
    finally:
        await asyncio.to_thread(hang_up, server)


async def finished(work: Coroutine[Any, Any, None]) -> None:
    """Who stops the site meanwhile waits until a mail that is under way is marked: it would go out twice."""
    task = asyncio.create_task(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise


async def send_one(site: Site, server: smtplib.SMTP, mail: Mail) -> None:
    try:
        made = await asyncio.to_thread(message, settings_of(site, mail), mail)
    except Exception as error:  # nothing in one mail may stop the others
        await site.writer.write(outbox.refused, mail.id, f"can't be written: {sentence(error)}", site.now())
        return
    try:
        await asyncio.to_thread(server.send_message, made, in_ascii(sender(site.settings)))
    except (OSError, ValueError) as error:
        verb = outbox.refused if for_good(error) else outbox.later
        await site.writer.write(verb, mail.id, sentence(error), site.now())
        return
    await site.writer.write(outbox.sent, mail.id, site.now())


def connected(settings: Settings) -> smtplib.SMTP:
    """A connection on which mail can be sent, never in clear unless the settings say so.

    Raises OSError, of which SMTPException and SSLError are kinds, and ValueError for a host or name that can't be one.
    """
    context, name = ssl.create_default_context(), own_name(settings)
    address = (settings.smtp_host, settings.smtp_port)
    if settings.smtp_tls == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(*address, name, timeout=PATIENCE, context=context)
    else:
        server = smtplib.SMTP(*address, name, timeout=PATIENCE)
    try:
        if settings.smtp_tls == "starttls":
            server.starttls(context=context)
        if settings.smtp_user:
            server.login(settings.smtp_user, smtp_password(settings))
    except BaseException:
        server.close()
        raise
    return server


def own_name(settings: Settings) -> str | None:
    """How we present ourselves: as the site. None is what the library makes of this machine's own name."""
    name = urlsplit(settings.url).hostname or ""
    return name if "." in name and not name.replace(".", "").isdigit() and name.isascii() else None


def hang_up(server: smtplib.SMTP) -> None:
    with contextlib.suppress(OSError):
        if server.sock is not None:
            server.sock.settimeout(2)
            server.quit()
    server.close()


def for_good(error: Exception) -> bool:
    """The server will never take this mail for this recipient. A sender it refuses is a matter of the settings, which
    somebody can mend."""
    match error:
        case smtplib.SMTPRecipientsRefused(recipients=refusals):
            return all(code >= 500 for code, _ in refusals.values())
        case smtplib.SMTPDataError(smtp_code=code):
            return code >= 500
    return isinstance(error, smtplib.SMTPNotSupportedError | ValueError)


def sentence(error: Exception) -> str:
    """What the mail server said, or what went wrong, on one line."""
    match error:
        case smtplib.SMTPRecipientsRefused(recipients=refusals):
            code, said = next(iter(refusals.values()))
        case smtplib.SMTPResponseException(smtp_code=code, smtp_error=said):
            pass
        case _:
            return fields.line(str(error)) or type(error).__name__
    return fields.line(f"{code} {said.decode('utf-8', 'replace') if isinstance(said, bytes) else said}")
