"""The wizard, as its pages: a process that Olga or Bea designs step by step and opens. Nina works elsewhere."""

from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from httpx import Response
from jinja2 import ChoiceLoader, DictLoader
from litestar.testing import TestClient

from domain import audit, phases, processes
from domain.database import Database, writing
from domain.designs import drafts, files, making, model, presets
from domain.designs.choices import Choice
from domain.designs.drafts import Draft
from domain.designs.files import Flaw
from domain.phase_kinds import KINDS, PhaseKind
from domain.phases import Phase
from domain.processes import Process
from routes.languages import CODES
from routes.pages import environment
from tests.cast import AFTER, CLOSES, EURO, NOW, reload
from tests.conftest import Clock
from tests.pages import Page, pages_of, words
from tests.staff import BEA, DIRK, MO, NINA, OLGA, TESSA, account, sign_in, sign_in_as

NEW, DESIGNS = "/beheer/nieuw", "/beheer/ontwerpen"
SCRIPT = "<script>alert(1)</script>"
ANSWERS: dict[str, dict[str, str]] = {
    "traject": {
        "traject-name": "Móói Mariahoeve!",
        "traject-municipality": "Den Haag",
        "traject-area": "Mariahoeve",
    },
    "money": {"money-budget": "50.000"},
    "vote": {"vote-vote_age": "12"},
    "privacy": {
        "privacy-legal_basis": "public_task",
        "privacy-controller": "Gemeente Den Haag",
        "privacy-privacy_contact": "privacy@denhaag.example",
    },
}


@pytest.fixture
def olga(client: TestClient, db: Database, secret: bytes, clock: Clock) -> int:
    return sign_in_as(client, db, secret, None, OLGA)


def begin(client: TestClient, **how: str) -> str:
    """Begin a design; where it stands."""
    answer = client.post(NEW, data=how or {"leeg": "1"})
    assert answer.status_code == 303, words(answer.text)
    return str(answer.headers["location"])


def fields_of(client: TestClient, path: str) -> dict[str, Any]:
    return Page(client.get(path).text).form(path).fields


def fill(client: TestClient, here: str, step: str, **changes: Any) -> Response:
    """Open a step, change that, and save; `vote__vote_age` stands for vote-vote_age."""
    path = f"{here}/{step}"
    renamed = {name.replace("__", "-"): value for name, value in changes.items()}
    return client.post(path, data={**fields_of(client, path), **renamed})


def fill_all(client: TestClient, here: str, **changes: dict[str, str]) -> None:
    for step in model.steps():
        answer = fill(client, here, step, **(ANSWERS | changes).get(step, {}))
        assert answer.status_code == 303, (step, words(answer.text))


def open_it(client: TestClient, here: str) -> Response:
    return client.post(f"{here}/openen", data=fields_of(client, f"{here}/openen"))


def draft(db: Database, here: str) -> Draft:
    found = drafts.load(db, int(here.rpartition("/")[2]))
    assert found is not None
    return found


# From first to last


def test_olga_designs_a_process_in_eleven_steps_and_opens_it(client: TestClient, db: Database, olga: int) -> None:
    here = begin(client, voorbeeld="den-haag-wijkbudget")
    assert "Open het traject" not in words(client.get(here).text)
    assert open_it_too_early(client, here) == 409
    fill_all(client, here)
    page = Page(client.get(here).text)
    assert page.words.count("klaar") == len(model.steps())
    assert f"{here}/openen" in {a["href"] for a in page.all("a")}
    asked = words(client.get(f"{here}/openen").text)
    assert "gaat ‘Plannen indienen’ open" in asked
    assert "http://testserver.local/mooi-mariahoeve" in asked
    assert processes.load(db, "mooi-mariahoeve") is None
    assert open_it(client, here).headers["location"] == "/beheer/mooi-mariahoeve?begonnen=1"
    made = reload(db, "mooi-mariahoeve")
    assert (made.area, made.municipality, made.budget, made.vote_age) == ("Mariahoeve", "Den Haag", 50_000 * EURO, 12)
    assert [phase.kind for phase in made.phases] == [*KINDS]
    assert db.execute("SELECT account_id, role FROM roles WHERE process_id = ?", [made.id]).fetchall() == [
        (olga, "beheerder")
    ]
    assert "Wat nu?" in words(client.get("/beheer/mooi-mariahoeve?begonnen=1").text)
    assert client.get("/mooi-mariahoeve").status_code == 200


def open_it_too_early(client: TestClient, here: str) -> int:
    return client.post(f"{here}/openen", data={"versie": "1"}).status_code


def test_each_save_goes_on_to_the_next_step_or_stops(client: TestClient, olga: int) -> None:
    here = begin(client)
    for step, following in zip(model.steps(), model.steps()[1:], strict=False):
        assert fill(client, here, step).headers["location"] == f"{here}/{following}"
    assert fill(client, here, model.steps()[-1]).headers["location"] == f"{here}?gedaan=bewaard"
    assert fill(client, here, "money", stop="1").headers["location"] == f"{here}?gedaan=bewaard"


def test_it_says_what_is_still_undecided_and_what_does_not_fit(client: TestClient, olga: int) -> None:
    here = begin(client)
    assert words(client.get(here).text).count("nog niet bekeken") == len(model.steps())
    fill(client, here, "vote", vote__min_length="4", vote__max_length="3", vote__vote_age="")
    fill(client, here, "privacy")
    page = words(client.get(here).text)
    assert "Iemand moet meer plannen kiezen dan er mogen" in page
    assert "nog 3 dingen te kiezen" in page
    assert "Nog te kiezen: Vanaf welke leeftijd mag iemand stemmen?" in words(client.get(f"{here}/vote").text)


