"""Signing in, the second factor, invitations and passwords, as staff go through them in a browser without script."""

import json
from dataclasses import replace
from datetime import timedelta
from functools import cache
from types import SimpleNamespace

import pyotp
import pytest
from httpx import Response
from litestar.testing import TestClient

from app import create_app
from config.settings import Settings
from domain import accounts, audit, passwords, second_factors, sessions
from domain.database import Database, writing
from domain.processes import Process
from routes.site import Site
from routes.staff.access import SECOND_FACTOR, SIGN_IN
from routes.staff.delays import Delays
from tests.cast import NOW
from tests.conftest import Clock
from tests.mailbox import with_server
from tests.pages import Page, words
from tests.staff import BEA, COOKIE, DOMAIN, MO, NINA, OLGA, TESSA, account, give, sign_in, sign_in_as, sign_out

PHRASE = "paardenbloem fietst langzaam"
ANOTHER = "vlonder kwast oever molen"
WRONG = "vlonder kwast oever kast"
ACCOUNT = "/beheer/account"
COLLEAGUES = "/beheer/medewerkers"
NOT_TOGETHER = "Dit e-mailadres en dit wachtwoord horen niet bij elkaar."


@cache
def hash_of(password: str) -> str:
    return passwords.hash_of(password)


@pytest.fixture
def tessa(db: Database, process: Process) -> int:
    """Tessa with a password, and no second factor."""
    with writing(db):
        tessa = account(db, "Tessa", password=hash_of(PHRASE))
        give(db, tessa, process, "toetser")
    return tessa


@pytest.fixture
def app_of_tessa(db: Database, secret: bytes, tessa: int) -> pyotp.TOTP:
    """The app on Tessa's phone: from now on she needs its codes."""
    totp = second_factors.draw()
    with writing(db):
        second_factors.turn_on(db, secret, tessa, totp, 0)
    return pyotp.TOTP(totp)


def try_in(client: TestClient, password: str = PHRASE, email: str = TESSA.email, **more: str) -> Response:
    return client.post(SIGN_IN, data={"email": email, "password": password, **more})


def give_code(client: TestClient, code: str, back: str = "") -> Response:
    return client.post(f"{SIGN_IN}/code", data={"code": code, "terug": back})


def token(client: TestClient) -> str | None:
    return client.cookies.get(COOKIE, domain=DOMAIN, path="/beheer")


def is_in(client: TestClient) -> bool:
    return client.get("/beheer").status_code == 200


def link(db: Database, kind: str, recipient: str) -> str:
    """The path in the last mail of that kind to that address."""
    query = "SELECT content ->> 'path' FROM outbox WHERE kind = ? AND recipient = ? ORDER BY id DESC"
    return str(db.execute(query, [kind, recipient]).fetchone()[0])


def new_password(password: str = ANOTHER, **more: str) -> dict[str, str]:
    return {"password": password, "again": password, **more}


# Signing in and out


@pytest.mark.usefixtures("tessa")
def test_who_gives_the_right_password_is_let_in_to_the_page_asked(client: TestClient) -> None:
    page = Page(client.get(f"{SIGN_IN}?terug=/beheer/account").text)
    fields = page.form(SIGN_IN).fields
    answer = client.post(SIGN_IN, data=fields | {"email": f" {TESSA.email.upper()}", "password": PHRASE})
    assert (answer.status_code, answer.headers["location"]) == (303, ACCOUNT)
    cookie = answer.headers["set-cookie"].lower()
    for part in ("httponly", "samesite=lax", "path=/beheer;"):
        assert part in f"{cookie};"
    assert "Tessa" in words(client.get(ACCOUNT).text)
    assert client.get(SIGN_IN).headers["location"] == "/beheer"


@pytest.mark.usefixtures("tessa")
@pytest.mark.parametrize("there", ["https://kwaad.example/", "//kwaad.example", "/hulp", "javascript:alert(1)"])
def test_a_link_can_not_make_signing_in_lead_elsewhere(client: TestClient, there: str) -> None:
    asked = Page(client.get(SIGN_IN, params={"terug": there}).text).form(SIGN_IN).fields["terug"]
    assert asked == ["/beheer"]
    assert try_in(client, terug=there).headers["location"] == "/beheer"


@pytest.mark.usefixtures("tessa")
def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(client: TestClient, db: Database) -> None:
    with writing(db):
        account(db, "Weg", password=hash_of(PHRASE), disabled_at="2026-05-01T00:00:00Z")
        account(db, "Uitgenodigd")
    answers = [
        try_in(client, WRONG),
        try_in(client, PHRASE, "niemand@gemeente.example"),
        try_in(client, PHRASE, "weg@gemeente.example"),
        try_in(client, "", "uitgenodigd@gemeente.example"),
    ]
    said = {words(answer.text.replace(email, "")) for answer in answers for email in [""]}
    assert {answer.status_code for answer in answers} == {422}
    assert len(said) == 1
    assert NOT_TOGETHER in said.pop()
    assert not is_in(client)


