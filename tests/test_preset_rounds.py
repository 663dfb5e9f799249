"""Every preset runs as a round, from the first plan to the result, and its own limits hold on the server.

What is expected stands here in numbers, not read from the preset: what Den Haag, Amsterdam, Haarlem, Waalwijk and
Assen do must not change because somebody changed a file.
"""

import hashlib
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar.testing import TestClient

from domain import database
from domain.database import Database, writing
from domain.designs import presets
from tests.cast import EURO
from tests.conftest import Clock
from tests.pages import Page
from tests.rounds import Round, plain

Plans = dict[str, tuple[int, str]]  # by title: euros, theme


@pytest.fixture
def round_(client: TestClient, db: Database, secret: bytes, clock: Clock) -> Round:
    return Round(client, db, secret, clock)


def to_the_ballot(round_: Round, preset: str, plans: Plans, support: int = 0) -> None:
    """The plans are handed in, get as much support as they need, and are found feasible; the vote is open."""
    round_.begin(preset)
    round_.during("collect")
    for title, (euros, theme) in plans.items():
        round_.hand_in_plan(title, euros, theme)
    if support:
        round_.during("support")
        for title in plans:
            round_.support(title, support)
    round_.during("assess")
    assert round_.waiting() == plans.keys()
    for title in plans:
        round_.judge(title)
    round_.during("vote")


def cast(round_: Round, codes: list[str], votes: dict[tuple[str, ...], int]) -> None:
    """So many ballots of each kind."""
    for titles, number in votes.items():
        for _ in range(number):
            round_.counted(codes.pop(), *titles)


# Den Haag

DEN_HAAG: Plans = {
    "Bankjes": (10_000, "Groen"),
    "Speeltuin": (10_000, "Op straat"),
    "Buurtfeest": (8_000, "Ontmoeten"),
    "Geveltuinen": (6_000, "Groen"),
    "Kookclub": (2_000, "Ontmoeten"),
}


def test_den_haag_from_opening_to_result(round_: Round) -> None:
    to_the_ballot(round_, "den-haag-wijkbudget", DEN_HAAG, support=25)
    codes = round_.codes(20)
    assert "Stemmen mag vanaf 12 jaar." in round_.page("/stemmen")
    said = round_.refused(codes[0], "Bankjes", "Speeltuin", "Buurtfeest", "Geveltuinen")
    assert "U mag € 30.000 verdelen. Uw keuze is € 4.000 te duur." in said
    first = codes[-1]
    cast(
        round_,
        codes,
        {("Bankjes", "Speeltuin"): 6, ("Buurtfeest", "Geveltuinen", "Kookclub"): 5, ("Bankjes",): 1, (): 2},
    )
    assert "Met deze stemcode is al gestemd" in round_.refused(first, "Kookclub")
    round_.close()
    assert round_.recounted() == ["Bankjes", "Speeltuin", "Kookclub", "Geveltuinen"]  # of the equals the cheapest first
    assert round_.file().blank == 2


def test_den_haag_refuses_a_plan_above_ten_thousand(round_: Round) -> None:
    round_.begin("den-haag-wijkbudget")
    round_.during("collect")
    assert "Indienen mag vanaf 12 jaar." in round_.page("/plannen/nieuw")
    refused = round_.write("Reuzenrad", 10_001, "Groen")
    assert refused.status_code == 422
    assert "€ 10.000" in plain(refused.text)
    assert not round_.process.all_plans
    assert round_.write("Draaimolen", 10_000, "Groen").status_code == 303


def test_den_haag_assesses_from_twenty_five_supports(round_: Round) -> None:
    round_.begin("den-haag-wijkbudget")
    round_.during("collect")
    round_.hand_in_plan("Bankjes", 5_000, "Groen")
    round_.hand_in_plan("Speeltuin", 5_000, "Groen")
    assert "Steunen mag vanaf 12 jaar." in round_.page(f"/plannen/{round_.ids['Bankjes']}")
    round_.during("support")
    round_.support("Bankjes", 24)
    round_.support("Speeltuin", 25)
    round_.during("assess")
    assert round_.waiting() == {"Speeltuin"}
    round_.judge("Speeltuin")
    round_.during("vote")
    assert [plan.title for plan in round_.process.on_ballot] == ["Speeltuin"]


# Amsterdam, of a part of the city

STADSDEEL: Plans = {
    "Kade": (140_000, ""),
    "Plein": (100_000, ""),
    "Park": (90_000, ""),
    "Pad": (20_000, ""),
    "Bank": (5_000, ""),
}


