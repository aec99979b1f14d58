"""Batch jobs without Airflow: lines that ask, lines that answer, and the table that the answers replace."""