@pytest.mark.usefixtures("tessa")
def test_what_was_typed_stays_but_the_password(client: TestClient) -> None:
    answer = try_in(client, WRONG)
    assert f'value="{TESSA.email}"' in answer.text
    assert WRONG not in answer.text
    assert '<a href="#email">' in answer.text


def test_every_sign_in_is_a_new_session(client: TestClient, db: Database, tessa: int) -> None:
    """Nobody can put a session of theirs in somebody's browser and wait until it is signed in."""
    client.cookies.set(COOKIE, "van-de-aanvaller", domain=DOMAIN, path="/beheer")
    try_in(client)
    first = token(client)
    sign_in_as(client, db, b"", None, MO)  # an attacker's own session, planted
    planted = token(client)
    try_in(client)
    second = token(client)
    assert len({first, second, planted, "van-de-aanvaller"}) == 4
    assert planted
    assert sessions.find(db, planted, NOW) is None
    owners = {id_ for (id_,) in db.execute("SELECT account_id FROM staff_sessions").fetchall()}
    assert owners == {tessa}


@pytest.mark.usefixtures("tessa")
def test_who_signs_out_is_out_everywhere_that_cookie_is(client: TestClient) -> None:
    try_in(client)
    kept = token(client)
    assert client.post("/beheer/uitloggen").headers["location"] == SIGN_IN
    assert not token(client)
    assert kept
    client.cookies.set(COOKIE, kept, domain=DOMAIN, path="/beheer")
    assert not is_in(client)


def test_a_password_hashed_with_older_parameters_is_hashed_anew(client: TestClient, db: Database) -> None:
    from argon2 import PasswordHasher

    with writing(db):
        tessa = account(db, "Tessa", password=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PHRASE))
    assert try_in(client).status_code == 303
    assert not passwords.outdated(accounts.password_of(db, tessa))
    sign_out(client)
    assert try_in(client).status_code == 303


# Tries


class Network:
    """As much of a request as the delays look at."""

    def __init__(self, address: str) -> None:
        self.client = SimpleNamespace(host=address)
        self.headers = SimpleNamespace(getall=lambda name, otherwise: otherwise)


@pytest.fixture
def delays() -> Delays:
    """With a clock that the test moves: `delays.clock.now`."""
    clock = SimpleNamespace(now=0.0)
    delays = Delays((), lambda: clock.now)
    delays.at = clock  # type: ignore[attr-defined]
    return delays


def test_waits_double_and_end_for_who_tries_on(delays: Delays) -> None:
    here, waits = Network("10.0.0.1"), []
    for _ in range(14):
        delays.wrong(here, TESSA.email)  # type: ignore[arg-type]
        waits.append(delays.seconds(here, TESSA.email))  # type: ignore[arg-type]
    assert waits[:6] == [0, 0, 2, 4, 8, 16]
    assert waits[-1] == 900
    assert delays.seconds(here, MO.email) == 0  # type: ignore[arg-type]
    delays.at.now += 900  # type: ignore[attr-defined]
    assert delays.seconds(here, TESSA.email) == 0  # type: ignore[arg-type]


def test_somebody_elses_tries_lock_nobody_out(delays: Delays) -> None:
    for n in range(200):
        delays.wrong(Network(f"10.{n}.0.1"), TESSA.email)  # type: ignore[arg-type]
    tessas = Network("192.0.2.7")
    assert delays.seconds(tessas, TESSA.email) == 0  # type: ignore[arg-type]
    delays.wrong(tessas, TESSA.email)  # type: ignore[arg-type]
    assert delays.seconds(tessas, TESSA.email) == 900  # type: ignore[arg-type]
    delays.right(tessas, TESSA.email)  # type: ignore[arg-type]
    assert delays.seconds(tessas, TESSA.email) == 0  # type: ignore[arg-type]


@pytest.mark.usefixtures("tessa")
@pytest.mark.parametrize("email", [TESSA.email, "niemand@gemeente.example"])
def test_who_tries_too_often_must_wait_and_then_even_the_right_password_is_not_looked_at(
    client: TestClient, site: Site, email: str
) -> None:
    statuses = [try_in(client, WRONG, email).status_code for _ in range(4)]
    assert statuses == [422, 422, 422, 429]
    answer = try_in(client, PHRASE, email)
    assert answer.status_code == 429
    assert "Er waren te veel pogingen. Wacht even" in words(answer.text)


@pytest.mark.usefixtures("tessa")
def test_a_network_that_tries_many_addresses_must_wait(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "verify", lambda hash_, password: False)
    statuses = [try_in(client, WRONG, f"p{n}@gemeente.example").status_code for n in range(21)]
    assert statuses == [422] * 20 + [429]


def test_what_was_counted_under_an_older_key_is_forgotten(delays: Delays) -> None:
    """No address stays in memory for longer than its hash can be made again."""
    for n in range(50):
        delays.wrong(Network(f"10.{n}.0.1"), TESSA.email)  # type: ignore[arg-type]
    delays.networks.forget()
    delays.wrong(Network("192.0.2.7"), TESSA.email)  # type: ignore[arg-type]
    assert (len(delays.here), len(delays.accounts)) == (1, 1)


