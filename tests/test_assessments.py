"""The page on which staff judge a plan: what it keeps, what it tells, and whom it refuses."""

from datetime import timedelta

import pytest
from litestar.testing import TestClient

from domain import assessments, checklists, makers, phases, residents, versions
from domain.database import Database, writing
from domain.phases import Phase
from domain.processes import Process
from tests.cast import AICHA, EURO, OPENS, reload
from tests.conftest import Clock
from tests.pages import Page, words
from tests.staff import BEA, MO, NINA, OLGA, STEF, TESSA, StaffMember, account, give, sign_in_as, sign_out

BEFORE = OPENS - timedelta(days=3)  # the vote is not open yet
TIM = StaffMember("Tim", "toetser")  # assesses too
SCRIPT = "<script>alert('x')</script>"


@pytest.fixture
def assessing(process: Process, db: Database, clock: Clock) -> Process:
    """Bezuidenhout assesses its plans; Aïcha made the bench, and the vote opens in three days."""
    clock.now = BEFORE
    with writing(db):
        phases.insert(db, process.id, [Phase("assess", BEFORE - timedelta(days=7), OPENS)])
        aicha = residents.arrived(db, b"a" * 16, "nl", BEFORE)
        db.execute("UPDATE residents SET email = ? WHERE id = ?", [AICHA.email, aicha])
        makers.add(db, plan_id(process, "bank"), aicha, "Aïcha", "06 12345678", BEFORE)
        checklists.insert_default(db, process.id)
    return reload(db)


@pytest.fixture
def tessa(client: TestClient, db: Database, secret: bytes, assessing: Process) -> int:
    """The browser is Tessa's; returns her account."""
    return sign_in_as(client, db, secret, assessing, TESSA)


@pytest.fixture
def tim(db: Database, assessing: Process) -> int:
    with writing(db):
        tim = account(db, TIM.name)
        give(db, tim, assessing, TIM.role)
    return tim


def plan_id(process: Process, project_id: str) -> int:
    return next(plan.id for plan in process.all_plans if plan.project_id == project_id)


def page_of(process: Process, project_id: str) -> str:
    return f"/beheer/{process.slug}/plannen/{plan_id(process, project_id)}/toets"


def fields(client: TestClient, path: str, **changes: object) -> dict[str, object]:
    """What the form on that page sends, with these fields filled in."""
    form = Page(client.get(path).text).form(path)
    kept = {name: form.fields[name][-1] for name in ("versie", "gezien", "checklist")}
    return {**kept, "oordeel": "feasible", "kosten": "1500", "reden": "Het past op de stoep.", **changes}


def plan(db: Database, project_id: str) -> dict[str, object]:
    return dict(next(db.query("SELECT * FROM plans WHERE project_id = ?", [project_id])))


def mails(db: Database, kind: str) -> list[str]:
    return [row[0] for row in db.execute("SELECT recipient FROM outbox WHERE kind = ? ORDER BY id", [kind])]


def count(db: Database, table: str) -> int:
    return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


# The verdict


def test_a_verdict_is_public_with_its_reason(client: TestClient, db: Database, assessing: Process, tessa: int) -> None:
    path = page_of(assessing, "bank")
    client.post(path, data=fields(client, path))
    bench = plan(db, "bank")
    assert (bench["verdict"], bench["cost"], bench["asked_cost"]) == ("feasible", 1_500 * EURO, None)
    assert bench["verdict_reason"] == "Het past op de stoep."
    sign_out(client)
    assert "Het past op de stoep." in words(client.get(reload(db).by_id[bench["id"]].url).text)


