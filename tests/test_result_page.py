"""The result: what won, what missed and by how much, who took part, and how to count it again.

Ten of twenty voted. Bankjes 6 votes, Tapwaterkranen 5, Pluktuin 4, Fietsenstalling 4, שכונה ביחד 2, and one blank.
Of € 20.000 the first two leave € 3.500: too little for the next two, enough for the last.
"""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from litestar.testing import TestClient

import cli
from domain import pabulib
from domain.counting import Amount, count
from domain.database import Database
from domain.processes import Process
from tests.cast import AFTER, AICHA, BEZUIDENHOUT, BRAM, crowd, insert_vote
from tests.conftest import Clock, HandIn, Seal
from tests.pages import Page, words

RESULT = "/bezuidenhout/uitslag"
BALLOTS_FILE = f"{RESULT}/stembiljetten.pb"
TWENTY = (*BEZUIDENHOUT, *crowd(14))
CAST = (
    *[("bank", "tap", "feest")] * 2,
    *[("bank", "tap")] * 3,
    ("bank", "tuin", "fiets"),
    *[("tuin", "fiets")] * 3,
    (),
)


@pytest.fixture
def voted(db: Database, secret: bytes, hand_in: HandIn) -> Process:
    process = insert_vote(db, secret, residents=TWENTY)
    for resident, plans in zip(TWENTY, CAST, strict=False):
        hand_in(process, resident, *plans)
    return process


@pytest.fixture
def counted(voted: Process, seal: Seal, clock: Clock) -> Process:
    clock.now = AFTER
    return seal(voted)


def test_what_won_stands_on_top(client: TestClient, counted: Process) -> None:
    page = words(client.get(RESULT).text)
    assert "3 plannen gaan door" in page
    assert "10 bewoners stemden. Dat is 50 van elke 100 mensen met een stemcode." in page
    assert "Zij verdeelden € 19.500 van de € 20.000." in page
    assert "Stembiljetten geteld 10 Verdeeld € 19.500 Niet verdeeld € 500" in page
    won = page[page.index("Deze plannen gaan door") : page.index("Deze plannen gaan niet door")]
    for said in (
        "Bankjes onder de bomen 🌳 € 1.500 6 stemmen",
        "Tapwaterkranen € 15.000 5 stemmen",
        "שכונה ביחד € 3.000 2 stemmen",
    ):
        assert said in won


def test_the_page_of_a_plan_says_how_it_fared(client: TestClient, voted: Process, seal: Seal, clock: Clock) -> None:
    address = {plan.project_id: f"/bezuidenhout/plannen/{plan.id}" for plan in voted.plans}
    assert "Bekijk de uitslag" not in words(client.get(address["bank"]).text)
    clock.now = AFTER
    seal(voted)
    assert "Dit plan gaat door 6 stemmen. Bekijk de uitslag" in words(client.get(address["bank"]).text)
    lost = words(client.get(address["tuin"]).text)
    assert "Dit plan gaat niet door 4 stemmen. Toen dit plan aan de beurt was, was er nog € 3.500 over." in lost
    assert "Bekijk de uitslag" not in words(client.get(address["rad"]).text)  # it was withdrawn


def test_each_plan_that_missed_hears_in_one_sentence_by_how_much(client: TestClient, counted: Process) -> None:
    page = words(client.get(RESULT).text)
    missed = page[page.index("Deze plannen gaan niet door") : page.index("Hoeveel mensen stemden?")]
    for said in (
        "Pluktuin € 7.000 4 stemmen Toen dit plan aan de beurt was, was er nog € 3.500 over. Dit plan kost € 7.000. "
        "Met 1 stem meer, of € 3.500 goedkoper, was dit plan doorgegaan.",
        "Fietsenstalling € 7.500 4 stemmen "
        "Toen dit plan aan de beurt was, was er nog € 3.500 over. Dit plan kost € 7.500. "
        "Met 1 stem meer, of € 4.000 goedkoper, was dit plan doorgegaan.",
        "Reuzenrad € 5.000 0 stemmen Dit plan is ingetrokken.",
    ):
        assert said in missed


def test_what_the_sentence_says_is_so(client: TestClient, counted: Process) -> None:
    """One more vote for Pluktuin, or € 3.500 off, and the same count funds it; one cent less does not."""
    instance = pabulib.read(client.get(BALLOTS_FILE).content)
    scores = dict(instance.scores())
    assert "tuin" not in selected(instance, scores)
    assert "tuin" in selected(instance, scores | {"tuin": scores["tuin"] + 1})
    assert "tuin" in selected(instance, scores, tuin=3_500)
    assert "tuin" not in selected(instance, scores, tuin=3_501)


def selected(instance: pabulib.Instance, scores: dict[str, Amount], **costs: int) -> set[str]:
    projects = [replace(p, cost=costs.get(p.project_id, p.cost)) for p in instance.projects]
    return {step.project_id for step in count(projects, scores, instance.budget, instance.rule).steps if step.granted}


def test_a_tie_that_was_broken_is_told(
    client: TestClient, process: Process, db: Database, hand_in: HandIn, seal: Seal
) -> None:
    """One vote each, and of € 8.000 only one of the two can be paid."""
    db.execute("UPDATE processes SET budget = 800000 WHERE slug = 'bezuidenhout'")
    tied(process, hand_in, seal)
    page = words(client.get(RESULT).text)
    assert "Deze plannen kregen evenveel stemmen: Pluktuin, Fietsenstalling (elk 1)." in page
    assert "Het goedkoopste plan ging voor. Zo was het vooraf afgesproken." in page


