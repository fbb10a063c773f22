"""POST over HTTP to servers that a recipe names: https to public addresses, or, where it says so, to private ones.

The same guards as for downloads (datagen.web): what was checked is what is connected to, no redirects, no proxies,
bounded bodies. The key goes to the servers named, nowhere else.
"""

import asyncio
import ipaddress
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpcore2

from datagen import __version__
from datagen.errors import UsageError
from datagen.web import HOST, Refused, forbidden, system_resolver

MAX_BODY = 32 << 20


@dataclass(frozen=True)
class Reply:
    """What a server said. `status` 0 where it said nothing whole: `failure` is then timeout or connection."""

    status: int
    body: Any = None
    retry_after: float = 0.0
    failure: str = ""


def checked_url(url: str, private: bool) -> str:
    """The address of a server's API without a slash at its end. Raises UsageError for one that may not be asked."""
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname or "@" in parts.netloc or parts.query:
        raise UsageError(f"{url!r} is not the address of a server", "write it like https://host/v1")
    if not private and (parts.scheme != "https" or not HOST.fullmatch(parts.hostname)):
        raise UsageError(f"{url} is not https to a named host", "for a server of your own network, set `private: true`")
    return url.rstrip("/")


class Wire:
    """A pool of connections for one event loop. `private` servers must have private addresses, others public ones."""

    def __init__(self, key: str | None, private: bool, connections: int):
        self._headers = {"Content-Type": "application/json", "User-Agent": f"datagen/{__version__}"}
        if key:
            self._headers["Authorization"] = f"Bearer {key}"
        self._pool = httpcore2.AsyncConnectionPool(
            max_connections=connections,
            max_keepalive_connections=connections,
            keepalive_expiry=30,
            network_backend=_CheckedNetwork(private),
        )

    async def close(self) -> None:
        await self._pool.aclose()

    async def post(self, url: str, payload: dict[str, Any], seconds: float, once: str) -> Reply:
        """`once` names the call, for servers that know a call sent again (Idempotency-Key). Raises Refused."""
        content = json.dumps(payload, ensure_ascii=False).encode("utf-8", "surrogatepass")
        headers = [*self._headers.items(), ("Host", urlsplit(url).netloc), ("Idempotency-Key", once)]
        try:
            async with asyncio.timeout(seconds):
                async with self._pool.stream("POST", url, headers=headers, content=content) as response:
                    data = bytearray()
                    async for chunk in response.aiter_stream():
                        data += chunk
                        if len(data) > MAX_BODY:
                            return Reply(0, failure="too_large")
                    return Reply(response.status, _json(bytes(data)), _retry_after(response.headers))
        except (TimeoutError, httpcore2.TimeoutException):
            return Reply(0, failure="timeout")
        except (httpcore2.NetworkError, httpcore2.ProtocolError):
            return Reply(0, failure="connection")


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _retry_after(headers: list[tuple[bytes, bytes]]) -> float:
    """Seconds that the server asks to wait; 0 where it doesn't say, or gives a date."""
    found = {name.lower(): value.decode("latin-1") for name, value in headers}
    for name, unit in ((b"retry-after-ms", 1e-3), (b"retry-after", 1.0)):
        try:
            return min(600.0, max(0.0, float(found[name]) * unit))
        except (KeyError, ValueError):
            continue
    return 0.0


class _CheckedNetwork(httpcore2.AsyncNetworkBackend):
    """Looks a name up once per connection, and connects to what it has checked."""

    def __init__(self, private: bool):
        self._private, self._sockets = private, httpcore2.AnyIOBackend()

    async def connect_tcp(self, host, port, timeout=None, local_address=None, socket_options=None):
        failure = httpcore2.ConnectError(f"{host} has no address")
        for address in await self._addresses(host, port):
            try:
                return await self._sockets.connect_tcp(address, port, timeout, None, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure

    async def _addresses(self, host: str, port: int) -> list[str]:
        try:
            found = [str(ipaddress.ip_address(host))]
        except ValueError:
            try:
                found = await asyncio.to_thread(system_resolver, host, port)
            except OSError as error:
                raise httpcore2.ConnectError(f"{host} can't be looked up: {error.strerror}") from None
        for address in found:
            if forbidden(address) and not self._private:
                fix = "if the server is in your own network, set `private: true`"
                raise Refused(f"{host} leads to {address}, which is not a public address", fix)
            if self._private and not is_private(address):
                fix = "leave `private` out for a server outside your network"
                raise Refused(f"{host} leads to {address}, which is not in a private network", fix)
        return found


def is_private(address: str) -> bool:
    """Whether an address is of this machine or a private network; link-local ones, where clouds keep their metadata
    services, are not.

    >>> is_private("127.0.0.1"), is_private("10.1.2.3"), is_private("169.254.169.254"), is_private("8.8.8.8")
    (True, True, False, False)
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return (ip.is_loopback or ip.is_private) and not (ip.is_link_local or ip.is_unspecified or ip.is_multicast)