def test_no_verdict_without_a_reason(client: TestClient, db: Database, assessing: Process, tessa: int) -> None:
    path = page_of(assessing, "bank")
    answer = client.post(path, data=fields(client, path, reden="  \n ", kosten="1.750"))
    assert answer.status_code == 422
    assert "Zonder reden is er geen oordeel" in words(answer.text)
    page = Page(answer.text)
    assert {"href": "#reden"} in page.all("a")
    assert page.form(path).fields["kosten"] == ["1.750"]
    assert count(db, "verdicts") == 0
    assert plan(db, "bank")["verdict"] == ""


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"oordeel": ""}, "Kies of het plan haalbaar is"),
        ({"oordeel": "misschien"}, "Kies of het plan haalbaar is"),
        ({"kosten": ""}, "Vul in wat het plan kost"),
        ({"kosten": "veel"}, "Dit is geen bedrag"),
        ({"kosten": "20001"}, "Dit is te duur"),
        ({"reden": "x" * 2_001}, "Dit is te lang"),
    ],
)
def test_what_is_filled_in_wrongly_comes_back(
    client: TestClient, db: Database, assessing: Process, tessa: int, changes: dict[str, str], said: str
) -> None:
    path = page_of(assessing, "bank")
    answer = client.post(path, data=fields(client, path, **changes))
    assert answer.status_code == 422
    assert said in words(answer.text)
    assert count(db, "verdicts") == 0


def test_another_cost_keeps_the_one_that_was_asked(
    client: TestClient, db: Database, assessing: Process, tessa: int
) -> None:
    path = page_of(assessing, "bank")
    client.post(path, data=fields(client, path, kosten="2.250,50"))
    assert (plan(db, "bank")["cost"], plan(db, "bank")["asked_cost"]) == (2_250_50, 1_500 * EURO)
    (change,) = versions.history(db, plan_id(assessing, "bank"))
    assert (change.old["cost"], change.new["cost"], change.account_id) == (1_500 * EURO, 2_250_50, tessa)


def test_infeasible_needs_no_cost_and_gives_the_asked_one_back(
    client: TestClient, db: Database, assessing: Process, tessa: int
) -> None:
    path = page_of(assessing, "bank")
    client.post(path, data=fields(client, path, kosten="2000"))
    client.post(path, data=fields(client, path, oordeel="infeasible", kosten="", reden="De grond is niet van ons."))
    bench = plan(db, "bank")
    assert (bench["verdict"], bench["cost"], bench["asked_cost"]) == ("infeasible", 1_500 * EURO, None)
    assert [one.verdict for one in assessments.verdicts(db, bench["id"])] == ["infeasible", "feasible"]


def test_the_maker_hears_once_of_each_verdict(client: TestClient, db: Database, assessing: Process, tessa: int) -> None:
    path = page_of(assessing, "bank")
    sent = fields(client, path)
    for _ in range(2):  # a double click
        assert client.post(path, data=sent).status_code == 303
    assert mails(db, "verdict") == [AICHA.email]
    assert count(db, "verdicts") == 1
    client.post(path, data=fields(client, path, oordeel="infeasible", reden="Toch niet."))
    assert mails(db, "verdict") == [AICHA.email, AICHA.email]
    told = [row[0] for row in db.execute("SELECT kind FROM news ORDER BY id")]
    assert told == ["feasible", "infeasible"]
    done = [row[0] for row in db.execute("SELECT action FROM audit_log WHERE action = 'verdict_given'")]
    assert len(done) == 2


def test_after_a_verdict_the_next_plan_opens(client: TestClient, db: Database, assessing: Process, tessa: int) -> None:
    path = page_of(assessing, "bank")
    answer = client.post(path, data=fields(client, path))
    assert answer.headers["location"].startswith(page_of(assessing, "tuin"))
    following = client.get(answer.headers["location"])
    assert "Oordeel over ‘Bankjes onder de bomen 🌳’ is gegeven." in words(following.text)
    (heading,) = Page(following.text).all("h1")
    assert "autofocus" in heading
    assert "Nog 4 plannen wachten op een oordeel" in words(following.text)


def test_after_the_last_verdict_the_work_list_says_so(
    client: TestClient, db: Database, assessing: Process, tessa: int
) -> None:
    path = page_of(assessing, "bank")
    for _ in range(5):
        path = client.post(path, data=fields(client, path)).headers["location"].partition("?")[0]
    assert path == "/beheer/bezuidenhout/werk"
    assert "Alles is gedaan." in words(client.get(path).text)


