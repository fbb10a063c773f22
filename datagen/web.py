"""Downloads from named hosts alone: https, to the very address that was checked, within bytes and seconds.

Guards against server-side request forgery: an address or a redirect that leads into a private network, names that
resolve to one thing when checked and to another when used (DNS rebinding), endless and trickling bodies. Proxies named
by the environment are not used: behind one, nobody here could check where a name leads.
"""

import io
import re
import socket
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urljoin, urlsplit

import httpcore2

from datagen import __version__
from datagen.errors import DatagenError

HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")
"""A DNS name in lower case. Its last label starts with a letter, so no spelling of an IP address is one."""
_PRINTABLE = re.compile(r"[!-\[\]-~]+")
_REDIRECTS = (301, 302, 303, 307, 308)
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are the IPv4 address that is meant
_SPECIAL = tuple(map(ip_network, ("192.0.0.0/24", "192.88.99.0/24", "3fff::/20")))
"""IANA's special-purpose registries have these (protocol assignments, a cloud's metadata service among them; 6to4
relays; documentation), but not every Python's `ipaddress`."""
_METADATA = "168.63.129.16"  # Azure's host agent, the one metadata service on a public address

Resolver = Callable[[str, int], list[str]]


class Refused(DatagenError):
    """An address that downloads may not go to."""


@dataclass(frozen=True)
class Limits:
    """Of one download, redirects included."""

    seconds: float = 3600
    """From the first connection to the last byte."""
    idle: float = 30
    """Seconds without a byte."""
    redirects: int = 3


def system_resolver(host: str, port: int) -> list[str]:
    """Every address of a host, in the system's order of preference."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(entry[4][0] for entry in found))


def forbidden(address: str) -> bool:
    """Whether an IP address is anything but a public unicast one.

    >>> forbidden("169.254.169.254"), forbidden("::ffff:10.0.0.1"), forbidden("140.82.121.9")
    (True, True, False)
    """
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped:
            return forbidden(str(ip.ipv4_mapped))
        if ip in _NAT64:
            return forbidden(str(ip_address(int(ip) & 0xFFFFFFFF)))
        if ip.sixtofour or ip.teredo or ip.is_site_local:
            return True
    if any(ip in network for network in _SPECIAL):
        return True
    special = ip.is_private or ip.is_loopback or ip.is_link_local or ip.is_multicast or ip.is_reserved
    return special or ip.is_unspecified or not ip.is_global or address == _METADATA


class Body(io.RawIOBase):
    """A response's bytes as they arrive, at most `max_bytes`; raises DatagenError where they stop short or go on."""

    def __init__(self, url: str, chunks: Iterator[bytes], max_bytes: int, watch: Callable[[str, int], None]):
        self._url, self._chunks, self._max, self._watch = url, chunks, max_bytes, watch
        self._received = 0
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        while not self._rest:
            with _spoken(self._url):
                chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._received += len(chunk)
            if self._received > self._max:
                raise _too_large(self._url, self._max)
            self._watch(self._url, self._received)
            self._rest = memoryview(chunk)
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


class Web(AbstractContextManager):
    """A client for downloads from `hosts`, one at a time.

    `resolve` maps a host and port to IP addresses. `insecure` names origins ("http://127.0.0.1:8080") that are exempt
    from https and from the address check: for servers that a test itself has started. `watch` is called with the
    address and the bytes so far, as they come.
    """

    def __init__(
        self,
        hosts: Collection[str],
        limits: Limits | None = None,
        resolve: Resolver = system_resolver,
        insecure: Collection[str] = (),
        watch: Callable[[str, int], None] = lambda url, received: None,
    ):
        self.limits = limits or Limits()
        self._hosts = frozenset(hosts)
        self._insecure = frozenset(insecure)
        self._watch = watch
        exempt = {(parts.hostname, parts.port) for parts in map(urlsplit, insecure)}
        self._network = _CheckedNetwork(resolve, exempt, self.limits)
        self._pool = httpcore2.ConnectionPool(network_backend=self._network, max_connections=1)

    def __exit__(self, *_):
        self._pool.close()

    @contextmanager
    def open(self, url: str, max_bytes: int) -> Iterator[Body]:
        """The body behind an address, as a file to read once. Raises Refused and DatagenError, also while reading."""
        self._network.start_clock(url)
        first = url
        for _ in range(self.limits.redirects + 1):
            request = self._request(url)
            with _spoken(url):
                response = self._pool.handle_request(request)
            try:
                if response.status not in _REDIRECTS:
                    yield self._body(url, response, max_bytes)
                    return
                url = _joined(url, _header(response, b"location"))
            finally:
                response.close()
        raise Refused(f"{first} redirects more than {self.limits.redirects} times", "name the final address")

    def _request(self, url: str) -> httpcore2.Request:
        """A request for an allowed address. It is parsed once, so that what is checked is what is used."""
        if not _PRINTABLE.fullmatch(url):
            raise Refused(f"{url!r} is not an address", "percent-encode what is not plain ASCII")
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise Refused(f"{url} is not an address: {error}", "correct it") from None
        host = parts.hostname or ""
        if f"{parts.scheme}://{parts.netloc}" not in self._insecure:
            if parts.scheme != "https":
                raise Refused(f"{url} is not https", "name an https address")
            if "@" in parts.netloc or port not in (None, 443):
                raise Refused(f"{url} names a user or a port", "name a plain https address")
            if host not in self._hosts:
                raise Refused(f"{url}: the host {host} is not allowed", "if you trust it, add it to `hosts`")
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        address = httpcore2.URL(scheme=parts.scheme, host=host, port=port, target=target)
        return httpcore2.Request("GET", address, headers={"Host": parts.netloc, **_HEADERS})

    def _body(self, url: str, response: httpcore2.Response, max_bytes: int) -> Body:
        if response.status != 200:
            later = response.status == 429 or response.status >= 500
            fix = "try again later" if later else "it may have moved: look for it there by hand"
            raise DatagenError(f"{url} answered {response.status}", fix)
        if _header(response, b"content-encoding") not in ("", "identity"):
            raise DatagenError(f"{url} sent an encoded body that was not asked for", "get the file by hand")
        length = _header(response, b"content-length")
        if length.isdecimal() and int(length) > max_bytes:
            raise _too_large(url, max_bytes)
        return Body(url, iter(response.stream), max_bytes, self._watch)