def test_amsterdam_asks_three_plans_and_funds_the_last_in_part(round_: Round) -> None:
    to_the_ballot(round_, "amsterdam-stadsdeelbudget", STADSDEEL, support=50)
    codes = round_.codes(20)
    page = round_.page("/stemmen")
    assert "Kies minstens 3 plannen." in page
    assert "Stemmen mag vanaf 14 jaar." in page
    assert "blanco" not in page.lower()
    assert "U moet er minstens 3 kiezen. Kies nog 1 plan." in round_.refused(codes[0], "Kade", "Plein")
    assert "Kies minstens één plan" in round_.refused(codes[0])
    assert "Uw keuze is € 30.000 te duur." in round_.refused(codes[0], "Kade", "Plein", "Park")
    cast(round_, codes, {("Kade", "Plein", "Pad"): 6, ("Kade", "Park", "Bank"): 4, ("Plein", "Park", "Pad"): 1})
    round_.close()
    assert round_.recounted() == ["Kade", "Pad", "Plein"]
    instance = round_.file()
    partial = {project.name for project in instance.projects if project.selected == 2}
    assert partial == {"Park"}  # € 40.000 of its € 90.000, and nothing for who comes after it
    assert instance.limits.min_length == 3
    assert "€ 40.000" in round_.page("/uitslag")


def test_amsterdam_assesses_from_fifty_supports_and_looks_at_plans_first(round_: Round) -> None:
    round_.begin("amsterdam-stadsdeelbudget")
    round_.during("collect")
    round_.hand_in_plan("Kade", 5_000)
    round_.hand_in_plan("Plein", 5_000)
    round_.during("support")
    round_.support("Kade", 49)
    round_.support("Plein", 50)
    round_.during("assess")
    assert round_.waiting() == {"Plein"}


# Amsterdam, per theme

GREEN, MEET, PLAY = "Groen en duurzaam", "Ontmoeten en meedoen", "Kunst, sport en spel"
PER_THEME: Plans = {
    "Bomen": (70_000, GREEN),
    "Vijver": (60_000, GREEN),
    "Tuin": (40_000, GREEN),
    "Huiskamer": (60_000, MEET),
    "Kunstwerk": (50_000, PLAY),
}


def test_amsterdam_per_theme_divides_each_budget_and_then_what_is_left(round_: Round) -> None:
    to_the_ballot(round_, "amsterdam-per-thema", PER_THEME, support=50)
    codes = round_.codes(20)
    assert "Elk thema heeft een eigen budget." in round_.page("/stemmen")
    said = round_.refused(codes[0], "Bomen", "Vijver", "Huiskamer")
    assert "Bij het thema ‘Groen en duurzaam’ mag u € 120.000 verdelen. Uw keuze is € 10.000 te duur." in said
    assert "Kies minstens één plan" in round_.refused(codes[0])
    cast(round_, codes, {("Bomen", "Tuin"): 6, ("Vijver", "Huiskamer"): 5, ("Kunstwerk",): 4})
    round_.close()
    # Bomen (6) and Tuin (6) leave € 10.000 of the theme: too little for Vijver (5), until what is left is shared out.
    assert set(round_.recounted()) == {"Bomen", "Tuin", "Huiskamer", "Kunstwerk", "Vijver"}
    instance = round_.file()
    assert instance.limits.max_sum_cost_per_category == (120_000, 100_000, 80_000)
    assert instance.categories == (GREEN, MEET, "Kunst / sport en spel")
    assert instance.rule.leftover == "fund"


def test_amsterdam_per_theme_takes_no_plan_that_its_theme_can_never_pay(round_: Round) -> None:
    round_.begin("amsterdam-per-thema")
    round_.during("collect")
    assert round_.write("Theater", 80_001, PLAY).status_code == 422
    assert round_.write("Theater", 80_000, PLAY).status_code == 303
    assert round_.write("Bos", 80_001, GREEN).status_code == 303


# Haarlem

HAARLEM: Plans = {"Brug": (50_000, ""), "Hof": (40_000, ""), "Boot": (30_000, "")}


def test_haarlem_lets_everybody_support_and_adults_of_the_neighbourhood_vote(round_: Round) -> None:
    to_the_ballot(round_, "haarlem-schalkwijk", HAARLEM, support=25)
    codes = round_.codes(20)
    page = round_.page("/stemmen")
    assert "Stemmen mag vanaf 18 jaar." in page
    assert "blanco" not in page.lower()
    assert "Steunen mag vanaf" not in round_.page(f"/plannen/{round_.ids['Hof']}")
    assert "Uw keuze is € 20.000 te duur." in round_.refused(codes[0], *HAARLEM)
    assert "Kies minstens één plan" in round_.refused(codes[0])
    cast(round_, codes, {("Brug", "Hof"): 7, ("Boot", "Hof"): 5})
    round_.close()
    assert round_.recounted() == ["Hof", "Brug"]


