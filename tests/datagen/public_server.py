"""A web server for tests, good and bad: each path answers as the test says."""

import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


class PublicServer:
    """Serves `pages[path]`: bytes, or a function of the request handler. `asked` lists the paths asked for."""

    def __init__(self):
        self.pages: dict[str, bytes | Callable[[BaseHTTPRequestHandler], None]] = {}
        self.asked: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                outer.asked.append(self.path)
                page = outer.pages.get(self.path)
                if callable(page):
                    self.close_connection = True
                    page(self)
                elif page is None:
                    send(self, 404, b"")
                else:
                    send(self, 200, page)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        self.origin = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def send(handler: BaseHTTPRequestHandler, status: int, body: bytes, headers: dict | None = None) -> None:
    handler.send_response(status)
    for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


def redirect(location: str):
    return lambda handler: send(handler, 302, b"", {"Location": location})


def claiming(length: int, body: bytes):
    """A body that is not as long as its header says."""
    return lambda handler: send(handler, 200, body, {"Content-Length": str(length)})


def unannounced(body: bytes, then: Callable[[], None] = lambda: None):
    """A body without a length, ended by closing."""

    def page(handler):
        handler.send_response(200)
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(body)
        handler.wfile.flush()
        then()

    return page


def dripping(start: bytes, seconds: float = 10, pause: float = 0.02):
    """`start`, then a byte now and then, for `seconds` or until the client has gone."""

    def page(handler):
        end = time.monotonic() + seconds
        with suppress(OSError):
            handler.wfile.write(start)
            while time.monotonic() < end:
                handler.wfile.write(b"x")
                handler.wfile.flush()
                time.sleep(pause)

    return page


def tls_server(folder: Path, names: list[str]) -> int:
    """The port of a TLS server with a certificate for files.example that it signed itself.

    It takes one connection; `names` gets the name that was asked for.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "files.example")])
    start = datetime(2026, 1, 1)
    unsigned = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number(), start)
    unsigned = unsigned.not_valid_after(start + timedelta(36500))
    unsigned = unsigned.add_extension(x509.SubjectAlternativeName([x509.DNSName("files.example")]), critical=False)
    certificate = unsigned.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    plain = serialization.NoEncryption()
    pem = folder / "key-and-certificate.pem"
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain) + certificate
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    context.sni_callback = lambda _, name, __: names.append(name)
    listening = socket.create_server(("127.0.0.1", 0))

    def serve():
        with listening, suppress(OSError):
            context.wrap_socket(listening.accept()[0], server_side=True)

    threading.Thread(target=serve, daemon=True).start()
    return listening.getsockname()[1]