_HEADERS = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": f"datagen/{__version__}"}


def _too_large(url: str, max_bytes: int) -> DatagenError:
    return DatagenError(f"{url} sends more than the {max_bytes:,} bytes expected", "see what it has become")


def _header(response: httpcore2.Response, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in response.headers if key.lower() == name), "")


def _joined(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:
        raise Refused(f"{url} redirects to {location!r}, which is not an address") from None


@contextmanager
def _spoken(url: str) -> Iterator[None]:
    """Turns what the client raises into errors that name the address."""
    try:
        yield
    except httpcore2.TimeoutException:
        raise DatagenError(f"{url}: no answer in time", "run the same command again; it goes on from here") from None
    except (httpcore2.NetworkError, httpcore2.ProtocolError) as error:
        why = str(error) or type(error).__name__
        fix = "check the network, then run the same command again; it goes on from here"
        raise DatagenError(f"{url}: {why}", fix) from None


class _CheckedNetwork(httpcore2.NetworkBackend):
    """Looks a name up once per connection, refuses all but public addresses, and connects to what it has checked."""

    def __init__(self, resolve: Resolver, exempt: Collection[tuple], limits: Limits):
        self._resolve, self._exempt, self._limits = resolve, exempt, limits
        self._sockets = httpcore2.SyncBackend()

    def start_clock(self, url: str) -> None:
        self._url = url
        self._end = time.monotonic() + self._limits.seconds

    def patience(self) -> float:
        """Seconds that the next wait on the network may take. Connections outlive downloads, so each wait asks."""
        left = self._end - time.monotonic()
        if left <= 0:
            fix = "on a slow line, get the file by hand"
            raise DatagenError(f"{self._url}: not done after {self._limits.seconds:g} s", fix)
        return min(left, self._limits.idle)

    def connect_tcp(self, host, port, timeout=None, local_address=None, socket_options=None):
        failure = httpcore2.ConnectError(f"{host} has no address")
        for address in self._addresses(host, port):
            try:
                return _TimedStream(
                    self._sockets.connect_tcp(address, port, self.patience(), None, socket_options), self
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure

    def _addresses(self, host: str, port: int) -> list[str]:
        try:
            addresses = self._resolve(host, port)
        except OSError as error:
            raise httpcore2.ConnectError(f"{host} can't be looked up: {error.strerror}") from None
        for address in addresses if (host, port) not in self._exempt else ():
            if forbidden(address):
                fix = "a public host does not lead there: check this machine's name service"
                raise Refused(f"{host} leads to {address}, which is not a public address", fix)
        return addresses


class _TimedStream(httpcore2.NetworkStream):
    """A connection on which no wait is longer than what the network's clock allows."""

    def __init__(self, stream: httpcore2.NetworkStream, network: _CheckedNetwork):
        self._stream, self._network = stream, network

    def read(self, max_bytes, timeout=None):
        return self._stream.read(max_bytes, self._network.patience())

    def write(self, buffer, timeout=None):
        self._stream.write(buffer, self._network.patience())

    def start_tls(self, ssl_context, server_hostname=None, timeout=None):
        secured = self._stream.start_tls(ssl_context, server_hostname, self._network.patience())
        return _TimedStream(secured, self._network)

    def close(self):
        self._stream.close()

    def get_extra_info(self, info):
        return self._stream.get_extra_info(info)