def test_a_verdict_can_be_revised_until_the_vote_opens(
    client: TestClient, db: Database, assessing: Process, tessa: int, clock: Clock
) -> None:
    path = page_of(assessing, "bank")
    client.post(path, data=fields(client, path))
    late = fields(client, path, oordeel="infeasible", reden="Te laat.")
    clock.now = OPENS
    sign_in_again = client.get(path)
    assert "De stemming is begonnen" in words(sign_in_again.text)
    answer = client.post(path, data=late)
    assert answer.status_code == 409
    assert "Er is geen oordeel gegeven" in words(answer.text)
    assert plan(db, "bank")["verdict"] == "feasible"


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("withdrawn_at", "2026-04-01T00:00:00Z", "Dit plan is ingetrokken"),
        ("status", "hidden", "Dit plan is verborgen"),
        ("status", "merged", "Dit plan is samengevoegd"),
        ("status", "submitted", "Dit plan staat nog niet op de site"),
    ],
)
def test_a_plan_that_is_not_in_the_running_gets_no_verdict(
    client: TestClient, db: Database, assessing: Process, tessa: int, column: str, value: str, said: str
) -> None:
    path = page_of(assessing, "bank")
    sent = fields(client, path)
    with writing(db):
        db.execute(f"UPDATE plans SET {column} = ? WHERE project_id = 'bank'", [value])
    answer = client.post(path, data=sent)
    assert answer.status_code == 409
    assert said in words(answer.text)
    assert count(db, "verdicts") == 0


def test_who_is_second_sees_the_verdict_of_who_was_first(
    client: TestClient, db: Database, secret: bytes, assessing: Process, tessa: int, tim: int
) -> None:
    path = page_of(assessing, "bank")
    of_tessa = fields(client, path, oordeel="infeasible", reden="Er liggen kabels.")
    sign_in_as(client, db, secret, assessing, TIM)
    client.post(path, data=fields(client, path, reden="Ruimte genoeg."))
    sign_in_as(client, db, secret, assessing, TESSA)
    answer = client.post(path, data=of_tessa)
    assert answer.status_code == 409
    page = Page(answer.text)
    assert "Iemand was u voor" in page.words
    assert "Tim gaf op" in page.words
    assert "Ruimte genoeg." in page.words
    assert "Er liggen kabels." in page.words
    seen = {name: page.form(path).fields[name][-1] for name in ("versie", "gezien", "checklist")}
    assert client.post(path, data={**of_tessa, **seen}).status_code == 303
    assert plan(db, "bank")["verdict"] == "infeasible"


def test_who_read_an_older_text_is_shown_the_difference(
    client: TestClient, db: Database, assessing: Process, tessa: int
) -> None:
    path = page_of(assessing, "bank")
    sent = fields(client, path)
    with writing(db):
        versions.edit(db, plan_id(assessing, "bank"), 1, {"summary": "Nu met leuning"}, BEFORE)
    answer = client.post(path, data=sent)
    assert answer.status_code == 409
    assert "De tekst van het plan is veranderd terwijl u ernaar keek" in words(answer.text)
    assert "<ins>" in answer.text
    assert count(db, "verdicts") == 0


def test_of_a_verdict_that_was_imported_the_page_says_so(
    client: TestClient, db: Database, assessing: Process, tessa: int
) -> None:
    assert "Er is nog geen oordeel." in words(client.get(page_of(assessing, "bank")).text)
    with writing(db):
        db.execute("UPDATE plans SET verdict = 'feasible', verdict_reason = 'Past.' WHERE project_id = 'bank'")
    page = words(client.get(page_of(assessing, "bank")).text)
    assert "Het oordeel kwam mee met de import." in page
    assert "Er is nog geen oordeel." not in page


# The checklist


def test_the_checklist_is_kept_apart_from_the_verdict(
    client: TestClient, db: Database, assessing: Process, tessa: int
) -> None:
    path = page_of(assessing, "bank")
    first, second, *_ = checklists.of_process(db, assessing.id)
    answers = {f"item-{first.id}": "yes", f"item-{second.id}": "unknown"}
    client.post(path, data=fields(client, path, bewaar="1", reden="", **answers))
    assert assessments.of_plan(db, plan_id(assessing, "bank")).answers == {first.id: "yes", second.id: "unknown"}
    assert count(db, "verdicts") == 0


