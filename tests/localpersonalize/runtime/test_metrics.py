"""The metrics page shows what was observed and what is asked for at the scrape."""

from prometheus_client.parser import text_string_to_metric_families

from localpersonalize.runtime.metrics import Metrics


def samples(metrics: Metrics) -> dict[tuple[str, tuple[str, ...]], float]:
    families = text_string_to_metric_families(metrics.page().decode())
    return {
        (s.name, tuple(sorted(s.labels.values()))): s.value for family in families for s in family.samples
    }


def test_requests_latencies_jobs_models_and_queue_are_shown() -> None:
    metrics = Metrics(lambda: {("training", "CREATE IN_PROGRESS"): 2}, lambda: {"arn:c": 1234}, lambda: 7)
    metrics.observe("GetRecommendations", "OK", 0.004)
    metrics.observe("GetRecommendations", "OK", 0.3)
    metrics.observe("GetRecommendations", "InvalidInputException", 0.001)
    result = samples(metrics)
    assert result["localpersonalize_requests_total", ("GetRecommendations", "OK")] == 2
    assert result["localpersonalize_requests_total", ("GetRecommendations", "InvalidInputException")] == 1
    assert result["localpersonalize_request_seconds_bucket", ("0.005", "GetRecommendations")] == 2
    assert result["localpersonalize_request_seconds_count", ("GetRecommendations",)] == 3
    assert result["localpersonalize_jobs", ("CREATE IN_PROGRESS", "training")] == 2
    assert result["localpersonalize_model_bytes", ("arn:c",)] == 1234
    assert result["localpersonalize_queue_length", ()] == 7


def test_two_servers_keep_their_own_figures() -> None:
    first, second = Metrics(), Metrics()
    first.observe("PutEvents", "OK", 0.1)
    assert ("localpersonalize_requests_total", ("OK", "PutEvents")) not in samples(second)


def test_what_serves_is_shown_to_nobody_who_did_not_ask_for_it() -> None:
    sizes = {"arn:first": 1, "arn:second": 2}
    page = Metrics(sizes=lambda: sizes, shows_arns=False).page().decode()
    assert "localpersonalize_model_bytes 3.0" in page
    assert "arn" not in page
