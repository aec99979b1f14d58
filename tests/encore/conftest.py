"""What the application's tests share: a real service, with a bucket, a role, and a little data in it."""

from tests.support.aws_clients import quick_clients
from tests.support.personalize_service import schema, service, service_address, trained

__all__ = ["quick_clients", "schema", "service", "service_address", "trained"]
