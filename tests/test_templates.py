"""The templates themselves, apart from what is on them."""

from pathlib import Path

import pytest

from routes import pages


def test_after_a_start_every_page_is_compiled_before_anybody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "CODES", ("en",))
    pages.compile_ahead().join()
    cache = pages.environment("en").cache
    assert cache is not None
    compiled = {name for _, name in cache.keys()}  # noqa: SIM118
    assert compiled >= {path.relative_to(pages.TEMPLATES).as_posix() for path in Path(pages.TEMPLATES).rglob("*.html")}