def test_haarlem_refuses_a_plan_above_fifty_thousand(round_: Round) -> None:
    round_.begin("haarlem-schalkwijk")
    round_.during("collect")
    refused = round_.write("Brug", 50_001)
    assert refused.status_code == 422
    assert "€ 50.000" in plain(refused.text)


# Waalwijk

THEMES = ("Groen", "Jeugd en sport", "Samen leven")
WAALWIJK: Plans = {f"{theme} {n}": (n * 1_000, theme) for theme in THEMES for n in range(5, 13)}


@pytest.fixture
def waalwijk(round_: Round) -> Round:
    """Eight plans in each of the three themes, 24 in all."""
    to_the_ballot(round_, "waalwijk-per-thema", WAALWIJK, support=15)
    return round_


def test_waalwijk_refuses_24_of_24_plans_where_two_a_theme_are_allowed(waalwijk: Round) -> None:
    """On OpenStad this ballot was counted."""
    assert len(WAALWIJK) == 24
    said = waalwijk.refused(waalwijk.codes(1)[0], *WAALWIJK)
    assert "U mag er hoogstens 6 kiezen. Haal 18 plannen weg." in said
    for theme in THEMES:
        assert f"Kies er hoogstens 2 bij het thema ‘{theme}’." in said


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["without JavaScript", "htmx"])
def test_waalwijk_counts_per_theme_while_somebody_chooses(waalwijk: Round, headers: dict[str, str]) -> None:
    ballot = f"/{waalwijk.slug}/stemmen"
    named = [waalwijk.plan(title).project_id for title in ("Groen 5", "Groen 6", "Groen 7", "Samen leven 5")]
    page = waalwijk.client.post(ballot, data={"plan": named[1:], "compleet": "1", "bewaar": "1"}, headers=headers)
    saved = plain((page if headers else waalwijk.client.get(ballot)).text)
    assert "Groen 2 van 2" in saved
    assert "Jeugd en sport 0 van 2" in saved
    assert "Samen leven 1 van 2" in saved
    if not headers:
        assert saved.count("Bij ‘Groen’ hebt u er al 2 gekozen.") == 6  # beside each of the others
    page = waalwijk.client.post(ballot, data={"plan": named, "compleet": "1", "indienen": "1"}, headers=headers)
    assert "Groen 1 te veel" in plain(page.text)


def test_of_many_themes_the_bar_shows_those_that_were_chosen_from(waalwijk: Round) -> None:
    with writing(waalwijk.db):
        for name in ("Verkeer", "Water"):
            row = {"process_id": waalwijk.process.id, "name": name, "max_length": 1}
            database.insert(waalwijk.db, "themes", row)
    ballot = f"/{waalwijk.slug}/stemmen"
    named = [waalwijk.plan("Groen 5").project_id]
    waalwijk.client.post(ballot, data={"plan": named, "compleet": "1", "bewaar": "1"})
    shares = [tag for tag in Page(waalwijk.client.get(ballot).text).all("li") if "data-most" in tag]
    assert [(share["data-name"], "hidden" in share) for share in shares] == [
        ("Groen", False),
        *[(name, True) for name in ("Jeugd en sport", "Samen leven", "Verkeer", "Water")],
    ]


def test_waalwijk_from_opening_to_result(waalwijk: Round) -> None:
    codes = waalwijk.codes(30)
    page = waalwijk.page("/stemmen")
    assert "Kies hoogstens 2 plannen per thema." in page
    assert "0 van 2" in page
    said = waalwijk.refused(codes[0], "Groen 5", "Groen 6", "Groen 7")
    assert "Kies er hoogstens 2 bij het thema ‘Groen’." in said
    assert "hoogstens 6" not in said
    cast(
        waalwijk,
        codes,
        {
            ("Groen 12", "Groen 9", "Jeugd en sport 10", "Jeugd en sport 11"): 6,
            ("Groen 12", "Groen 8", "Samen leven 5", "Samen leven 6"): 5,
            ("Groen 9", "Groen 8", "Samen leven 5"): 1,
            (): 1,
        },
    )
    waalwijk.close()
    # Groen: 12 (11 votes) leaves € 8.000, too little for 9 (7), enough for 8 (6). Jeugd: 10 leaves too little for 11.
    assert waalwijk.recounted() == ["Groen 12", "Samen leven 5", "Groen 8", "Jeugd en sport 10", "Samen leven 6"]
    instance = waalwijk.file()
    assert instance.limits.max_length_per_category == 2
    assert instance.limits.max_length == 6
    assert instance.settings["themes"]["Groen"]["max_length"] == 2
    assert dict(instance.rule.category_budgets) == dict.fromkeys(THEMES, 20_000)


