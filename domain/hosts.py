"""Host names (hostnamen) of a process of its own, and the addresses of sites that may show it in a frame.

Both end up where other software obeys them, in a Content-Security-Policy and in addresses of letters: only what is
plainly a name of a machine passes.
"""

import re
from collections.abc import Iterable

from domain.database import Database

LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
HOST = re.compile(rf"(?:{LABEL}\.)+(?!\d+\Z){LABEL}", re.ASCII)  # the last part is no number: no IPv4 address
LONGEST = 120  # characters
OWN_MACHINE = ("localhost", "127.0.0.1")  # may do without https, for who tries it out
MOST_ORIGINS = 10


def host(typed: str) -> str:
    """A host name in lower case, without a dot at its end; other letters than a to z as xn--. Raises ValueError."""
    name = typed.strip().removesuffix(".")
    if not name.isascii():
        name = name.encode("idna").decode()
    if len(name) > LONGEST or not HOST.fullmatch(name.lower()):
        raise ValueError("not a host name")
    return name.lower()


def origin(typed: str) -> str:
    """An address such as https://www.gemeente.nl: https, a host, perhaps a port; a path behind it is left out.

    Raises ValueError. http only on this very machine.
    """
    scheme, _, rest = typed.strip().partition("://")
    name, _, port = rest.partition("/")[0].partition(":")
    own = name.lower() in OWN_MACHINE
    if scheme.lower() != "https" and not (own and scheme.lower() == "http"):
        raise ValueError("not https")
    if port and not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536):
        raise ValueError("not a port")
    return f"{scheme.lower()}://{name.lower() if own else host(name)}{':' + str(int(port)) if port else ''}"


def only_origins(found: Iterable[str]) -> None:
    """Raises ValueError if one of them is no origin."""
    for each in found:
        origin(each)


def origins(found: Iterable[str]) -> tuple[str, ...]:
    """Those that are fit to stand in a header, in normal form; at most MOST_ORIGINS. Never raises."""
    fit = dict[str, None]()
    for each in found:
        try:
            fit[origin(each)] = None
        except ValueError:
            continue
    return tuple(fit)[:MOST_ORIGINS]


def hosts(db: Database) -> dict[str, str]:
    """The slug of each process with a host name of its own, by that name."""
    rows = db.execute("SELECT host, slug FROM processes WHERE host != ''").fetchall()
    return {name: slug for name, slug in rows if HOST.fullmatch(name)}
