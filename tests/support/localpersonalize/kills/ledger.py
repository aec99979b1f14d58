"""What a service acknowledged: of each thing the values that it may have.

A change that was answered leaves one value. One whose answer never came leaves two, until the thing is looked at: from
then on it has the value that was seen. A change that was refused leaves what was.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

Value = Hashable
GONE = None


class CutOffError(Exception):
    """The answer never came."""


class WrongError(AssertionError):
    """What was seen can't be."""


class Entry:
    """One thing, changed by one thread."""

    def __init__(self, name: str, observe: Callable[[], Value], value: Value = GONE) -> None:
        self.name, self._observe = name, observe
        self.may_be: set[Value] = {value}
        self.touched = False

    @property
    def value(self) -> Value:
        """What it is, where that is certain."""
        return next(iter(self.may_be)) if len(self.may_be) == 1 else GONE

    def is_certain(self) -> bool:
        return len(self.may_be) == 1

    def change(self, value: Value, call: Callable[[], Any]) -> bool:
        """Change it by a call; whether the service did so.

        :raises CutOffError: if no answer came.
        """
        before = set(self.may_be)
        self.may_be, self.touched = before | {value}, True
        try:
            call()
        except ClientError as error:
            if error.response["Error"]["Code"] == "ServiceUnavailable":  # of a child that was killed
                raise CutOffError from error
            if error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
                raise WrongError(f"{self.name}: {error}") from error
            self.may_be = before
            return False
        except (BotoCoreError, HTTPClientError, OSError) as error:
            raise CutOffError from error
        self.may_be = {value}
        return True

    def settle(self) -> None:
        """Look at it.

        :raises WrongError: if it is nothing that it may be.
        """
        seen = self._observe()
        if seen not in self.may_be:
            raise WrongError(f"{self.name} is {seen!r:.200}; it may be {self.may_be!r:.400}")
        self.may_be, self.touched = {seen}, False
