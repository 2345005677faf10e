"""Headers that keep the pages safe: a strict policy on content, framing and referrers."""

from urllib.parse import urlsplit

from flask import Flask
from flask_talisman import DENY, Talisman

from shared.config import Settings

_NONE = "'none'"
_SELF = "'self'"


def secure_headers(app: Flask, settings: Settings) -> None:
    """Send the security headers with every answer; HTTPS is demanded where it is spoken."""
    https = settings.web_address.startswith("https://")
    Talisman(
        app,
        force_https=False,  # The proxy that ends the TLS redirects; health checks speak HTTP.
        strict_transport_security=https,
        session_cookie_secure=https,
        frame_options=DENY,
        referrer_policy="same-origin",
        content_security_policy=content_policy(settings),
        content_security_policy_nonce_in=["script-src"],
        permissions_policy={"camera": "()", "geolocation": "()", "microphone": "()"},
    )


def content_policy(settings: Settings) -> dict[str, str]:
    """Return the policy: all from here, inline scripts by nonce alone, sockets to the relay."""
    return {
        "default-src": _NONE,
        "script-src": _SELF,
        "worker-src": _SELF,
        "style-src": _SELF,
        "font-src": _SELF,
        "img-src": f"{_SELF} data: blob:",
        "connect-src": " ".join([_SELF, *relay_origins(settings)]),
        "manifest-src": _SELF,
        "form-action": _SELF,
        "frame-ancestors": _NONE,
        "base-uri": _NONE,
    }


def relay_origins(settings: Settings) -> list[str]:
    """Return where the pages may open sockets: the relay, seen from each allowed origin."""
    if settings.relay_url is not None:
        parts = urlsplit(settings.relay_url)
        return [f"{parts.scheme}://{parts.netloc}"]
    return sorted({_relay_of(origin, settings.relay_port) for origin in settings.origins})


def _relay_of(origin: str, port: int) -> str:
    parts = urlsplit(origin)
    if parts.scheme == "https":
        return f"wss://{parts.netloc}"
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"ws://{host}:{port}"