def test_what_nobody_decided_is_a_suggestion_until_it_is_saved(client: TestClient, db: Database, olga: int) -> None:
    here = begin(client)
    before = words(client.get(f"{here}/vote").text)
    assert "Hoe stemt iemand? voorstel" in before
    assert "vote-voting_method" not in draft(db, here).design.values
    fill(client, here, "vote")
    assert "Hoe stemt iemand? voorstel" not in words(client.get(f"{here}/vote").text)
    assert draft(db, here).design["vote-voting_method"] == "knapsack"


def test_a_phase_can_be_left_out_and_taken_in_again(client: TestClient, db: Database, olga: int) -> None:
    here = begin(client, voorbeeld="den-haag-wijkbudget")
    assert "support" in draft(db, here).design.spans
    fill(client, here, "support", **{"support-present": "no", "support-support_threshold": "veel"})
    assert "support" not in draft(db, here).design.spans
    assert "hoort er niet bij" in words(client.get(here).text)
    fill(client, here, "planning")
    fill(client, here, "support", **{"support-present": "yes", "support-text": "Steun een plan."})
    assert draft(db, here).design.spans["support"].text == "Steun een plan."
    fill(client, here, "planning")
    assert model.clashes(draft(db, here).design) == []
    support, collect = (draft(db, here).design.spans[kind] for kind in ("support", "collect"))
    assert support.opens == collect.opens


def test_themes_are_added_and_removed_without_a_script(client: TestClient, db: Database, olga: int) -> None:
    here = begin(client)
    more = fill(client, here, "money", meer="1", **{"theme-1-name": "Groen", "theme-1-budget": "veel"})
    assert more.status_code == 200
    assert Page(more.text).form(f"{here}/money").fields["theme-1-name"] == ["Groen"]
    assert "theme-5-name" in Page(more.text).form(f"{here}/money").fields
    two = {"theme-1-name": "Groen", "theme-1-budget": "1.000", "theme-2-name": "Spelen", "theme-2-max_length": "2"}
    fill(client, here, "money", **two)
    themes = draft(db, here).design.themes
    assert [(theme.name, theme.budget, theme.max_length) for theme in themes] == [
        ("Groen", 1_000 * EURO, None),
        ("Spelen", None, 2),
    ]
    fill(client, here, "money", **{"theme-1-name": "", "theme-1-budget": ""})
    assert [theme.name for theme in draft(db, here).design.themes] == ["Spelen"]


# Dates


def test_the_first_day_gives_every_date(client: TestClient, db: Database, olga: int) -> None:
    here = begin(client)
    moved = fill(client, here, "planning", first_day="2027-01-04", schuif="1")
    assert moved.headers["location"] == f"{here}/planning?gedaan=1"
    collect = draft(db, here).design.spans["collect"]
    assert collect.opens is not None
    assert collect.opens.astimezone(phases.HERE).isoformat() == "2027-01-04T00:00:00+01:00"
    assert fields_of(client, f"{here}/planning")["collect-closes_date"] == ["2027-01-31"]


def test_a_phase_may_end_in_the_middle_of_a_day(client: TestClient, db: Database, olga: int) -> None:
    here = begin(client)
    fill(client, here, "planning", first_day="2027-01-04", schuif="1")
    fill(client, here, "planning", **{"vote-closes_date": "2027-05-01", "vote-closes_time": "20:00"})
    closes = draft(db, here).design.spans["vote"].closes
    assert closes is not None
    assert closes.astimezone(phases.HERE).isoformat() == "2027-05-01T20:00:00+02:00"
    fields = fields_of(client, f"{here}/planning")
    assert (fields["vote-closes_date"], fields["vote-closes_time"]) == (["2027-05-01"], ["20:00"])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"collect-closes_date": "2027-01-01", "collect-opens_date": "2027-02-01"}, "collect-closes_date"),
        ({"collect-closes_date": ""}, "collect-closes_date"),
        ({"collect-opens_date": "straks"}, "collect-opens_date"),
        ({"collect-opens_date": "9999-12-31"}, "collect-opens_date"),
        ({"collect-closes_date": "9999-12-31"}, "collect-closes_date"),
        ({"first_day": "morgen", "schuif": "1"}, "first_day"),
        ({"first_day": "9999-12-31", "schuif": "1"}, "first_day"),
    ],
)
def test_dates_that_can_not_be_come_back(client: TestClient, olga: int, changes: dict[str, str], field: str) -> None:
    here = begin(client)
    page = fill(client, here, "planning", **changes)
    assert page.status_code == 422
    assert f'href="#{field}"' in page.text
    assert f'id="{field}"' in page.text


def test_a_preset_of_one_evening_comes_with_its_hours(client: TestClient, db: Database, olga: int) -> None:
    here = begin(client, voorbeeld="buurtbudget-vrijwilligers")
    typed = fields_of(client, f"{here}/planning")
    assert [typed[f"vote-{name}"] for name in ("opens_time", "closes_time")] == [["19:00"], ["21:30"]]
    assert typed["vote-opens_date"] == typed["vote-closes_date"] == typed["result-opens_date"]
    assert fill(client, here, "planning").status_code == 303
    vote = draft(db, here).design.spans["vote"]
    assert vote.opens is not None
    assert vote.closes is not None
    assert vote.closes - vote.opens == timedelta(hours=2, minutes=30)


