"""Photos: what a phone sends becomes three small WebPs without metadata, and anything else is refused with its kind."""

import io
import os
import subprocess
import zlib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pillow_heif
import pytest
from PIL import Image, ImageCms

from domain import photos, versions
from domain.database import Database, writing
from domain.photos import NotAPhoto, Pictures, prepare
from domain.processes import Process
from tests.cast import OPENS, reload

RED, GREEN, BLUE, WHITE = (200, 30, 30), (30, 160, 30), (30, 30, 200), (255, 255, 255)
CORNERS = (RED, GREEN, BLUE, WHITE)  # left above, right above, left below, right below


def corners(width: int = 1200, height: int = 800) -> Image.Image:
    image = Image.new("RGB", (width, height))
    half = (width // 2, height // 2)
    for n, colour in enumerate(CORNERS):
        image.paste(Image.new("RGB", half, colour), (n % 2 * half[0], n // 2 * half[1]))
    return image


def file(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    data = io.BytesIO()
    image.save(data, kind, **options)
    return data.getvalue()


def heic(image: Image.Image, **options: Any) -> bytes:
    data = io.BytesIO()
    pillow_heif.from_pillow(image).save(data, quality=90, **options)
    return data.getvalue()


def opened(pictures: Pictures, width: int = 960) -> Image.Image:
    image = Image.open(io.BytesIO(pictures.by_width[width]))
    assert image.format == "WEBP"
    return image.convert("RGB")


def seen(image: Image.Image) -> tuple[str, ...]:
    """The colours in the four corners, by name."""
    names = dict(zip(CORNERS, ("red", "green", "blue", "white"), strict=True))
    w, h = image.size
    places = ((w // 4, h // 4), (w * 3 // 4, h // 4), (w // 4, h * 3 // 4), (w * 3 // 4, h * 3 // 4))
    return tuple(names[min(names, key=lambda name: distance(name, image.getpixel(place)))] for place in places)


def distance(one: tuple[int, ...], other: Any) -> int:
    return sum(abs(a - b) for a, b in zip(one, other, strict=True))


def refused(data: bytes) -> str:
    with pytest.raises(NotAPhoto) as error:
        prepare(data)
    return error.value.kind


UPRIGHT = ("red", "green", "blue", "white")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_becomes_three_pictures_of_3_to_2(kind):
    pictures = prepare(file(corners(), kind))
    sizes = {width: opened(pictures, width).size for width in photos.WIDTHS}
    assert sizes == {320: (320, 213), 640: (640, 427), 960: (960, 640)}
    assert seen(opened(pictures)) == UPRIGHT


def test_a_photo_of_an_iphone():
    pictures = prepare(heic(corners()))
    assert (opened(pictures).size, seen(opened(pictures))) == ((960, 640), UPRIGHT)


EXIF_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,  # the camera stood the other way
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_is_turned_upright(kind, orientation):
    image = corners()
    stored = image if orientation == 1 else image.transpose(EXIF_TURNS[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = opened(prepare(file(stored, kind, exif=exif)))
    assert (picture.size, seen(picture)) == ((960, 640), UPRIGHT)


def test_an_orientation_that_does_not_exist_turns_nothing():
    exif = Image.Exif()
    exif[0x0112] = 77
    assert seen(opened(prepare(file(corners(), exif=exif)))) == UPRIGHT


def with_everything() -> dict[str, bytes]:
    """A photo that tells where it was taken, by which camera, and more, per type."""
    exif = Image.Exif()
    exif[0x010F] = "Fototoestel van Aïcha"
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 4.0, 41.5), 3: "E", 4: (4.0, 19.0, 59.0)})
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>Fototoestel van xmp</x:xmpmeta>"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return {
        "JPEG": file(corners(), exif=exif, xmp=xmp, icc_profile=profile, comment=b"Fototoestel"),
        "PNG": file(corners(), "PNG", exif=exif, icc_profile=profile),
        "WEBP": file(corners(), "WEBP", exif=exif, xmp=xmp, icc_profile=profile),
        "HEIC": heic(corners(), exif=exif.tobytes(), xmp=xmp),
    }


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIC"])
def test_where_a_photo_was_taken_is_not_kept(kind):
    original = with_everything()[kind]
    assert b"Fototoestel" in original
    for data in prepare(original).by_width.values():
        assert not [mark for mark in (b"EXIF", b"Exif", b"XMP ", b"ICCP", b"Fototoestel", b"GPS") if mark in data]
        assert not dict(Image.open(io.BytesIO(data)).getexif())


def test_a_tall_photo_is_cut_to_what_the_pages_show_its_middle():
    tall = Image.new("RGB", (900, 1600), RED)
    tall.paste(Image.new("RGB", (900, 600), GREEN), (0, 500))
    picture = opened(prepare(file(tall)))
    assert picture.size == (900, 600)
    assert min(distance(GREEN, picture.getpixel((450, y))) for y in (20, 300, 580)) < 30


def test_a_small_photo_is_not_enlarged():
    pictures = prepare(file(corners(150, 100), "PNG"))
    assert {opened(pictures, width).size for width in photos.WIDTHS} == {(150, 100)}


def test_the_three_pictures_take_at_most_150_kb_whatever_is_on_them():
    noise = Image.frombytes("RGB", (960, 640), os.urandom(960 * 640 * 3))
    pictures = prepare(file(noise, quality=95))
    assert 60_000 < sum(map(len, pictures.by_width.values())) <= photos.TOGETHER


def test_colours_of_other_modes_come_out_as_they_look():
    grey = [
        file(Image.new("L", (300, 200), 128), "PNG"),
        file(Image.new("I;16", (300, 200), 128 * 256), "PNG"),
        file(Image.new("RGB", (300, 200), (128, 128, 128)).quantize(8), "PNG"),
        file(Image.new("CMYK", (300, 200), (0, 0, 0, 127)), "JPEG"),
        file(Image.new("LA", (300, 200), (128, 255)), "PNG"),
        file(Image.new("RGBA", (300, 200), (0, 0, 0, 127)), "PNG"),  # half of black on white
    ]
    assert all(distance((128, 128, 128), opened(prepare(data)).getpixel((9, 9))) < 12 for data in grey)
    black = file(Image.new("1", (300, 200), 0), "PNG")
    assert opened(prepare(black)).getpixel((9, 9)) == (0, 0, 0)


def test_what_is_see_through_becomes_white():
    palette = Image.new("P", (300, 200), 0)
    palette.putpalette([255, 0, 0])
    for data in (file(Image.new("RGBA", (300, 200)), "PNG"), file(palette, "PNG", transparency=0)):
        assert opened(prepare(data)).getpixel((9, 9)) == WHITE


def test_a_profile_is_followed_and_a_broken_one_left_out():
    swapped = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    for profile in (b"no profile", swapped):
        assert seen(opened(prepare(file(corners(), icc_profile=profile)))) == UPRIGHT


def test_of_a_moving_picture_the_first_is_kept():
    frames = [Image.new("RGB", (300, 200), colour) for colour in (GREEN, RED)]
    for kind in ("WEBP", "PNG"):
        moving = file(frames[0], kind, save_all=True, append_images=frames[1:])
        assert distance(GREEN, opened(prepare(moving)).getpixel((9, 9))) < 30


SCRIPT = b"<script>alert(document.domain)</script>"

OTHER_THINGS = {
    "nothing": b"",
    "text": b"Een bankje onder de bomen",
    "html": b"<!doctype html>" + SCRIPT,
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg">' + SCRIPT + b"</svg>",
    "svg with an image in it": b'<?xml version="1.0"?><svg><image href="file:///etc/passwd"/></svg>',
    "gif": file(corners(), "GIF"),
    "bmp": file(corners(), "BMP"),
    "tiff": file(corners(), "TIFF"),
    "pdf": b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n",
    "zip": b"PK\x03\x04" + bytes(100),
    "html that begins as a gif": b"GIF89a/*" + SCRIPT + b"*/=1;",
    "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) run\n",
    "the first bytes of a png only": b"\x89PNG\r\n\x1a\n",
    "a playlist": b"#EXTM3U\nfile:///etc/passwd\n",
}


@pytest.mark.parametrize("what", OTHER_THINGS)
def test_what_is_no_photo_is_refused_whatever_it_is_called(what):
    assert refused(OTHER_THINGS[what]) == "not_a_photo"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_with_a_script_behind_it_or_in_it_keeps_nothing_of_that(kind):
    comment = {"comment": SCRIPT} if kind == "JPEG" else {}
    polyglot = file(corners(), kind, **comment) + SCRIPT + b"PK\x03\x04"
    for data in prepare(polyglot).by_width.values():
        assert b"script" not in data
        assert b"PK\x03\x04" not in data
        assert data[8:12] == b"WEBP"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_that_is_cut_off_is_broken(kind):
    noise = Image.frombytes("RGB", (300, 200), os.urandom(180_000))
    data = file(noise, kind)
    assert refused(data[: len(data) // 2]) in ("broken", "not_a_photo")


def test_a_photo_of_more_than_12_mb_is_refused_without_a_look():
    photo = file(corners())
    assert refused(photo + bytes(photos.LARGEST - len(photo) + 1)) == "too_large"
    assert prepare(photo + bytes(photos.LARGEST - len(photo)))


def png(width: int, height: int, rows: bytes) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4) + name + data + zlib.crc32(name + data).to_bytes(4)

    header = width.to_bytes(4) + height.to_bytes(4) + bytes([8, 2, 0, 0, 0])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def test_a_small_file_that_unfolds_to_gigabytes_is_refused():
    bomb = png(30_000, 30_000, bytes(30_000_000))
    assert len(bomb) < 40_000
    assert refused(bomb) == "too_many_pixels"


def test_a_file_that_lies_about_its_size_is_refused():
    assert refused(png(2**31 - 1, 2**31 - 1, b"")) in ("too_many_pixels", "not_a_photo")
    assert refused(png(8_000, 8_000, bytes(1000))) == "broken"


def test_a_decoder_that_fills_the_memory_ends_alone():
    """The limits are those of the child: a picture of as many pixels as may be is made in them."""
    assert prepare(png(8_000, 8_000, bytes(24_001 * 8_000)))
    assert refused(file(Image.new("RGB", (8_000, 8_001)), "WEBP", quality=0, method=0)) == "too_many_pixels"


def test_a_child_that_hangs_is_ended(monkeypatch, tmp_path):
    hanging = tmp_path / "hanging.py"
    hanging.write_text("import time; time.sleep(60)")
    monkeypatch.setattr(photos, "CHILD", hanging)
    monkeypatch.setattr(photos, "PATIENCE", 0.5)
    assert refused(b"x" * 5_000_000) == "broken"


@pytest.mark.parametrize(
    "answer",
    [
        "b'ok' + b'x' * 10**7",
        "b'ok' + 3 * (b'\\0\\0\\0\\x07<html/>')",
        "b'ok'",
        "b'<html>'",
        "b'ok' + b'\\0\\0\\0\\x10RIFF\\x08\\0\\0\\0WEBP\\0\\0\\0\\0'",
    ],
)
def test_a_child_that_was_taken_over_is_not_believed(monkeypatch, tmp_path, answer):
    taken_over = tmp_path / "taken_over.py"
    taken_over.write_text(f"import sys; sys.stdout.buffer.write({answer})")
    monkeypatch.setattr(photos, "CHILD", taken_over)
    assert refused(b"photo") == "broken"


def test_the_child_can_open_no_file_and_knows_nothing_of_ours(monkeypatch, tmp_path):
    monkeypatch.setenv("WIJKBUDGET_SECRET", "geheim")
    probe = tmp_path / "probe.py"
    probe.write_text(
        f"import os, sys; sys.path.insert(0, {str(photos.CHILD.parent)!r})\n"
        "import decoding\n"
        "decoding.limit_this_process()\n"
        "try: found = open('/etc/passwd').read(1)\n"
        "except OSError: found = 'nothing'\n"
        "print(found, sorted(os.environ.keys() - {'LC_CTYPE'}))"
    )
    monkeypatch.setattr(photos, "CHILD", probe)
    assert photos.ask_child(b"") == b"nothing ['MALLOC_ARENA_MAX']\n"


def test_no_two_photos_are_decoded_at_once(monkeypatch):
    running, most = [], []
    popen = subprocess.Popen

    class Counted(popen):  # type: ignore[misc, valid-type]
        def __init__(self, *args: Any, **options: Any) -> None:
            running.append(self)
            most.append(len(running))
            super().__init__(*args, **options)

        def wait(self, timeout: float | None = None) -> int:
            if self in running:
                running.remove(self)
            return super().wait(timeout)

    monkeypatch.setattr(subprocess, "Popen", Counted)
    photo = file(corners(300, 200))
    with ThreadPoolExecutor(5) as several:
        assert len(list(several.map(prepare, [photo] * 5))) == 5
    assert most == [1] * 5


# In the database


@pytest.fixture(scope="module")
def pictures() -> Pictures:
    return prepare(file(corners(300, 200)))


def stored(db: Database, pictures: Pictures) -> str:
    with writing(db):
        return photos.store(db, pictures)


def test_stored_pictures_get_a_key_of_their_own(db: Database, pictures: Pictures):
    one, other = stored(db, pictures), stored(db, pictures)
    assert one != other
    assert len(one) == 16
    rows = db.execute("SELECT width, data FROM photos WHERE key = ?", [one]).fetchall()
    assert dict(rows) == pictures.by_width


NAMED_BY = {
    "plan": "UPDATE plans SET photo = ? WHERE project_id = 'bank'",
    "process": "UPDATE processes SET photo = ? WHERE slug = 'bezuidenhout'",
    "older version": "INSERT INTO plan_versions (plan_id, number, replaced_at, fields) "
    "SELECT id, 1, '2026-05-01T00:00:00Z', json_object('photo', ?) FROM plans WHERE project_id = 'bank'",
    "plan being written": "INSERT INTO submissions (hash, process_id, photo, saved_at) "
    "SELECT zeroblob(32), id, ?, '2026-05-01T00:00:00Z' FROM processes WHERE slug = 'bezuidenhout'",
}


@pytest.mark.parametrize("what", NAMED_BY)
def test_what_something_names_stays(db: Database, process: Process, pictures: Pictures, what: str):
    key = stored(db, pictures)
    db.execute(NAMED_BY[what], [key])
    with writing(db):
        assert not photos.remove(db, key)
        assert photos.purge(db) == 0
    assert len(db.execute("SELECT * FROM photos").fetchall()) == 3


def test_what_nothing_names_any_more_goes(db: Database, process: Process, pictures: Pictures):
    kept, left = stored(db, pictures), stored(db, pictures)
    db.execute(NAMED_BY["plan"], [kept])
    assert photos.orphans(db) == {left}
    with writing(db):
        assert photos.purge(db) == 1
    assert db.execute("SELECT DISTINCT key FROM photos").fetchall() == [(kept,)]
    db.execute("UPDATE plans SET photo = ''")
    with writing(db):
        assert photos.remove(db, kept)
        assert not photos.remove(db, kept)


def test_a_stored_photo_is_served_for_good(client, db: Database, process: Process, pictures: Pictures):
    key = stored(db, pictures)
    db.execute(NAMED_BY["plan"], [key])
    answer = client.get(f"/foto/{key}-640.webp")
    assert answer.content == pictures.by_width[640]
    assert answer.headers["content-type"] == "image/webp"
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert reload(db).plans[0].photo == key
    assert client.get(f"/foto/{key}-700.webp").status_code == 404


def test_photos_of_versions_long_ago_go(db: Database, process: Process, pictures: Pictures):
    keys = [stored(db, pictures) for _ in range(13)]
    (plan_id,) = db.execute("SELECT id FROM plans WHERE project_id = 'bank'").fetchone()
    with writing(db):
        for number, key in enumerate(keys, 1):
            versions.edit(db, plan_id, number, {"photo": key}, OPENS - timedelta(days=1))
        assert photos.purge(db) == 3
    assert {key for (key,) in db.execute("SELECT DISTINCT key FROM photos")} == set(keys[3:])
