"""Forms with files: read within limits, whatever is sent and however it is sent."""

import asyncio
import gc
import time
from collections.abc import Iterable, Iterator
from types import SimpleNamespace

import httpx
import pytest
from litestar import Litestar, Request, post
from litestar.datastructures import Headers
from litestar.testing import TestClient

from app import create_app
from config.settings import Settings
from domain import photos
from domain.database import Database
from domain.processes import Process
from routes import errors, forms
from routes.forms import LARGEST_UPLOAD, Held, read_upload
from routes.replies import Reply, reply
from routes.tries import Tries

BOUNDARY = "----wijkbudget"
SENT_AS = f"multipart/form-data; boundary={BOUNDARY}"
TRIES = Tries(1, ())


@post("/upload", request_max_body_size=LARGEST_UPLOAD, status_code=200)
async def upload(request: Request) -> Reply:
    """Tells what was read: fields, then files with their length, and how much memory is held meanwhile."""
    form = await read_upload(request)
    fields = [f"{name}={value}" for name, values in form.fields.items() for value in values]
    files = [f"{name}:{file.name}:{len(file.data)}" for name, file in form.files.items()]
    return reply("\n".join([*fields, *files, f"held {Held.together}"]).encode(), "text/plain", {})


@pytest.fixture
def app(settings: Settings, db: Database, process: Process) -> Litestar:
    """The site with a page that takes files."""
    app = create_app(settings)
    app.register(upload)
    return app


@pytest.fixture(autouse=True)
def _nothing_stays_held() -> Iterator[None]:
    yield
    gc.collect()
    assert Held.together == 0
    assert Held.by_network == {}


def part(name: str, value: bytes, more: str = "", headers: str = "") -> bytes:
    lines = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n{headers}\r\n'
    return lines.encode() + value + b"\r\n"


def file(name: str, value: bytes, filename: str = "foto.jpg") -> bytes:
    return part(name, value, f'; filename="{filename}"', "Content-Type: image/jpeg\r\n")


END = f"--{BOUNDARY}--\r\n".encode()


def send(client: TestClient, *parts: bytes, sent_as: str = SENT_AS) -> httpx.Response:
    return client.post("/upload", content=b"".join(parts), headers={"Content-Type": sent_as})


