"""The command `wijkbudget`. What it prints on stdout are facts; what goes wrong is one sentence on stderr."""

import contextlib
import json
import sqlite3
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any

import click

import app
from config.settings import SETTINGS, Settings, SettingsError, load, secret_path
from domain import accounts, audit, backups, demos, imports, sealing
from domain.counting import RuleNotBuilt, named
from domain.database import Database, NotOurs, writing
from domain.migrations import NewerDatabase, migrate
from domain.pabulib import PabulibErrors, read, recount
from domain.secret import SecretError, open_secret
from routes import letters
from routes.site import opened

# What each exit code means; `wijkbudget --help` prints this table.
EXIT_CODES = {
    0: "done",
    1: "failed: the sentence on stderr says why; nothing was changed",
    2: "the command was typed wrong",
    3: "the input file is wrong: every error with its line on stderr",
    4: "the counting rule of the file is not built yet",
    5: "refused: not allowed now, such as sealing a vote that is open",
    6: "a setting, the secret or the database stops the start",
}
FAILED, BAD_FILE, NO_RULE, REFUSED, NO_START = 1, 3, 4, 5, 6


class Stop(click.ClickException):
    """Ends the command with one sentence and an exit code of the table."""

    def __init__(self, message: str, exit_code: int = FAILED) -> None:
        super().__init__(message)
        self.exit_code = exit_code  # type: ignore[misc]


@contextlib.contextmanager
def sentences() -> Iterator[None]:
    """What our own code raises on purpose becomes one sentence and an exit code; anything else is a bug and shows."""
    try:
        yield
    except (SettingsError, SecretError, NewerDatabase, NotOurs) as error:
        raise Stop(str(error), NO_START) from error
    except RuleNotBuilt as error:
        raise Stop(f"The counting rule “{error.name}” is not built yet.", NO_RULE) from error
    except PabulibErrors as error:
        raise Stop(str(error), BAD_FILE) from error
    except (sealing.CannotSeal, demos.NoDemo, backups.Refused, imports.Refused, letters.Refused) as error:
        raise Stop(str(error), REFUSED) from error
    except sqlite3.Error as error:
        raise Stop(f"The database refused: {error}.") from error
    except OSError as error:
        raise Stop(str(error), NO_START) from error


def exit_codes() -> str:
    return "\b\nExit codes:\n" + "\n".join(f"  {code}  {meaning}" for code, meaning in EXIT_CODES.items())


def settings_help() -> str:
    rows = [f"  {s.name:21} {s.default or '(empty)':22} {s.help}" for s in SETTINGS]
    head = "Settings, from WIJKBUDGET_<NAME> or a TOML file that WIJKBUDGET_SETTINGS names; with their defaults:"
    return "\b\n" + "\n".join([head, *rows])


@click.group(epilog=exit_codes(), context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="wijkbudget")
def main() -> None:
    """A neighbourhood divides a budget: a secret ballot with a code from a letter, a result anyone can recount."""


def command(**attributes: Any) -> Callable[[Callable[..., None]], click.Command]:
    """A command of ours: with --db, and with errors as sentences."""

    def decorate(function: Callable[..., None]) -> click.Command:
        @wraps(function)
        def run(**arguments: Any) -> None:
            with sentences():
                function(**arguments)

        with_db = click.option("--db", metavar="FILE", help="The database. Default: the setting db.")(run)
        epilog = "\n\n".join([attributes.pop("epilog", ""), exit_codes()])
        return main.command(epilog=epilog, **attributes)(with_db)

    return decorate


def settings_for(db: str | None, **more: str) -> Settings:
    return load({**({"db": db} if db else {}), **more})


@contextlib.contextmanager
def database(db: str | None, *, create: bool = False) -> Iterator[tuple[Settings, Database]]:
    """The database of the settings, up to date. Only `create` makes a new one."""
    settings = settings_for(db)
    if not create and not settings.db.exists():
        raise Stop(
            f"There is no database {settings.db}. Make one with `wijkbudget migrate` or `wijkbudget serve`.",
            6,
        )
    with opened(settings) as connection:
        migrate(connection)
        yield settings, connection


def say(facts: dict[str, Any], as_json: bool, sentence: str) -> None:
    click.echo(json.dumps(facts, ensure_ascii=False) if as_json else sentence)
    sys.stdout.flush()


JSON = click.option("--json", "as_json", is_flag=True, help="Print the facts as one line of JSON.")


