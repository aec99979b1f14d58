"""`include/pipeline.yaml`: what to keep fresh. `python -m personalize.config check` explains the file."""

from personalize.config.reading import INCLUDE, PIPELINE_FILE, PipelineError, load_pipeline
from personalize.config.sections import (
    DATASET_TYPES,
    Campaign,
    Dataset,
    DatasetGroup,
    DatasetType,
    Pipeline,
    Solution,
)

__all__ = [
    "DATASET_TYPES",
    "INCLUDE",
    "PIPELINE_FILE",
    "Campaign",
    "Dataset",
    "DatasetGroup",
    "DatasetType",
    "Pipeline",
    "PipelineError",
    "Solution",
    "load_pipeline",
]
