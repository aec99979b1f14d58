"""The server's socket, and its life from there: bound before anything else, ended within bounds."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from typing import Any

STOP_SECONDS = 4.5


class AddressError(ValueError):
    """Nobody can listen there; the text says why."""


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens; who connects waits until the server answers.

    :raises AddressError: if the address is taken, or is none.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=1024)
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise AddressError(
            f"Can't listen on {host}, port {port}: {reason}. Choose another --port, or end what listens there."
        ) from None


def endpoint(bound: socket.socket) -> str:
    """The URL at which this machine reaches a socket."""
    host, port = bound.getsockname()[:2]
    own = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{own}]:{port}" if ":" in own else f"http://{own}:{port}"


def serve(
    app: Callable[..., Any],
    bound: socket.socket,
    after_startup: Callable[[Callable[[], None]], None],
    before_shutdown: Callable[[], None],
) -> None:
    """Answer requests until a signal ends the process.

    :param after_startup: called with a function that ends the server as a signal does, from whichever thread.
    """
    import uvicorn

    from localpersonalize.http import connection

    class Server(uvicorn.Server):
        ends = False

        def handle_exit(self, sig: int, frame: Any) -> None:
            """Begin to end; whatever is still under way after that is what a kill would find."""
            super().handle_exit(sig, frame)
            self.end()

        def end(self) -> None:
            self.should_exit = True
            if not self.ends:
                self.ends = True
                timer = threading.Timer(STOP_SECONDS, os._exit, (0,))
                timer.daemon = True
                timer.start()

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                after_startup(self.end)

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            """Jobs end first: without the sockets they would fail."""
            before_shutdown()
            await super().shutdown(sockets)

    Server(uvicorn.Config(app, **connection.options())).run(sockets=[bound])