@command(epilog=settings_help())
@click.option("--host", help="The address to listen on. Default: the setting host.")
@click.option("--port", help="The port to listen on. Default: the setting port.")
def serve(db: str | None, host: str | None, port: str | None) -> None:
    """Serve the site."""
    given = {"host": host, "port": port}
    settings = settings_for(db, **{name: value for name, value in given.items() if value is not None})

    def announce(address: str) -> None:
        click.echo(f"Serving {settings.db} on {address} as {settings.url}", err=True)
        if link := first_link(settings):
            click.echo(f"Nobody has an account yet. Make the first, the owner's, within a week: {link}", err=True)

    app.serve(settings, announce)


def first_link(settings: Settings) -> str | None:
    """The address where the first account is made; None where there is one."""
    with opened(settings) as connection, writing(connection):
        path = accounts.first_link(connection, imports.utc_now())
    return path and settings.url + path


@command()
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="The port; by default a free one.")
@JSON
def demo(db: str | None, port: int, as_json: bool) -> None:
    """Make a demo from nothing and serve it on 127.0.0.1: a process in every phase, and people to run them."""
    with demos.prepared(Path(db) if db else None, imports.utc_now()) as made:

        def announce(url: str) -> None:
            facts = {
                "site": url,
                "process": demos.SLUG,
                "codes": made.codes,
                "others": made.others,
                "staff": [email for email, _, _ in demos.STAFF],
                "password": made.password,
            }
            staff = "\n".join(f"    {email:20} {role or 'owner'}" for email, _, role in demos.STAFF)
            listed = "\n".join(f"    {code}" for code in made.codes)
            say(facts, as_json, told(url, listed, staff, made.password))

        settings = load({**demos.SETTINGS, "db": str(made.path), "port": str(port)}, environment={})
        app.serve(settings, announce, own_url=True)


def told(url: str, listed: str, staff: str, password: str) -> str:
    return (
        f"wijkbudget is at {url}\n\nTen unused stemcodes for {url}/{demos.SLUG}:\n{listed}\n\n"
        f"Run it at {url}/beheer with the password {password}:\n{staff}\n\n"
        "No mail goes out: each mail is printed here, with its links.\n"
    )


@command(name="migrate")
@JSON
def migrate_command(db: str | None, as_json: bool) -> None:
    """Make the database, or bring it up to date."""
    settings = settings_for(db)
    with opened(settings) as connection:
        steps = migrate(connection)
        open_secret(connection, secret_path(settings))
    say({"steps": steps}, as_json, f"{settings.db}: {len(steps)} steps taken, up to date.")


@command(name="import-pb")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--without-ballots", is_flag=True, help="Leave the ballots out and open voting now, for four weeks.")
@click.option("--allow-blank", is_flag=True, help="A voter may hand in a blank ballot.")
@click.option("--allow-change", is_flag=True, help="A voter may change their vote until closing.")
@click.option("--slug", help="The process's place in the address. Default: made of the description.")
@JSON
def import_pb(
    db: str | None,
    file: Path,
    without_ballots: bool,
    allow_blank: bool,
    allow_change: bool,
    slug: str | None,
    as_json: bool,
) -> None:
    """Make a process of a Pabulib FILE, with its ballots as counted ballots. Prints the slug."""
    instance = read(file.read_bytes())
    allowed = {
        name: True for name, given in (("blank_allowed", allow_blank), ("change_allowed", allow_change)) if given
    }
    instance = replace(instance, settings={**instance.settings, **allowed})
    with database(db, create=True) as (settings, connection):
        open_secret(connection, secret_path(settings))
        made = imports.import_instance(connection, instance, imports.utc_now(), without_ballots, slug)
        if not without_ballots:
            sealing.rewrite(connection)
    say({"process": made}, as_json, made)


@command(name="codes")
@click.argument("process")
@click.option("--number", required=True, type=click.IntRange(1, 1_000_000), help="How many codes.")
@click.option("--area", default="", help="The neighbourhood they go to, for turnout by area.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The CSV file, mode 0600.")
@click.option("--letters", "letters_file", type=click.Path(dir_okay=False, path_type=Path), help="Letters to print.")
@JSON
def codes_command(
    db: str | None, process: str, number: int, area: str, out: Path, letters_file: Path | None, as_json: bool
) -> None:
    """Draw stemcodes for PROCESS, once. They stand in the file named here and nowhere else."""
    with database(db) as (settings, connection):
        secret = open_secret(connection, secret_path(settings))
        letters.issue(connection, secret, settings, process, number, area, out, letters_file, imports.utc_now())
    say(
        {"process": process, "number": number, "out": str(out)},
        as_json,
        f"{number} codes in {out}. Send it to the printer and then destroy it: the database keeps only keyed hashes.",
    )


