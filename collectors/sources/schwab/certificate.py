"""A certificate for a server on this machine, made now, signed by itself and good for a day. Only a login needs it."""

import datetime as dt
import ipaddress
import ssl
import tempfile
from pathlib import Path

from collectors.errors import CollectorError

__all__ = ["self_signed_context"]


def self_signed_context() -> ssl.SSLContext:
    """TLS for a server on loopback. Raises CollectorError without the package that makes certificates."""
    try:
        pem = _key_and_certificate()
    except ImportError as error:
        raise CollectorError("The Schwab login needs its packages: pip install 'thor[schwab]'.") from error
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # The module ssl reads keys from files only; the folder is ours alone and gone at once.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "callback.pem"
        path.touch(mode=0o600)
        path.write_bytes(pem)
        context.load_cert_chain(path)
    return context


def _key_and_certificate() -> bytes:
    from cryptography import x509  # noqa: PLC0415 - an extra
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Thor on this machine")])
    loopback = [x509.IPAddress(ipaddress.ip_address(address)) for address in ("127.0.0.1", "::1")]
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder(subject_name=name, issuer_name=name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=5))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost"), *loopback]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)
