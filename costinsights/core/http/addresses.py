"""Which network addresses a tenant's URL may reach.

Everything that is not plainly the public internet is refused unless the operator allowed its
network; a cloud's metadata service is refused always. The list is our own (IANA's special-purpose
registries) because the standard library's idea of "private" changes between patch releases.
"""

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from costinsights.core.http.errors import AddressRefused

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolver = Callable[[str, int], Sequence[str]]

_SPECIAL = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/96",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "2620:4f:8000::/48",
        "3fff::/20",
        "5f00::/16",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    )
)
_PUBLIC_V6 = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
_METADATA = frozenset(
    ip_address(text)
    for text in (
        "169.254.169.254",
        "169.254.170.2",
        "169.254.170.23",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",
    )
)
MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundPolicy:
    """What an exchange may reach and how much it may take; made from settings by the caller."""

    allowed_networks: tuple[Network, ...] = ()
    deadline_seconds: float = 300
    connect_seconds: float = 5
    max_body_bytes: int = 256 * MEGABYTE


def resolve(host: str, port: int) -> list[str]:
    """Every address of `host`, as the operating system answers. Raises socket.gaierror."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def check_addresses(host: str, addresses: Sequence[str], policy: OutboundPolicy) -> None:
    """Raise AddressRefused if any one of a name's addresses is not allowed.

    One bad address condemns the name: a name with a public and a private address is how an
    attacker lets the first check pass and the connection go elsewhere.
    """
    for text in addresses:
        if not is_allowed(text, policy.allowed_networks):
            raise AddressRefused(
                f"{host} leads to a private or reserved address, which Cost Insights may not reach. "
                "Use an address that is reachable from the internet, or ask the operator to allow "
                "that network."
            )


def is_allowed(text: str, allowed_networks: Sequence[Network]) -> bool:
    """Whether a tenant's URL may reach this address."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    address = _embedded(address)
    if address in _METADATA:
        return False
    if any(address in network for network in allowed_networks):
        return True
    if isinstance(address, IPv6Address) and address not in _PUBLIC_V6:
        return False
    return not _is_tunnel(address) and not any(address in network for network in _SPECIAL)


def _embedded(address: Address) -> Address:
    """The IPv4 address that the packets will go to, for the IPv6 forms that only wrap one."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _is_tunnel(address: Address) -> bool:
    """ISATAP carries an IPv4 address in an otherwise ordinary IPv6 one (RFC 5214)."""
    if isinstance(address, IPv4Address):
        return False
    return (int(address) >> 32) & 0xFDFFFFFF == 0x00005EFE