def test_a_file_of_one_evening_says_its_hours_before_it_is_used(client: TestClient, olga: int) -> None:
    vote = b'format = 1\n[vote]\ndays = 1\nfrom = "19:00"\nuntil = "21:30"\n'
    assert "Stemmen 1 dag, van 19.00 tot 21.30 uur" in words(upload(client, vote).text)
    refused = upload(client, vote.replace(b"21:30", b"18:30"))
    assert refused.status_code == 422
    assert "Regel 5, : Deze fase duurt één dag." in words(refused.text)


def test_dates_that_look_like_a_mistake_are_said(client: TestClient, olga: int) -> None:
    here = begin(client)
    fill(client, here, "planning", first_day="2020-01-06", schuif="1")
    assert "‘Plannen indienen’ is dan al voorbij" in words(client.get(f"{here}/planning").text)


# What counts for nothing with another answer


def test_who_has_voters_choose_one_plan_decides_no_limits(client: TestClient, db: Database, olga: int) -> None:
    here = begin(client, voorbeeld="den-haag-wijkbudget")
    fill(client, here, "vote", **{"vote-min_length": "2", "vote-max_length": "5"})
    limits = {"vote-min_length": "2", "vote-max_length": "veel", "vote-max_sum_cost": "40000000"}
    assert fill(client, here, "vote", **{"vote-voting_method": "choose-1"}, **limits).status_code == 303
    design = draft(db, here).design
    assert {design.values.get(f"vote-{name}") for name in ("min_length", "max_length", "max_sum_cost")} == {None}
    assert "vote" not in {clash.step for clash in model.clashes(design)}
    page = client.get(f"{here}/vote").text
    assert "Een minimum, een maximum en een bedrag zijn er dan niet." in words(page)
    assert page.count("not-with-choose-1") == len(limits)


def test_where_nobody_may_react_no_phase_asks_whether(client: TestClient, db: Database, olga: int) -> None:
    here = begin(client, voorbeeld="den-haag-wijkbudget")
    question = "Bewoners mogen in deze fase reageren op plannen"
    assert question in words(client.get(f"{here}/support").text)
    fill(client, here, "collect", **{"collect-reactions_allowed": "no"})
    page = words(client.get(f"{here}/support").text)
    assert question not in page
    assert "Reageren kan in dit traject niet." in page
    fill(client, here, "support")
    assert draft(db, here).design.spans["support"].reactions, "what was said before counts again after a “yes”"
    assert question in words(client.get(f"{here}/collect").text), "where it is decided both can be changed at once"


# To try a step out


def test_the_ballot_to_try_is_that_of_what_was_just_chosen(client: TestClient, db: Database, olga: int) -> None:
    here = begin(client, voorbeeld="den-haag-wijkbudget")
    assert "Verdeel €" in words(client.get(f"{here}/proefstem").text)
    limits = {"vote-max_sum_cost": "", "vote-max_length": "3"}
    answer = fill(client, here, "vote", **{"vote-voting_method": "approval", "probeer": "proefstem"}, **limits)
    assert answer.headers["location"] == f"{here}/proefstem?van=vote"
    assert draft(db, here).design["vote-voting_method"] == "approval"
    tried = client.get(answer.headers["location"])
    assert "Kies tot 3 plannen" in words(tried.text)
    assert f"{here}/vote" in links(tried.text)


def links(html: str) -> set[str]:
    return {a["href"] for a in Page(html).all("a")}


def test_the_way_back_to_the_step_stays_while_somebody_tries(client: TestClient, olga: int) -> None:
    here = begin(client, voorbeeld="den-haag-wijkbudget")
    for trial in ("proefstem?van=vote", "simulatie?van=result", "repetitie?van=vote"):
        assert f"{here}/{trial.partition('=')[2]}" in links(client.get(f"{here}/{trial}").text)
    path = f"{here}/proefstem?van=vote"
    chosen = client.post(path, data={**fields_of(client, path), "wissel": "1"})
    assert "terug naar de stap" in words(chosen.text)
    assert client.post(path, data={"lot": "1", "andere": "1"}).headers["location"] == f"{path}&lot=2"
    counted = Page(client.get(f"{here}/simulatie?van=result").text).form(f"{here}/simulatie")
    assert counted.fields["van"] == ["result"]


def test_the_counting_rule_is_tried_from_its_step_too(client: TestClient, db: Database, olga: int) -> None:
    here = begin(client, voorbeeld="den-haag-wijkbudget")
    answer = fill(client, here, "result", **{"result-overflow": "partial", "probeer": "simulatie"})
    assert answer.headers["location"] == f"{here}/simulatie?van=result"
    assert draft(db, here).design["result-overflow"] == "partial"
    assert "Terug naar de stap" in words(client.get(answer.headers["location"]).text)


@pytest.mark.parametrize(("step", "trial"), [("vote", "proefstem"), ("result", "simulatie")])
def test_the_step_has_the_button_that_tries_it(client: TestClient, olga: int, step: str, trial: str) -> None:
    buttons = Page(client.get(f"{begin(client, leeg='1')}/{step}").text).all("button")
    assert trial in [button["value"] for button in buttons if button.get("name") == "probeer"]


def test_who_tries_with_a_mistake_stays_on_the_step(client: TestClient, db: Database, olga: int) -> None:
    here = begin(client, voorbeeld="den-haag-wijkbudget")
    before = draft(db, here)
    answer = fill(client, here, "vote", **{"vote-vote_age": "honderdvijf", "probeer": "proefstem"})
    assert answer.status_code == 422
    assert 'value="honderdvijf"' in answer.text
    assert draft(db, here) == before