def test_a_theme_may_ask_for_a_number_of_plans(round_: Round) -> None:
    """No preset does, but the same limit stands in every theme: here two of Groen at least."""
    to_the_ballot(round_, "waalwijk-per-thema", dict([*WAALWIJK.items()][:10]), support=15)
    with writing(round_.db):
        round_.db.execute("UPDATE themes SET min_length = 2 WHERE name = 'Groen'")
    code = round_.codes(1)[0]
    assert "Kies minstens 2 plannen bij ‘Groen’." in round_.page("/stemmen")
    assert "Kies er minstens 2 bij het thema ‘Groen’." in round_.refused(code, "Groen 5", "Jeugd en sport 5")
    round_.counted(code, "Groen 5", "Groen 6")


# Assen

ASSEN: Plans = {f"Plan {letter}": (9_000, "") for letter in "ABCDEF"} | {"Plan G": (6_000, ""), "Plan H": (4_000, "")}


def test_assen_from_opening_to_result(round_: Round) -> None:
    to_the_ballot(round_, "assen", ASSEN, support=15)
    codes = round_.codes(20)
    page = round_.page("/stemmen")
    assert "Kies tot 5 plannen" in page
    assert "Blanco stemmen" in page
    assert "U mag er hoogstens 5 kiezen. Haal 1 plan weg." in round_.refused(codes[0], *[*ASSEN][:6])
    changing = codes.pop()
    round_.counted(changing, "Plan F")
    round_.counted(changing, "Plan A")
    assert "Haal 1 plan weg" in plain(round_.vote(changing, *[*ASSEN][:6]).text)
    five = ("Plan A", "Plan B", "Plan C", "Plan D", "Plan E")
    of_three: dict[tuple[str, ...], int] = {("Plan B", "Plan C", "Plan D"): 4, ("Plan G", "Plan B", "Plan C"): 3}
    cast(round_, codes, {five: 4, **of_three, ("Plan H",): 2, (): 1})
    round_.close()
    # Plan G (3 votes) is dearer than the € 5.000 that is left, Plan H (2) isn't.
    assert set(round_.recounted()) == {*five, "Plan H"}
    assert round_.file().scores()[round_.plan("Plan F").project_id] == 0


def test_assen_refuses_a_plan_above_fifteen_thousand(round_: Round) -> None:
    round_.begin("assen")
    round_.during("collect")
    assert round_.write("Toren", 15_001).status_code == 422


# Volunteers, one evening

EVENING: Plans = {"Boeken": (1_000, ""), "Soep": (1_000, ""), "Muziek": (1_000, ""), "Zaaien": (400, "")}


@pytest.fixture
def evening(round_: Round) -> Round:
    """Nobody needs support: once collecting is over, all plans wait for the volunteers."""
    to_the_ballot(round_, "buurtbudget-vrijwilligers", EVENING)
    return round_


def test_an_evening_of_volunteers_from_opening_to_result(evening: Round) -> None:
    codes = evening.codes(20)
    assert "Stemmen mag vanaf 8 jaar." in evening.page("/stemmen")
    assert "U mag er hoogstens 1 kiezen. Haal 1 plan weg." in evening.refused(codes[0], "Boeken", "Soep")
    cast(evening, codes, {("Boeken",): 4, ("Soep",): 4, ("Muziek",): 4, ("Zaaien",): 2, (): 1})
    evening.close()
    drawn = sorted(("Boeken", "Soep", "Muziek"), key=lambda title: lot(evening, title))
    assert evening.recounted() == [*drawn[:2], "Zaaien"]
    assert evening.file().rule.ties == "lot"


def lot(round_: Round, title: str) -> str:
    """As the page tells everybody to do it."""
    return hashlib.sha256(f"{round_.process.lot_seed}{round_.plan(title).project_id}".encode()).hexdigest()


def test_volunteers_refuse_a_plan_above_a_thousand(round_: Round) -> None:
    round_.begin("buurtbudget-vrijwilligers")
    round_.during("collect")
    assert round_.write("Kermis", 1_001).status_code == 422


