"""Which certificate authorities are trusted, for the token API and the web server alike."""

import ssl


def default_ssl_context() -> ssl.SSLContext:
    """Return a verifying context that trusts the system; OpenSSL itself honours `SSL_CERT_FILE` and `SSL_CERT_DIR`."""
    return ssl.create_default_context()


def with_bundle(context: ssl.SSLContext, ca_bundle: str | None) -> ssl.SSLContext:
    """Let the context trust also the bundle that AWS's tools are given, where there is one, and return it.

    `ca_bundle` is what botocore found in `AWS_CA_BUNDLE` or the profile's `ca_bundle`. Raises `OSError` where that file
    cannot be read or holds no certificates.
    """
    if ca_bundle:
        context.load_verify_locations(cafile=ca_bundle)
    return context
