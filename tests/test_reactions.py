"""Talking about a plan, as a browser without scripts does it; and moderating that."""

import json
from typing import Any

import pytest
from httpx import Response
from litestar.testing import TestClient

from domain import reactions
from domain.database import Database, writing
from domain.plans import Plan
from domain.processes import Process
from routes.site import Site
from tests.cast import AFTER, AICHA, BRAM, CHEN, DEWI, NOW, WILLEM, YVONNE, Resident, insert_vote, reload
from tests.conftest import Clock
from tests.pages import Page, words
from tests.staff import MO, NINA, TESSA, sign_in_as
from tests.writing import arrives, sign_in, sign_out

TYPED = {"side": "for", "reaction": "Fijn om te zitten.", "reaction_name": "Aïcha"}
SCRIPT = "<script>alert('x')</script>"
MODERATION = "/beheer/bezuidenhout/reacties"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def plan(process: Process) -> Plan:
    return process.plans[0]


def react(client: TestClient, plan: Plan, **changes: str) -> Response:
    return client.post(f"{plan.url}/reacties", data=TYPED | changes)


def write(db: Database, secret: bytes, plan: Plan, who: Resident, text: str = "Fijn om te zitten.") -> int:
    """Somebody else wrote it before."""
    resident_id = arrives(db, secret, who)
    (process_id,) = db.execute("SELECT process_id FROM plans WHERE id = ?", [plan.id]).fetchone()
    with writing(db):
        said = reactions.typed("for", text, who.name)[0]
        return reactions.write(db, process_id, plan.id, resident_id, said, NOW)


def confirm(client: TestClient, db: Database, asked: Response, who: Resident) -> Response:
    """Give the address that is asked, and press the button of the link that comes by mail."""
    form = Page(asked.text).form("/aanmelden")
    client.post("/aanmelden", data={**form.fields, "email": who.email})
    content = db.execute("SELECT content FROM outbox WHERE kind = 'confirm' ORDER BY id DESC").fetchone()[0]
    return client.post(json.loads(content)["path"])


def rows(db: Database) -> list[dict[str, Any]]:
    return list(db.query("SELECT * FROM reactions ORDER BY id"))


def test_who_is_known_reacts_at_once(client: TestClient, db: Database, secret: bytes, plan: Plan) -> None:
    sign_in(client, db, secret, AICHA)
    answer = react(client, plan)
    (row,) = rows(db)
    assert answer.headers["location"] == f"{plan.url}#reactie-{row['id']}"
    assert "Fijn om te zitten." in words(client.get(plan.url).text)


def test_it_is_on_the_page_of_everyone_on_the_next_request(
    client: TestClient, db: Database, secret: bytes, plan: Plan
) -> None:
    assert "Fijn om te zitten." not in client.get(plan.url).text
    write(db, secret, plan, BRAM)
    assert "Fijn om te zitten." in client.get(plan.url).text


def test_who_is_not_known_confirms_an_address_first_and_loses_nothing(
    client: TestClient, db: Database, plan: Plan
) -> None:
    asked = react(client, plan)
    assert rows(db) == []
    done = confirm(client, db, asked, AICHA)
    (row,) = rows(db)
    assert done.headers["location"] == f"{plan.url}#reactie-{row['id']}"
    assert (row["text"], row["name"], row["side"]) == ("Fijn om te zitten.", "Aïcha", "for")
    assert "Fijn om te zitten." in client.get(plan.url).text


def test_the_address_is_nowhere_on_the_site(client: TestClient, db: Database, plan: Plan) -> None:
    confirm(client, db, react(client, plan), AICHA)
    sign_out(client)
    assert AICHA.email not in client.get(plan.url).text
    assert db.execute("SELECT count(*) FROM residents WHERE email IS NOT NULL").fetchone()[0] == 0