def test_who_votes_with_a_card_reads_of_no_letter(evening: Round) -> None:
    code = evening.codes(1)[0]
    home = plain(evening.client.get("/").text)
    assert "Hebt u een kaartje met een stemcode gekregen?" in home
    pages = [home, *(evening.page(path) for path in ("", "/stemmen", "/plannen", "/controle"))]
    pages.append(evening.refused("", "Soep"))
    pages.append(evening.refused(f"{code[:-1]}{'A' if code[-1] != 'A' else 'B'}", "Soep"))
    evening.clock.now = evening.process.phases[0].opens_at
    pages.append(evening.page("/stemmen"))
    for page in pages:
        assert "brief" not in page.lower()
    assert sum("kaartje" in page.lower() for page in pages) >= 5
    assert "een kaartje" in plain(evening.client.get("/hulp").text)


# Whatever somebody sends, what is counted keeps the limits


def limits_in_file(preset: str) -> dict[str, Any]:
    return tomllib.loads(Path(f"config/presets/{preset}.toml").read_text("utf-8"))


def keeps(limits: dict[str, Any], plans: list[tuple[int, str]]) -> bool:
    """Whether a ballot of these plans (euros, theme) keeps every limit that the preset's file states."""
    vote, budget = limits["vote"], limits["money"]["budget"]
    if not plans:
        return bool(vote["blank_allowed"])
    one = vote["voting_method"] == "choose-1"
    room = vote.get("max_sum_cost", budget if vote["voting_method"] == "knapsack" else None)
    rules = [(vote.get("min_length", 0), 1 if one else vote.get("max_length"), room, plans)]
    for theme in limits.get("themes", ()):
        mine = [plan for plan in plans if plan[1] == theme["name"]]
        rules.append((theme.get("min_length", 0), theme.get("max_length"), theme.get("max_sum_cost"), mine))
    return all(
        least <= len(mine)
        and (most is None or len(mine) <= most)
        and (money is None or sum(euros for euros, _ in mine) <= money)
        for least, most, money, mine in rules
    )


@pytest.mark.parametrize("preset", presets.all_presets())
def test_no_ballot_that_is_counted_breaks_a_limit_of_the_preset(round_: Round, preset: str) -> None:
    limits = limits_in_file(preset)
    round_.begin(preset)
    plans = insert_plans(round_, limits)
    round_.during("vote")
    counted: list[tuple[str, ...]] = []

    @given(st.lists(st.sampled_from([*plans]), unique=True, max_size=len(plans)), st.randoms(use_true_random=False))
    def hand_in(titles: list[str], chance: Any) -> None:
        chosen = titles[: chance.randint(0, 6)] if chance.random() < 0.7 else titles
        code = round_.codes(1)[0]
        answer = round_.vote(code, *chosen)
        fits = keeps(limits, [plans[title] for title in chosen])
        assert (answer.status_code == 200) is fits, (chosen, plain(answer.text))
        if fits:
            counted.append(tuple(sorted(chosen)))

    hand_in()
    titles = {plan.id: plan.title for plan in round_.process.plans}
    votes = [row[0] for row in round_.db.execute("SELECT vote FROM ballots")]
    stored = [tuple(sorted(titles[int(id_)] for id_ in vote.split(",") if id_)) for vote in votes]
    assert sorted(stored) == sorted(counted)
    assert all(keeps(limits, [plans[title] for title in vote]) for vote in stored)


FEASIBLE = {"verdict": "feasible", "verdict_reason": "Dit plan kan."}


def insert_plans(round_: Round, limits: dict[str, Any]) -> Plans:
    """Fourteen plans over the themes, from a fifteenth to half of the budget each."""
    names = [theme["name"] for theme in limits.get("themes", ())]
    ids = {theme.name: theme.id for theme in round_.process.themes}
    budget = limits["money"]["budget"]
    plans: Plans = {}
    for number in range(14):
        euros = budget * (1 + number % 7) // 15
        plans[f"Plan {number}"] = (euros, names[number % len(names)] if names else "")
    with writing(round_.db):
        for number, (title, (euros, theme)) in enumerate(plans.items()):
            row = {"process_id": round_.process.id, "project_id": str(number), "title": title, "cost": euros * EURO}
            round_.ids[title] = database.insert(round_.db, "plans", row | FEASIBLE)
            if theme:
                round_.db.execute("INSERT INTO plan_themes VALUES (?, ?)", [round_.ids[title], ids[theme]])
    return plans