def test_behind_tls_the_cookie_goes_over_tls_only(settings: Settings, db: Database, secret: bytes, tessa: int) -> None:
    chosen = replace(settings, url="https://stem.gemeente.example")
    with TestClient(create_app(chosen), base_url="https://stem.gemeente.example") as client:
        answer = client.post(SIGN_IN, data={"email": TESSA.email, "password": PHRASE}, follow_redirects=False)
    assert answer.status_code == 303
    assert "secure" in answer.headers["set-cookie"].lower()


# The second factor


def test_with_a_second_factor_the_password_is_half(
    client: TestClient, app_of_tessa: pyotp.TOTP, process: Process
) -> None:
    answer = try_in(client, terug="/beheer/account")
    assert answer.headers["location"] == f"{SIGN_IN}/code?terug=/beheer/account"
    half = token(client)
    for path in ("/beheer", ACCOUNT, SECOND_FACTOR, COLLEAGUES):
        assert client.get(path).headers["location"].startswith(SIGN_IN), path
    assert "Tessa" not in words(client.get(answer.headers["location"]).text)
    assert give_code(client, "000000").status_code == 422
    entered = give_code(client, app_of_tessa.at(NOW), ACCOUNT)
    assert (entered.status_code, entered.headers["location"]) == (303, ACCOUNT)
    assert is_in(client)
    assert token(client) != half


def test_a_code_seen_over_the_shoulder_is_used_up(client: TestClient, app_of_tessa: pyotp.TOTP) -> None:
    try_in(client)
    assert give_code(client, app_of_tessa.at(NOW)).status_code == 303
    sign_out(client)
    try_in(client)
    answer = give_code(client, app_of_tessa.at(NOW))
    assert answer.status_code == 422
    assert "Deze code klopt niet." in words(answer.text)
    assert not is_in(client)


def test_a_half_session_lasts_ten_minutes(client: TestClient, app_of_tessa: pyotp.TOTP, clock: Clock) -> None:
    try_in(client)
    clock.now = NOW + timedelta(minutes=10)
    assert give_code(client, app_of_tessa.at(clock.now)).headers["location"] == SIGN_IN


def test_codes_can_not_be_tried_for_long(client: TestClient, app_of_tessa: pyotp.TOTP) -> None:
    try_in(client)
    statuses = [give_code(client, f"00000{n}").status_code for n in range(4)]
    assert statuses == [422, 422, 422, 429]
    assert give_code(client, app_of_tessa.at(NOW)).status_code == 429


def test_turning_the_second_factor_on_and_signing_in_with_a_recovery_code(
    client: TestClient, db: Database, tessa: int
) -> None:
    try_in(client)
    before = token(client)
    with writing(db):
        elsewhere = sessions.start(db, tessa, "oude laptop", NOW)
    page = Page(client.get(SECOND_FACTOR).text)
    assert not [tag for tag in page.tags if "style" in tag.attrs]
    form = page.form(SECOND_FACTOR)
    uri = next(a["href"] for a in page.all("a") if a["href"].startswith("otpauth:"))
    app = pyotp.parse_uri(uri)
    assert isinstance(app, pyotp.TOTP)
    wrong = client.post(SECOND_FACTOR, data={"kept": form.fields["kept"], "code": "000000"})
    assert wrong.status_code == 422
    again = Page(wrong.text)
    assert uri in {a["href"] for a in again.all("a")}  # the app that was scanned still counts
    sent = {"kept": again.form(SECOND_FACTOR).fields["kept"], "code": app.at(NOW)}
    answer = client.post(SECOND_FACTOR, data=sent)
    assert "De tweede stap staat aan." in words(answer.text)
    assert token(client) != before
    assert sessions.find(db, elsewhere, NOW) is None
    shown = recovery_codes(answer)
    assert len(shown) == 10
    assert client.post(SECOND_FACTOR, data=sent).headers["location"] == ACCOUNT  # a reload shows them no more
    assert "U hebt nog 10 reservecodes." in words(client.get(ACCOUNT).text)
    for code, status in ((shown[0], 303), (shown[0], 422), (shown[1], 303)):
        sign_out(client)
        try_in(client)
        assert give_code(client, code).status_code == status


def recovery_codes(answer: Response) -> list[str]:
    return [text for text in answer.text.split('<li class="key">')[1:] for text in [text.partition("<")[0]]]


def test_a_second_factor_of_somebody_elses_making_is_not_taken(
    client: TestClient, db: Database, secret: bytes, tessa: int
) -> None:
    totp = second_factors.draw()
    try_in(client)
    for kept in ("", "AAAA", second_factors.as_text(second_factors.sealed(secret, tessa + 1, totp))):
        answer = client.post(SECOND_FACTOR, data={"kept": kept, "code": pyotp.TOTP(totp).at(NOW)})
        assert answer.headers["location"] == SECOND_FACTOR
    assert db.execute("SELECT totp FROM accounts").fetchone() == (None,)


