"""
### Judge the experiment

The A/B test of `experiment` in `include/pipeline.yaml`: its two solutions are live in their campaigns, and the
application shows each user one of them, by a hash of the user's id (docs/experiments.md: in Python and JavaScript).
Each day this DAG writes where the experiment stands to S3, where the application reads the share of the challenger.
On the days of its analyses it judges what the users of both have done since the first day. A challenger that wins is
shown to all users, by itself or after a person's approval; else the champion stays. Some days after the end the
loser's campaign is deleted, and `retrain_recommenders` leaves the loser out.
"""

from __future__ import annotations

from datetime import timedelta

import pendulum
from airflow.sdk import DAG, TriggerRule

from encore import notifications
from encore.config import DatasetGroup, load_pipeline
from encore.config.experiment import Experiment
from encore.operators.approval import PersonalizeApprovalOperator
from encore.operators.judge_experiment import (
    PersonalizeEndExperimentOperator,
    PersonalizeJudgeExperimentOperator,
    PersonalizeRemoveLoserOperator,
)
from encore.runs.failure_reasons import keep_reason
from encore.timetable import NextTickTimetable


def build(group: DatasetGroup, experiment: Experiment) -> DAG:
    """The DAG of one dataset group's experiment."""
    with DAG(
        dag_id=group.dag_id("judge_experiment"),
        description=f"{experiment.name}: {experiment.challenger} against {experiment.champion}",
        doc_md=__doc__,
        schedule=NextTickTimetable(experiment.schedule, timezone="UTC"),
        start_date=pendulum.datetime(2020, 1, 1, tz="UTC"),
        catchup=False,
        max_active_runs=1,
        default_args={
            "retries": 2,
            "retry_delay": timedelta(seconds=30),
            "on_failure_callback": keep_reason,
        },
        **notifications.callbacks(group),
        tags=["personalize", "experiment", group.name],
    ) as dag:
        settings = {
            "group": group.model_dump(mode="json", by_alias=True),
            "aws_conn_id": group.aws_conn_id,
        }
        judge = PersonalizeJudgeExperimentOperator(task_id="judge", **settings)
        approve = PersonalizeApprovalOperator(
            task_id="approve",
            decision=judge.output,
            approval_hours=group.approval_hours,
            subject=f"{group.name}: {experiment.challenger} has won {experiment.name}. Shall all users see it?",
            body="{{ task.decision['markdown'] }}",
            defaults="Reject",
            notifiers=notifications.channels_for(
                "asked",
                group.notify,
                f"{group.name}: an experiment has a winner",
                "{{ task.decision['text'] }}",
            ),
        )
        end = PersonalizeEndExperimentOperator(
            task_id="end",
            decision=judge.output,
            answer=approve.output,
            trigger_rule=TriggerRule.NONE_FAILED,
            **settings,
        )
        end >> PersonalizeRemoveLoserOperator(
            task_id="remove_loser", trigger_rule=TriggerRule.NONE_FAILED, **settings
        )
    return dag


for dataset_group in load_pipeline().dataset_groups:
    if dataset_group.experiment:
        build(dataset_group, dataset_group.experiment)
