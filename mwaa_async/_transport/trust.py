"""Which certificate authorities are trusted, for the token API and the web server alike."""

import ssl


def default_ssl_context(ca_bundle: str | None) -> ssl.SSLContext:
    """Return a verifying context that trusts the system and, where there is one, the bundle that AWS's tools are given.

    OpenSSL itself honours `SSL_CERT_FILE` and `SSL_CERT_DIR`. `ca_bundle` is what botocore found in `AWS_CA_BUNDLE` or
    the profile's `ca_bundle`. Raises `OSError` where that file cannot be read or holds no certificates.
    """
    context = ssl.create_default_context()
    if ca_bundle:
        context.load_verify_locations(cafile=ca_bundle)
    return context