def test_turning_it_off_and_new_codes_ask_the_password(
    client: TestClient, db: Database, tessa: int, app_of_tessa: pyotp.TOTP
) -> None:
    try_in(client)
    give_code(client, app_of_tessa.at(NOW))
    for path in (f"{ACCOUNT}/tweede-stap/einde", f"{ACCOUNT}/reservecodes"):
        answer = client.post(path, data={"password": WRONG})
        assert answer.status_code == 422
        assert "Dit is niet uw wachtwoord." in words(answer.text)
    renewed = client.post(f"{ACCOUNT}/reservecodes", data={"password": PHRASE})
    assert len(recovery_codes(renewed)) == 10
    assert client.post(f"{ACCOUNT}/tweede-stap/einde", data={"password": PHRASE}).status_code == 303
    assert db.execute("SELECT totp FROM accounts WHERE id = ?", [tessa]).fetchone() == (None,)
    assert second_factors.recovery_codes_left(db, tessa) == 0


def test_where_it_is_compulsory_who_lacks_it_sets_it_up_before_anything_else(
    client: TestClient, db: Database, secret: bytes, process: Process, tessa: int
) -> None:
    sign_in_as(client, db, secret, process, OLGA)
    client.post(f"{COLLEAGUES}/tweede-stap", data={"verplicht": "ja"})
    sign_out(client)
    try_in(client)
    for path in ("/beheer", ACCOUNT, COLLEAGUES, f"{ACCOUNT}/wachtwoord"):
        assert client.get(path).headers["location"] == SECOND_FACTOR
    assert client.post(f"{ACCOUNT}/sessies").headers["location"] == SECOND_FACTOR
    page = Page(client.get(SECOND_FACTOR).text)
    assert "Voor deze site is de tweede stap verplicht." in page.words
    app = pyotp.parse_uri(next(a["href"] for a in page.all("a") if a["href"].startswith("otpauth:")))
    assert isinstance(app, pyotp.TOTP)
    client.post(SECOND_FACTOR, data={"kept": page.form(SECOND_FACTOR).fields["kept"], "code": app.at(NOW)})
    assert is_in(client)
    client.post(f"{ACCOUNT}/tweede-stap/einde", data={"password": PHRASE})
    assert accounts.load(db, tessa).second_factor  # type: ignore[union-attr]


# Sessions


def test_sessions_are_listed_and_ended_one_by_one_and_all_at_once(
    client: TestClient, db: Database, secret: bytes, process: Process
) -> None:
    tessa = sign_in_as(client, db, secret, process, TESSA)
    with writing(db):
        laptop = sessions.start(db, tessa, "Edge, Windows", NOW - timedelta(hours=1))
        phone = sessions.start(db, tessa, "Safari, iPhone", NOW - timedelta(hours=2))
    page = Page(client.get(ACCOUNT).text)
    assert "Edge, Windows" in page.words
    assert "Sinds 12 mei 2026 om 11.00 uur" in page.words
    forms = [form.action for form in page.forms if form.action.startswith(f"{ACCOUNT}/sessies/")]
    client.post(forms[1])
    assert sessions.find(db, laptop, NOW) is None
    assert sessions.find(db, phone, NOW)
    assert client.post(f"{ACCOUNT}/sessies").headers["location"] == SIGN_IN
    assert sessions.find(db, phone, NOW) is None
    assert not is_in(client)
    assert [entry.action for entry in audit.page(db, None, 2)] == ["sessions_ended", "session_ended"]


def test_nobody_ends_a_session_of_somebody_else(
    client: TestClient, db: Database, secret: bytes, process: Process
) -> None:
    with writing(db):
        theirs = sessions.start(db, account(db, "Mo"), "", NOW)
    found = sessions.find(db, theirs, NOW)
    assert found
    sign_in_as(client, db, secret, process, OLGA)
    client.post(f"{ACCOUNT}/sessies/{found.session_id}")
    assert sessions.find(db, theirs, NOW)
    assert "session_ended" not in [entry.action for entry in audit.page(db, None, 5)]


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
            "Version/19.0 Mobile/15E148 Safari/604.1",
            "Safari, iPhone",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 "
            "Safari/537.36 Edg/141.0",
            "Edge, Windows",
        ),
        ("<script>alert(1)</script>", ""),
    ],
)
@pytest.mark.usefixtures("tessa")
def test_a_device_is_named_in_words(client: TestClient, db: Database, agent: str, device: str) -> None:
    client.post(SIGN_IN, data={"email": TESSA.email, "password": PHRASE}, headers={"user-agent": agent})
    assert db.execute("SELECT device FROM staff_sessions").fetchone() == (device,)


# Passwords


