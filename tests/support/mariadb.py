"""A MariaDB server for tests, where the machine has its programs: fixtures that a conftest imports.

It has a data folder, a socket and users of its own; whatever the machine runs otherwise is left alone. Its clock is
New York's, so that a session which does not ask for UTC is seen.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

TIME_ZONE = "-05:00"
DATABASE = "shop"


def _program(*names: str) -> str | None:
    """A program of the server's; distributions keep it out of the users' path."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/libexec", "/usr/local/sbin"])
    return next((program for name in names if (program := shutil.which(name, path=path))), None)


@pytest.fixture(scope="session")
def mariadb():
    """The path of the socket of a server that ends with the tests."""
    server, install = (
        _program("mariadbd", "mysqld"),
        _program("mariadb-install-db", "mysql_install_db"),
    )
    if server is None or install is None:
        pytest.skip("no MariaDB server on this machine: install the system's package mariadb-server")
    user = [f"--user={'root' if os.geteuid() == 0 else os.environ.get('USER', 'nobody')}"]
    # The path of a Unix socket must stay short, so not below pytest's own folders.
    with tempfile.TemporaryDirectory(prefix="my-", ignore_cleanup_errors=True) as folder:
        data, socket = Path(folder) / "data", Path(folder) / "s"
        # A server that starts takes the temporary tables of another one in its folder for its own, and removes them.
        env = {**os.environ, "TMPDIR": folder}
        made = subprocess.run(
            [
                install,
                "--no-defaults",
                f"--datadir={data}",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
                *user,
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=env,
        )
        assert made.returncode == 0, made.stdout
        with (Path(folder) / "log").open("w") as log:
            process = subprocess.Popen(
                [
                    server,
                    "--no-defaults",
                    f"--datadir={data}",
                    f"--socket={socket}",
                    "--skip-networking",
                    f"--default-time-zone={TIME_ZONE}",
                    "--innodb-buffer-pool-size=32M",
                    "--sql-mode=",
                    *user,
                ],
                stdout=log,
                stderr=log,
                env=env,
            )
        try:
            _wait(socket, process, Path(folder) / "log")
            yield str(socket)
        finally:
            process.terminate()
            process.wait(30)


@pytest.fixture(scope="session")
def mysql_connect(mariadb):
    """Opens a connection as the pure Python driver does, in the server's own time zone."""
    import pymysql

    def connect():
        return pymysql.connect(unix_socket=mariadb, user="root", database=DATABASE, charset="utf8mb4")

    return connect


@pytest.fixture
def run_mysql(mysql_connect):
    """Run statements; the rows of the last one come back."""

    def run(*statements: str):
        connection = mysql_connect()
        try:
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
                connection.commit()
                return cursor.fetchall()
        finally:
            connection.close()

    return run


def _wait(socket: Path, process: subprocess.Popen, log: Path) -> None:
    import pymysql

    for _ in range(300):
        try:
            connection = pymysql.connect(unix_socket=str(socket), user="root")
        except pymysql.OperationalError:
            if process.poll() is not None:
                pytest.fail(f"MariaDB ended: {log.read_text()[-2000:]}")
            time.sleep(0.1)
            continue
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4")
        connection.close()
        return
    pytest.fail(f"MariaDB does not answer: {log.read_text()[-2000:]}")
