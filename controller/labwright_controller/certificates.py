"""A self-made certificate, by which the API server knows the controller's webhooks. Pure."""

from __future__ import annotations

import ipaddress
from datetime import datetime, timedelta
from typing import Any

VALID = timedelta(days=365)
RENEW_BEFORE = timedelta(days=60)


def make(hosts: list[str], now: datetime) -> tuple[bytes, bytes]:
    """A self-signed certificate for these hosts, and its key, as PEM."""
    # Loaded only where webhooks are: it is 10 MB.
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    # A common name takes 64 characters; the hosts are in the alternative names.
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "labwright-controller")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + VALID)
        .add_extension(x509.SubjectAlternativeName([_alternative(h) for h in hosts]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
    )
    certificate = builder.sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    form = serialization.PrivateFormat.PKCS8
    return (
        certificate.public_bytes(pem),
        key.private_bytes(pem, form, serialization.NoEncryption()),
    )


def serves(certificate: bytes, hosts: list[str], now: datetime) -> bool:
    """Whether a certificate is for these hosts and will be for a while."""
    from cryptography import x509

    try:
        found = x509.load_pem_x509_certificate(certificate)
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound):
        return False
    fresh = found.not_valid_after_utc - RENEW_BEFORE > now
    return fresh and all(_alternative(host) in names for host in hosts)


def _alternative(host: str) -> Any:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