def test_changing_the_password_signs_out_everywhere_else(client: TestClient, db: Database, tessa: int) -> None:
    try_in(client)
    before = token(client)
    with writing(db):
        elsewhere = sessions.start(db, tessa, "", NOW)
    refused = client.post(f"{ACCOUNT}/wachtwoord", data=new_password(now=WRONG))
    assert refused.status_code == 422
    answer = client.post(f"{ACCOUNT}/wachtwoord", data=new_password(now=PHRASE))
    assert answer.headers["location"] == ACCOUNT
    assert token(client) != before
    assert is_in(client)
    assert sessions.find(db, elsewhere, NOW) is None
    sign_out(client)
    assert try_in(client, PHRASE).status_code == 422
    assert try_in(client, ANOTHER).status_code == 303


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (new_password("kwast oever"), "Dit wachtwoord is te kort. Gebruik minstens 12 tekens"),
        (new_password("wachtwoord1234"), "Dit wachtwoord is te makkelijk te raden."),
        (new_password("fietsende tessa op zee"), "In dit wachtwoord staat uw eigen naam of e-mailadres."),
        ({"password": ANOTHER, "again": WRONG}, "De twee wachtwoorden zijn niet hetzelfde."),
    ],
)
@pytest.mark.usefixtures("tessa")
def test_a_bad_password_is_refused_with_its_reason(
    client: TestClient, db: Database, sent: dict[str, str], said: str
) -> None:
    client.post("/beheer/wachtwoord", data={"email": TESSA.email})
    answer = client.post(link(db, "password_reset", TESSA.email), data=sent)
    assert answer.status_code == 422
    assert said in words(answer.text)
    assert sent["password"] not in answer.text


def test_asking_for_a_reset_tells_nothing_about_who_has_an_account(
    client: TestClient, db: Database, tessa: int
) -> None:
    answers = {}
    for email in (TESSA.email, "niemand@gemeente.example"):
        answer = client.post("/beheer/wachtwoord", data={"email": email})
        answers[answer.status_code, words(answer.text).replace(email, "…")] = email
    assert len(answers) == 1
    assert db.execute("SELECT recipient FROM outbox").fetchall() == [(TESSA.email,)]
    assert db.execute("SELECT count(*) FROM links").fetchone() == (2,)  # as much work for either


def test_a_reset_by_mail_ends_every_session_and_counts_once(client: TestClient, db: Database, tessa: int) -> None:
    with writing(db):
        stolen = sessions.start(db, tessa, "", NOW)
    client.post("/beheer/wachtwoord", data={"email": TESSA.email})
    path = link(db, "password_reset", TESSA.email)
    assert TESSA.email in words(client.get(path).text)
    answer = client.post(path, data=new_password())
    assert answer.headers["location"] == f"{SIGN_IN}?nieuw=1"
    assert "Uw nieuwe wachtwoord is bewaard." in words(client.get(answer.headers["location"]).text)
    assert sessions.find(db, stolen, NOW) is None
    assert not is_in(client)  # the link is no way around a second factor
    for again in (client.get(path), client.post(path, data=new_password(WRONG))):
        assert again.status_code == 404
        assert "Deze link werkt niet meer" in words(again.text)
    assert try_in(client, ANOTHER).status_code == 303


@pytest.mark.parametrize("email", ["", "niemand", "a@b", "tessa@gemeente.example\r\nBcc: x@kwaad.example"])
def test_what_is_no_address_gets_no_mail(client: TestClient, db: Database, email: str) -> None:
    answer = client.post("/beheer/wachtwoord", data={"email": email})
    assert answer.status_code == 422
    assert db.execute("SELECT count(*) FROM outbox").fetchone() == (0,)


# The first account, and colleagues


def test_the_first_start_makes_the_owner(client: TestClient, db: Database, process: Process) -> None:
    with writing(db):
        path = accounts.first_link(db, NOW)
    assert path
    assert "Maak het eerste account" in words(client.get(path).text)
    bad = client.post(path, data={"name": " ", "email": "olga", **new_password("kort")})
    assert bad.status_code == 422
    for said in ("Vul dit in.", "Dit is geen e-mailadres.", "Dit wachtwoord is te kort."):
        assert said in words(bad.text)
    answer = client.post(path, data={"name": "Olga", "email": OLGA.email, **new_password()})
    assert answer.headers["location"] == "/beheer"
    assert "Bezuidenhout beslist" in words(client.get("/beheer").text)
    assert client.get("/beheer/medewerkers").status_code == 200
    assert client.get(path).status_code == 404
    assert client.post(path, data={"name": "K", "email": "k@k.nl", **new_password()}).status_code == 404
    assert len(accounts.load_all(db)) == 1


@pytest.mark.parametrize("path", ["/beheer/start/x", "/beheer/uitnodiging/x", "/beheer/wachtwoord/x"])
def test_a_link_that_never_was_looks_like_one_that_is_over(client: TestClient, path: str) -> None:
    for answer in (client.get(path), client.post(path, data=new_password())):
        assert answer.status_code == 404
        assert "Deze link werkt niet meer" in words(answer.text)


def test_a_colleague_is_invited_and_signs_in(client: TestClient, db: Database, secret: bytes, process: Process) -> None:
    sign_in_as(client, db, secret, process, BEA)
    sent = {"name": "Kees", "email": "Kees@gemeente.example", "traject": "bezuidenhout", "rol": ["toetser"]}
    answer = client.post(f"{COLLEAGUES}/uitnodiging", data=sent)
    assert "De uitnodiging voor kees@gemeente.example staat klaar." in words(
        client.get(answer.headers["location"]).text
    )
    path = link(db, "invitation", "kees@gemeente.example")
    sign_out(client)
    assert 'value="Kees"' in client.get(path).text
    entered = client.post(path, data=new_password(name="Kees Bakker"))
    assert entered.headers["location"] == "/beheer"
    assert "Bezuidenhout beslist" in words(client.get("/beheer").text)
    assert client.get(COLLEAGUES).status_code == 403
    assert client.get(path).status_code == 404
    assert try_in(client, ANOTHER, "kees@gemeente.example").status_code == 303


