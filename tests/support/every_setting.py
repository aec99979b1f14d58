"""A pipeline file with every setting that there is, each with a value that is not its default."""

from __future__ import annotations

from typing import Any

TOPIC = "arn:aws:sns:us-east-1:1:runs"
DATASET = {"schema": "schemas/interactions.json", "sql": "sql/interactions.sql"}
COLUMN_CHECK = {
    "name": "known",
    "table": "events",
    "where": "at < {{ end }}",
    "severity": "stop",
    "column": "item",
    "test": "null_check",
    "leq_to": 3,
    "tolerance": 0.5,
}
PIPELINE: dict[str, Any] = {
    "dataset_groups": [
        {
            "name": "books",
            "dag_suffix": "_b",
            "domain": "ECOMMERCE",
            "monthly_budget_usd": 70,
            "product_db": "books_db",
            "aws_conn_id": "books_aws",
            "role": "BooksRole",
            "bucket": "books-bucket",
            "prefix": "books/a",
            "history_start": "2026-01-02",
            "schedule": "1 2 * * *",
            "approval_hours": 5,
            "deadline_hours": 6,
            "datasets": {
                "interactions": {
                    **DATASET,
                    "contract": {"default": "stop", "rules": {"not_finite": "drop_value"}},
                    "rejected_limit": 0.2,
                    "row_id": "event_id",
                    "splits": 3,
                    "bounds_sql": "sql/items.sql",
                    "settle_minutes": 20,
                    "reexport_days": 2,
                    "table_checks": [
                        {
                            "name": "enough",
                            "table": "shop.events",
                            "where": "at >= {{ start }}",
                            "severity": "warn",
                            "statement": "COUNT(*) > 5",
                        }
                    ],
                    "column_checks": [COLUMN_CHECK],
                },
                "users": {"schema": "schemas/users.json", "sql": "sql/users.sql"},
                "items": {
                    "schema": "schemas/items.json",
                    "sql": "sql/items.sql",
                    "titles_sql": "sql/item_titles.sql",
                },
            },
            "solutions": [
                {"name": "popular", "recipe": "aws-popularity-count"},
                {"name": "other", "recipe": "aws-popularity-count"},
                {
                    "name": "you",
                    "recipe": "aws-user-personalization",
                    "hyperparameters": {"bptt": 2},
                    "event_type": "buy",
                    "event_value_threshold": 0.5,
                    "perform_hpo": True,
                    "solution_config": {"hpoConfig": {"hpoResourceConfig": {"maxNumberOfTrainingJobs": "2"}}},
                    "campaign": {
                        "name": "for-you",
                        "min_provisioned_tps": 3,
                        "config": {"enableMetadataWithRecommendations": True},
                        "check": {"questions": 7, "results": 8, "max_milliseconds": 9},
                    },
                    "gate": {
                        "metrics": {"coverage": {"tolerance": 0.1, "floor": 0.2}},
                        "worse_than_live": "ask",
                        "worse_than_popularity": "ask",
                        "below_floor": "ask",
                        "baseline": "other",
                        "confidence": 0.9,
                        "approval_hours": 4,
                        "same_users": {"metric": "recall_at_25"},
                    },
                },
            ],
            "filters": [{"name": "fresh", "expression": 'INCLUDE ItemID WHERE Items.CATEGORY IN ("a")'}],
            "data_gate": {"on_failure": "warn", "max_drop": 0.4},
            "event_tracker": {"name": "clicks"},
            "recommenders": [
                {
                    "name": "for-you",
                    "recipe": "aws-ecomm-recommended-for-you",
                    "min_requests_per_second": 4,
                    "state": "active",
                    "config": {"enableMetadataWithRecommendations": True},
                }
            ],
            "metric_attribution": {
                "name": "sales",
                "metrics": [{"name": "clicks", "event_type": "click", "expression": "SAMPLECOUNT()"}],
                "reports": False,
            },
            "experiment": {
                "name": "home",
                "champion": "popular",
                "challenger": "you",
                "share": 0.25,
                "begin": "2026-02-02",
                "days": 9,
                "analyses": 3,
                "event_type": "buy",
                "measure": "events",
                "error": 0.03,
                "winner": "promote",
                "keep_loser_days": 6,
                "schedule": "4 5 * * *",
            },
            "comparison": {"held_back_days": 2, "users": 300, "attribute": "gender", "scan_rows": 5000},
            "retention": {"remove_unlisted": True},
            "notify": [
                {"type": "slack", "conn_id": "slack_books", "on": ["asked"]},
                {
                    "type": "smtp",
                    "to": ["a@example.com"],
                    "sender": "b@example.com",
                    "conn_id": "mail_books",
                    "on": ["late"],
                },
                {"type": "sns", "topic_arn": TOPIC, "conn_id": "sns_books", "on": ["held"]},
            ],
            "batch": {
                "schedule": "3 4 * * 1",
                "jobs": [
                    {
                        "name": "mail",
                        "solution": "you",
                        "input": "sql/users.sql",
                        "num_results": 6,
                        "filter": "fresh",
                        "output": "letters",
                        "table": "for_you",
                        "error_limit": 0.3,
                    },
                    {"name": "fans", "kind": "segments", "recipe": "aws-item-affinity"},
                ],
            },
        }
    ],
    "quotas": {"campaigns": 6},
}
