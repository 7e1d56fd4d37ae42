"""Which addresses a tenant's URL may reach, in every spelling that has been used to get past a check."""

import socket
from ipaddress import IPv4Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costinsights.core.http import AddressRefused, OutboundPolicy, check_addresses, resolve
from costinsights.core.http.addresses import is_allowed

_FORBIDDEN = """
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.254 100.100.100.200 127.0.0.1 127.1.2.3
169.254.0.1 169.254.169.254 169.254.170.2 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.192 192.0.2.1
192.88.99.1 192.168.0.1 192.168.255.255 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.9 224.0.0.1
239.255.255.250 240.0.0.1 255.255.255.255 168.63.129.16
:: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:7f00:1
64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b::10.0.0.1 64:ff9b:1::808:808 2002:7f00:1:: 2002:808:808::
2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:db8::1 100::1 fc00::1 fd00::1 fd00:ec2::254 fe80::1 fe80::1%eth0
fec0::1 ff02::1 ff0e::1 3fff::1 5f00::1 2606:4700::5efe:7f00:1 2606:4700::200:5efe:a00:1 4000::1 not-an-address
"""
_PUBLIC = """
8.8.8.8 1.1.1.1 93.184.216.34 100.63.255.255 100.128.0.1 172.15.0.1 172.32.0.1 192.167.1.1 223.255.255.254
2606:4700:4700::1111 2a00:1450:4001:81b::200e ::ffff:8.8.8.8 64:ff9b::808:808
"""
FORBIDDEN, PUBLIC = _FORBIDDEN.split(), _PUBLIC.split()
INTERNAL = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"), ip_network("169.254.0.0/16"))


@pytest.mark.parametrize("address", FORBIDDEN)
def test_addresses_off_the_public_internet_are_refused(address: str) -> None:
    assert not is_allowed(address, ())


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_allowed(address: str) -> None:
    assert is_allowed(address, ())


@pytest.mark.parametrize("address", ["10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::10.1.2.3", "fd12::1"])
def test_the_operator_can_allow_a_network(address: str) -> None:
    assert is_allowed(address, INTERNAL)
    assert not is_allowed(address, ())


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "::ffff:169.254.169.254", "fd00:ec2::254", "64:ff9b::a9fe:a9fe"]
)
def test_the_metadata_service_is_refused_even_in_an_allowed_network(address: str) -> None:
    assert not is_allowed(address, INTERNAL)


@pytest.mark.parametrize(
    "host",
    ["127.1", "0x7f.1", "2130706433", "0177.0.0.1", "0x7f000001", "0", "localhost", "127.0.0.1"],
)
def test_odd_spellings_of_loopback_resolve_to_what_is_checked(host: str) -> None:
    addresses = resolve(host, 80)

    assert addresses
    with pytest.raises(AddressRefused):
        check_addresses(host, addresses, OutboundPolicy())


def test_one_forbidden_address_condemns_the_name() -> None:
    with pytest.raises(AddressRefused):
        check_addresses("x.example", ["8.8.8.8", "10.0.0.1"], OutboundPolicy())
    check_addresses("x.example", ["8.8.8.8", "1.1.1.1"], OutboundPolicy())


@given(st.integers(0, 2**32 - 1))
def test_no_wrapping_makes_a_forbidden_address_reachable(number: int) -> None:
    inner = IPv4Address(number)
    if is_allowed(str(inner), ()):
        assert inner.is_global
        return
    for prefix in ("::ffff:0:0", "64:ff9b::", "::"):
        assert not is_allowed(str(ip_address(int(ip_address(prefix)) | number)), ())
    assert not is_allowed(str(ip_address((0x2002 << 112) | (number << 80))), ())


@given(st.integers(0, 2**128 - 1))
def test_no_ipv6_address_that_python_calls_special_is_reachable(number: int) -> None:
    address = ip_address(socket.inet_ntop(socket.AF_INET6, number.to_bytes(16)))
    if is_allowed(str(address), ()):
        assert address.is_global
        assert not address.is_multicast
