from localpersonalize.recipes.base.options import TrainingOptions
from localpersonalize.training import hpo
from localpersonalize.training.settings import Range
from localpersonalize.training.train import train_solution_version
from tests.support.planted import tastes

SIMS = "arn:aws:personalize:::recipe/aws-sims"


def run(tmp_path, data=None, config=None, arn=SIMS, **more):
    return train_solution_version(data or tastes(), config or {}, arn, tmp_path / "model", **more)


def test_the_search_finds_a_planted_optimum():
    ranges = [
        Range("x", 0.0, 1.0),
        Range("n", 0, 10, integer=True),
        Range("b", values=("true", "false")),
    ]

    def score(values):
        return -abs(float(values["x"]) - 0.8) - abs(int(values["n"]) - 7) / 10 + (values["b"] == "true")

    start = {"x": "0.1", "n": "0", "b": "false", "kept": "1"}
    result = hpo.search(ranges, start, score, 40, 3, lambda *_: None)
    assert score(result) > -0.25 + 1
    assert result["kept"] == "1"
    assert hpo.search(ranges, start, score, 1, 3, lambda *_: None) == start


def test_a_search_never_ends_outside_of_its_ranges():
    ranges = [Range("x", 0.2, 0.3), Range("n", 5, 9, integer=True), Range("b", values=("u", "v"))]
    start = {"x": "0.5", "n": "2", "b": "w", "kept": "1"}
    for jobs in (1, 4):
        result = hpo.search(ranges, start, lambda _: 0.0, jobs, 3, lambda *_: None)
        assert 0.2 <= float(result["x"]) <= 0.3
        assert 5 <= int(result["n"]) <= 9
        assert result["b"] in ("u", "v")
        assert result["kept"] == "1"


def test_hyperparameter_optimisation_reports_its_best_and_trains_with_it(tmp_path):
    config = {
        "hpoConfig": {
            "hpoResourceConfig": {"maxNumberOfTrainingJobs": "4", "maxParallelTrainingJobs": "1"},
            "algorithmHyperParameterRanges": {
                "continuousHyperParameterRanges": [
                    {"name": "popularity_discount_factor", "minValue": 0.2, "maxValue": 0.8}
                ]
            },
        },
        "algorithmHyperParameters": {"min_cointeraction_count": "2"},
    }
    messages = []
    options = TrainingOptions(progress=lambda fraction, message: messages.append(message))
    result = run(tmp_path, config=config, perform_hpo=True, options=options)
    assert sum("training job" in message for message in messages) == 4
    assert result.best_hyperparameters == result.hyperparameters
    assert result.best_hyperparameters["min_cointeraction_count"] == "2"
    assert 0.2 <= float(result.best_hyperparameters["popularity_discount_factor"]) <= 0.8