def test_willem_without_a_session_changes_nothing(client: TestClient, db: Database, secret: bytes, plan: Plan) -> None:
    """He only ever gets the page that asks for his address, and nothing he does not confirm counts."""
    id_ = write(db, secret, plan, AICHA)
    for path in (f"{plan.url}/reacties", f"/bezuidenhout/reacties/{id_}/nuttig"):
        answer = client.post(path, data=TYPED)
        assert (answer.status_code, "e-mailadres" in words(answer.text)) == (200, True)
    assert client.post(f"/bezuidenhout/reacties/{id_}/verwijderen").status_code == 404
    assert [(row["text"], row["useful"]) for row in rows(db)] == [("Fijn om te zitten.", 0)]


def test_yvonne_can_not_take_away_what_aicha_wrote(client: TestClient, db: Database, secret: bytes, plan: Plan) -> None:
    id_ = write(db, secret, plan, AICHA)
    sign_in(client, db, secret, YVONNE)
    assert client.post(f"/bezuidenhout/reacties/{id_}/verwijderen").status_code == 404
    assert len(rows(db)) == 1


def test_aicha_takes_her_own_away(client: TestClient, db: Database, secret: bytes, plan: Plan) -> None:
    id_ = write(db, secret, plan, AICHA)
    sign_in(client, db, secret, AICHA)
    form = Page(client.get(plan.url).text).form(f"/bezuidenhout/reacties/{id_}/verwijderen")
    assert client.post(form.action).headers["location"] == f"{plan.url}#reacties"
    assert rows(db) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"reaction": ""}, "Schrijf wat u vindt."),
        ({"reaction": "x"}, "Schrijf minstens 3 tekens."),
        ({"reaction": "x" * 1_001}, "Gebruik hoogstens 1.000 tekens."),
        ({"reaction_name": "aicha@example.org"}, "geen e-mailadres"),
        ({"side": ""}, "Kies of u voor of tegen bent."),
    ],
)
def test_a_mistake_gets_the_form_back_with_what_was_typed(
    client: TestClient, db: Database, plan: Plan, changes: dict[str, str], message: str
) -> None:
    answer = react(client, plan, **changes)
    assert (answer.status_code, message in words(answer.text)) == (422, True)
    for value in (TYPED | changes).values():
        assert value in answer.text or value == "for"
    targets = [a["href"].removeprefix("#") for a in Page(answer.text).all("a") if a["href"].startswith("#")]
    assert {"side", "reaction", "reaction_name"} & set(targets)
    assert rows(db) == []


def test_a_double_click_is_one_reaction(client: TestClient, db: Database, secret: bytes, plan: Plan) -> None:
    sign_in(client, db, secret, AICHA)
    assert react(client, plan).headers["location"] == react(client, plan).headers["location"]
    assert len(rows(db)) == 1


def test_the_eleventh_within_an_hour_waits_with_its_text(
    client: TestClient, db: Database, secret: bytes, plan: Plan
) -> None:
    sign_in(client, db, secret, AICHA)
    for number in range(10):
        assert react(client, plan, reaction=f"Argument {number}").status_code == 303
    answer = react(client, plan, reaction="Nog een argument")
    assert answer.status_code == 429
    assert "Nog een argument" in answer.text
    assert "Wacht even" in words(answer.text)


def test_after_the_vote_the_text_is_given_back(
    client: TestClient, clock: Clock, db: Database, secret: bytes, plan: Plan
) -> None:
    sign_in(client, db, secret, AICHA)
    clock.now = AFTER
    answer = react(client, plan)
    assert answer.status_code == 409
    assert "Fijn om te zitten." in words(answer.text)
    assert "kunt nu niet reageren" in words(answer.text)
    assert rows(db) == []
    assert "Schrijf een reactie" not in words(client.get(plan.url).text)


def test_what_was_confirmed_too_late_is_refused_in_a_friendly_way(
    client: TestClient, clock: Clock, db: Database, plan: Plan
) -> None:
    asked = react(client, plan)
    form = Page(asked.text).form("/aanmelden")
    client.post("/aanmelden", data={**form.fields, "email": AICHA.email})
    path = json.loads(db.execute("SELECT content FROM outbox").fetchone()[0])["path"]
    with writing(db):
        db.execute("UPDATE processes SET reactions_allowed = 0")
    answer = client.post(path)
    assert (answer.status_code, rows(db)) == (409, [])


