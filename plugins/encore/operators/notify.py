"""Tells who wants to know what came of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from encore import notifications
from encore.operators.gate import plan_of
from encore.operators.record_run import _failed_tasks, _NightOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class PersonalizeNotifyOperator(_NightOperator):
    """Tell who wants to know how the night went: promoted, held, failed, with the tables."""

    def execute(self, context: Context) -> list[str]:
        group, plan = self.settings, plan_of(context)
        if plan.get("dry_run"):
            return []
        recorded = context["ti"].xcom_pull(task_ids="record") or {}
        decisions = {
            name: context["ti"].xcom_pull(task_ids="refresh.gate", map_indexes=number, key="decision") or {}
            for number, name in enumerate(plan.get("solutions", ()))
        }
        failed = _failed_tasks(context)
        news = notifications.news_of(group.name, recorded.get("solutions", {}), decisions, failed)
        told = []
        for channel in group.notify:
            for message in news:
                if message.event in channel.on:
                    notifications.send(channel, message, context)
                    told.append(f"{channel.type}: {message.subject}")
        for message in news:
            self.log.info("%s\n%s", message.subject, message.text)
        return told
