"""A certificate authority of our own, for servers that only exist in a test."""

import datetime
import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

VALID_FROM = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
VALID_UNTIL = datetime.datetime(2099, 1, 1, tzinfo=datetime.UTC)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


@dataclass(frozen=True)
class Authority:
    """Signs certificates; `pem` is what a customer would paste as a private CA."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def make(cls, name: str = "Test CA") -> "Authority":
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(_name(name))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(VALID_FROM)
            .not_valid_after(VALID_UNTIL)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
            .sign(key, hashes.SHA256())
        )
        return cls(key, certificate)

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def server_context(
        self,
        folder: Path,
        name: str,
        *,
        valid_until: datetime.datetime = VALID_UNTIL,
        clients_of: "Authority | None" = None,
    ) -> ssl.SSLContext:
        """A server's TLS context with a certificate for `name`, which may be an address.

        With `clients_of` it lets in only clients that show a certificate of that authority.
        """
        issued = self.issue(name, valid_until=valid_until)
        chain = folder / "server.pem"
        chain.write_text(issued.key_pem + issued.certificate_pem)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
        if clients_of is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(cadata=clients_of.pem)
        return context

    def issue(
        self,
        name: str,
        *,
        valid_from: datetime.datetime = VALID_FROM,
        valid_until: datetime.datetime = VALID_UNTIL,
        key: ec.EllipticCurvePrivateKey | None = None,
    ) -> "Issued":
        """A certificate for `name`, a host, an address or a client, with a new key unless given."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        try:
            subject: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(name))
        except ValueError:
            subject = x509.DNSName(name)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(self.certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(valid_from)
            .not_valid_after(valid_until)
            .add_extension(x509.SubjectAlternativeName([subject]), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        return Issued(key, certificate)


@dataclass(frozen=True)
class Issued:
    """A certificate with its key, as their owner has them in two files."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def certificate_pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def key_pem(self) -> str:
        return self._key_text(serialization.NoEncryption())

    def locked_key_pem(self, password: str) -> str:
        """The key as a person keeps it who was asked for a password."""
        return self._key_text(serialization.BestAvailableEncryption(password.encode()))

    def _key_text(self, encryption: serialization.KeySerializationEncryption) -> str:
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
        ).decode()
