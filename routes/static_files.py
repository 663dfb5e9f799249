"""Style, scripts and icons: read once, compressed once, kept by the browser for good under a name with their hash."""

from functools import cache
from pathlib import Path

from routes.cache import CachedPage, cached_page

STATIC = Path(__file__).parent.parent / "static"
FOREVER = "public, max-age=31536000, immutable"


@cache
def files() -> dict[str, CachedPage]:
    """Every file below static/, by its path there. The list is closed: a URL can't name anything else."""
    paths = (path for path in STATIC.rglob("*") if path.is_file())
    return {path.relative_to(STATIC).as_posix(): cached_page(path.read_bytes()) for path in paths}


def static_url(name: str) -> str:
    """The address of a static file; other content, other address. Raises KeyError for a name that isn't there."""
    return f"/static/{files()[name].etag[:10]}/{name}"