def test_without_a_mail_server_staff_pass_an_invitation_on(
    client: TestClient, db: Database, secret: bytes, process: Process, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in_as(client, db, secret, process, OLGA)
    sent = {"name": "Kees", "email": "kees@gemeente.example", "traject": "bezuidenhout", "rol": ["toetser"]}
    assert "u geeft de link zelf door" in words(client.get(f"{COLLEAGUES}/uitnodiging").text)
    shown = client.post(f"{COLLEAGUES}/uitnodiging", data=sent).headers["location"]
    said = words(client.get(shown).text)
    assert "De uitnodiging voor kees@gemeente.example staat klaar. Deze site kan geen mail versturen." in said
    post = client.get("/beheer/post").text
    assert link(db, "invitation", "kees@gemeente.example") in post
    assert "gaat zo weg" not in words(post)
    with_server(site, monkeypatch)
    assert "De uitnodiging gaat naar kees@gemeente.example." in words(client.get(shown).text)


def test_an_invitation_sent_again_voids_the_first(
    client: TestClient, db: Database, secret: bytes, process: Process
) -> None:
    sign_in_as(client, db, secret, process, OLGA)
    sent = {"name": "Kees", "email": "kees@gemeente.example", "traject": "bezuidenhout", "rol": ["toetser"]}
    shown = client.post(f"{COLLEAGUES}/uitnodiging", data=sent).headers["location"].partition("?")[0]
    first = link(db, "invitation", "kees@gemeente.example")
    client.post(f"{shown}/uitnodiging")
    second = link(db, "invitation", "kees@gemeente.example")
    assert first != second
    assert (client.get(first).status_code, client.get(second).status_code) == (404, 200)


def test_an_invitation_that_is_not_filled_in_comes_back(
    client: TestClient, db: Database, secret: bytes, process: Process
) -> None:
    sign_in_as(client, db, secret, process, OLGA)
    answer = client.post(f"{COLLEAGUES}/uitnodiging", data={"name": "", "email": "kees", "traject": "nergens"})
    page = Page(answer.text)
    assert answer.status_code == 422
    assert 'value="kees"' in answer.text
    for said in ("Vul dit in.", "Dit is geen e-mailadres.", "Kies een van de mogelijkheden.", "Kies minstens één rol."):
        assert said in page.words
    linked = [a["href"][1:] for a in page.all("a") if a["href"].startswith("#")]
    there = {tag.attrs.get("id") for tag in page.tags}
    assert {"name", "email", "traject", "rol"} <= set(linked) <= there


def test_a_beheerder_invites_nobody_elsewhere_and_no_owner(
    client: TestClient, db: Database, secret: bytes, process: Process, elsewhere: Process
) -> None:
    sign_in_as(client, db, secret, process, BEA)
    sent = {"name": "Kees", "email": "kees@gemeente.example", "traject": "loosduinen", "rol": ["toetser"]}
    assert client.post(f"{COLLEAGUES}/uitnodiging", data=sent).status_code == 422
    client.post(f"{COLLEAGUES}/uitnodiging", data=sent | {"traject": "bezuidenhout", "rol": ["eigenaar", "toetser"]})
    kees = next(account for account in accounts.load_all(db) if account.name == "Kees")
    assert not kees.owner
    with writing(db):
        account(db, "Olga", owner=True)
    taken = sent | {"traject": "bezuidenhout", "email": OLGA.email}
    assert client.post(f"{COLLEAGUES}/uitnodiging", data=taken).status_code == 422


def test_the_owner_makes_another_owner(client: TestClient, db: Database, secret: bytes, process: Process) -> None:
    sign_in_as(client, db, secret, process, OLGA)
    client.post(f"{COLLEAGUES}/uitnodiging", data={"name": "Otto", "email": "otto@x.example", "rol": "eigenaar"})
    assert [account.owner for account in accounts.load_all(db) if account.name == "Otto"] == [True]


def test_the_owner_lets_somebody_make_processes_without_a_role_in_one(
    client: TestClient, db: Database, secret: bytes, process: Process
) -> None:
    sign_in_as(client, db, secret, process, OLGA)
    sent = {"name": "Dirk", "email": "dirk@x.example", "rol": "ontwerper"}
    there = client.post(f"{COLLEAGUES}/uitnodiging", data=sent).headers["location"].partition("?")[0]
    (mail,) = db.execute("SELECT content FROM outbox ORDER BY id DESC LIMIT 1").fetchone()
    assert json.loads(mail)["may_design"] is True
    may = "SELECT may_design, owner FROM accounts WHERE email = 'dirk@x.example'"
    assert db.execute(may).fetchone() == (1, 0)
    assert db.execute("SELECT count(*) FROM roles WHERE account_id != 1").fetchone() == (0,)
    assert "Mag trajecten maken" in words(client.get(COLLEAGUES).text)
    client.post(f"{there}/ontwerpen", data={"mag": "nee"})
    assert db.execute(may).fetchone() == (0, 0)
    assert "geen nieuwe trajecten meer maken" in words(client.get("/beheer/logboek").text)
    client.post(f"{there}/ontwerpen", data={"mag": "ja"})
    assert db.execute(may).fetchone() == (1, 0)


def test_a_beheerder_lets_nobody_make_processes(
    client: TestClient, db: Database, secret: bytes, process: Process
) -> None:
    sign_in_as(client, db, secret, process, BEA)
    sent = {"name": "Dirk", "email": "dirk@x.example", "traject": process.slug, "rol": ["ontwerper", "toetser"]}
    assert "Mag trajecten maken" not in words(client.get(f"{COLLEAGUES}/uitnodiging").text)
    there = client.post(f"{COLLEAGUES}/uitnodiging", data=sent).headers["location"].partition("?")[0]
    assert client.post(f"{there}/ontwerpen", data={"mag": "ja"}).status_code == 403
    assert db.execute("SELECT count(*) FROM accounts WHERE may_design").fetchone() == (0,)


def test_roles_are_given_and_taken_with_boxes(
    client: TestClient, db: Database, secret: bytes, process: Process
) -> None:
    mo = sign_in_as(client, db, secret, process, MO)
    sign_in_as(client, db, secret, process, BEA)
    page = Page(client.get(f"{COLLEAGUES}/{mo}").text)
    form = page.form(f"{COLLEAGUES}/{mo}/rollen")
    assert form.fields == {"traject": ["bezuidenhout"], "rol": ["moderator"]}
    client.post(form.action, data={"traject": "bezuidenhout", "rol": ["toetser", "stemhulp"]})
    assert sessions.roles_of(db, mo) == {process.id: {"toetser", "stemhulp"}}
    gone = client.post(form.action, data={"traject": "bezuidenhout"})
    assert gone.headers["location"] == COLLEAGUES
    assert sessions.roles_of(db, mo) == {}


def test_nina_sees_and_touches_nobody_here(
    client: TestClient, db: Database, secret: bytes, process: Process, elsewhere: Process
) -> None:
    mo = sign_in_as(client, db, secret, process, MO)
    sign_in_as(client, db, secret, elsewhere, NINA)
    assert "Mo" not in words(client.get(COLLEAGUES).text).split()
    assert client.get(f"{COLLEAGUES}/{mo}").status_code == 404
    for traject in ("bezuidenhout", "loosduinen"):
        answer = client.post(f"{COLLEAGUES}/{mo}/rollen", data={"traject": traject, "rol": ["beheerder"]})
        assert answer.status_code == 404
    assert client.post(f"{COLLEAGUES}/{mo}/uitnodiging").status_code == 404
    assert client.post(f"{COLLEAGUES}/{mo}/toegang", data={"toegang": "nee"}).status_code == 403
    assert sessions.roles_of(db, mo) == {process.id: {"moderator"}}


def test_the_owner_disables_an_account_and_lets_it_in_again(
    client: TestClient, db: Database, secret: bytes, process: Process, tessa: int
) -> None:
    with writing(db):
        hers = sessions.start(db, tessa, "", NOW)
    olga = sign_in_as(client, db, secret, process, OLGA)
    with writing(db):
        accounts.set_password(db, olga, hash_of(ANOTHER))
    client.post(f"{COLLEAGUES}/{tessa}/toegang", data={"toegang": "nee"})
    assert sessions.find(db, hers, NOW) is None
    assert "geblokkeerd" in words(client.get(COLLEAGUES).text)
    only = client.post(f"{COLLEAGUES}/{olga}/toegang", data={"toegang": "nee"})
    assert only.status_code == 422
    assert "Dit is de enige eigenaar." in words(only.text)
    client.post(f"{COLLEAGUES}/{tessa}/toegang", data={"toegang": "ja"})
    sign_out(client)
    assert try_in(client).status_code == 303


def test_the_owner_helps_who_lost_the_phone(
    client: TestClient, db: Database, secret: bytes, process: Process, tessa: int, app_of_tessa: pyotp.TOTP
) -> None:
    sign_in_as(client, db, secret, process, OLGA)
    client.post(f"{COLLEAGUES}/{tessa}/tweede-stap")
    sign_out(client)
    assert try_in(client).headers["location"] == "/beheer"
    assert is_in(client)


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7*7 }}"])
def test_a_name_is_only_text(client: TestClient, db: Database, secret: bytes, process: Process, name: str) -> None:
    sign_in(client, db, secret, process, "beheerder")
    with writing(db):
        strange = account(db, "Vreemd")
        db.execute("UPDATE accounts SET name = ? WHERE id = ?", [name, strange])
        give(db, strange, process, "toetser")
    for path in (COLLEAGUES, f"{COLLEAGUES}/{strange}"):
        page = client.get(path)
        assert name in words(page.text)
        assert "<script>alert" not in page.text
        assert "<img" not in page.text


