"""Airflow transfers between the product database, S3 and Amazon Personalize."""
