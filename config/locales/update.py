"""Bring the catalogues up to date with the texts in templates and routes: `uv run python config/locales/update.py`.

Texts are Dutch in the templates. A new or changed text gets an empty English translation, which a test refuses.
"""

from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
METHODS = [("templates/**.html", "jinja2"), ("templates/**.txt", "jinja2"), ("routes/**.py", "python")]
JINJA = {"encoding": "utf-8", "trimmed": "true", "newstyle_gettext": "true"}
OPTIONS = {"templates/**.html": JINJA, "templates/**.txt": JINJA}


def extracted() -> Catalog:
    """Every text that asks for a translation, as it stands in the templates and routes now."""
    catalogue = Catalog(project="wijkbudget", charset="utf-8")
    found = extract_from_dir(ROOT, METHODS, OPTIONS, strip_comment_tags=True)
    for _, _, message, comments, context in found:
        catalogue.add(message, None, auto_comments=comments, context=context)
    return catalogue


def path_of(language: str) -> Path:
    return HERE / language / "LC_MESSAGES" / "messages.po"


def update(language: str) -> None:
    path = path_of(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language)
    catalogue.update(extracted(), no_fuzzy_matching=True, update_header_comment=False)
    with path.open("wb") as file:
        write_po(
            file, catalogue, no_location=True, omit_header=False, sort_output=True, ignore_obsolete=True, width=118
        )


if __name__ == "__main__":
    update("en")