@pytest.mark.parametrize("elsewhere", ["//kwaad.example", "../vote", "verwijderen", ""])
def test_a_step_leads_to_a_trial_and_nowhere_else(client: TestClient, olga: int, elsewhere: str) -> None:
    here = begin(client, voorbeeld="den-haag-wijkbudget")
    assert fill(client, here, "vote", probeer=elsewhere).headers["location"] == f"{here}/result"
    back = client.get(f"{here}/proefstem", params={"van": elsewhere})
    assert "terug naar uw keuzes" in words(back.text)


# What is wrong


@pytest.mark.parametrize(
    ("step", "changes", "field"),
    [
        ("traject", {"traject-name": "x" * 81}, "traject-name"),
        ("traject", {"traject-language": "fy"}, "traject-language"),
        ("traject", {"traject-area_code": "0518WK"}, "traject-area_code"),
        ("money", {"money-budget": "veel"}, "money-budget"),
        ("money", {"money-budget": "0,50"}, "money-budget"),
        ("money", {"theme-1-budget": "5"}, "theme-1-name"),
        ("money", {"theme-1-name": "x" * 41}, "theme-1-name"),
        ("money", {"theme-1-name": "Groen", "theme-1-max_length": "0"}, "theme-1-max_length"),
        ("collect", {"collect-text": "x" * 501}, "collect-text"),
        ("collect", {"collect-present": ""}, "collect-present"),
        ("vote", {"vote-vote_age": "100"}, "vote-vote_age"),
        ("vote", {"vote-codes_by": "postcode"}, "vote-codes_by"),
        ("result", {"result-min_score": "-1"}, "result-min_score"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    client: TestClient, db: Database, olga: int, step: str, changes: dict[str, str], field: str
) -> None:
    here = begin(client)
    before = draft(db, here)
    page = fill(client, here, step, **changes)
    assert page.status_code == 422
    assert f'href="#{field}"' in page.text
    assert f'id="{field}"' in page.text
    for name, value in changes.items():
        if value and name.rpartition("-")[2] not in ("language", "codes_by", "present"):
            assert Page(page.text).form(f"{here}/{step}").fields[name] == [value]
    assert draft(db, here) == before


def test_scripts_show_as_text(client: TestClient, olga: int) -> None:
    here = begin(client)
    texts = ("name", "municipality", "area", "summary", "description")
    fill(client, here, "traject", **{f"traject-{name}": SCRIPT for name in texts})
    assert "<script>a" not in fill(client, here, "traject", **{"traject-area_code": "<script>a"}).text
    fill(client, here, "money", **{"theme-1-name": SCRIPT, "theme-1-min_length": "2", "theme-1-max_length": "1"})
    for path in (NEW, DESIGNS, here, f"{here}/verwijderen", *(f"{here}/{step}" for step in model.steps())):
        assert "<script>a" not in client.get(path).text, path


# Two at a time


def test_who_comes_second_sees_both(client: TestClient, db: Database, olga: int) -> None:
    here = begin(client)
    form = fields_of(client, f"{here}/traject")
    fill(client, here, "traject", traject__name="De eerste naam")
    second = client.post(f"{here}/traject", data={**form, "traject-name": "De tweede naam"})
    assert second.status_code == 409
    assert "Hoe heet het traject? De eerste naam" in words(second.text)
    assert draft(db, here).design["traject-name"] == "De eerste naam"
    again = Page(second.text).form(f"{here}/traject").fields
    assert again["traject-name"] == ["De tweede naam"]
    assert client.post(f"{here}/traject", data=again).status_code == 303
    assert draft(db, here).design["traject-name"] == "De tweede naam"


def test_opening_twice_makes_one_process(client: TestClient, db: Database, olga: int) -> None:
    here = begin(client, voorbeeld="den-haag-wijkbudget")
    fill_all(client, here)
    form = fields_of(client, f"{here}/openen")
    for _ in range(2):
        answer = client.post(f"{here}/openen", data=form)
        assert answer.headers["location"].startswith("/beheer/mooi-mariahoeve")
    assert db.execute("SELECT count(*) FROM processes").fetchone()[0] == 1
    for path in (here, f"{here}/money", f"{here}/openen"):
        assert client.get(path).headers["location"] == "/beheer/mooi-mariahoeve"
    client.post(f"{here}/verwijderen")
    assert draft(db, here).process_id is not None


def test_what_changed_since_the_page_was_read_is_not_opened_unseen(client: TestClient, db: Database, olga: int) -> None:
    here = begin(client, voorbeeld="den-haag-wijkbudget")
    fill_all(client, here)
    form = fields_of(client, f"{here}/openen")
    fill(client, here, "money", money__budget="1")
    assert client.post(f"{here}/openen", data=form).status_code == 409
    assert processes.load(db, "mooi-mariahoeve") is None


def test_a_host_that_another_process_has_is_told_and_not_taken(
    client: TestClient, db: Database, olga: int, process: Process
) -> None:
    db.execute("UPDATE processes SET host = 'laak.example' WHERE id = ?", [process.id])
    here = begin(client, voorbeeld="den-haag-wijkbudget")
    fill_all(client, here)
    fill(client, here, "look", look__host="Laak.example")
    assert "Een ander traject heeft dit eigen adres al" in words(client.get(here).text)
    assert open_it_too_early(client, here) == 409


def test_the_pages_of_residents_follow_the_choices_and_not_the_preset(
    client: TestClient, db: Database, olga: int, clock: Clock
) -> None:
    here = begin(client, voorbeeld="waalwijk-per-thema")
    fill_all(client, here, money={"money-budget": "70.000", "theme-1-max_length": "4"})
    fill(client, here, "support", **{"support-support_threshold": "7"})
    fill(client, here, "vote", **{"vote-max_length": "9"})
    open_it(client, here)
    rules = words(client.get("/mooi-mariahoeve/zo-werkt-het").text)
    assert "Een plan heeft de steun van 7 bewoners nodig" in rules
    assert "hoogstens 4" in rules
    assert "hoogstens 9 plannen" in rules
    collect = reload(db, "mooi-mariahoeve").phase("collect")
    assert collect is not None
    clock.now = collect.closes_at
    front = words(client.get("/mooi-mariahoeve").text)
    assert "Een plan heeft de steun van 7 bewoners nodig" in front
    for gone in ("15 keer", "twee plannen"):
        assert gone not in rules + front


# What is otherwise here


def pages_before_opening(client: TestClient, here: str, step: str) -> list[str]:
    return [words(client.get(path).text) for path in (here, f"{here}/{step}", f"{here}/openen")]


def test_a_code_that_no_area_has_is_told_and_becomes_that_of_the_area(
    client: TestClient, db: Database, olga: int
) -> None:
    here = begin(client, voorbeeld="den-haag-wijkbudget")
    fill_all(client, here)
    assert not any("kennen wij hier nog niet" in page for page in pages_before_opening(client, here, "traject"))
    fill(client, here, "traject", traject__area_code="wk051899")
    assert all(
        "De code WK051899 kennen wij hier nog niet. U kunt gewoon verder" in page
        for page in pages_before_opening(client, here, "traject")
    )
    open_it(client, here)
    assert "WK051899" in words(client.get("/beheer/mooi-mariahoeve/keuzes").text)
    assert 'area_code = "WK051899"' in client.get("/beheer/mooi-mariahoeve/ontwerp.toml").text
    row = db.execute("SELECT name, level FROM areas WHERE code = 'WK051899'").fetchone()
    assert row == ("Mariahoeve", "wijk")


def test_a_code_that_an_area_has_brings_its_name(client: TestClient, db: Database, olga: int, process: Process) -> None:
    db.execute("UPDATE areas SET code = 'WK051826' WHERE name = 'Bezuidenhout'")
    here = begin(client, voorbeeld="den-haag-wijkbudget")
    fill_all(client, here, traject=ANSWERS["traject"] | {"traject-area_code": "WK051826"})
    assert all(
        "Het gebied met code WK051826 heet op deze site ‘ Bezuidenhout ’" in page
        for page in pages_before_opening(client, here, "traject")
    )


def test_the_areas_that_are_here_are_offered_while_typing(client: TestClient, olga: int, process: Process) -> None:
    here = begin(client)
    page = Page(client.get(f"{here}/traject").text)
    lists = {field["name"]: field["list"] for field in page.all("input") if "list" in field}
    assert lists == {f"traject-{name}": f"traject-{name}-known" for name in ("municipality", "area", "area_code")}
    assert [each["id"] for each in page.all("datalist")] == [*lists.values()]
    assert {"Den Haag", "Bezuidenhout"} <= {each["value"] for each in page.all("option")}


def test_only_the_owner_gives_a_process_a_host(
    client: TestClient, db: Database, secret: bytes, clock: Clock, process: Process
) -> None:
    sign_in_as(client, db, secret, process, BEA)
    here = begin(client, voorbeeld="den-haag-wijkbudget")
    fill_all(client, here)
    refused = fill(client, here, "look", look__host="mariahoeve.example")
    assert refused.status_code == 422
    assert 'href="#look-host"' in refused.text
    assert "Alleen de eigenaar van de site kan dit adres veranderen" in words(refused.text)
    assert draft(db, here).design["look-host"] is None
    sign_in_as(client, db, secret, None, OLGA)
    assert fill(client, here, "look", look__host="mariahoeve.example").status_code == 303
    assert "gaat niet mee" not in words(client.get(f"{here}/openen").text)
    sign_in_as(client, db, secret, process, BEA)
    assert all(
        "Het eigen adres mariahoeve.example gaat niet mee" in page
        for page in pages_before_opening(client, here, "look")
    )
    assert fill(client, here, "look").status_code == 303


def test_a_file_with_a_host_says_to_others_than_the_owner_that_it_stays_behind(
    client: TestClient, db: Database, secret: bytes, clock: Clock, process: Process
) -> None:
    file = files.written(model.decided(presets.all_presets()["assen"], {"look-host": "laak.example"})).encode()
    for who, told in ((BEA, True), (OLGA, False)):
        sign_in_as(client, db, secret, process, who)
        assert ("Het eigen adres laak.example gaat niet mee" in words(upload(client, file).text)) is told


# To begin


def test_every_preset_is_a_card_with_what_it_taught(client: TestClient, db: Database, olga: int) -> None:
    page = words(client.get(NEW).text)
    for name, preset in presets.all_presets().items():
        assert preset.about["taught"].replace("  ", " ") in page
        here = begin(client, voorbeeld=name)
        assert draft(db, here).design.values == preset.values
        fill_all(client, here, money={}, vote={})
        assert drafts.openable(db, draft(db, here).design), name
    assert client.post(NEW, data={"voorbeeld": "../x"}).status_code == 404


def test_last_years_process_comes_back_a_year_later(
    client: TestClient, db: Database, olga: int, process: Process
) -> None:
    with writing(db):
        phases.insert(db, process.id, [Phase("result", CLOSES, AFTER + timedelta(days=30))])
    here = begin(client, traject=process.slug)
    again = draft(db, here)
    assert again.predecessor_id == process.id
    assert again.design["traject-name"] == process.name
    vote = again.design.spans["vote"]
    assert process.voting_phase is not None
    assert vote.opens == process.voting_phase.opens_at + drafts.YEAR
    assert [theme.name for theme in again.design.themes] == [theme.name for theme in process.themes]
    fill_all(client, here)
    open_it(client, here)
    made = reload(db, "mooi-mariahoeve")
    assert made.plans == ()
    assert db.execute("SELECT predecessor_id FROM processes WHERE id = ?", [made.id]).fetchone()[0] == process.id


def test_a_process_of_years_ago_begins_in_the_future(db: Database, process: Process) -> None:
    later = drafts.next_year(db, process, (NOW + timedelta(days=900)).date())
    vote = later.spans["vote"]
    assert vote.opens is not None
    assert process.voting_phase is not None
    assert vote.opens > NOW + timedelta(days=900)
    local = [moment.astimezone(phases.HERE) for moment in (vote.opens, process.voting_phase.opens_at)]
    assert local[0].weekday() == local[1].weekday()
    assert local[0].time() == local[1].time()


# Files


def upload(client: TestClient, data: bytes) -> Response:
    answer: Response = client.post(f"{DESIGNS}/import", files={"ontwerp": ("ontwerp.toml", data)})
    return answer


def test_a_file_is_looked_at_before_it_is_used(client: TestClient, db: Database, olga: int, process: Process) -> None:
    sent = client.get("/beheer/bezuidenhout/ontwerp.toml")
    assert sent.headers["content-disposition"] == 'attachment; filename="bezuidenhout.toml"'
    file = sent.text.replace("[traject]", '[traject]\narea_code = "WK051899"')
    page = upload(client, file.encode())
    said = words(page.text)
    assert "Bewoners beslissen over € 20.000" in said
    assert "De code WK051899 kennen wij hier nog niet" in said
    assert "Nog te kiezen: Vanaf welke leeftijd mag iemand stemmen?" in said
    assert drafts.listed(db, None) == []
    answer = client.post(NEW, data=Page(page.text).form(NEW).fields)
    here = answer.headers["location"]
    assert draft(db, here).design == files.read(file.encode())
    assert client.get(f"{here}/ontwerp.toml").text == files.written(draft(db, here).design)


def test_a_file_of_which_all_dates_are_past_comes_back_whole_years_later(
    client: TestClient, db: Database, olga: int, process: Process, clock: Clock
) -> None:
    file = client.get("/beheer/bezuidenhout/ontwerp.toml").content
    assert "zijn voorbij" not in words(upload(client, file).text)
    clock.now += timedelta(days=900)
    sign_in(client, db, b"", None, "owner", now=clock.now)
    page = upload(client, file)
    assert "De data in dit bestand zijn voorbij. Wij schuiven ze hele jaren op." in words(page.text)
    here = client.post(NEW, data=Page(page.text).form(NEW).fields).headers["location"]
    vote = draft(db, here).design.spans["vote"]
    assert vote == drafts.next_year(db, process, clock.now.date()).spans["vote"]
    assert "2029" in words(page.text)


FLAWED = (
    b'format = 1\n[traject]\nname = "Laak\xe2\x80\xae"\n[vote]\nopens = 2027-02-10\nmethod = "dice"\nvote_age = -3\n'
)


def test_a_flawed_file_is_refused_with_line_and_reason(client: TestClient, db: Database, olga: int) -> None:
    page = upload(client, FLAWED)
    assert page.status_code == 422
    said = words(page.text)
    for line, reason in (
        (3, "staan tekens die u niet ziet"),
        (5, "begin en einde er allebei"),
        (6, "Deze naam kennen wij niet"),
        (7, "minstens 0"),
    ):
        assert reason in said.partition(f"Regel {line},")[2]
    assert client.post(NEW, data={"bestand": FLAWED.decode()}).status_code == 422
    assert upload(client, b"").status_code == 422
    assert upload(client, b"a" * (files.LARGEST + 1)).status_code == 422
    assert "nieuwere versie" in words(upload(client, b"format = 2\n").text)
    assert drafts.listed(db, None) == []


def test_a_file_with_a_phase_of_one_day_names_that_day_once(client: TestClient, olga: int) -> None:
    evening = "opens = 2026-12-18T19:00:00+01:00\ncloses = 2026-12-18T21:30:00+01:00\n"
    said = words(upload(client, f"format = 1\n[vote]\n{evening}".encode()).text)
    assert "Stemmen 18 december 2026, 19.00–21.30 uur" in said


def test_every_kind_of_flaw_has_words(client: TestClient, monkeypatch: pytest.MonkeyPatch, olga: int) -> None:
    kinds = "not_toml too_large not_utf8 newer unknown not_a_table not_a_text hidden_characters twice not_a_token half"
    kinds += " not_a_time until_before_from"
    kinds += " missing not_a_number not_an_amount not_a_date not_a_choice too_low too_high too_cheap too_dear too_long"
    kinds += " closes_before_opens too_many"
    flaws = [Flaw(1, "x", kind, 2) for kind in kinds.split()]
    flaws += [Flaw(1, choice.field.replace("-", "."), "not_fit") for choice in model.choices() if choice.refuse]

    def flawed(_: bytes) -> None:
        error = files.FlawedFile(flaws[0])
        error.flaws = tuple(flaws)
        raise error

    monkeypatch.setattr(files, "read", flawed)
    page = upload(client, b"format = 1")
    assert words(page.text).count("Regel 1") == len(flaws)
    assert "Dit klopt nog niet" not in words(page.text)


# A kind of phase that nobody foresaw

AGENDA = {
    "phases/agenda.html": """
        {% macro name() %}Wijkagenda{% endmacro %}
        {% macro doing(process, phase) %}
        <p>Praat mee in {{ process.choices["agenda-rounds"] }} rondes.</p>
        {% endmacro %}
        {% macro in_list(process, phase) %}Praat mee.{% endmacro %}
        {% macro ahead(process, phase) %}De wijkagenda begint op {{ phase.opens_at|day }}.{% endmacro %}
        {% macro call() %}Praat mee{% endmacro %}
        {% macro on_poster(process, phase) %}In {{ process.area }}.{% endmacro %}""",
    "staff/questions/agenda.html": """
        {% set title = "Wijkagenda" %}
        {% set about = "Wat vindt de wijk belangrijk?" %}
        {% set phase_others, text_others = "Amsterdam had zo’n fase.", "Amsterdam schreef een zin." %}
        {% set questions = {"rounds": {"question": "Hoeveel rondes?", "why": "Elke ronde kost een avond.",
                                       "others": "Amsterdam had er twee."}} %}""",
}


def test_a_new_kind_of_phase_goes_from_the_wizard_to_every_page_by_one_entry_and_its_own_words(
    client: TestClient, db: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch, olga: int
) -> None:
    rounds = Choice("agenda", "rounds", "number", 2, low=1, high=5, kept="choices")
    monkeypatch.setitem(KINDS, "agenda", PhaseKind("agenda", (rounds,), days=14))
    for language in CODES:
        env = environment(language)
        monkeypatch.setattr(env, "loader", ChoiceLoader([DictLoader(AGENDA), env.loader]))  # type: ignore[list-item]
    here = begin(client)
    fill_all(client, here, agenda={"agenda-rounds": "3"})
    assert "Hoeveel rondes?" in words(client.get(f"{here}/agenda").text)
    assert open_it(client, here).status_code == 303
    process = reload(db, "mooi-mariahoeve")
    agenda = process.phase("agenda")
    assert agenda is not None
    assert "rounds = 3" in client.get(f"/beheer/{process.slug}/ontwerp.toml").text
    assert "Wijkagenda" in words(client.get(f"/beheer/{process.slug}/fasen").text)
    clock.now = agenda.opens_at + timedelta(hours=1)
    sign_in_as(client, db, client.app.state.site.secret, process, BEA)
    assert "Praat mee in 3 rondes." in words(client.get(f"/{process.slug}").text)
    shown = [*pages_of(process), *(f"/beheer/{process.slug}{path}" for path in STAFF_PAGES)]
    assert [path for path in shown if client.get(path).status_code not in (200, 303)] == []


STAFF_PAGES = ("", "/keuzes", "/keuzes/agenda", "/fasen", "/papieren", "/papieren/planning", "/papieren/dpia")


# Words


@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_choice_has_a_question_why_and_a_label_for_each_option(language: str) -> None:
    for choice in model.choices():
        template = environment(language).get_template(f"staff/questions/{choice.section}.html")
        words_of = template.make_module({"process": None}).questions[choice.name]  # type: ignore[attr-defined]
        assert words_of["question"], choice.field
        assert len(words_of["why"]) > 30, choice.field
        assert len(words_of["others"]) > 20, choice.field
        options = choice.options or (("yes", "no") if choice.type == "yes_no" else ())
        assert [option for option in options if not words_of["options"].get(option)] == [], choice.field


class Questions(HTMLParser):
    """The fields of a step, each with the question in which it stands: the words of its hints and of elsewhere."""

    VOID = frozenset({"input", "meta", "link", "img", "br", "hr"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[tuple[str, frozenset[str]]] = []
        self.told: dict[str, str] = {}
        self.fields: dict[str, dict[str, str]] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        classes = frozenset(known.get("class", "").split())
        if classes & {"question", "part"} and not self.within("question", "part"):
            self.told = {}
        if tag in ("input", "select", "textarea") and known.get("type") != "hidden":
            self.fields[known["name"]] = self.told if self.within("question", "part") else {}
        if tag not in self.VOID:
            self.open.append((tag, classes))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        for name in ("hint", "others", "tag"):
            if self.within(name):
                self.told[name] = self.told.get(name, "") + data.strip()

    def within(self, *names: str) -> bool:
        return any(classes.intersection(names) for _, classes in self.open)


@pytest.mark.parametrize("step", model.steps())
def test_every_question_says_why_what_others_chose_and_what_we_propose(
    client: TestClient, olga: int, step: str
) -> None:
    here = begin(client)
    fields = Questions(client.get(f"{here}/{step}").text).fields
    assert {choice.field for choice in model.choices() if choice.section == step} <= fields.keys()
    for name, told in fields.items():
        assert len(told.get("hint", "")) > 20, name
        assert told.get("others", "").startswith("Elders:"), name
        assert len(told["others"]) > 20, name
    for choice in model.choices():
        if choice.section == step and choice.default not in (None, "", ()):
            assert "voorstel" in fields[choice.field].get("tag", ""), choice.field


@pytest.mark.parametrize("kind", KINDS)
def test_texts_from_elsewhere_are_those_of_a_preset(kind: str) -> None:
    module: Any = environment("nl").get_template(f"staff/questions/{kind}.html").make_module({"process": None})
    quoted = str(module.text_others).partition("‘")[2].rstrip("’")
    assert any(quoted in preset.spans[kind].text for preset in presets.all_presets().values() if kind in preset.spans)


def test_how_each_way_to_show_who_you_are_was_abused_and_what_it_costs(client: TestClient, olga: int) -> None:
    here = begin(client)
    vote = words(client.get(f"{here}/vote").text)
    for told in (
        "in Ermelo bleek dat mensen dan zo vaak kunnen stemmen als zij willen",
        "in Amsterdam-Noord ging iemand langs de deuren om brieven op te halen",
        "Ongeveer € 1 per brief, met druk en post. Voor 8.000 bewoners is dat € 8.000.",
        "Alleen het drukwerk.",
        "Iemand kan een kaartje doorgeven, of kaartjes van anderen ophalen. Elk kaartje telt één keer",
    ):
        assert told in vote.replace("\u00a0", " "), told
    support = words(client.get(f"{here}/support").text)
    for told in (
        "Kost niets. Elk adres telt één keer per plan. Wie meer e-mailadressen heeft, kan dus vaker steunen",
        "De brieven moeten dan vóór deze fase bezorgd zijn.",
    ):
        assert told in support, told
    assert "Kost tijd van medewerkers" in words(client.get(f"{here}/collect").text)


def test_every_clash_has_words(client: TestClient) -> None:
    kinds = "no_phases no_dates closes_before_opens result_without_vote min_above_max ballot_above_budget"
    kinds += " themes_above_max theme_twice theme_min_above_max theme_above_budget host_taken"
    kinds += " vote_without_result codes_without_vote code_of_other_level area_has_other_code plan_above_budget"
    text = environment("nl").get_template("staff/designs_words.html").make_module({"process": None})
    said = [str(text.clash_text(model.Clash(kind, "vote", "vote", "Groen"))) for kind in kinds.split()]  # type: ignore[attr-defined]
    assert len(set(said)) == len(said)
    assert not [each for each in said if "past iets niet bij elkaar. Kijk" in each]


# Who may


def test_a_design_is_of_its_maker_and_the_owner(
    client: TestClient, db: Database, secret: bytes, clock: Clock, process: Process, elsewhere: Process
) -> None:
    sign_in_as(client, db, secret, process, BEA)
    here = begin(client)
    fill(client, here, "traject", traject__name="Geheim van Bea")
    sign_in_as(client, db, secret, elsewhere, NINA)
    paths = (here, f"{here}/money", f"{here}/openen", f"{here}/verwijderen", f"{here}/ontwerp.toml")
    for path in paths:
        assert client.get(path).status_code == 404, path
    for path in (f"{here}/money", f"{here}/openen", f"{here}/verwijderen"):
        assert client.post(path, data={"versie": "2"}).status_code == 404, path
    assert "Geheim van Bea" not in client.get(DESIGNS).text
    assert client.post(NEW, data={"traject": process.slug}).status_code == 404
    sign_in_as(client, db, secret, None, OLGA)
    assert "Geheim van Bea" in client.get(DESIGNS).text
    assert client.get(f"{here}/money").status_code == 200


def test_others_may_not_design(client: TestClient, db: Database, secret: bytes, process: Process) -> None:
    for who in (TESSA, MO):
        sign_in_as(client, db, secret, process, who)
        for path in (NEW, DESIGNS, f"{DESIGNS}/import", f"{DESIGNS}/1", f"{DESIGNS}/1/money"):
            assert client.get(path).status_code == 403, path
        assert client.post(NEW, data={"leeg": "1"}).status_code == 403


def test_bea_becomes_beheerder_of_what_she_opens(
    client: TestClient, db: Database, secret: bytes, clock: Clock, process: Process
) -> None:
    sign_in_as(client, db, secret, process, BEA)
    here = begin(client, voorbeeld="waalwijk-per-thema")
    fill_all(client, here, money={})  # its budget is divided over its themes
    assert open_it(client, here).status_code == 303
    assert client.get("/beheer/mooi-mariahoeve/keuzes").status_code == 200


def test_dirk_who_works_nowhere_designs_and_opens_his_own(
    client: TestClient, db: Database, secret: bytes, clock: Clock, process: Process
) -> None:
    sign_in_as(client, db, secret, None, DIRK)
    assert NEW in {link["href"] for link in Page(client.get("/beheer").text).all("a")}
    here = begin(client, voorbeeld="buurtbudget-vrijwilligers")
    fill_all(client, here, money={})
    assert open_it(client, here).status_code == 303
    assert client.get("/beheer/mooi-mariahoeve/keuzes").status_code == 200
    assert client.get(f"/beheer/{process.slug}/keuzes").status_code == 403


def test_it_is_deleted_after_a_question(client: TestClient, db: Database, olga: int) -> None:
    here = begin(client)
    asked = client.get(f"{here}/verwijderen")
    assert "Dit ontwerp weggooien?" in words(asked.text)
    assert client.post(f"{here}/verwijderen").headers["location"] == f"{DESIGNS}?gedaan=weg"
    assert client.get(here).status_code == 404
    assert client.post(f"{here}/money", data={"versie": "1"}).status_code == 404


def test_the_log_tells_what_happened_and_nothing_of_what_was_typed(client: TestClient, db: Database, olga: int) -> None:
    here = begin(client, voorbeeld="den-haag-wijkbudget")
    fill_all(client, here)
    open_it(client, here)
    entries = audit.page(db, None, 100)
    assert {entry.action for entry in entries} >= {"design_started", "design_saved", "design_opened", "process_made"}
    assert "Mariahoeve" not in str(entries)
    assert "opende een ontwerp" in words(client.get("/beheer/logboek").text)


def test_a_draft_of_an_older_version_is_still_read(db: Database) -> None:
    design = files.read_kept('format = 1\n[traject]\nname = "Laak"\ngone = 3\n[old]\nx = 1\n')
    assert design.values == {"traject-name": "Laak"}


def test_a_process_is_not_changed_by_taking_its_design(db: Database, clock: Clock, process: Process) -> None:
    assert making.mark(db, process) == making.mark(db, reload(db))
    account(db, "Bea")
    wanted = making.of(db, process)
    assert making.change(db, process, wanted, clock.now, 1) == []