def test_home_shows_the_processes_one_has_a_role_in(
    client: TestClient, db: Database, secret: bytes, process: Process, elsewhere: Process
) -> None:
    for who, seen, unseen in ((NINA, "Loosduinen", "Bezuidenhout"), (MO, "Bezuidenhout", "Loosduinen")):
        sign_in_as(client, db, secret, elsewhere if who is NINA else process, who)
        page = Page(client.get("/beheer").text)
        assert f"{seen} beslist" in page.words
        assert unseen not in page.words
    links = {a["href"] for a in page.all("a")}
    assert "/beheer/nieuw" not in links
    sign_in_as(client, db, secret, process, OLGA)
    page = Page(client.get("/beheer").text)
    assert {"/beheer/nieuw", COLLEAGUES, "/beheer/post", "/beheer/logboek"} <= {a["href"] for a in page.all("a")}
    assert "Loosduinen beslist" in page.words


def test_who_has_no_role_yet_reads_what_to_do(
    client: TestClient, db: Database, secret: bytes, process: Process
) -> None:
    sign_in(client, db, secret, process, "", name="Piet")
    page = words(client.get("/beheer").text)
    assert "U hebt nog geen rol in een traject." in page
    assert "Bezuidenhout" not in page


# A browser not seen before, and the page of the second factor opened twice


