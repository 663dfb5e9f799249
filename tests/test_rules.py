"""Zo werkt het: what residents read of the rules, and how they see that nothing changed."""

import hashlib
import json
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from litestar.testing import TestClient

from domain import corrections, rules
from domain.database import Database, writing
from domain.designs import making, model
from domain.designs.choices import Choice
from domain.designs.model import Design, ThemeChoice, laid_out, placed
from domain.phase_kinds import KINDS
from domain.processes import Process
from tests.cast import AFTER, EURO, NOW, OPENS, insert_vote, reload
from tests.conftest import Clock
from tests.pages import words
from tests.staff import account, give, sign_in

PAGE = "/bezuidenhout/zo-werkt-het"


def told(client: TestClient, path: str = PAGE) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return words(answer.text)


def test_the_rules_stand_there_in_words(client: TestClient, process: Process) -> None:
    said = told(client)
    for sentence in (
        "Bewoners beslissen over € 20.000 voor Bezuidenhout.",
        "U kiest plannen die samen hoogstens € 20.000 kosten.",
        "U mag ook blanco stemmen.",
        "Dan kunt u hem niet meer veranderen.",
        "Past een plan niet meer, dan slaan we het over",
        "Bij evenveel stemmen gaat het goedkoopste plan voor.",
        "Het begingetal is: een lot",
        "Wie wat stemde Nooit",
    ):
        assert sentence in said.replace("\u00a0", " ")


def test_a_limit_of_a_theme_stands_in_a_table(client: TestClient, db: Database, secret: bytes) -> None:
    insert_vote(db, secret, themes={"Groen": {"budget": 5_000 * EURO, "min_length": 1, "max_length": 2}})
    said = told(client).replace("\u00a0", " ")
    assert "Groen € 5.000 1 tot en met 2" in said
    assert "Straat geen eigen bedrag geen grens" in said


def test_before_the_vote_opens_nothing_is_fixed(client: TestClient, process: Process, clock: Clock) -> None:
    clock.now = OPENS - timedelta(days=1)
    said = told(client)
    assert "Op 1 mei 2026 gaat het stemmen open. Vanaf dan veranderen de regels niet meer." in said
    assert "vast sinds" not in said
    clock.now = OPENS
    assert "Deze regels liggen vast sinds 1 mei 2026." in told(client)


@pytest.mark.parametrize("now", [NOW, AFTER])
def test_the_fingerprint_is_that_of_the_file(client: TestClient, process: Process, clock: Clock, now: Any) -> None:
    clock.now = now
    answer = client.get("/bezuidenhout/regels.json")
    assert answer.headers["content-type"].startswith("application/json")
    fingerprint = hashlib.sha256(answer.content).hexdigest()
    assert fingerprint == rules.fingerprint(process)
    assert fingerprint in client.get(PAGE).text
    assert json.loads(answer.content)["lot_seed"] == "een lot"


def test_what_is_no_rule_leaves_the_fingerprint_as_it_is(db: Database, process: Process) -> None:
    before = rules.fingerprint(process)
    with writing(db):
        db.execute("UPDATE processes SET name = 'Anders', summary = 'Anders' WHERE id = ?", [process.id])
        db.execute("UPDATE themes SET name = name || ' 2' WHERE process_id = ?", [process.id])
    assert rules.fingerprint(reload(db)) == before


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE processes SET budget = budget + 1 WHERE id = :id",
        "UPDATE processes SET lot_seed = 'ander lot' WHERE id = :id",
        "UPDATE processes SET blank_allowed = 0 WHERE id = :id",
        "UPDATE processes SET vote_age = 16 WHERE id = :id",
        'UPDATE processes SET rule_options = \'{"overflow": "stop"}\' WHERE id = :id',
        "UPDATE themes SET max_length = 1 WHERE process_id = :id AND name = 'Groen'",
        "UPDATE plans SET cost = cost + 1 WHERE process_id = :id AND project_id = 'bank'",
        "UPDATE plans SET status = 'hidden' WHERE process_id = :id AND project_id = 'bank'",
    ],
)
def test_every_rule_changes_it(db: Database, process: Process, sql: str) -> None:
    with writing(db):
        db.execute(sql, {"id": process.id})
    assert rules.fingerprint(reload(db)) != rules.fingerprint(process)


def test_a_correction_stands_there_with_its_reason(
    client: TestClient, db: Database, process: Process, clock: Clock
) -> None:
    before = rules.fingerprint(process)
    assert "Er is sindsdien niets gecorrigeerd." in told(client)
    with writing(db):
        bea, tessa = account(db, "Bea"), account(db, "Tessa")
        for one in (bea, tessa):
            give(db, one, process, "beheerder")
        number = corrections.ask(db, process, "budget", 25_000 * EURO, "De raad gaf <b>meer</b> geld.", NOW, bea)
        assert "De raad gaf" not in told(client)
        corrections.agree(db, process, number, NOW, tessa)
    said = told(client).replace("\u00a0", " ")
    assert "was: € 20.000, is nu: € 25.000" in said
    assert "De raad gaf <b>meer</b> geld." in said
    assert before in client.get(PAGE).text
    assert rules.fingerprint(reload(db)) in client.get(PAGE).text
    for path in ("/bezuidenhout", "/bezuidenhout/stemmen"):
        assert "Op 12 mei 2026 is een regel gecorrigeerd." in told(client, path)


