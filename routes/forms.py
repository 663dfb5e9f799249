"""Forms as the browser sends them."""

from litestar import Request
from litestar.datastructures import FormMultiDict
from litestar.exceptions import ClientException

MOST_FIELDS = 5_000


class Form:
    """The fields of a form: text only, a name may come more than once."""

    def __init__(self, fields: FormMultiDict) -> None:
        self.fields = fields

    def get(self, name: str) -> str:
        """The last value of that name, or the empty text."""
        values = self.all(name)
        return values[-1] if values else ""

    def all(self, name: str) -> list[str]:
        return [value for value in self.fields.getall(name, []) if isinstance(value, str)]

    def __contains__(self, name: str) -> bool:
        return name in self.fields


async def read_form(request: Request) -> Form:
    """Raises ClientException (400) for a body that is no form or has more fields than any of ours."""
    try:
        fields = await request.form()
    except (ValueError, UnicodeDecodeError) as error:
        raise ClientException("not a form") from error
    if sum(1 for _ in fields.multi_items()) > MOST_FIELDS:
        raise ClientException("too many fields")
    return Form(fields)


def local_path(path: str, otherwise: str) -> str:
    """`path` if it is a path of this site, else `otherwise`: a form can't send a visitor to somebody else's."""
    fine = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if fine else otherwise
