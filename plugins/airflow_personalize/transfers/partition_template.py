"""Templates of operators whose query is run for several partitions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from airflow_personalize.export.read.sql import JINJA_MARKERS

if TYPE_CHECKING:
    from airflow.sdk import Context


class PartitionMarkers(BaseOperator):
    """Lets `{{ start }}`, `{{ end }}`, `{{ low }}` and `{{ high }}` render to markers in the query.

    Each partition has its own bounds, so they are not known when Airflow renders templates.
    """

    def _do_render_template_fields(
        self, parent: Any, template_fields: Iterable[str], context: Context, *args: Any, **kwargs: Any
    ) -> None:
        # Not `render_template_fields`, which a mapped operator does not call on the operator it expands to.
        known: Any = {**context, **JINJA_MARKERS}
        super()._do_render_template_fields(parent, template_fields, known, *args, **kwargs)