def test_saving_a_part_keeps_what_is_typed_elsewhere_on_the_page(
    client: TestClient, db: Database, assessing: Process, tessa: int, tim: int
) -> None:
    path, item = page_of(assessing, "bank"), checklists.of_process(db, assessing.id)[0]
    typed = {"oordeel": "infeasible", "kosten": "1234", "reden": "Nog niet af", f"item-{item.id}": "yes"}
    parts = {
        "toets": ({"bewaar": "1"}, "De checklist is bewaard."),
        "notities": ({"notitie": "Bel de eigenaar."}, "Uw notitie is bewaard."),
        "vragen": ({"vraag": "Waar precies?"}, "Uw vraag is verstuurd."),
        "tweede-meningen": ({"collega": str(tim), "toelichting": "Kan dit?"}, "Uw vraag om een tweede mening"),
    }
    page = client.get(path)
    for part, (sent, said) in parts.items():
        form = Page(page.text).form(path)
        assert {"notitie", "vraag", "toelichting"}.isdisjoint(name for name, of in form.fields.items() if any(of))
        page = client.post(path.replace("toets", part), data=form.fields | typed | sent)
        assert page.status_code == 200
        assert said in words(page.text)
        kept = Page(page.text).form(path).fields
        assert {name: kept[name] for name in typed} == {name: [value] for name, value in typed.items()}, part
    assert count(db, "verdicts") == 0
    given = Page(page.text).form(path).fields
    assert client.post(path, data=given).status_code == 303  # the version of the checklist is that of now
    assert plan(db, "bank")["verdict_reason"] == "Nog niet af"


def test_a_part_that_is_refused_keeps_the_verdict_that_was_typed(
    client: TestClient, db: Database, assessing: Process, tessa: int
) -> None:
    path = page_of(assessing, "bank")
    for part, empty in (("notities", "notitie"), ("vragen", "vraag")):
        page = client.post(path.replace("toets", part), data=fields(client, path, reden="Nog niet af", **{empty: " "}))
        assert page.status_code == 422
        assert Page(page.text).form(path).fields["reden"] == ["Nog niet af"]


def test_a_verdict_keeps_the_checklist_with_it(
    client: TestClient, db: Database, assessing: Process, tessa: int
) -> None:
    path = page_of(assessing, "bank")
    first = checklists.of_process(db, assessing.id)[0]
    client.post(path, data=fields(client, path, **{f"item-{first.id}": "no"}))
    assert assessments.of_plan(db, plan_id(assessing, "bank")).answers == {first.id: "no"}


def test_two_who_fill_in_the_checklist_see_the_difference(
    client: TestClient, db: Database, secret: bytes, assessing: Process, tessa: int, tim: int
) -> None:
    path = page_of(assessing, "bank")
    item = f"item-{checklists.of_process(db, assessing.id)[0].id}"
    of_tessa = fields(client, path, bewaar="1", **{item: "no"})
    sign_in_as(client, db, secret, assessing, TIM)
    client.post(path, data=fields(client, path, bewaar="1", **{item: "yes"}))
    sign_in_as(client, db, secret, assessing, TESSA)
    answer = client.post(path, data=of_tessa)
    assert answer.status_code == 409
    page = Page(answer.text)
    assert "Tim bewaarde intussen de checklist" in page.words
    assert "Bewaard is: Ja" in page.words
    again = {**of_tessa, "checklist": page.form(path).fields["checklist"][-1]}
    assert client.post(path, data=again).status_code == 200
    assert list(assessments.of_plan(db, plan_id(assessing, "bank")).answers.values()) == ["no"]


def test_a_process_without_a_checklist_gets_the_default_one(
    client: TestClient, db: Database, assessing: Process, tessa: int
) -> None:
    with writing(db):
        db.execute("DELETE FROM checklist_items")
    page = words(client.get(page_of(assessing, "bank")).text)
    assert all(text in page for text in checklists.DEFAULT["nl"])


def test_a_changed_question_starts_anew_and_the_old_one_is_kept(
    client: TestClient, db: Database, secret: bytes, assessing: Process, tessa: int
) -> None:
    path, item = page_of(assessing, "bank"), checklists.of_process(db, assessing.id)[0]
    client.post(path, data=fields(client, path, bewaar="1", **{f"item-{item.id}": "yes"}))
    sign_in_as(client, db, secret, assessing, BEA)
    client.post(f"/beheer/bezuidenhout/checklist/{item.id}", data={f"tekst-{item.id}": "Is het groen?"})
    page = Page(client.get(path).text)
    assert "Eerder gevraagd Past het plan bij het thema? Ja" in page.words
    first = checklists.of_process(db, assessing.id)[0]
    assert first.text == "Is het groen?"
    assert not [each for each in page.all("input") if each["name"] == f"item-{first.id}" and "checked" in each]


