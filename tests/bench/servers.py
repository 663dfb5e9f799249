"""Servers and the load generator as processes of their own, and the command that people run."""

import contextlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
CONNECTIONS = 32
IDLE = 0.1  # processor seconds in a second
ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)")

Step = tuple[str, str, str]  # method, path, body
Visit = tuple[dict[str, str], list[Step]]  # the cookies that a visitor comes with, and what she does
Round = dict[str, Any]  # what load.py answers


def wijkbudget(db: Path, command: str, *arguments: str | Path) -> str:
    """Run the command that people run, and return what it prints."""
    program = Path(sys.executable).with_name("wijkbudget")
    command_line = [program, command, "--db", db, *arguments]
    done = subprocess.run(command_line, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@dataclass(frozen=True)
class Server:
    """A server that answers, in a process of its own."""

    process: subprocess.Popen[str]
    port: int

    @property
    def peak_mb(self) -> float:
        """The most memory it ever held (VmHWM), in MB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return round(int(status.split("VmHWM:")[1].split()[0]) / 1000, 1)

    @property
    def cpu_seconds(self) -> float:
        """Processor time it used so far: less noisy than the clock on a machine with neighbours."""
        user, system = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def started(*command: str | Path) -> Iterator[Server]:
    """A server, from the moment it answers; it must print its address on stderr."""
    process = subprocess.Popen([sys.executable, *command], stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        address = ADDRESS.search(line)
        assert address, line + process.stderr.read()
        yield Server(process, int(address[1]))
    finally:
        process.terminate()
        process.wait(30)


@contextlib.contextmanager
def serving(db: Path) -> Iterator[Server]:
    """The site, once it compiled its pages and has nothing left to do."""
    with started("-m", "cli", "serve", "--db", db, "--port", "0") as server:
        used = -1.0
        while server.cpu_seconds - used > IDLE:
            used = server.cpu_seconds
            time.sleep(1)
        yield server


class Generator:
    """The load generator; `round` sends visits to a server and waits for all answers."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, HERE / "load.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def round(self, server: Server, visits: Sequence[Visit], connections: int = CONNECTIONS) -> Round:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"port": server.port, "connections": connections, "visits": visits}) + "\n")
        self.process.stdin.flush()
        result: Round = json.loads(self.process.stdout.readline())
        return result


@contextlib.contextmanager
def generating() -> Iterator[Generator]:
    generator = Generator()
    try:
        yield generator
    finally:
        generator.process.communicate()