def test_the_address_of_somebody_is_no_link(client: TestClient, db: Database, secret: bytes, plan: Plan) -> None:
    said = "Mail <jan@voorbeeld.nl> of eva@priv.example, niet mailto:jan@voorbeeld.nl, of kijk op www.voorbeeld.nl"
    write(db, secret, plan, BRAM, said)
    page = Page(client.get(plan.url).text)
    assert "Mail <jan@voorbeeld.nl> of eva@priv.example, niet" in page.words
    links = {a["href"] for a in page.all("a")}
    assert "https://www.voorbeeld.nl" in links
    assert not [link for link in links if "jan@" in link or "eva@" in link]


def test_html_is_text_and_addresses_become_links(client: TestClient, db: Database, secret: bytes, plan: Plan) -> None:
    sign_in(client, db, secret, AICHA)
    react(
        client, plan, reaction=f"{SCRIPT} javascript:alert(1) https://example.org/x?a=1&b=2", reaction_name=SCRIPT[:40]
    )
    html = client.get(plan.url).text
    assert SCRIPT not in html
    assert "<script>" not in html
    assert SCRIPT in words(html)
    (link,) = [a for a in Page(html).all("a") if "example.org" in a["href"]]
    assert link["href"] == "https://example.org/x?a=1&b=2"
    assert {"nofollow", "ugc"} <= set(link["rel"].split())
    assert not [a for a in Page(html).all("a") if a["href"].startswith("javascript")]


def test_html_in_what_was_wrong_is_text_too(client: TestClient, plan: Plan) -> None:
    typed = {"reaction": f'"><img src=x>{SCRIPT}' * 40, "reaction_name": f'"><b>{SCRIPT}@'}
    answer = react(client, plan, **typed)
    assert answer.status_code == 422
    assert SCRIPT not in answer.text
    assert "<img src=x>" not in answer.text
    assert "<b>" not in answer.text


def test_useful_is_a_button_that_says_how_it_stands(
    client: TestClient, db: Database, secret: bytes, plan: Plan
) -> None:
    id_ = write(db, secret, plan, BRAM)
    sign_in(client, db, secret, AICHA)
    action = f"/bezuidenhout/reacties/{id_}/nuttig"
    for useful in (1, 0, 1):
        form = Page(client.get(plan.url).text).form(action)
        answer = client.post(action, data=form.fields)
        assert answer.headers["location"] == f"{plan.url}#reactie-{id_}"
        assert rows(db)[0]["useful"] == useful
    assert client.post(action, data=form.fields).status_code == 303
    assert rows(db)[0]["useful"] == 1


def test_useful_can_be_confirmed_by_mail(client: TestClient, db: Database, secret: bytes, plan: Plan) -> None:
    id_ = write(db, secret, plan, BRAM)
    asked = client.post(f"/bezuidenhout/reacties/{id_}/nuttig", data={"nuttig": "1"})
    done = confirm(client, db, asked, AICHA)
    assert done.headers["location"] == f"{plan.url}#reactie-{id_}"
    assert rows(db)[0]["useful"] == 1


def test_nobody_marks_their_own_not_even_by_mail(client: TestClient, db: Database, secret: bytes, plan: Plan) -> None:
    id_ = write(db, secret, plan, AICHA)
    asked = client.post(f"/bezuidenhout/reacties/{id_}/nuttig", data={"nuttig": "1"})
    assert confirm(client, db, asked, AICHA).status_code == 303
    assert rows(db)[0]["useful"] == 0


