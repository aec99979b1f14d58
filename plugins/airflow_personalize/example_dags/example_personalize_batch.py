"""Recommendations for every user at once, from a table to a table.

The product database is the connection `product_db`; the service and S3 are `aws_default`.
"""

from __future__ import annotations

from datetime import datetime

from airflow.sdk import DAG, Param

from airflow_personalize.operators.batch_inference_job import PersonalizeCreateBatchInferenceJobOperator
from airflow_personalize.transfers.personalize_batch_output_to_sql import PersonalizeBatchOutputToSqlOperator
from airflow_personalize.transfers.sql_to_personalize_batch_input import SqlToPersonalizeBatchInputOperator

COLUMNS = ("user_id",)

with DAG(
    dag_id="example_personalize_batch",
    schedule=None,
    start_date=datetime(2026, 1, 1),
    catchup=False,
    tags=["example"],
    params={
        "bucket": Param("my-bucket", type="string", description="A bucket that the role may read and write"),
        "role": Param("PersonalizeRole", type="string", description="A role that Personalize may assume"),
        "solution_version_arn": Param("", type="string", description="What to ask"),
    },
) as dag:
    # [START howto_transfer_personalize_batch]
    batch_input = SqlToPersonalizeBatchInputOperator(
        task_id="input",
        sql="SELECT user_id FROM users",
        columns=COLUMNS,
        bucket="{{ params.bucket }}",
        folder="example/batch",
    )
    job = PersonalizeCreateBatchInferenceJobOperator(
        task_id="infer",
        solution_version_arn="{{ params.solution_version_arn }}",
        input_location=batch_input.output["input"],
        output_location=batch_input.output["output"],
        role_arn="{{ params.role }}",
        num_results=10,
        deferrable=True,
    )
    output = PersonalizeBatchOutputToSqlOperator(
        task_id="output",
        output_location=batch_input.output["output"],
        lines=batch_input.output["lines"],
        columns=COLUMNS,
        table="recommendations",
    )
    job >> output
    # [END howto_transfer_personalize_batch]
