"""No request may reach into the network that we stand in, unless the card says so: pages choose their links."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import time
from urllib.parse import urlsplit

CACHE_SECONDS = 60.0
# RFC 6052: IPv4 addresses written as IPv6 ones.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Whether an IP address (text, scope ids and IPv4-in-IPv6 forms allowed) belongs to the open internet."""
    try:
        ip = ipaddress.ip_address(address.split("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        embedded = ip.ipv4_mapped or ip.sixtofour or (ip.teredo or (None, None))[1]
        if ip in _NAT64:
            embedded = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if embedded is not None:
            return is_public(str(embedded))
    return ip.is_global and not ip.is_multicast


class AddressGuard:
    """Looks names up before they are asked, and remembers the answers for a minute."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, bool]] = {}

    async def is_public_url(self, url: str) -> bool:
        """Whether all addresses of the URL's host are public. An unknown name counts as public: nothing answers there.

        The answer that is finally connected to is checked again (`is_public` on the response's address), because
        a name may resolve differently the second time.
        """
        host = urlsplit(url).hostname or ""
        known = self._known.get(host)
        if known is not None and time.monotonic() - known[0] < CACHE_SECONDS:
            return known[1]
        public = await self._resolve(host)
        self._known[host] = (time.monotonic(), public)
        return public

    async def _resolve(self, host: str) -> bool:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return True
        return all(is_public(str(entry[4][0])) for entry in found)
