"""What a child process does with a photo of somebody we don't know: decode it, make it small, write three WebPs.

Started by domain/photos.py and domain/logos.py as a script, so that a bug in a decoder, or a picture that unfolds to
gigabytes, ends this process and not the server. Reads the photo from stdin. Writes “ok” and three pictures, each after
its length in four bytes, or the kind of a NotAPhoto. With “logo” behind its name: one picture, nothing cut off. Imports
nothing of ours.
"""

import contextlib
import io
import os
import resource
import struct
import sys
from pathlib import Path

import pillow_heif
from PIL import Image, ImageCms, ImageOps, MpoImagePlugin, WebPImagePlugin

FORMATS = ("JPEG", "PNG", "WEBP", "HEIF")
PLUGINS = (MpoImagePlugin, WebPImagePlugin)  # what Image.preinit leaves for later, when no file can be opened
WIDTHS = (320, 640, 960)
MOST_PIXELS = 64_000_000
MOST_MEMORY = 1 << 30  # bytes of address space: a PNG of MOST_PIXELS takes two thirds
MOST_SECONDS = 20  # of the processor
TOGETHER = 150_000  # bytes that the three pictures may take
BEST = 82  # quality of a WebP, of 100
ORIENTATION = 0x0112  # in EXIF


class Refused(Exception):
    """Its text is the kind of a NotAPhoto."""


def load_decoders() -> None:
    Image.MAX_IMAGE_PIXELS = None  # checked here, with an error of our own
    Image.preinit()
    pillow_heif.register_heif_opener(thumbnails=False)


def limit_this_process() -> None:
    """No more memory, time or open files than a photo needs; nothing can raise these again."""
    os.nice(10)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")  # if memory runs out, this goes and not the site
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))  # stdin, stdout and stderr: it can't open a file


def smaller(data: bytes) -> list[bytes]:
    """The photo as three WebPs of WIDTHS, 3:2. Raises Refused."""
    image = opened(data)
    try:
        return fitting(cropped(image))
    except MemoryError as error:
        raise Refused("too_many_pixels") from error
    except Exception as error:  # the type is right, but what follows is cut off or damaged
        raise Refused("broken") from error


def opened(data: bytes) -> Image.Image:
    """The first picture in the file. What it is follows from the bytes, not from a name."""
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except MemoryError as error:
        raise Refused("too_many_pixels") from error
    except Exception as error:
        raise Refused("not_a_photo") from error
    if image.width * image.height > MOST_PIXELS:
        raise Refused("too_many_pixels")
    return image


def cropped(image: Image.Image) -> Image.Image:
    """The photo upright, cut to 3:2 around its middle, at most 960 wide, in sRGB on white.

    The pages show every photo in 3:2, so what falls outside would only cost bytes. A smaller one isn't enlarged.
    """
    profile = image.info.get("icc_profile")
    orientation = orientation_of(image)
    lying = orientation in (5, 6, 7, 8)
    shape = (2, 3) if lying else (3, 2)
    if image.format in ("JPEG", "MPO"):
        image.draft(None, (2 * WIDTHS[-1], 2 * WIDTHS[-1]))  # decodes less than it holds: faster, less memory
    box = middle(image.size, shape)
    width = min(box[2] - box[0], WIDTHS[-1] * shape[0] // 3)
    size = (max(1, round(width)), max(1, round(width * shape[1] / shape[0])))
    image = plain(image).resize(size, Image.Resampling.LANCZOS, box=box, reducing_gap=3.0)
    image = on_white(in_srgb(image, profile))
    turn = TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)


TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def orientation_of(image: Image.Image) -> int:
    """As EXIF tells it; 1 where it tells nothing that can be read. HEIC is turned upright by its decoder."""
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except Exception:
        return 1


def middle(size: tuple[int, int], shape: tuple[int, int]) -> tuple[float, float, float, float]:
    """The largest box of that shape in the middle of the picture."""
    width, height = size
    wide, high = min(width, height * shape[0] / shape[1]), min(height, width * shape[1] / shape[0])
    left, top = (width - wide) / 2, (height - high) / 2
    return left, top, left + wide, top + high


