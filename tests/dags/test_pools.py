"""Tasks that hold a place in a queue of the service hold one in its pool as well."""

from __future__ import annotations

import json

from encore import pools

POOL_OF = {
    "PersonalizeCreateDatasetImportJobOperator": pools.IMPORTS,
    "PersonalizeCreateSolutionVersionOperator": pools.TRAININGS,
    "PersonalizeCreateBatchInferenceJobOperator": pools.BATCH_INFERENCE,
    "PersonalizeCreateBatchSegmentJobOperator": pools.BATCH_SEGMENTS,
    "PersonalizeCreateDatasetExportJobOperator": pools.EXPORTS,
}


def test_each_job_with_a_quota_waits_in_the_pool_of_that_quota(dags):
    jobs = {
        f"{dag.dag_id}.{task.task_id}": (task.pool, POOL_OF[task.task_type])
        for dag in dags.values()
        for task in dag.tasks
        if task.task_type in POOL_OF
    }
    assert {task.split(".")[-1] for task in jobs} >= {"import_interactions", "train"}
    assert {task: named for task, (named, right) in jobs.items() if named != right} == {}


def test_no_task_names_a_pool_that_the_file_does_not_make(dags):
    named = {task.pool for dag in dags.values() for task in dag.tasks}
    assert named <= {"default_pool", *json.loads(pools.FILE.read_text())}