def told_of(db: Database) -> list[str]:
    query = "SELECT recipient || ' ' || (content ->> 'device') FROM outbox WHERE kind = 'signed_in_elsewhere'"
    return [told for (told,) in db.execute(query)]


FIREFOX = {"user-agent": "Mozilla/5.0 (Windows NT 10.0; rv:130.0) Firefox/130.0"}


@pytest.mark.usefixtures("tessa")
def test_a_browser_not_seen_before_is_told_by_mail_and_only_once(client: TestClient, db: Database) -> None:
    client.headers.update(FIREFOX)
    for _ in range(2):
        try_in(client)
        client.post("/beheer/uitloggen")
    assert told_of(db) == [f"{TESSA.email} Firefox, Windows"]
    client.cookies.clear()  # somebody else's computer
    try_in(client, WRONG)
    assert len(told_of(db)) == 1
    try_in(client)
    assert len(told_of(db)) == 2


def test_with_a_second_factor_it_is_told_once_the_code_is_right(
    client: TestClient, db: Database, app_of_tessa: pyotp.TOTP
) -> None:
    try_in(client)
    assert told_of(db) == []
    give_code(client, app_of_tessa.at(NOW))
    assert len(told_of(db)) == 1


def test_the_browser_of_one_account_is_strange_to_another(client: TestClient, db: Database, tessa: int) -> None:
    with writing(db):
        account(db, "Mo", password=hash_of(PHRASE))
    for email in (TESSA.email, MO.email, TESSA.email, MO.email):
        try_in(client, email=email)
    assert [told.split()[0] for told in told_of(db)] == [TESSA.email, MO.email]
    client.cookies.set(f"beheer-bekend-{tessa}", "onzin", domain=DOMAIN, path="/beheer")
    assert try_in(client).status_code == 303


@pytest.mark.usefixtures("tessa")
def test_who_chose_another_password_is_known_here_and_strange_elsewhere(client: TestClient, db: Database) -> None:
    try_in(client)
    old = dict(client.cookies)
    client.post(f"{ACCOUNT}/wachtwoord", data={"now": PHRASE} | new_password())
    client.post("/beheer/uitloggen")
    try_in(client, ANOTHER)
    assert len(told_of(db)) == 1
    client.cookies.clear()
    client.cookies.update(old)
    try_in(client, ANOTHER)
    assert len(told_of(db)) == 2


def shown_secret(client: TestClient) -> str:
    return next(a["href"] for a in Page(client.get(SECOND_FACTOR).text).all("a") if a["href"].startswith("otpauth:"))


@pytest.mark.usefixtures("tessa")
def test_the_page_opened_again_shows_the_secret_that_was_scanned(client: TestClient) -> None:
    try_in(client)
    scanned = shown_secret(client)
    assert shown_secret(client) == scanned
    app = pyotp.parse_uri(scanned)
    assert isinstance(app, pyotp.TOTP)
    kept = Page(client.get(SECOND_FACTOR).text).form(SECOND_FACTOR).fields["kept"]
    assert "tweede stap staat aan" in words(client.post(SECOND_FACTOR, data={"kept": kept, "code": app.at(NOW)}).text)
    client.post(f"{ACCOUNT}/tweede-stap/einde", data={"password": PHRASE})
    assert shown_secret(client) != scanned  # what was confirmed once is not offered again


def test_the_secret_of_a_colleague_on_the_same_computer_is_not_shown(
    client: TestClient, db: Database, secret: bytes, process: Process
) -> None:
    sign_in_as(client, db, secret, process, TESSA)
    hers = shown_secret(client)
    sign_in_as(client, db, secret, process, MO)
    assert pyotp.parse_uri(shown_secret(client)).secret != pyotp.parse_uri(hers).secret
