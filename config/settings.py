"""The settings: one table (name, default, meaning), read from a TOML file and the environment."""

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, make_dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

PREFIX = "WIJKBUDGET_"


class SettingsError(Exception):
    """A setting that stops the start. Its text is one sentence for the person who wrote the setting."""


def text(value: str) -> str:
    return value.strip()


def file(value: str) -> Path:
    if not value:
        raise ValueError("must name a file")
    return Path(value).expanduser()


def optional_file(value: str) -> Path | None:
    return file(value) if value else None


def port(value: str) -> int:
    if not value.isdigit() or not 0 <= int(value) < 65536:
        raise ValueError("must be a port, a whole number from 0 to 65535")
    return int(value)


def positive(value: str) -> int:
    if not value.isdigit() or int(value) < 1:
        raise ValueError("must be a whole number, 1 or more")
    return int(value)


def origin(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError("must be the address of the site without a path, such as https://stem.gemeente.nl")
    return f"{parts.scheme}://{parts.netloc}"


def networks(value: str) -> tuple[str, ...]:
    return tuple(str(ip_network(part.strip(), strict=False)) for part in value.split(",") if part.strip())


def one_of(*choices: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value not in choices:
            raise ValueError("must be one of: " + ", ".join(choices))
        return value

    return parse


def mail_address(value: str) -> str:
    if value and (value.count("@") != 1 or any(c.isspace() for c in value)):
        raise ValueError("must be one e-mail address")
    return value


def secret_text(value: str) -> str:
    """Taken as it is: a password may begin or end with a space."""
    return value


def readable_file(value: str) -> Path | None:
    if value:
        try:
            file(value).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError("can't be read") from error
    return optional_file(value)


def tiles(value: str) -> str:
    parts = urlsplit(value)
    if value and (parts.scheme not in ("http", "https") or not all(part in value for part in ("{z}", "{x}", "{y}"))):
        raise ValueError("must be an https address with {z}, {x} and {y} in it")
    return value


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table. `parse` turns the text into the value or raises ValueError saying what it must be."""

    name: str
    default: str
    parse: Callable[[str], Any]
    help: str


SETTINGS = (
    Setting("db", "wijkbudget.db", file, "The SQLite file that holds everything."),
    Setting(
        "secret",
        "",
        optional_file,
        "The secret file. Empty: beside the database, with .secret behind its name.",
    ),
    Setting("host", "127.0.0.1", text, "The address the server listens on."),
    Setting("port", "8000", port, "The port the server listens on; 0 takes a free one."),
    Setting(
        "url",
        "http://127.0.0.1:8000",
        origin,
        "The address residents type; stands on letters and in previews.",
    ),
    Setting(
        "proxies",
        "",
        networks,
        "Addresses of your own proxies, with commas. Only theirs X-Forwarded-For counts.",
    ),
    Setting("frame_ancestors", "'none'", text, "Which sites may show pages in a frame, as in a CSP header."),
    Setting("wrong_codes", "10", positive, "How many wrong stemcodes a minute one network may try."),
    Setting("name", "Wijkbudget", text, "The name of the site."),
    Setting("municipality", "", text, "The organisation that runs the site and is responsible for the data."),
    Setting("contact_email", "", mail_address, "Where residents write to."),
    Setting("contact_phone", "", text, "Where residents call."),
    Setting("contact_address", "", text, "Where residents go."),
    Setting("opening", "", text, "When they can call or come by, in words."),
    Setting("smtp_host", "", text, "The mail server. Empty: no mail goes out, staff pass it on by hand."),
    Setting("smtp_port", "587", port, "The port of the mail server."),
    Setting(
        "smtp_tls",
        "starttls",
        one_of("starttls", "tls", "none"),
        "starttls (port 587), tls (port 465), none (a server on this machine). A certificate is always verified.",
    ),
    Setting("smtp_user", "", text, "The name to log in with at the mail server. Empty: without."),
    Setting("smtp_password", "", secret_text, "The password that goes with it."),
    Setting("smtp_password_file", "", readable_file, "A file with that password, such as a credential of systemd."),
    Setting("mail_from", "", mail_address, "The sender of mail. Empty: the contact address."),
    Setting("privacy_email", "", mail_address, "The data protection officer. Empty: the contact address."),
    Setting(
        "security_email",
        "",
        mail_address,
        "Where a leak is reported (security.txt). Empty: the contact address.",
    ),
    Setting(
        "legal_basis",
        "public_task",
        one_of("public_task", "legitimate_interest"),
        "Why personal data may be kept (GDPR): public_task for a municipality, legitimate_interest for volunteers.",
    ),
    Setting("source_url", "", text, "Where visitors find the source code, as the licence asks if you changed it."),
    Setting(
        "tiles_url",
        "https://service.pdok.nl/brt/achtergrondkaart/wmts/v2_0/standaard/EPSG:3857/{z}/{x}/{y}.png",
        tiles,
        "Where the site fetches the background of its maps; visitors get it from the site. Empty: no background.",
    ),
    Setting(
        "accessibility_status",
        "partial",
        one_of("full", "partial", "none"),
        "WCAG 2.2 AA: full, partial, none.",
    ),
    Setting(
        "accessibility_date",
        "",
        text,
        "When accessibility was last examined, in words. Empty: not yet by others.",
    ),
)

if TYPE_CHECKING:

    @dataclass(frozen=True)
    class Settings:
        """The values of SETTINGS, by name."""

        db: Path
        secret: Path | None
        host: str
        port: int
        url: str
        proxies: tuple[str, ...]
        frame_ancestors: str
        wrong_codes: int
        name: str
        municipality: str
        contact_email: str
        contact_phone: str
        contact_address: str
        opening: str
        smtp_host: str
        smtp_port: int
        smtp_tls: str
        smtp_user: str
        smtp_password: str
        smtp_password_file: Path | None
        mail_from: str
        privacy_email: str
        security_email: str
        legal_basis: str
        source_url: str
        tiles_url: str
        accessibility_status: str
        accessibility_date: str
else:
    # No repr: the password of the mail server would stand in it, and then in a log.
    Settings = make_dataclass("Settings", [s.name for s in SETTINGS], frozen=True, repr=False)


def secret_path(settings: Settings) -> Path:
    """The secret file lives beside the database, never in it: who has one of the two has nothing."""
    return settings.secret or settings.db.with_name(settings.db.name + ".secret")


def smtp_password(settings: Settings) -> str:
    """The password for the mail server, read anew each time. Raises OSError where its file is gone."""
    path = settings.smtp_password_file
    return path.read_text("utf-8").rstrip("\r\n") if path else settings.smtp_password


def sender(settings: Settings) -> str:
    """The address that mail comes from; empty only where none goes out."""
    return settings.mail_from or settings.contact_email


def secure(settings: Settings) -> bool:
    """Residents reach the site over TLS, so cookies may be Secure and HSTS may be sent."""
    return settings.url.startswith("https://")


def load(
    overrides: Mapping[str, str] | None = None,
    environment: Mapping[str, str] = os.environ,
    path: Path | None = None,
) -> Settings:
    """Read every setting: the command line goes before the environment, that before the file, that before the default.

    The file is `path`, or the one that WIJKBUDGET_SETTINGS names, or none.
    Raises SettingsError, one sentence, on the first value or name that is wrong.
    """
    path = path or (Path(environment[PREFIX + "SETTINGS"]) if PREFIX + "SETTINGS" in environment else None)
    given = from_file(path) if path else {}
    given |= {s.name: environment[PREFIX + s.name.upper()] for s in SETTINGS if PREFIX + s.name.upper() in environment}
    given |= overrides or {}
    settings = Settings(**{setting.name: value_of(setting, given.get(setting.name)) for setting in SETTINGS})
    refuse_together(settings)
    return settings


OWN_MACHINE = ("localhost", "127.0.0.1", "::1")


def refuse_together(settings: Settings) -> None:
    """Raises SettingsError for values that are right alone, but not together."""
    if settings.smtp_host and not sender(settings):
        raise SettingsError("The setting smtp_host needs mail_from or contact_email: mail must have a sender.")
    if settings.smtp_user and settings.smtp_tls == "none" and settings.smtp_host not in OWN_MACHINE:
        raise SettingsError("The setting smtp_tls is “none”: the password of smtp_user would be sent in clear.")


def from_file(path: Path) -> dict[str, str]:
    try:
        rows = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(f"The settings file {path} can't be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"The settings file {path} is not TOML: {error}.") from error
    known = {setting.name for setting in SETTINGS}
    for name in rows:
        if name not in known:
            raise SettingsError(f"The settings file {path} names “{name}”, which is no setting.")
    return {name: str(value) for name, value in rows.items()}


def value_of(setting: Setting, value: str | None) -> Any:
    try:
        return setting.parse(setting.default if value is None else value)
    except ValueError as error:
        raise SettingsError(f"The setting {setting.name} is “{value}”: it {error}.") from error


assert [f.name for f in fields(Settings)] == [s.name for s in SETTINGS]
