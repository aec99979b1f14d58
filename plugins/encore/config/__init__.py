"""`include/pipeline.yaml`: what to keep fresh. `python -m encore.config check` explains the file."""

from encore.config.loader import INCLUDE, PIPELINE_FILE, PipelineError, include_folder, load_pipeline
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
    "include_folder",
    "load_pipeline",
]