def test_an_answer_goes_below_its_argument(client: TestClient, db: Database, secret: bytes, plan: Plan) -> None:
    id_ = write(db, secret, plan, BRAM)
    sign_in(client, db, secret, AICHA)
    form = Page(client.get(f"{plan.url}/reacties?antwoord={id_}").text).form(f"{plan.url}/reacties")
    assert form.fields["antwoord"] == [str(id_)]
    assert form.fields["reaction_name"] == ["Aïcha"]
    react(client, plan, antwoord=str(id_), reaction="Dat vind ik ook.")
    assert [(row["side"], row["parent_id"]) for row in rows(db)] == [("for", None), ("answer", id_)]


def test_a_reaction_of_elsewhere_is_not_there(
    client: TestClient, db: Database, secret: bytes, plan: Plan, elsewhere: Process
) -> None:
    """IDOR: the number of a reaction, or of a plan, of another process in the address."""
    id_ = write(db, secret, elsewhere.plans[0], WILLEM)
    sign_in(client, db, secret, AICHA)
    for path in (f"/bezuidenhout/reacties/{id_}/nuttig", f"/bezuidenhout/reacties/{id_}/verwijderen"):
        assert client.post(path).status_code == 404
    assert client.get(f"/bezuidenhout/reacties/{id_}/melding").status_code == 404
    assert client.get(f"{plan.url}/reacties?antwoord={id_}").status_code == 404
    assert react(client, plan, antwoord=str(id_)).status_code == 404
    assert client.post(f"/bezuidenhout/plannen/{elsewhere.plans[0].id}/reacties", data=TYPED).status_code == 404
    assert [row["id"] for row in rows(db)] == [id_]


@pytest.mark.parametrize("number", ["x", "-1", "٣", "9" * 30, "0"])
def test_a_number_that_is_none_is_not_there(client: TestClient, plan: Plan, number: str) -> None:
    assert react(client, plan, antwoord=number).status_code == 404


def test_a_forged_confirmation_writes_nothing(client: TestClient, db: Database, plan: Plan) -> None:
    asked = react(client, plan)
    sealed = Page(asked.text).form("/aanmelden").fields["sealed"][0]
    forged = sealed[:-8] + ("A" * 8 if not sealed.endswith("A" * 8) else "B" * 8)
    assert client.post("/aanmelden", data={"sealed": forged, "email": AICHA.email}).status_code == 422
    assert db.execute("SELECT count(*) FROM outbox").fetchone()[0] == 0


def test_twenty_a_side_and_the_rest_on_request(client: TestClient, db: Database, secret: bytes, plan: Plan) -> None:
    with writing(db):
        for number in range(25):
            said = reactions.Typed("for", f"Argument {number:02}", "Bram")
            reactions.insert(db, plan.id, said, NOW, status="published")
    page = Page(client.get(plan.url).text)
    assert "Argument 19" in page.words
    assert "Argument 20" not in page.words
    (more,) = [a["href"] for a in page.all("a") if "reacties=2" in a["href"]]
    assert "Argument 24" in words(client.get(more.partition("#")[0]).text)
    assert "Argument 20" not in words(client.get(plan.url).text)
    for nonsense in ("x", "-1", "999999", "0"):
        assert client.get(f"{plan.url}?reacties={nonsense}").status_code == 200


def mark_in_place(client: TestClient, plan: Plan, reaction_id: int) -> Page:
    """What htmx gets for the columns, which it puts in the place of those on the page."""
    data = {"nuttig": "1", "plan": str(plan.id)}
    answer = client.post(f"/bezuidenhout/reacties/{reaction_id}/nuttig", data=data, headers=HTMX)
    assert answer.status_code == 200
    assert "<html" not in answer.text
    page = Page(answer.text)
    assert [tag.attrs["id"] for tag in page.tags if tag.attrs.get("id") == "reacties-lijst"] == ["reacties-lijst"]
    return page


