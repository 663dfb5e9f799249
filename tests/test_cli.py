"""The command: facts on stdout, one sentence on stderr where it refuses, and the exit code that the table says."""

import json
import os
import re
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result

import app
import cli
from config.settings import SETTINGS
from domain import codes, demos, processes, roll
from domain.database import connect
from domain.secret import open_secret
from tests.cast import AICHA, insert_vote
from tests.pages import squeezed, words

ROOT = Path(__file__).parent.parent
COMMANDS = sorted(cli.main.commands)

STREET = """\
META
key;value
description;De Straat beslist
country;Netherlands
unit;Den Haag
instance;2026
num_projects;3
num_votes;3
budget;1000
vote_type;approval
rule;greedy
date_begin;01.03.2026
date_end;31.03.2026
min_length;1
max_length;2
PROJECTS
project_id;cost;votes;name;selected
boom;600;3;Een boom 🌳;1
bank;500;2;שכונה;0
bak;400;1;Een bak;1
VOTES
voter_id;vote
1;boom,bank
2;boom,bank
3;boom,bak
"""


@pytest.fixture(autouse=True)
def nobody_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    """A start that must be refused does not come as far as serving; and no setting of this machine counts."""
    monkeypatch.setattr(app.Server, "run", lambda *_, **__: pytest.fail("it serves"))
    for name in [name for name in os.environ if name.startswith("WIJKBUDGET_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def db_file(tmp_path: Path) -> Path:
    return tmp_path / "straat.db"


@pytest.fixture
def street(tmp_path: Path) -> Path:
    file = tmp_path / "straat.pb"
    file.write_text(STREET, "utf-8")
    return file


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli.main, [str(argument) for argument in arguments], catch_exceptions=False)


def facts(*arguments: object) -> dict[str, Any]:
    """What --json prints: one line, and nothing beside it."""
    result = run(*arguments, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    (line,) = result.stdout.splitlines()
    told: dict[str, Any] = json.loads(line)
    return told


def refused(result: Result, exit_code: int, *said: str) -> None:
    """One sentence on stderr, nothing on stdout."""
    assert result.exit_code == exit_code, result.output
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("Error: ")
    assert line.endswith(".")
    for part in said:
        assert part in line


# What the help says


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_a_database_and_the_exit_codes(command: str) -> None:
    for flag in ("--help", "-h"):
        result = run(command, flag)
        assert result.exit_code == 0
        for part in ("--db FILE", *(f"{code}  {meaning}" for code, meaning in cli.EXIT_CODES.items())):
            assert part in result.stdout


def test_the_readme_names_every_command() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert len(COMMANDS) == 11
    assert not [command for command in COMMANDS if f"wijkbudget {command}" not in readme]


def test_the_help_of_serve_is_the_table_of_settings() -> None:
    told = squeezed(run("serve", "--help").stdout)
    for setting in SETTINGS:
        assert f" {setting.name} {setting.default or '(empty)'} {setting.help}" in told


def test_the_readme_holds_the_table_of_settings() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    rows = [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in readme.splitlines()]
    start = rows.index(["setting", "default", "meaning"]) + 2
    assert rows[start : start + len(SETTINGS)] == [[s.name, s.default, s.help] for s in SETTINGS]
    assert rows[start + len(SETTINGS)] == [""]


def test_the_version_is_the_one_of_the_package() -> None:
    assert re.search(r"\d+\.\d+\.\d+", run("--version").stdout)


# Each exit code


def test_0_done(db_file: Path) -> None:
    assert facts("migrate", "--db", db_file)["steps"]
    assert facts("migrate", "--db", db_file) == {"steps": []}
    assert "up to date" in run("migrate", "--db", db_file).stdout


def test_1_failed(tmp_path: Path) -> None:
    damaged = tmp_path / "stuk.db"
    run("migrate", "--db", damaged)
    sqlite3.connect(damaged).execute("DROP TABLE secret_check")
    refused(run("migrate", "--db", damaged), 1, "The database refused")


def test_2_typed_wrong(db_file: Path, street: Path) -> None:
    for wrong in (
        ["rotterdam"],
        ["codes", "straat"],
        ["codes", "straat", "--number", "0", "--out", "x"],
        ["codes", "straat", "--number", "veel", "--out", "x"],
        ["import-pb", "is-er-niet.pb"],
        ["demo", "--port", "99999"],
        ["recount", street, "--vlug"],
    ):
        assert run(*wrong).exit_code == 2, wrong
    assert not db_file.exists()


def test_3_the_file_is_wrong(db_file: Path, street: Path) -> None:
    street.write_text(STREET.replace("600;3", "veel;3").replace("3;boom,bak", "3;boom,vijver"), "utf-8")
    for command in (["import-pb", street, "--db", db_file], ["recount", street]):
        result = run(*command)
        assert result.exit_code == 3
        assert result.stdout == ""
        assert len(result.stderr.splitlines()) >= 2, "every error, not only the first"
        for number, part in ((18, "veel"), (25, "vijver")):
            assert re.search(rf"(?m)\b{number}\b.*{part}", result.stderr), result.stderr
    assert not db_file.exists()


def test_4_the_rule_is_not_built(db_file: Path, street: Path) -> None:
    refused(run("recount", street, "--rule", "phragmen"), 4, "“phragmen” is not built yet")
    street.write_text(STREET.replace("rule;greedy", "rule;phragmen"), "utf-8")
    refused(run("recount", street), 4, "phragmen")
    refused(run("import-pb", street, "--db", db_file), 4, "phragmen")
    of_the_schema = {"secret_check", "revision", "_sqlite_migrations", "plans_fts_config", "plans_fts_data"}
    assert not db_file.exists() or tables_with_rows(db_file) <= of_the_schema


def test_5_refused(db_file: Path, street: Path) -> None:
    slug = facts("import-pb", street, "--db", db_file, "--without-ballots")["process"]
    refused(run("seal", slug, "--db", db_file), 5, "is open until")
    refused(run("seal", "scheveningen", "--db", db_file), 5, "no process “scheveningen”")
    refused(run("import-pb", street, "--db", db_file, "--slug", slug), 5, "in use")
    refused(run("import-pb", street, "--db", db_file, "--slug", "hulp"), 5, "name of a page")


def test_6_no_start(db_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for command in (["seal", "x"], ["backup", "x.db"], ["codes", "x", "--number", "1", "--out", "x.csv"]):
        refused(run(*command, "--db", db_file), 6, "There is no database")
    monkeypatch.setenv("WIJKBUDGET_PORT", "negen")
    refused(run("serve", "--db", db_file), 6, "The setting port is “negen”")


def tables_with_rows(path: Path) -> set[str]:
    db = connect(path)
    filled = {name for name in db.table_names() if db.table(name).count}
    db.close()
    return filled


# serve


def test_serve_refuses_a_directory_that_is_not_there(tmp_path: Path) -> None:
    refused(run("serve", "--port", 0, "--db", tmp_path / "nergens" / "x.db"), 6, "does not exist")
    assert not (tmp_path / "nergens").exists()


def test_serve_refuses_a_directory_it_can_not_write(db_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)  # who runs the tests as root may write anywhere
    refused(run("serve", "--port", 0, "--db", db_file), 6, "can't be written")


def test_serve_refuses_the_secret_of_another_database(db_file: Path) -> None:
    run("migrate", "--db", db_file)
    secret = db_file.with_name("straat.db.secret")
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    good = secret.read_text()
    for text, said in (("00" * 32, "belongs to another database"), ("geen getal", "can't be read")):
        secret.write_text(text)
        refused(run("serve", "--port", 0, "--db", db_file), 6, said)
        assert good.strip() not in run("serve", "--port", 0, "--db", db_file).stderr
    secret.unlink()
    refused(run("serve", "--port", 0, "--db", db_file), 6, "is missing")
    assert not secret.exists(), "a new secret would make every code useless"


def test_serve_refuses_the_database_of_a_newer_version(db_file: Path) -> None:
    run("migrate", "--db", db_file)
    with sqlite3.connect(db_file) as db:
        db.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('wijkbudget', 'kaart', '2030')"
        )
    refused(run("serve", "--port", 0, "--db", db_file), 6, "newer version")


def test_serve_refuses_a_file_of_something_else(db_file: Path) -> None:
    with sqlite3.connect(db_file) as db:
        db.execute("CREATE TABLE recepten (naam TEXT)")
    refused(run("serve", "--port", 0, "--db", db_file), 6, "is not a database of wijkbudget")
    db_file.write_text("Beste mensen," * 1000)
    refused(run("serve", "--port", 0, "--db", db_file), 6, "is not a SQLite database")
    assert db_file.read_text().startswith("Beste mensen")


def test_serve_refuses_a_port_that_is_taken(db_file: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused(run("serve", "--port", port, "--db", db_file), 6, str(port))
    assert not db_file.exists()


@pytest.fixture
def started() -> Any:
    """Start the command as a process of its own; it ends with the test."""
    running: list[subprocess.Popen[str]] = []

    def start(*arguments: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "cli", *map(str, arguments)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        running.append(subprocess.Popen(command, cwd=ROOT, text=True, **pipes))  # type: ignore[call-overload]
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.communicate()


def test_serve_says_where_it_is_and_stops_when_asked(db_file: Path, started: Any) -> None:
    server = started("serve", "--port", 0, "--db", db_file)
    told = server.stderr.readline()
    address = re.search(r"http://127\.0\.0\.1:\d+", told)
    assert address, told
    assert httpx.get(f"{address[0]}/health").status_code == 200
    server.send_signal(signal.SIGTERM)
    assert server.wait(20) in (0, -signal.SIGTERM)
    assert server.stdout.read() == ""


# demo


def test_the_demo_is_a_vote_to_take_part_in_and_one_with_its_result(started: Any) -> None:
    server = started("demo", "--json")
    told = json.loads(server.stdout.readline())
    assert set(told) == {"site", "process", "codes", "others", "staff", "password"}
    assert len(told["codes"]) == 10
    assert [len(listed) for listed in told["others"].values()] == [5]
    with httpx.Client(base_url=told["site"]) as browser:
        ballot = browser.get(f"/{told['process']}/stemmen")
        assert 'name="code"' in ballot.text
        plan = re.search(r'name="plan" value="([^"]+)"', ballot.text)
        assert plan
        form = {"code": told["codes"][0], "plan": plan[1], "receipt": AICHA.receipt}
        answer = browser.post(f"/{told['process']}/stemmen/inzending", data=form)
        assert "Uw stem telt mee" in words(answer.text)
        assert "gaan door" in words(browser.get(f"/{demos.FINISHED_SLUG}/uitslag").text)
        assert told["site"] in browser.get("/").text, "links name the address it listens on"


def test_the_demo_leaves_every_other_file_alone(db_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("migrate", "--db", db_file)
    before = db_file.read_bytes()
    refused(run("demo", "--db", db_file), 5, "is no demo")
    assert db_file.read_bytes() == before
    (tmp_path / "brief.txt").write_text("Beste mensen")
    assert run("demo", "--db", tmp_path / "brief.txt").exit_code in (5, 6)
    assert (tmp_path / "brief.txt").read_text() == "Beste mensen"
    (tmp_path / "weg.db.secret").write_text("een geheim dat iemand nog nodig heeft")
    refused(run("demo", "--db", tmp_path / "weg.db"), 5, "secret file of another database")


def test_a_demo_is_made_anew_over_the_one_before(db_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    served = []
    monkeypatch.setattr(app, "serve", lambda settings, announce, **_: served.append(announce("http://x")))
    first, second = (facts("demo", "--db", db_file) for _ in range(2))
    assert len(served) == 2
    assert not set(first["codes"]) & set(second["codes"])


# import-pb, recount


def test_import_pb_prints_the_slug(db_file: Path, street: Path) -> None:
    result = run("import-pb", street, "--db", db_file)
    assert (result.exit_code, result.stdout) == (0, "de-straat-beslist\n")
    assert facts("import-pb", street, "--db", db_file) == {"process": "de-straat-beslist-2"}
    assert facts("import-pb", street, "--db", db_file, "--slug", "straat") == {"process": "straat"}
    db = connect(db_file)
    process = processes.load(db, "straat")
    db.close()
    assert process
    assert process.finished
    assert [plan.title for plan in process.plans] == ["Een boom 🌳", "שכונה", "Een bak"]


def test_without_ballots_voting_is_open_at_once(db_file: Path, street: Path) -> None:
    run("import-pb", street, "--db", db_file, "--without-ballots", "--slug", "straat")
    db = connect(db_file)
    process = processes.load(db, "straat")
    assert process
    assert process.voting_phase
    assert process.voting(process.voting_phase.opens_at)
    assert not db.table("ballots").count
    db.close()


def test_recount_prints_exactly_these_facts(street: Path) -> None:
    assert facts("recount", street) == {
        "rule": "greedy",
        "selected": ["boom", "bak"],
        "partial": [],
        "spent": 1000,
        "matches_file": True,
    }
    assert facts("recount", street, "--rule", "greedy-no-skip") == {
        "rule": "greedy-no-skip",
        "selected": ["boom"],
        "partial": [],
        "spent": 600,
        "matches_file": False,
    }
    meta, projects, votes = re.split("(?=PROJECTS|VOTES)", STREET)
    without = "\n".join(line.rpartition(";")[0] or line for line in projects.splitlines())
    street.write_text(f"{meta}{without}\n{votes}", "utf-8")
    assert facts("recount", street)["matches_file"] is None
    assert "2 plans selected" in run("recount", street).stdout


# codes, seal, backup, restore


@pytest.fixture
def voting(db_file: Path, street: Path) -> Path:
    """A database with a vote that is open now, called straat."""
    run("import-pb", street, "--db", db_file, "--without-ballots", "--slug", "straat")
    return db_file


def test_codes_are_in_the_files_and_nowhere_else(voting: Path, tmp_path: Path) -> None:
    out, letters = tmp_path / "codes.csv", tmp_path / "letters.html"
    told = facts(
        "codes", "straat", "--number", 25, "--area", "West", "--out", out, "--letters", letters, "--db", voting
    )
    assert told == {"process": "straat", "number": 25, "out": str(out)}
    header, *rows = out.read_text("utf-8").splitlines()
    assert header == "code,url,area"
    assert len(rows) == 25
    assert {stat.S_IMODE(file.stat().st_mode) for file in (out, letters)} == {0o600}
    assert letters.read_text("utf-8").count('<section class="letter">') == 25

    db = connect(voting)
    secret = open_secret(db, voting.with_name("straat.db.secret"))
    process = processes.load(db, "straat")
    assert process
    typed = [row.partition(",")[0] for row in rows]
    assert not any(roll.used(db, secret, process.id, codes.normal(code, codes.CODE_LENGTH)) for code in typed)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    on_disk = b"".join(path.read_bytes() for path in tmp_path.glob("straat.db*"))
    assert not [code for code in typed if code.encode() in on_disk or code.replace("-", "").encode() in on_disk]


def test_codes_never_overwrite_a_file(voting: Path, tmp_path: Path) -> None:
    out = tmp_path / "codes.csv"
    run("codes", "straat", "--number", 2, "--out", out, "--db", voting)
    before = out.read_text()
    refused(run("codes", "straat", "--number", 2, "--out", out, "--db", voting), 5, "exists already")
    refused(
        run("codes", "straat", "--number", 2, "--out", tmp_path / "x" / "y.csv", "--db", voting), 5, "can't be written"
    )
    refused(run("codes", "nergens", "--number", 2, "--out", tmp_path / "z.csv", "--db", voting), 5, "no process")
    assert out.read_text() == before
    assert not (tmp_path / "z.csv").exists()
    db = connect(voting)
    assert db.table("roll").count == 2
    db.close()


def test_seal_is_for_who_does_not_serve(db_file: Path) -> None:
    run("migrate", "--db", db_file)
    db = connect(db_file)
    insert_vote(db, open_secret(db, db_file.with_name("straat.db.secret")), **over())
    db.close()
    assert facts("seal", "bezuidenhout", "--db", db_file) == {"process": "bezuidenhout", "sealed": True}
    refused(run("seal", "bezuidenhout", "--db", db_file), 5, "sealed already")


def over() -> dict[str, Any]:
    """Dates of a vote that is over, whatever day it is."""
    return {"opens_at": datetime(2020, 1, 1, tzinfo=UTC), "closes_at": datetime(2020, 2, 1, tzinfo=UTC)}


def test_a_backup_says_to_keep_the_secret_apart_and_comes_back_whole(voting: Path, tmp_path: Path) -> None:
    copy = tmp_path / "kopie.db"
    result = run("backup", copy, "--db", voting)
    assert result.exit_code == 0
    assert "straat.db.secret" in result.stdout
    assert "somewhere else" in result.stdout
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    refused(run("backup", copy, "--db", voting), 5, "exists already")

    run("codes", "straat", "--number", 5, "--out", tmp_path / "codes.csv", "--db", voting)
    assert run("restore", copy, "--db", voting).exit_code == 0
    assert "roll" not in tables_with_rows(voting)


def test_a_restore_that_fails_leaves_what_was_there(voting: Path, tmp_path: Path) -> None:
    before = tables_with_rows(voting)
    damaged = tmp_path / "kapot.db"
    damaged.write_text("Beste mensen," * 1000)
    refused(run("restore", damaged, "--db", voting), 5, "no backup of wijkbudget")
    run("migrate", "--db", tmp_path / "ander.db")
    refused(run("restore", tmp_path / "ander.db", "--db", voting), 6, "belongs to another database")
    assert tables_with_rows(voting) == before