@command(name="recount")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--rule", metavar="NAME", help="Count by another rule than the file's, by Pabulib's name.")
@JSON
def recount_command(db: str | None, file: Path, rule: str | None, as_json: bool) -> None:
    """Count the ballots of a published FILE.pb again. Needs no database."""
    instance = read(file.read_bytes())
    facts = recount(instance, named(rule, instance.rule) if rule else None)
    say(facts, as_json, recount_sentences(facts))


def recount_sentences(facts: dict[str, Any]) -> str:
    verdict = {
        True: "the same as the file says",
        False: "NOT what the file says",
        None: "the file names no outcome",
    }
    part = f", in part {', '.join(facts['partial'])}" if facts["partial"] else ""
    return (
        f"Rule {facts['rule']}: {len(facts['selected'])} plans selected ({verdict[facts['matches_file']]}).\n"
        f"Selected: {', '.join(facts['selected'])}{part}\nSpent: {facts['spent']}"
    )


@command(name="seal")
@click.argument("process")
@JSON
def seal_command(db: str | None, process: str, as_json: bool) -> None:
    """Seal the vote of PROCESS after it closed. The server does so by itself; this is for who doesn't serve."""
    with database(db) as (_, connection):
        sealed = sealing.seal(connection, process, imports.utc_now())
    say({"process": process, "sealed": True}, as_json, f"The vote of {sealed.name} is sealed.")


@command(name="backup")
@click.argument("file", type=click.Path(path_type=Path))
def backup_command(db: str | None, file: Path) -> None:
    """Write a consistent copy of the database to FILE, also while serving."""
    with database(db) as (settings, connection):
        backups.backup(connection, file)
    click.echo(
        f"{file} is a whole copy. Keep the secret file {secret_path(settings)} as well, but somewhere else: "
        "who has both can tell who used a code, and without the secret no code works."
    )


@command(name="restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore_command(db: str | None, file: Path) -> None:
    """Put the backup FILE in the place of the database. If that fails, what was there stays."""
    settings = settings_for(db)
    backups.restore(settings, file)
    click.echo(f"{settings.db} is now what {file} holds.")


@command(name="password-reset")
@click.argument("email")
@click.option("--drop-second-factor", is_flag=True, help="The password is enough: phone and recovery codes are lost.")
@JSON
def password_reset(db: str | None, email: str, drop_second_factor: bool, as_json: bool) -> None:
    """Print a link with which the colleague with this EMAIL address chooses a new password, within an hour."""
    with database(db) as (settings, connection), writing(connection):
        path = accounts.reset_link(connection, email, imports.utc_now(), drop_second_factor)
    if path is None:
        raise Stop(f"No account that may sign in has the address {email}.", REFUSED)
    say({"link": settings.url + path}, as_json, settings.url + path)


@command(name="check-log")
@click.option("--head", metavar="HEX", help="A head printed earlier: it must still be in the log.")
@JSON
def check_log(db: str | None, head: str | None, as_json: bool) -> None:
    """Say whether the audit log is whole. Note the head down elsewhere: who can write to the file can make a whole
    log anew, but never one that holds that head."""
    with database(db) as (_, connection):
        checked = audit.check(connection, hash_typed(head))
    facts = {"rows": checked.rows, "head": checked.head_hex, "whole": checked.whole}
    if not checked.whole:
        broken = (
            f"it is broken at row {checked.broken_at}" if checked.broken_at is not None else "that head is not in it"
        )
        raise Stop(f"The audit log is NOT whole: {broken}. Rows: {checked.rows}, head: {checked.head_hex}.")
    say(facts, as_json, f"The audit log is whole. Rows: {checked.rows}, head: {checked.head_hex}")


def hash_typed(head: str | None) -> bytes | None:
    """Raises Stop for what can't be a head."""
    if head is None:
        return None
    with contextlib.suppress(ValueError):
        if len(typed := bytes.fromhex(head)) == len(audit.START):
            return typed
    raise Stop("A head is 64 hexadecimal digits.", 2)


if __name__ == "__main__":
    sys.exit(main())
