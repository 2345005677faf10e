"""How often one address knocks, and which address that is."""

import math
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from web.relay.limits import Limits

#: Addresses that are remembered before those that were quiet are forgotten.
REMEMBERED = 1000


class Arrivals:
    """The handshakes of each address within the last seconds."""

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        self._limits = limits
        self._clock = clock
        self._times: dict[str, deque[float]] = {}
        self._proxies: list[IPv4Network | IPv6Network] = []
        self._everybody = False

    def trust(self, proxies: Iterable[str]) -> None:
        """Believe these about addresses: gunicorn's `forwarded_allow_ips`, with networks or `*`."""
        listed = set(proxies)
        self._everybody = "*" in listed
        self._proxies = [ip_network(proxy, strict=False) for proxy in listed - {"*"}]

    def wait_for(self, environ: Mapping[str, Any]) -> int:
        """Note one more; return the seconds it has to wait first, 0 when it may come in."""
        now, limits = self._clock(), self._limits
        address = self._address(environ)
        if len(self._times) >= REMEMBERED and address not in self._times:
            self._forget(now - limits.handshake_seconds)
        times = self._times.setdefault(address, deque())
        while times and times[0] <= now - limits.handshake_seconds:
            times.popleft()
        if len(times) >= limits.handshakes_per_address:
            return max(1, math.ceil(times[0] + limits.handshake_seconds - now))
        times.append(now)
        return 0

    def _address(self, environ: Mapping[str, Any]) -> str:
        """Return who knocks; of a proxy's list only what the proxy itself saw, its last entry."""
        peer: str = environ.get("REMOTE_ADDR", "")
        forwarded: str = environ.get("HTTP_X_FORWARDED_FOR", "")
        if forwarded and (not peer or self._is_proxy(peer)):
            return forwarded.rpartition(",")[2].strip()
        return peer

    def _is_proxy(self, peer: str) -> bool:
        return self._everybody or any(ip_address(peer) in network for network in self._proxies)

    def _forget(self, before: float) -> None:
        quiet = [address for address, times in self._times.items() if times[-1] <= before]
        for address in quiet:
            del self._times[address]