@pytest.mark.parametrize("path", ["/bezuidenhout", "/bezuidenhout/stemmen", "/bezuidenhout/plannen"])
def test_the_rules_are_linked_from_where_somebody_wonders(client: TestClient, process: Process, path: str) -> None:
    assert f'href="{PAGE}"' in client.get(path).text


def test_a_process_without_a_vote_says_so(client: TestClient, db: Database, process: Process) -> None:
    with writing(db):
        db.execute("DELETE FROM phases WHERE process_id = ?", [process.id])
    assert "In dit traject wordt niet gestemd." in told(client)
    assert client.get("/bezuidenhout/regels.json").status_code == 404
    assert client.get("/bestaat-niet/zo-werkt-het").status_code == 404


# Any design gives pages without a hole in them


def any_value(choice: Choice) -> st.SearchStrategy[Any]:
    if choice.type in ("number", "amount"):
        highest = choice.high if choice.high is not None else 1_000_000_00
        return st.integers(choice.low, min(highest, 1_000_000_00))
    if choice.type == "one_of":
        return st.sampled_from(choice.options)
    if choice.type == "yes_no":
        return st.booleans()
    if choice.type == "many_of":
        return st.lists(st.sampled_from(choice.options), min_size=max(1, choice.low), unique=True)
    if choice.type == "lines":
        return st.lists(st.sampled_from(["Kan het?", "Mag het?"]), unique=True)
    return st.sampled_from(["Laak & co", "שכונה", "Een <lange> naam " * 2])


CHOSEN = [choice for choice in model.choices() if choice.name not in ("host", "frame_ancestors", "area_code")]
VALUES = {choice.field: any_value(choice) for choice in CHOSEN}
THEMES = st.lists(
    st.builds(
        ThemeChoice,
        name=st.sampled_from(["Groen", "Straat", "Samen"]),
        budget=st.none() | st.integers(100, 1_000_00),
        min_length=st.integers(0, 2),
        max_length=st.none() | st.integers(2, 5),
        max_sum_cost=st.none() | st.integers(100, 1_000_00),
    ),
    max_size=3,
    unique_by=lambda theme: theme.name,
)
KIND_SETS = st.sets(st.sampled_from([*KINDS]), min_size=1)


@st.composite
def designs(draw: st.DrawFn) -> Design:
    """Any design that can be made; what doesn't fit together is taken out again."""
    kinds = draw(KIND_SETS)
    if "vote" not in kinds:
        kinds.discard("result")
    else:
        kinds.add("result")
    kinds = kinds or {"collect"}
    values = {name: draw(value) for name, value in VALUES.items() if draw(st.booleans()) or needed(name)}
    design = Design(values, tuple(draw(THEMES)), laid_out(kinds))
    values = {
        name: value for name, value in values.items() if name.partition("-")[0] not in KINDS or fits(name, design)
    }
    first = draw(st.sampled_from([date(2026, 1, 5), date(2026, 4, 20), date(2026, 8, 3)]))
    return placed(Design(values, design.themes, design.spans), first)


def needed(field: str) -> bool:
    return bool(next(choice for choice in CHOSEN if choice.field == field).needed)


def fits(field: str, design: Design) -> bool:
    return field.partition("-")[0] in design.spans


def mended(design: Design) -> Design:
    """Without limits that don't fit, where there are any."""
    if not model.clashes(design):
        return design
    limits = ("vote-min_length", "vote-max_length", "vote-max_sum_cost", "collect-max_plan_cost", "support-supporters")
    free = dict.fromkeys(limits)
    return Design(model.decided(design, free).values, (), design.spans)


HOLES = ("None", "{{", "}}", "%(", "Undefined", "knapsack", "choose-1", "greedy", "public_task")


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(design=designs())
def test_any_design_gives_pages_without_a_hole(client: TestClient, db: Database, secret: bytes, design: Design) -> None:
    with writing(db):
        owner = account(db, "Olga", owner=True)
        slug = making.create(db, mended(design), NOW, owner)
    sign_in(client, db, secret, None, "owner")
    papers = f"/beheer/{slug}/papieren"
    paths = [f"/{slug}/zo-werkt-het", f"/{slug}/privacy", papers, f"{papers}/planning", f"{papers}/dpia"]
    paths += [f"{papers}/poster/{kind}" for kind in design.spans]
    paths += [f"{papers}/brief"] if "vote" in design.spans else []
    for path in paths:
        said = told(client, path)
        assert [hole for hole in HOLES if hole in said] == [], path
    assert client.get(f"{papers}/planning.ics").status_code == 200


def test_every_rule_that_can_be_corrected_has_a_name_and_words(db: Database, secret: bytes, client: TestClient) -> None:
    process = insert_vote(db, secret, themes={"Groen": {"max_length": 1}})
    sign_in(client, db, secret, process, "beheerder")
    listed = corrections.targets(db, reload(db))
    assert len(listed) > 8
    for target in listed:
        page = told(client, f"/beheer/bezuidenhout/correcties/nieuw?keuze={target.name}")
        assert "Nu:" in page
