"""A run that only looks: what it would do and cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from encore import cost, history
from encore.operators.gate import NIGHTS, plan_of
from encore.operators.record_run import PRICES, _NightOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class PersonalizeDryRunOperator(_NightOperator):
    """Say what a run would do and cost, by only reading."""

    def execute(self, context: Context) -> dict[str, Any]:
        from encore.runs.dry_run import look_ahead

        group, s3 = self.settings, self.s3()
        past = history.read(s3, group.bucket, group.prefix, newest=NIGHTS)
        plan = look_ahead(group, plan_of(context), s3, self.client, past, cost.Prices.load(PRICES))
        self.log.info("This was a dry run: nothing was changed.\n%s", "\n".join(plan["lines"]))
        return plan
