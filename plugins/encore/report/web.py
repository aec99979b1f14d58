"""The report behind Airflow's tab *Runs*, served from where the runs have put it."""

from __future__ import annotations

from fastapi import Depends, FastAPI, HTTPException
from fastapi.responses import HTMLResponse

EMPTY = "<p>No run has been recorded yet: the report comes with the first run of retrain_recommenders.</p>"
CONTENT_SECURITY_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def create_app() -> FastAPI:
    """The app behind the tab; whoever may read a DAG may read its report."""
    from airflow.api_fastapi.core_api.security import requires_access_dag

    app = FastAPI(title="Encore", docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/report/{dag_id}", dependencies=[Depends(requires_access_dag("GET"))])
    def report(dag_id: str) -> HTMLResponse:
        return HTMLResponse(report_of(dag_id), headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY})

    return app


def report_of(dag_id: str) -> str:
    """The page of the dataset group that a DAG belongs to.

    :raises HTTPException: 404 for a DAG that is not the pipeline's.
    """
    from botocore.exceptions import ClientError

    from airflow_personalize.s3 import s3_client
    from encore import history
    from encore.config import load_pipeline

    for group in load_pipeline().dataset_groups:
        if dag_id in group.dag_ids:
            s3 = s3_client(group.aws_conn_id)
            try:
                page = s3.get_object(Bucket=group.bucket, Key=f"{group.prefix}/{history.REPORT_KEY}")
            except ClientError as error:
                if error.response["Error"]["Code"] in {"NoSuchKey", "404"}:
                    return EMPTY
                raise
            html: bytes = page["Body"].read()
            return html.decode()
    raise HTTPException(404, f"{dag_id} is no DAG of the pipeline file")
