"""IAM, STS and whatever else of AWS is asked for: moto, in a process of its own, started when it is first needed.

It listens on a socket in a folder that only its owner can enter, so that nobody reaches it but through the service,
which verifies signatures. A process that died is started again with the next request. What IAM holds outlives it
(`localpersonalize.aws.iam_journal`).
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from localpersonalize.aws import iam_journal
from localpersonalize.private_files import make_private_folder

BACKLOG = 128
MAX_SOCKET_PATH = 100  # bytes; the limit of systems is 104 to 108


class MotoProcess:
    """The process, as its owner sees it."""

    def __init__(self, folder: Path, account: str = "123456789012") -> None:
        """
        :param folder: where IAM is kept.
        """
        self._folder, self._account = folder, account
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._temporary: str | None = None
        self._stopped = False

    def socket_path(self) -> str:
        """Where the process listens, started if it does not run; requests wait there until it answers.

        :raises OSError: if it can't be started.
        """
        with self._lock:
            if self._stopped:
                raise ConnectionRefusedError("The service is ending.")
            if self._process is None or self._process.poll() is not None:
                self._start()
            return self._socket()

    def stop(self) -> None:
        with self._lock:
            self._stopped = True
            if self._process is not None:
                self._process.kill()
                self._process.wait()
                Path(self._socket()).unlink(missing_ok=True)
            if self._temporary:
                shutil.rmtree(self._temporary, ignore_errors=True)

    def _socket(self) -> str:
        path = str(self._folder / "moto.sock")
        if len(os.fsencode(path)) <= MAX_SOCKET_PATH:
            return path
        if self._temporary is None:
            self._temporary = tempfile.mkdtemp(prefix="localpersonalize-")
        return f"{self._temporary}/moto.sock"

    def _start(self) -> None:
        make_private_folder(self._folder)
        path = self._socket()
        Path(path).unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(path)
            listening.listen(BACKLOG)
            command = [
                sys.executable,
                "-W",
                "ignore",
                "-m",
                "localpersonalize.aws.moto_server",
                str(listening.fileno()),
                path,
                str(self._folder / iam_journal.FILE),
            ]
            env = {
                **os.environ,
                "PYTHONPATH": os.pathsep.join(sys.path),
                "MOTO_ACCOUNT_ID": self._account,
                "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",  # AWS's own, which roles attach by their ARNs
            }
            # The pipe's end tells the child that this process is gone, however it went.
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, env=env, pass_fds=[listening.fileno()]
            )


def main() -> None:
    """The child process: serve until the parent is gone."""
    threading.Thread(target=_die_with_the_parent, daemon=True).start()
    import logging

    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    _let_unknown_keys_be_root()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    WSGIRequestHandler.protocol_version = "HTTP/1.1"
    listening, path, journal = int(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    app = iam_journal.IamJournal(DomainDispatcherApplication(create_backend_app), journal)
    app.restore()
    make_server(f"unix://{path}", 0, app, threaded=True, fd=listening).serve_forever()


def _let_unknown_keys_be_root() -> None:
    """Who calls with a key that is of no user or role of IAM is the account itself: moto knows no such caller."""
    from moto.sts.models import STSBackend

    of_moto = STSBackend.get_caller_identity

    def get_caller_identity(self: STSBackend, access_key_id: str, region: str) -> tuple[str, str, str]:
        user_id, arn, account = of_moto(self, access_key_id, region)
        if arn.endswith(":user/moto"):
            return account, f"arn:{arn.split(':')[1]}:iam::{account}:root", account
        return user_id, arn, account

    STSBackend.get_caller_identity = get_caller_identity  # type: ignore[method-assign]


def _die_with_the_parent() -> None:
    while os.read(0, 1024):  # not sys.stdin: its lock would outlive this thread when the process ends
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
