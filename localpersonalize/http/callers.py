"""Who may call: SDKs and tools. A browser is not a client, unless its page's origin is allowed.

A web page that somebody opens could send requests to a server on the same machine: those come with an Origin, and
those that it makes look like its own site's (DNS rebinding) with a Host that is a public name. A signature covers the
Host, so that only requests without one are asked for it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

# Names that no public DNS can point at this machine.
LOCAL_ENDS = (".localhost", ".local", ".internal", ".test", ".svc", ".lan")
_METHODS = "GET, PUT, POST, DELETE, HEAD"
_PREFLIGHT_SECONDS = "600"


@dataclass(frozen=True)
class Callers:
    """Origins and Host names that are allowed beyond this machine's own."""

    origins: Collection[str] = field(default_factory=frozenset)
    hosts: Collection[str] = field(default_factory=frozenset)

    def refusal(self, headers: Mapping[str, str], signed: bool) -> str:
        """Why a request is not answered; empty, if it is.

        :param signed: with a key that is compared: one that may be any proves nothing.
        """
        origin = headers.get("origin")
        if origin is not None and origin not in self.origins:
            return "Requests of web pages are not answered. --allow-origin lets those of one origin in."
        if not signed and not self._is_local(headers.get("host", "")):
            return "The Host of the request is not one of this server. --allow-host adds a name."
        return ""

    def refusal_of_page(self, method: str, headers: Mapping[str, str]) -> str:
        """Why a request for the page at `/` is not answered; empty, if it is.

        The page belongs to this server alone: what another site's page sends is refused, whether its browser says so
        by `Origin` or by `Sec-Fetch-Site`. Following a link to it is all that another site can make a browser do.
        """
        host = headers.get("host", "")
        if not self._is_own(host):
            return "The page is for localhost and this server's addresses. --allow-host adds a name."
        origin = headers.get("origin")
        site = headers.get("sec-fetch-site", "none")
        is_visit = method in ("GET", "HEAD") and headers.get("sec-fetch-mode") == "navigate"
        is_own = origin is None or origin in (f"http://{host}", f"https://{host}")
        if not is_own or (site not in ("same-origin", "none") and not is_visit):
            return "Only this server's own page may ask for that. Open the address in the browser itself."
        return ""

    def cors(self, headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
        """Headers that let an allowed page read an answer."""
        origin = headers.get("origin")
        if origin is None or origin not in self.origins:
            return []
        return [
            (b"access-control-allow-origin", origin.encode("latin-1")),
            (b"access-control-expose-headers", b"etag, x-amzn-requestid, x-amz-request-id, x-amzn-errortype"),
            (b"vary", b"origin"),
        ]

    def preflight(self, headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
        """The answer to a browser that asks whether a page may send a request."""
        headers_wanted = headers.get("access-control-request-headers", "")
        return [
            *self.cors(headers),
            (b"access-control-allow-methods", _METHODS.encode()),
            (b"access-control-allow-headers", headers_wanted.encode("latin-1", "replace")),
            (b"access-control-max-age", _PREFLIGHT_SECONDS.encode()),
        ]

    def _is_local(self, host: str) -> bool:
        """Whether a Host is this machine's, or of a network in which somebody gave it a name."""
        name = _name_of(host)
        is_private = name.endswith(LOCAL_ENDS) or "." not in name
        return bool(name) and (is_private or self._is_own(host))

    def _is_own(self, host: str) -> bool:
        """Whether nobody else can send a browser to this Host: it is no name that a network's DNS might give away."""
        name = _name_of(host)
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return name in {"localhost", *self.hosts} or name.endswith(".localhost")
        return True


def _name_of(host: str) -> str:
    """A Host without its port."""
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
    return name.strip("[]").rstrip(".").lower()
