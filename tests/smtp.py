"""A real mail server for the tests (aiosmtpd), on a port of this machine, that does what a test wants it to do."""

import datetime
import ipaddress
import socket
import ssl
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "127.0.0.1"


@dataclass
class MailServer:
    """`letters` are what it took, also where its answer got lost. `recipient_says`, `letter_says`: what it answers
    instead, by address or to everything. `dies`: it hangs up when it has a letter, without a word."""

    port: int
    options: dict[str, Any] = field(default_factory=dict)
    letters: list[EmailMessage] = field(default_factory=list)
    envelopes: list[Envelope] = field(default_factory=list)
    recipient_says: dict[str, str] = field(default_factory=dict)
    letter_says: str = ""
    dies: bool = False
    connections: int = 0
    controller: Controller | None = None

    def start(self) -> "MailServer":
        self.controller = Controller(self, hostname=HOST, port=self.port, **self.options)
        self.controller.start()
        self.connections = 0  # the controller looks whether it answers
        return self

    def stop(self) -> None:
        if self.controller is not None:
            self.controller.stop(no_assert=True)
            self.controller = None

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.connections += session.ssl is None  # after STARTTLS it says EHLO again
        return responses

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.recipient_says:
            return self.recipient_says[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.letter_says:
            return self.letter_says
        self.envelopes.append(envelope)
        read = message_from_bytes(envelope.original_content or b"", policy=default)
        assert isinstance(read, EmailMessage)
        self.letters.append(read)
        if self.dies:
            assert server.transport is not None
            server.transport.close()
        return "250 taken"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def knows(name: str, password: str) -> Any:
    """An authenticator that lets one person in."""

    def authenticate(*arguments: Any) -> AuthResult:
        given = arguments[-1]
        assert isinstance(given, LoginPassword)
        return AuthResult(success=(given.login, given.password) == (name.encode(), password.encode()), handled=False)

    return authenticate


def text_of(letter: EmailMessage, subtype: str = "plain") -> str:
    part = letter.get_body((subtype,))
    assert isinstance(part, EmailMessage)
    return str(part.get_content()).replace("\r\n", "\n")


def certificate(directory: Path) -> Path:
    """A self-signed certificate for HOST and its key, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = directory / "mail.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return path


def server_context(pem: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context