def test_the_beheerder_adds_moves_and_retires_questions(
    client: TestClient, db: Database, secret: bytes, assessing: Process
) -> None:
    sign_in_as(client, db, secret, assessing, BEA)
    here = "/beheer/bezuidenhout/checklist"
    for _ in range(2):  # a double click
        client.post(here, data={"nieuw": "Is het  veilig?"})
    added = checklists.of_process(db, assessing.id)[-1]
    assert added.text == "Is het veilig?"
    assert len(checklists.of_process(db, assessing.id)) == 10
    client.post(f"{here}/{added.id}", data={"omhoog": "1"})
    assert checklists.of_process(db, assessing.id)[-2].id == added.id
    client.post(f"{here}/{added.id}", data={"weg": "1"})
    assert added.id not in [item.id for item in checklists.of_process(db, assessing.id)]
    assert client.post(f"{here}/{added.id}", data={"omhoog": "1"}).status_code == 404
    assert client.post(here, data={"nieuw": " "}).status_code == 422
    assert "Checklist van de toets" in words(client.get(here).text)


def test_the_checklist_of_another_process_is_out_of_reach(
    client: TestClient, db: Database, secret: bytes, assessing: Process, elsewhere: Process
) -> None:
    with writing(db):
        checklists.insert_default(db, elsewhere.id)
    theirs = checklists.of_process(db, elsewhere.id)[0]
    sign_in_as(client, db, secret, assessing, BEA)
    answer = client.post(f"/beheer/bezuidenhout/checklist/{theirs.id}", data={"weg": "1"})
    assert answer.status_code == 404
    assert checklists.of_process(db, elsewhere.id)[0] == theirs


# Notes, second opinions and questions


def test_a_note_is_for_staff_only(client: TestClient, db: Database, assessing: Process, tessa: int) -> None:
    path = page_of(assessing, "bank")
    for _ in range(2):  # a double click
        client.post(path.replace("toets", "notities"), data={"notitie": "Bel de eigenaar."})
    assert words(client.get(path).text).count("Bel de eigenaar.") == 1
    assert "Bel de eigenaar." not in client.get(assessing.by_id[plan_id(assessing, "bank")].url).text
    assert client.post(path.replace("toets", "notities"), data={"notitie": ""}).status_code == 422


def test_a_colleague_gives_a_second_opinion_and_who_asked_does_not(
    client: TestClient, db: Database, secret: bytes, assessing: Process, tessa: int, tim: int
) -> None:
    path = page_of(assessing, "bank")
    asking = path.replace("toets", "tweede-meningen")
    client.post(asking, data={"collega": "", "toelichting": "Kan dit met de kabels?"})
    assert mails(db, "second_opinion_asked") == ["tim@gemeente.example"]
    (opinion,) = assessments.opinions(db, plan_id(assessing, "bank"))
    given = {f"mening-{opinion.id}": "unsure", f"uitleg-{opinion.id}": "Vraag de netbeheerder."}
    refused = client.post(f"{asking}/{opinion.id}", data=given)
    assert refused.status_code == 409
    assert f"{asking}/{opinion.id}" not in client.get(path).text
    sign_in_as(client, db, secret, assessing, TIM)
    assert client.post(f"{asking}/{opinion.id}", data=given).status_code == 303
    assert "Tim: Twijfel" in words(client.get(path).text)
    assert mails(db, "second_opinion_given") == ["tessa@gemeente.example"]
    other = {**given, f"mening-{opinion.id}": "feasible"}
    assert client.post(f"{asking}/{opinion.id}", data=other).status_code == 409
    assert assessments.opinions(db, plan_id(assessing, "bank"))[0].verdict == "unsure"


