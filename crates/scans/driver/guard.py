"""Keeps a scan from speaking to the server's own machine and network.

A tenant names endpoints, roles, clusters; none may be the metadata service or a port of this machine. What a
name resolves to is looked at where the connection is made, not before: a second answer may be another.
Programs that are started, and libraries that connect in C, are not seen here; where tenants are strangers, run
workers where the network holds them too.
"""

import errno
import ipaddress
import sys

# Metadata and fabric services that lie outside the link-local ranges: Alibaba, Azure, Oracle, AWS by IPv6.
METADATA = [
    ipaddress.ip_network(one)
    for one in ("100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32", "fd00:ec2::/32", "fd20:ce::254/128")
]
# IPv6 that carries IPv4: NAT64, and the old compatible form.
CARRIERS = [ipaddress.ip_network(one) for one in ("64:ff9b::/96", "64:ff9b:1::/48", "::/96")]
REFUSED_MAX = 20
# This machine's own addresses on every network that it is in; known once the guard stands.
OWN = set()


class Refused(PermissionError):
    def __init__(self, address, why):
        super().__init__(errno.EACCES, f"connecting to {address} is refused: {why}")


class Guard:
    def __init__(self):
        self.refused = {}

    def install(self):
        OWN.update(own_addresses())
        sys.addaudithook(self._hook)

    def _hook(self, event, args):
        if event not in ("socket.connect", "socket.sendto", "socket.sendmsg"):
            return
        address = args[1]
        if address is None:
            return
        why = refusal(address)
        if why:
            text = address[0] if isinstance(address, tuple) else "a local socket"
            if len(self.refused) < REFUSED_MAX:
                self.refused[str(text)] = why
            raise Refused(text, why)


def refusal(address):
    """Why it may not be connected to. None: it may."""
    if not isinstance(address, tuple):
        return "it is a socket of this machine"
    try:
        ip = ipaddress.ip_address(str(address[0]).split("%")[0])
    except ValueError:
        return "it is a name, which may become any address"
    return _refused(ip)


def own_addresses():
    """As Linux tells them (proc(5)); elsewhere none."""
    found = set()
    try:
        with open("/proc/net/fib_trie", encoding="ascii") as table:
            before = ""
            for line in table:
                if "host LOCAL" in line:
                    found.add(ipaddress.ip_address(before.split()[-1]))
                before = line
    except (OSError, ValueError, IndexError):
        pass
    try:
        with open("/proc/net/if_inet6", encoding="ascii") as table:
            found.update(ipaddress.ip_address(bytes.fromhex(line.split()[0])) for line in table)
    except (OSError, ValueError, IndexError):
        pass
    return found


def _refused(ip):
    if any(ip.version == one.version and ip in one for one in METADATA):
        return "it is a metadata service"
    if ip.version == 6:
        below = ip.ipv4_mapped or ip.sixtofour or (ip.teredo and ip.teredo[1])
        if not below and not (ip.is_loopback or ip.is_unspecified) and any(ip in one for one in CARRIERS):
            below = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if below:
            return _refused(below)
    if ip.is_loopback or ip in OWN:
        return "it is this machine"
    if ip.is_link_local:
        return "it is link-local, as metadata services are"
    if ip.is_unspecified or (ip.version == 4 and ip in ipaddress.ip_network("0.0.0.0/8")):
        return "it is no address, and means this machine"
    if ip.is_multicast or ip == ipaddress.ip_address("255.255.255.255"):
        return "it is not one machine"
    return None