def test_htmx_gets_the_columns_alone(client: TestClient, db: Database, secret: bytes, plan: Plan) -> None:
    id_ = write(db, secret, plan, BRAM)
    sign_in(client, db, secret, AICHA)
    (button,) = [b for b in mark_in_place(client, plan, id_).all("button") if b.get("id") == f"nuttig-{id_}"]
    assert button["aria-pressed"] == "true"
    assert rows(db)[0]["useful"] == 1


def test_who_marks_too_late_keeps_the_discussion_and_reads_why(
    client: TestClient, db: Database, secret: bytes, plan: Plan, clock: Clock
) -> None:
    kept, hidden, gone = (write(db, secret, plan, who, f"Argument van {who.name}") for who in (BRAM, CHEN, DEWI))
    sign_in(client, db, secret, AICHA)
    with writing(db):
        db.execute("UPDATE reactions SET status = 'hidden', status_reason = 'Scheldt' WHERE id = ?", [hidden])
        reactions.remove(db, gone)
    for id_ in (hidden, gone):
        page = mark_in_place(client, plan, id_).words
        assert "staat niet meer op de site" in page
        assert "Argument van Bram" in page
    sign_out(client)
    page = mark_in_place(client, plan, kept).words
    assert "U bent niet meer aangemeld" in page
    assert "Argument van Bram" in page
    sign_in(client, db, secret, AICHA)
    clock.now = AFTER
    page = mark_in_place(client, plan, kept).words
    assert "De reacties zijn gesloten" in page
    assert "Argument van Bram" in page
    assert [row["useful"] for row in rows(db)] == [0, 0]


def test_more_of_a_plan_that_went_leads_to_the_page_that_says_so(client: TestClient, db: Database, plan: Plan) -> None:
    with writing(db):
        db.execute("UPDATE plans SET status = 'hidden', status_reason = 'Dubbel' WHERE id = ?", [plan.id])
    assert client.get(f"{plan.url}?reacties=2", headers=HTMX).headers["hx-redirect"] == plan.url


# Moderation


def moderate(client: TestClient, verb: str, *chosen: str, **more: str) -> Response:
    return client.post(MODERATION, data={"verb": verb, "reactie": list(chosen), "toon": "wacht", **more})


def test_a_waiting_reaction_is_its_writers_until_mo_publishes_it(
    client: TestClient, site: Site, db: Database, secret: bytes, process: Process, plan: Plan
) -> None:
    with writing(db):
        db.execute("UPDATE processes SET reaction_moderation = 'before'")
    sign_in(client, db, secret, AICHA)
    react(client, plan)
    mine = words(client.get(plan.url).text)
    assert "Fijn om te zitten." in mine
    assert "Wacht op controle" in mine
    sign_out(client)
    assert "Fijn om te zitten." not in words(client.get(plan.url).text)
    mo = sign_in_as(client, db, secret, process, MO)
    (row,) = rows(db)
    assert "Fijn om te zitten." in words(client.get(MODERATION).text)
    assert moderate(client, f"publish {row['id']}:waiting").headers["location"].endswith("&gedaan=1")
    assert "Fijn om te zitten." in words(client.get(plan.url).text)
    audited = list(db.execute("SELECT account_id, action, subject FROM audit_log"))
    assert audited == [(mo, "reaction.published", f"reaction {row['id']}")]


def test_mo_hides_two_at_once_with_a_reason_that_everyone_reads(
    client: TestClient, db: Database, secret: bytes, process: Process, plan: Plan
) -> None:
    ids = [write(db, secret, plan, AICHA, "Stom plan"), write(db, secret, plan, BRAM, "Dom plan")]
    sign_in_as(client, db, secret, process, MO)
    chosen = [f"{id_}:published" for id_ in ids]
    missing = moderate(client, "hide", *chosen)
    assert missing.status_code == 422
    assert "Vul in waarom" in words(missing.text)
    assert moderate(client, "hide", *chosen, reason=f"Schelden mag niet {SCRIPT}").status_code == 303
    html = client.get(plan.url).text
    assert "Stom plan" not in html
    assert words(html).count("Deze reactie is verborgen: Schelden mag niet") == 2
    assert SCRIPT not in html
    assert moderate(client, f"restore {ids[0]}:hidden").status_code == 303
    assert "Stom plan" in client.get(plan.url).text