def test_an_opinion_asked_of_one_colleague_is_not_for_another(
    client: TestClient, db: Database, secret: bytes, assessing: Process, tessa: int, tim: int
) -> None:
    asking = page_of(assessing, "bank").replace("toets", "tweede-meningen")
    client.post(asking, data={"collega": str(tim), "toelichting": ""})
    (opinion,) = assessments.opinions(db, plan_id(assessing, "bank"))
    sign_in_as(client, db, secret, assessing, BEA)
    given = {f"mening-{opinion.id}": "feasible", f"uitleg-{opinion.id}": "Prima."}
    assert client.post(f"{asking}/{opinion.id}", data=given).status_code == 409
    assert assessments.opinions(db, plan_id(assessing, "bank"))[0].given_at is None


def test_who_does_not_assess_here_is_not_asked(
    client: TestClient, db: Database, secret: bytes, assessing: Process, elsewhere: Process, tessa: int, tim: int
) -> None:
    with writing(db):
        nina = account(db, "Nina")
        give(db, nina, elsewhere, "toetser")
    asking = page_of(assessing, "bank").replace("toets", "tweede-meningen")
    for whom in (str(nina), str(tessa), "999", "-1", "x"):
        assert client.post(asking, data={"collega": whom, "toelichting": ""}).status_code == 422
    assert count(db, "second_opinions") == 0


def test_a_question_goes_to_the_makers(client: TestClient, db: Database, assessing: Process, tessa: int) -> None:
    path = page_of(assessing, "bank")
    for _ in range(2):  # a double click
        client.post(path.replace("toets", "vragen"), data={"vraag": "Waar komen ze precies?"})
    assert mails(db, "question") == [AICHA.email]
    assert "Waar komen ze precies?" in words(client.get(path).text)
    assert client.post(path.replace("toets", "vragen"), data={"vraag": " "}).status_code == 422


# Who may not


POSTS = ("toets", "notities", "vragen", "tweede-meningen", "tweede-meningen/1")


@pytest.mark.parametrize("who", [MO, STEF], ids=lambda who: who.name)
@pytest.mark.parametrize("end", POSTS)
def test_other_roles_may_not_assess(
    client: TestClient, db: Database, secret: bytes, assessing: Process, who: StaffMember, end: str
) -> None:
    sign_in_as(client, db, secret, assessing, who)
    path = page_of(assessing, "bank")
    assert client.get(path).status_code == 403
    assert client.get("/beheer/bezuidenhout/toetsen").status_code == 403
    assert client.post(path.replace("toets", end), data={}).status_code == 403


@pytest.mark.parametrize("who", [MO, STEF, TESSA], ids=lambda who: who.name)
def test_only_a_beheerder_changes_the_checklist(
    client: TestClient, db: Database, secret: bytes, assessing: Process, who: StaffMember
) -> None:
    sign_in_as(client, db, secret, assessing, who)
    assert client.get("/beheer/bezuidenhout/checklist").status_code == 403
    assert client.post("/beheer/bezuidenhout/checklist", data={"nieuw": "x"}).status_code == 403
    assert client.post("/beheer/bezuidenhout/checklist/1", data={"weg": "1"}).status_code == 403


@pytest.mark.parametrize("end", POSTS)
def test_staff_of_another_process_and_strangers_are_refused(
    client: TestClient, db: Database, secret: bytes, assessing: Process, elsewhere: Process, end: str
) -> None:
    sign_in_as(client, db, secret, elsewhere, NINA)
    path = page_of(assessing, "bank")
    for refused in (client.get(path), client.post(path.replace("toets", end), data={})):
        assert refused.status_code == 403
    sign_out(client)
    for refused in (client.get(path), client.post(path.replace("toets", end), data={})):
        assert refused.headers["location"].startswith("/beheer/inloggen")
    assert count(db, "verdicts") == 0


@pytest.mark.parametrize("who", [BEA, OLGA], ids=lambda who: who.name)
def test_a_beheerder_and_the_owner_may_assess(
    client: TestClient, db: Database, secret: bytes, assessing: Process, who: StaffMember
) -> None:
    sign_in_as(client, db, secret, assessing, who)
    path = page_of(assessing, "bank")
    assert client.post(path, data=fields(client, path)).status_code == 303
    assert plan(db, "bank")["verdict"] == "feasible"


