"""Which addresses a plugin's request may end at, and how a name becomes one of them.

Rules:
1. A name is resolved once; every address it has is checked, and the connection goes to a checked
   one. So a name cannot point elsewhere a moment later.
2. Only globally routable addresses. Those that carry another address inside (IPv4-mapped, 6to4,
   NAT64, Teredo) and everything outside 2000::/3 are refused: a router on the way may unwrap them.
3. What is private is reached only where the operator names that very host (`private_hosts`); a
   tenant's grant cannot open the operator's network. Link-local addresses (where clouds keep their
   metadata), multicast and 0.0.0.0 never.
Source: IANA special-purpose address registries (RFC 6890), RFC 6052 (NAT64), RFC 3056 (6to4).
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Collection

ADDRESSES_MAX = 16

Resolve = Callable[[str, int], Awaitable[list[str]]]
_Ip = ipaddress.IPv4Address | ipaddress.IPv6Address

_UNICAST = ipaddress.ip_network("2000::/3")
_CARRIERS = [ipaddress.ip_network(text) for text in ("2002::/16", "2001::/23", "64:ff9b::/32")]
# IETF protocol assignments (one cloud's metadata are there), 6to4 anycast (RFC 7526), and where
# every machine of another cloud finds its own host.
_INSIDE = [ipaddress.ip_network(n) for n in ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32")]
_METADATA = [
    ipaddress.ip_network(text) for text in ("169.254.0.0/16", "fe80::/10", "fd00:ec2::/32")
]


class PrivateAddressError(Exception):
    """The host leads to an address that is not out in the world."""


async def checked_addresses(
    host: str, port: int, private_hosts: Collection[str] = (), resolve: Resolve | None = None
) -> list[str]:
    """The addresses to connect to, in the resolver's order; at least one.

    Raises:
        PrivateAddressError: any of them may not be reached.
        OSError: there is no such name.
    """
    found = [host] if _is_address(host) else await (resolve or system_resolve)(host, port)
    allowed = is_reachable if host in private_hosts else is_public
    if not found or not all(allowed(address) for address in found):
        raise PrivateAddressError(f"{host} leads into a private network")
    return found[:ADDRESSES_MAX]


async def system_resolve(host: str, port: int) -> list[str]:
    """What the machine's resolver says."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(item[4][0]) for item in found))


def is_public(address: str) -> bool:
    """Whether an address is globally routable, and by nothing it carries inside."""
    ip = _parsed(address)
    if ip is None or not is_reachable(address) or not ip.is_global:
        return False
    if isinstance(ip, ipaddress.IPv4Address):
        return not any(ip in net for net in _INSIDE)
    return ip in _UNICAST and not any(ip in net for net in _CARRIERS)


def is_reachable(address: str) -> bool:
    """Whether an operator may let plugins go there at all."""
    ip = _parsed(address)
    if ip is None or ip.is_multicast or ip.is_unspecified:
        return False
    return not any(ip in net for net in _METADATA if net.version == ip.version)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _parsed(address: str) -> _Ip | None:
    """None for a scoped address (fe80::1%eth0): whose network that is, only this machine knows."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.scope_id:
            return None
        return ip.ipv4_mapped or ip
    return ip
