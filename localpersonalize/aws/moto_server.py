"""S3, IAM and everything else of AWS that is not Personalize: moto, in a process of its own.

moto keeps its state in memory; `localpersonalize.aws.persistence` puts what S3 and IAM hold on disk before a change
is answered, and back when the process starts.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

from localpersonalize.aws.object_files import moto_folder

HOST = "127.0.0.1"
SPOOL_BYTES = 1 << 16
BACKLOG = 128


class MotoProcess:
    """The process, as its owner sees it."""

    def __init__(self) -> None:
        self.endpoint = ""
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, data_dir: Path, account: str = "123456789012") -> MotoProcess:
        """Start the process; requests may be sent at once and wait until it answers.

        It gets a socket that listens already: of a port number alone somebody else could take hold meanwhile.
        """
        listening = socket.create_server((HOST, 0), backlog=BACKLOG)
        port = listening.getsockname()[1]
        self.endpoint = f"http://{HOST}:{port}"
        env = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(sys.path),
            "MOTO_ACCOUNT_ID": account,
            "MOTO_S3_DEFAULT_KEY_BUFFER_SIZE": str(
                SPOOL_BYTES
            ),  # objects larger than this are not held in memory
        }
        command = [
            sys.executable,
            "-W",
            "ignore",
            "-m",
            "localpersonalize.aws.moto_server",
            str(listening.fileno()),
            str(moto_folder(data_dir)),
        ]
        # The pipe's end tells the child that this process is gone, however it went.
        with listening:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, env=env, pass_fds=[listening.fileno()]
            )
        return self

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def main() -> None:
    """The child process: serve until the parent is gone."""
    threading.Thread(target=_die_with_the_parent, daemon=True).start()
    import logging

    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    from localpersonalize.aws.persistence import PersistenceMiddleware

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    WSGIRequestHandler.protocol_version = "HTTP/1.1"
    listening, folder = int(sys.argv[1]), Path(sys.argv[2])
    app = PersistenceMiddleware(DomainDispatcherApplication(create_backend_app), folder)
    app.restore()
    make_server(HOST, 0, app, threaded=True, fd=listening).serve_forever()


def _die_with_the_parent() -> None:
    while os.read(0, 1024):  # not sys.stdin: its lock would outlive this thread when the process ends
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