def plain(image: Image.Image) -> Image.Image:
    """The picture in a mode that can be resized: RGB, RGBA, L or CMYK."""
    image.load()
    if image.mode.startswith("I"):  # 16 bits a pixel: converting cuts off where it should divide
        return image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if image.mode in ("RGB", "RGBA", "L", "CMYK") and "transparency" not in image.info:
        return image
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Its colours as every screen shows them: the profile that belongs to them is left out."""
    alpha = image.getchannel("A") if image.mode == "RGBA" else None
    colours = image.convert("RGB") if alpha else image
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(colours, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
            colours = converted or colours
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            pass  # a profile of something else, or a broken one: the colours as they stand
    colours = colours.convert("RGB")
    if alpha:
        colours.putalpha(alpha)
    return colours


def on_white(image: Image.Image) -> Image.Image:
    """A new picture that holds nothing but pixels: no EXIF, XMP, profile or comment goes along."""
    page = Image.new("RGB", image.size, "white")
    page.paste(image, mask=image.getchannel("A") if image.mode == "RGBA" else None)
    return page


def fitting(image: Image.Image) -> list[bytes]:
    """The three WebPs, at about the best quality at which they fit together: that of BEST for nearly every photo."""
    sizes = [ImageOps.contain(image, (min(width, image.width), image.height)) for width in WIDTHS]
    pictures, low, high = at_quality(sizes, BEST), 0, BEST
    if fit(pictures):
        return pictures
    pictures = at_quality(sizes, low)
    while high - low > 3:
        quality = (low + high) // 2
        tried = at_quality(sizes, quality)
        if fit(tried):
            pictures, low = tried, quality
        else:
            high = quality
    return pictures


def at_quality(sizes: list[Image.Image], quality: int) -> list[bytes]:
    return [encoded(size, quality) for size in sizes]


def fit(pictures: list[bytes]) -> bool:
    return sum(map(len, pictures)) <= TOGETHER


def encoded(image: Image.Image, quality: int) -> bytes:
    file = io.BytesIO()
    image.save(file, "WEBP", quality=quality, method=4)
    return file.getvalue()


LOGO = (480, 160)  # pixels, at most
LARGEST_LOGO = 40_000  # bytes


def logo(data: bytes) -> list[bytes]:
    """The logo as one WebP that keeps what is see-through, whole, at most LOGO. Raises Refused."""
    image = opened(data)
    if image.format not in ("JPEG", "MPO", "PNG", "WEBP"):
        raise Refused("not_a_photo")
    try:
        return [encoded_logo(contained(image))]
    except MemoryError as error:
        raise Refused("too_many_pixels") from error
    except Exception as error:
        raise Refused("broken") from error


def contained(image: Image.Image) -> Image.Image:
    """Upright and in sRGB; a new picture, so that nothing but pixels goes along. A smaller one isn't enlarged."""
    profile, turn = image.info.get("icc_profile"), TURNS.get(orientation_of(image))
    found = in_srgb(plain(image), profile).convert("RGBA")
    found = found if turn is None else found.transpose(turn)
    found.thumbnail(LOGO, Image.Resampling.LANCZOS)
    page = Image.new("RGBA", found.size)
    page.paste(found)
    return page


def encoded_logo(image: Image.Image) -> bytes:
    """Every pixel as it is, where that fits: logos are lines and letters."""
    for options in ({"lossless": True}, {"quality": 90}, {"quality": 60}, {"quality": 20}):
        file = io.BytesIO()
        image.save(file, "WEBP", method=6, **options)
        if file.tell() <= LARGEST_LOGO:
            return file.getvalue()
    raise Refused("broken")


def main() -> None:
    load_decoders()
    limit_this_process()
    make = logo if sys.argv[1:] == ["logo"] else smaller
    try:
        pictures = make(sys.stdin.buffer.read())
    except Refused as refused:
        answer = str(refused).encode()
    else:
        answer = b"ok" + b"".join(struct.pack(">I", len(picture)) + picture for picture in pictures)
    sys.stdout.buffer.write(answer)
    sys.stdout.buffer.flush()
    os._exit(0)  # nothing of what a decoder left behind runs any more


if __name__ == "__main__":
    main()
