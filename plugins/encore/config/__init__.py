"""`include/pipeline.yaml`: what to keep fresh. `python -m encore.config check` explains the file."""

from encore.config.loader import INCLUDE, PIPELINE_FILE, PipelineError, load_pipeline
from encore.config.models import (
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