def test_between_plans_that_cost_the_same_lots_were_drawn(
    client: TestClient, process: Process, db: Database, hand_in: HandIn, seal: Seal
) -> None:
    db.execute("UPDATE processes SET budget = 800000 WHERE slug = 'bezuidenhout'")
    db.execute("UPDATE plans SET cost = 700000 WHERE project_id = 'fiets'")
    tied(process, hand_in, seal)
    page = words(client.get(RESULT).text)
    assert "We hebben geloot welk plan voorging. Vooraf was bekend hoe we loten." in page
    assert "Met dit begingetal loten we bij een gelijke stand. Het was vooraf bekend: een lot" in page


def tied(process: Process, hand_in: HandIn, seal: Seal) -> None:
    hand_in(process, AICHA, "tuin")
    hand_in(process, BRAM, "fiets")
    seal(process)


def test_turnout_is_codes_used_of_codes_issued(client: TestClient, counted: Process) -> None:
    page = Page(client.get(RESULT).text)
    assert "Stemcodes uitgegeven 20 Stemcodes gebruikt 10 Stembiljetten geteld 10 Daarvan blanco 1" in page.words
    drawn = [tag for tag in page.all("use") if tag.get("class") == "on"]
    assert len(drawn) == 50


def test_every_plan_is_drawn_and_stands_in_the_table(client: TestClient, counted: Process) -> None:
    html = client.get(RESULT).text
    page = Page(html)
    widths = [int(tag["width"]) for tag in page.all("rect")]
    assert widths == [1000, 833, 333, 666, 666, 0]
    table = words(html[html.index('<table class="rows">') :])
    for row in ("Tapwaterkranen 5 € 15.000 Gaat door", "Pluktuin 4 € 7.000 Paste niet meer in het budget"):
        assert row in table


def test_the_count_is_told_step_by_step(client: TestClient, counted: Process) -> None:
    page = words(client.get(RESULT).text)
    steps = page[page.index("Bekijk de telling stap voor stap") :]
    places = [
        steps.index(said)
        for said in (
            "Bankjes onder de bomen 🌳 6 stemmen, € 1.500. Gaat door. Daarna is er € 18.500 over.",
            "Tapwaterkranen 5 stemmen, € 15.000. Gaat door. Daarna is er € 3.500 over.",
            "Pluktuin 4 stemmen, € 7.000. Past niet: er is € 3.500 over.",
            "Fietsenstalling 4 stemmen, € 7.500. Past niet: er is € 3.500 over.",
            "שכונה ביחד 2 stemmen, € 3.000. Gaat door. Daarna is er € 500 over.",
        )
    ]
    assert places == sorted(places)


def test_anyone_can_count_it_again(client: TestClient, counted: Process, tmp_path: Path) -> None:
    page = Page(client.get(RESULT).text)
    assert BALLOTS_FILE in {a["href"] for a in page.all("a")}
    answer = client.get(BALLOTS_FILE)
    assert answer.headers["content-disposition"] == 'attachment; filename="bezuidenhout.pb"'
    file = tmp_path / "bezuidenhout.pb"
    file.write_bytes(answer.content)
    recount = CliRunner().invoke(cli.main, ["recount", str(file), "--json"])
    facts = json.loads(recount.stdout)
    assert facts["matches_file"] is True
    assert sorted(facts["selected"]) == ["bank", "feest", "tap"]
    assert facts["spent"] == 19_500


def test_the_file_of_ballots_tells_nobody_who(client: TestClient, counted: Process) -> None:
    told = client.get(BALLOTS_FILE).text
    for resident in TWENTY:
        assert resident.code not in told
        assert resident.letter not in told
        assert resident.receipt not in told
    assert len(told[told.index("VOTES") :].strip().splitlines()) == 2 + 9, "blank ballots are left out"


def test_below_ten_ballots_no_single_ballot_is_published(
    client: TestClient, db: Database, secret: bytes, hand_in: HandIn, seal: Seal, clock: Clock
) -> None:
    process = insert_vote(db, secret, residents=TWENTY)
    for resident, plans in zip(TWENTY[:9], CAST, strict=False):
        hand_in(process, resident, *plans)
    clock.now = AFTER
    seal(process)
    page = Page(client.get(RESULT).text)
    assert "Er zijn minder dan tien stembiljetten. Daarom staan hier alleen de totalen." in page.words
    assert "Stembiljetten geteld 9" in page.words
    assert BALLOTS_FILE not in {a["href"] for a in page.all("a")}
    assert client.get(BALLOTS_FILE).status_code == 404


def test_when_nobody_voted_no_plan_wins(client: TestClient, db: Database, process: Process, seal: Seal) -> None:
    db.execute("UPDATE processes SET rule_options = ?", ['{"min_score": 1}'])
    seal(process)
    page = words(client.get(RESULT).text)
    assert "Er gaat geen plan door" in page
    assert "Stemcodes uitgegeven 6 Stemcodes gebruikt 0 Stembiljetten geteld 0" in page


def test_there_is_no_result_before_sealing(client: TestClient, voted: Process, clock: Clock) -> None:
    assert "Tot dan telt niemand stemmen, ook wij niet." in words(client.get(RESULT).text)
    clock.now = AFTER
    assert "We maken de stembiljetten nu anoniem." in words(client.get(RESULT).text)
    assert client.get(BALLOTS_FILE).status_code == 404
