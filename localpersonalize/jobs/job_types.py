"""Every type of job, by the name that the database keeps: what does it, and about how long the real service takes."""

from __future__ import annotations

from localpersonalize.jobs import (
    activation,
    attribution,
    batch,
    data_deletion,
    dataset_export,
    dataset_import,
    deletion,
    deployment,
    recommenders,
    training,
    updates,
)
from localpersonalize.jobs.job import JobType

JOB_TYPES = (
    # name, function, minutes, heavy
    JobType("become active", activation.activate, 0.5),
    JobType("import", dataset_import.import_dataset, 13, heavy=True),
    JobType("export", dataset_export.export_dataset, 10, heavy=True),
    JobType("delete users", data_deletion.delete_users, 60, heavy=True),
    JobType("update dataset", updates.update_dataset, 1),
    JobType("update solution", updates.update_solution, 0.5),
    JobType("update metric attribution", updates.update_metric_attribution, 0.5),
    JobType("train", training.train, 40, heavy=True),
    JobType("deploy", deployment.deploy, 9),
    JobType("redeploy", deployment.redeploy, 9),
    JobType("train recommender", recommenders.train, 40, heavy=True),
    JobType("update recommender", recommenders.update, 9),
    JobType("stop recommender", recommenders.stop, 1),
    JobType("start recommender", recommenders.start, 9),
    JobType("batch", batch.run_batch, 20, heavy=True),
    JobType("measure events", attribution.measure_events, 0),
    JobType("report on import", attribution.report_import, 5, heavy=True),
    JobType("delete", deletion.delete, 0.5),
)