def told(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return answer.text.splitlines()


def test_fields_and_a_file_arrive_as_they_were_sent(client):
    data = bytes(range(256)) * 400
    form = {"titel": "Bankjes 🌳", "thema": ["1", "2"]}
    answer = client.post("/upload", data=form, files={"foto": ("bank\u00eb.jpg", data, "image/jpeg")})
    assert told(answer)[:4] == ["titel=Bankjes 🌳", "thema=1", "thema=2", f"foto:bankë.jpg:{len(data)}"]


def test_a_file_that_was_not_chosen_is_not_there(client):
    assert told(send(client, part("titel", b"Bank"), file("foto", b"", filename=""), END)) == ["titel=Bank", "held 0"]


def test_an_empty_file_that_was_chosen_is_there(client):
    assert "foto:leeg.jpg:0" in told(send(client, file("foto", b"", "leeg.jpg"), END))


def test_a_form_without_files_does_as_well(client):
    assert told(client.post("/upload", data={"titel": "Bank é"}))[0] == "titel=Bank é"


def test_a_file_that_is_too_large_is_cut_off_and_the_rest_of_the_form_is_kept(client):
    answer = send(client, file("foto", bytes(13_000_000)), part("titel", b"Bank"), END)
    assert told(answer)[:2] == ["titel=Bank", f"foto:foto.jpg:{forms.MOST_OF_FILE}"]


def in_pieces(body: bytes, size: int = 50_000) -> Iterable[bytes]:
    """Without a length told beforehand."""
    return (body[at : at + size] for at in range(0, len(body), size))


@pytest.mark.parametrize("length_told", [True, False])
def test_a_body_larger_than_any_form_is_refused(client, length_told):
    body = file("foto", bytes(LARGEST_UPLOAD)) + END
    answer = client.post("/upload", content=body if length_told else in_pieces(body), headers={"Content-Type": SENT_AS})
    assert answer.status_code == 413
    assert "te groot" in answer.text


def test_a_body_in_pieces_is_read(client):
    body = part("titel", b"Bank") + file("foto", bytes(200_000)) + END
    for size in (1, 7, 64, 70_000) if len(body) < 1000 else (977, 70_000):
        answer = client.post("/upload", content=in_pieces(body, size), headers={"Content-Type": SENT_AS})
        assert told(answer)[:2] == ["titel=Bank", "foto:foto.jpg:200000"]


@pytest.mark.parametrize("length_told", [True, False])
def test_other_pages_still_take_no_more_than_they_did(client, length_told):
    body = b"taal=en&x=" + b"x" * 70_000
    headers = {"Content-Type": forms.FORM}
    assert client.post("/taal", content=body if length_told else in_pieces(body), headers=headers).status_code == 413


def test_a_field_that_is_too_long_is_refused(client):
    assert send(client, part("titel", b"x" * 64_000), END).status_code == 200
    assert send(client, part("titel", b"x" * 64_001), END).status_code == 413
    headers = {"Content-Type": forms.FORM}
    assert client.post("/upload", content=in_pieces(b"x" * 70_000), headers=headers).status_code == 413


def test_too_many_parts_are_refused(client):
    assert send(client, *[part("a", b"x")] * 500, END).status_code == 200
    assert send(client, *[part("a", b"x")] * 501, END).status_code == 413
    assert send(client, *[file("a", b"x")] * 501, END).status_code == 413


HEAD = f"--{BOUNDARY}\r\n".encode()

NO_FORMS = {
    "no boundary": (END, "multipart/form-data"),
    "empty boundary": (END, "multipart/form-data; boundary="),
    "long boundary": (b"--" + b"x" * 71 + b"--\r\n", "multipart/form-data; boundary=" + "x" * 71),
    "json": (b"{}", "application/json"),
    "text": (b"titel=Bank", "text/plain"),
    "nothing": (b"", SENT_AS),
    "breaks off": (part("titel", b"Bank"), SENT_AS),
    "breaks off in a file": (file("foto", b"x" * 1000)[:-300], SENT_AS),
    "bytes that are no text": (part("titel", b"\xff\xfe") + END, SENT_AS),
    "name that is no text": (HEAD + b'Content-Disposition: form-data; name="\xff"\r\n\r\nx\r\n' + END, SENT_AS),
    "no disposition": (HEAD + b"Content-Type: text/html\r\n\r\nx\r\n" + END, SENT_AS),
    "header that isn't one": (HEAD + b"titel\r\n\r\nx\r\n" + END, SENT_AS),
}


@pytest.mark.parametrize("what", NO_FORMS)
def test_what_is_no_form_is_told_so(client, what):
    body, sent_as = NO_FORMS[what]
    assert send(client, body, sent_as=sent_as).status_code == 400


def test_headers_without_end_are_refused(client):
    assert send(client, HEAD, b"X-Lang: " + b"x" * 1_000_000).status_code == 413
    assert send(client, HEAD, *[b"X-Nog-Een: x\r\n"] * 1000).status_code == 413


@pytest.mark.parametrize(
    "filename", ["../../etc/passwd", "C:\\\\Foto\\\\bank.jpg", "a" * 3000, "<script>.jpg", "\u202egpj.exe"]
)
def test_what_a_file_is_called_does_no_harm(client, filename):
    first = told(send(client, file("foto", b"x", filename), END))[0]
    assert first.startswith("foto:")
    assert len(first) < 220


def test_a_file_whose_name_is_a_field_of_text_is_still_a_file(client):
    assert told(send(client, file("titel", b"\xff"), END))[0] == "titel:foto.jpg:1"


def test_a_form_of_another_site_is_refused_before_it_is_read(client):
    headers = {"Content-Type": SENT_AS, "Sec-Fetch-Site": "cross-site"}
    assert client.post("/upload", content=b"no form", headers=headers).status_code == 403


def test_when_too_much_is_uploaded_at_once_others_are_told_to_come_back(client, monkeypatch):
    """The memory that all uploads share is given back with each form."""
    monkeypatch.setattr(forms, "MOST_HELD", 1_000_000)
    body = (file("foto", bytes(600_000)), END)
    monkeypatch.setattr(Held, "together", 500_000)
    answer = send(client, *body)
    assert answer.status_code == 503
    assert "te druk" in answer.text
    assert Held.together == 500_000
    monkeypatch.setattr(Held, "together", 0)
    for _ in range(3):
        gc.collect()
        assert told(send(client, *body))[-1] == "held 600000"


@pytest.mark.parametrize("as_multipart", [True, False])
def test_text_is_read_however_much_others_upload(client, monkeypatch, as_multipart):
    monkeypatch.setattr(forms, "MOST_HELD", 0)
    files = {"foto": ("", b"")} if as_multipart else None
    assert told(client.post("/upload", data={"titel": "Bank", "uitleg": "x" * 50_000}, files=files))[0] == "titel=Bank"
    assert client.post("/upload", data={"titel": "Bank"}, files={"foto": ("a.jpg", b"x")}).status_code == 503


def test_more_text_than_a_form_has_is_counted_as_a_file_is(client, monkeypatch):
    texts = [part(f"tekst{n}", b"x" * 60_000) for n in range(3)]
    assert told(send(client, *texts, END))[-1] == "held 116000"
    gc.collect()
    monkeypatch.setattr(forms, "MOST_HELD", 0)
    assert send(client, texts[0], END).status_code == 200
    assert send(client, *texts, END).status_code == 503


def test_one_network_can_not_take_all_the_room(client, monkeypatch):
    monkeypatch.setattr(forms, "MOST_HELD", 1_000_000)
    monkeypatch.setattr(forms, "MOST_OF_NETWORK", 500_000)
    site = client.app.state.site
    half, other = [file("foto", bytes(300_000)), END], Slow([file("foto", bytes(300_000)), END], host="10.9.8.7")
    with Held(site.tries.network(Slow([], host="testclient"))) as held:
        held.more(300_000)
        assert send(client, *half).status_code == 503
        assert asyncio.run(held_while([other]))[0] == ["read"]
    assert send(client, *half).status_code == 200


def test_the_largest_photo_fits_in_the_share_of_a_network():
    assert photos.LARGEST < forms.MOST_OF_FILE < forms.MOST_OF_NETWORK <= forms.MOST_HELD // 2


class Slow:
    """A request whose body comes in pieces, with time between them, and may break off."""

    def __init__(self, pieces: list[bytes], wait: float = 0.0, host: str = "10.1.2.3") -> None:
        self.headers = Headers({"content-type": SENT_AS})
        self.pieces = pieces
        self.wait = wait
        self.client = SimpleNamespace(host=host)
        self.app = SimpleNamespace(state=SimpleNamespace(site=SimpleNamespace(tries=TRIES)))

    async def stream(self):
        for piece in self.pieces:
            yield piece
            await asyncio.sleep(self.wait)


async def held_while(requests: list[Slow]) -> tuple[list[str], int]:
    """What became of all of these at once, and the most that was held."""
    tasks = [asyncio.create_task(read_upload(request)) for request in requests]
    most = 0
    while not all(task.done() for task in tasks):
        most = max(most, Held.together)
        await asyncio.sleep(0)
    outcomes = [type(task.exception()).__name__ if task.exception() else "read" for task in tasks]
    return outcomes, most


def test_a_hundred_uploads_at_once_take_no_more_memory_than_agreed(monkeypatch):
    monkeypatch.setattr(forms, "MOST_HELD", 1_000_000)
    pieces = [file("foto", bytes(120_000))[:-2], b"\r\n" + END]
    slow = [Slow([*in_pieces(pieces[0], 30_000), pieces[1]], host=f"10.0.{n}.1") for n in range(100)]
    outcomes, most = asyncio.run(held_while(slow))
    assert set(outcomes) <= {"read", "ServiceUnavailableException"}
    assert outcomes.count("read") >= 1
    assert most <= 1_000_000


def test_an_upload_that_takes_too_long_is_ended(monkeypatch):
    monkeypatch.setattr(forms, "UPLOAD_PATIENCE", 0.05)
    begun = time.monotonic()
    outcomes, _ = asyncio.run(held_while([Slow([part("titel", b"Bank")] * 20, wait=0.5)]))
    assert outcomes == ["ClientException"]
    assert time.monotonic() - begun < 5


def test_the_page_that_says_it_is_too_busy_exists():
    assert errors.SITUATIONS[503] == "try_later"