def test_the_second_moderator_is_told(
    client: TestClient, db: Database, secret: bytes, process: Process, plan: Plan
) -> None:
    id_ = write(db, secret, plan, AICHA)
    sign_in_as(client, db, secret, process, MO)
    moderate(client, "hide", f"{id_}:published", reason="Dubbel")
    second = moderate(client, "hide", f"{id_}:published", reason="Iets anders", toon="alles")
    assert second.status_code == 409
    assert "een collega was u voor" in words(second.text)
    assert rows(db)[0]["status_reason"] == "Dubbel"


def test_nothing_ticked_is_said(client: TestClient, db: Database, secret: bytes, process: Process) -> None:
    sign_in_as(client, db, secret, process, MO)
    answer = moderate(client, "publish")
    assert answer.status_code == 422
    assert "Vink eerst" in words(answer.text)


@pytest.mark.parametrize("verb", ["", "explode", "publish x", "publish -1:waiting"])
def test_what_no_button_sends_is_refused(
    client: TestClient, db: Database, secret: bytes, process: Process, verb: str
) -> None:
    sign_in_as(client, db, secret, process, MO)
    assert moderate(client, verb).status_code == 400


@pytest.mark.parametrize("who", [TESSA, NINA, None])
def test_who_is_no_moderator_here_is_refused(
    client: TestClient, db: Database, secret: bytes, process: Process, elsewhere: Process, plan: Plan, who: Any
) -> None:
    id_ = write(db, secret, plan, AICHA)
    if who:
        sign_in_as(client, db, secret, elsewhere if who is NINA else process, who)
    expected = 403 if who else 303
    for path in (MODERATION, "/beheer/bezuidenhout/meldingen", f"{MODERATION}/{id_}/antwoord"):
        assert client.get(path).status_code == expected
    hidden = moderate(client, "hide", f"{id_}:published", reason="Weg")
    assert hidden.status_code == expected
    assert rows(db)[0]["status"] == "published"


def test_nina_can_not_moderate_from_her_own_process(
    client: TestClient, db: Database, secret: bytes, elsewhere: Process, plan: Plan
) -> None:
    id_ = write(db, secret, plan, AICHA)
    sign_in_as(client, db, secret, elsewhere, NINA)
    data = {"verb": "hide", "reactie": f"{id_}:published", "reason": "Weg"}
    assert client.post("/beheer/loosduinen/reacties", data=data).status_code == 409
    assert client.get(f"/beheer/loosduinen/reacties/{id_}/antwoord").status_code == 404
    assert rows(db)[0]["status"] == "published"


def test_an_answer_of_staff_wears_the_mark_of_the_organisation(
    client: TestClient, db: Database, secret: bytes, process: Process, plan: Plan
) -> None:
    id_ = write(db, secret, plan, AICHA, "Wanneer begint het?")
    sign_in_as(client, db, secret, process, MO)
    path = f"{MODERATION}/{id_}/antwoord"
    form = Page(client.get(path).text).form(path)
    assert form.fields["reaction_name"] == ["Mo"]
    assert client.post(path, data={"reaction": "", "reaction_name": "Mo"}).status_code == 422
    assert client.post(path, data={"reaction": "In de lente.", "reaction_name": "Mo"}).status_code == 303
    assert "Mo Wijkbudget 12 mei 2026 In de lente." in words(client.get(plan.url).text)


def test_reactions_in_another_language_are_marked_as_such(client: TestClient, db: Database, secret: bytes) -> None:
    plan = insert_vote(db, secret, slug="the-hague", language="en").plans[0]
    write(db, secret, plan, AICHA, "Lovely place")
    page = Page(client.get(plan.url).text)
    assert ("en", "Lovely place") in page.said
    assert reload(db, "the-hague").by_id[plan.id].reactions == 1