@pytest.mark.parametrize("end", POSTS)
def test_a_plan_of_another_process_is_not_found_here(
    client: TestClient, db: Database, assessing: Process, elsewhere: Process, tessa: int, end: str
) -> None:
    theirs = elsewhere.plans[0].id
    path = f"/beheer/bezuidenhout/plannen/{theirs}/toets"
    assert client.get(path).status_code == 404
    sent = fields(client, page_of(assessing, "bank"), notitie="x", vraag="x", **{"mening-1": "unsure", "uitleg-1": "x"})
    assert client.post(path.replace("toets", end), data=sent).status_code == 404
    assert count(db, "verdicts") + count(db, "notes") + count(db, "questions") == 0


def test_an_opinion_on_another_plan_is_not_found_here(
    client: TestClient, db: Database, secret: bytes, assessing: Process, tessa: int, tim: int
) -> None:
    asking = page_of(assessing, "bank").replace("toets", "tweede-meningen")
    client.post(asking, data={"collega": "", "toelichting": ""})
    (opinion,) = assessments.opinions(db, plan_id(assessing, "bank"))
    sign_in_as(client, db, secret, assessing, TIM)
    given = {f"mening-{opinion.id}": "feasible", f"uitleg-{opinion.id}": "Prima."}
    other = page_of(assessing, "tuin").replace("toets", "tweede-meningen")
    assert client.post(f"{other}/{opinion.id}", data=given).status_code == 404


def test_what_people_type_shows_as_text(
    client: TestClient, db: Database, secret: bytes, assessing: Process, tessa: int, tim: int
) -> None:
    path = page_of(assessing, "bank")
    client.post(path.replace("toets", "notities"), data={"notitie": SCRIPT + "notitie"})
    client.post(path.replace("toets", "vragen"), data={"vraag": SCRIPT + "vraag"})
    client.post(path.replace("toets", "tweede-meningen"), data={"collega": "", "toelichting": SCRIPT + "mening"})
    client.post(path, data=fields(client, path, reden=SCRIPT + "reden"))
    refused = client.post(path, data=fields(client, path, kosten=SCRIPT, reden='"><b>x'))
    for html in (client.get(path).text, refused.text):
        assert "<script>alert" not in html
        assert "<b>x" not in html
        for what in ("notitie", "vraag", "mening", "reden"):
            assert f"&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;{what}" in html
    public = client.get(assessing.by_id[plan_id(assessing, "bank")].url).text
    assert "<script>alert" not in public
    assert "&lt;/script&gt;reden" in public


@pytest.mark.parametrize("broken", ["", "-1", "1e3", "9" * 30, "x"])
def test_a_form_that_is_not_ours_is_refused(
    client: TestClient, db: Database, assessing: Process, tessa: int, broken: str
) -> None:
    path = page_of(assessing, "bank")
    assert client.post(path, data=fields(client, path, versie=broken)).status_code == 400
    assert count(db, "verdicts") == 0


@pytest.mark.parametrize("odd", ["9" * 5_000, "-1", "x", "²"])
def test_an_address_with_something_odd_behind_it_is_just_the_page(
    client: TestClient, assessing: Process, tessa: int, odd: str
) -> None:
    for path in (page_of(assessing, "bank"), "/beheer/bezuidenhout/werk"):
        answer = client.get(path, params={"gegeven": odd, "bewaard": odd, "volgende": odd})
        assert answer.status_code == 200
        assert "Oordeel over" not in answer.text


# The list


def test_the_list_of_plans_filters_and_sorts(client: TestClient, db: Database, assessing: Process, tessa: int) -> None:
    path = page_of(assessing, "bank")
    client.post(path, data=fields(client, path))
    here = "/beheer/bezuidenhout/toetsen"
    assert "5 plannen gevonden" in words(client.get(here).text)
    assert "1 plan gevonden" in words(client.get(f"{here}?stand=feasible").text)
    assert "4 plannen gevonden" in words(client.get(f"{here}?stand=wacht").text)
    assert "Hier is geen plan bij" in words(client.get(f"{here}?stand=infeasible").text)
    dear_first = client.get(f"{here}?volgorde=kosten").text
    assert dear_first.index("Tapwaterkranen") < dear_first.index("Pluktuin")
    assert client.get(f"{here}?pagina=2").status_code == 404
    assert client.get(f"{here}?pagina=x").status_code == 404
