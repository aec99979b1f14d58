"""The key pair that a service accepts: given by its environment, or made on the first start and kept."""

from __future__ import annotations

import configparser
import ipaddress
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from localpersonalize.disk.lock import DataDirectoryError
from localpersonalize.private_files import make_private_folder, replace_file
from localpersonalize.protocol.sigv4 import Credentials

FILE = "credentials"


def load(data_dir: Path, environ: Mapping[str, str] = os.environ) -> Credentials:
    """`AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, else those in DATA_DIR/credentials.

    The file has the form of a shared credentials file (`AWS_SHARED_CREDENTIALS_FILE`), and only its owner can read it.

    :raises DataDirectoryError: if the file can't be read.
    """
    key, secret = environ.get("AWS_ACCESS_KEY_ID"), environ.get("AWS_SECRET_ACCESS_KEY")
    if key and secret:
        return Credentials(key, secret)
    file = data_dir / FILE
    if not file.exists():
        _write(file, Credentials("AKIA" + secrets.token_hex(8).upper(), secrets.token_urlsafe(30)))
    parser = configparser.RawConfigParser()
    try:
        parser.read(file)
        profile = parser["default"]
        return Credentials(profile["aws_access_key_id"], profile["aws_secret_access_key"])
    except (configparser.Error, KeyError, UnicodeDecodeError) as error:
        raise DataDirectoryError(
            f"{file} is damaged ({type(error).__name__}). Delete it, and a new key pair is made; or put yours back, or"
            " set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        ) from None


def environment(endpoint: str, credentials: Credentials, region: str) -> dict[str, str]:
    """What lets every SDK call a service, without a line in the application."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
    }


def accepts_any(host: str, on_this_machine: bool, on_network: bool) -> bool:
    """Whether requests may be signed with any key.

    :param host: where the service listens.
    :raises ValueError: if others than this machine's users could call, and only these were meant.
    """
    if on_this_machine and not on_network and not is_loopback(host):
        raise ValueError(
            f"--any-credentials on {host} would let everybody in who reaches this machine. Listen on 127.0.0.1, or add"
            " --any-credentials-on-network if that is what you want (in a container whose port is published on"
            " 127.0.0.1 only, for example)."
        )
    return on_this_machine or on_network


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens there."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def file_of(data_dir: Path, credentials: Credentials) -> Path | None:
    """The file that holds these credentials, None if they are those of the environment."""
    file = data_dir / FILE
    is_in_file = file.exists() and credentials.access_key_id in file.read_text(errors="replace")
    return file if is_in_file else None


def _write(file: Path, credentials: Credentials) -> None:
    make_private_folder(file.parent)
    text = (
        f"[default]\naws_access_key_id = {credentials.access_key_id}\n"
        f"aws_secret_access_key = {credentials.secret_access_key}\n"
    )
    replace_file(file, text.encode())
