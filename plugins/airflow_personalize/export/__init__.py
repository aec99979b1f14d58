"""From a product table to checked CSVs in S3: schemas, checks, manifests. No Airflow, no boto3 in here.

Whoever calls passes in a connection (`sources`) and an S3 client, and gets summaries back; the operators in
`airflow_personalize.transfers` are thin wrappers around it.
"""
