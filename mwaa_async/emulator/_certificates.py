"""The emulator's certificate, and trust in it beside the trust that is there already."""

import os
import ssl
from dataclasses import dataclass
from pathlib import Path

import trustme

# Where distributions keep the bundle, for those whose OpenSSL only knows a directory (Debian).
_BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")


@dataclass(frozen=True, slots=True)
class Certificates:
    """A server's TLS context, a client's, and the file that makes every other client trust the server."""

    server: ssl.SSLContext
    client: ssl.SSLContext
    bundle: Path


def make_certificates(directory: Path) -> Certificates:
    """Make an authority that lives as long as the emulator, and a bundle with it and all that was trusted before."""
    authority = trustme.CA(organization_name="mwaa-async emulator")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    bundle = directory / "ca-bundle.pem"
    bundle.write_bytes(_trusted_before() + authority.cert_pem.bytes())
    return Certificates(server, client, bundle)


def _trusted_before() -> bytes:
    named = [os.environ.get("SSL_CERT_FILE"), os.environ.get("AWS_CA_BUNDLE"), ssl.get_default_verify_paths().cafile]
    files = {Path(name).resolve() for name in (*named, *_BUNDLES) if name and Path(name).is_file()}
    return b"".join(file.read_bytes().rstrip() + b"\n" for file in sorted(files or {_botocores_bundle()}))


def _botocores_bundle() -> Path:
    from botocore.httpsession import where

    return Path(where())
