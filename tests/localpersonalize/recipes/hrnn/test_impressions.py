import pyarrow as pa

from localpersonalize.recipes.base.data import TrainingData
from localpersonalize.recipes.base.vocabulary import Vocabulary
from localpersonalize.recipes.hrnn.impressions import impression_bias
from tests.support.planted import data_of

ITEMS = Vocabulary(["taken", "ignored", "never shown"])
EVENTS = data_of([(f"u{n}", "taken", n) for n in range(100)]).interactions


def test_what_is_shown_and_not_taken_loses_and_what_is_never_shown_stays():
    with_impressions = EVENTS.append_column("IMPRESSION", pa.array(["ignored|taken"] * 100))
    clicked, ignored, never = impression_bias(TrainingData(with_impressions), ITEMS)
    assert clicked > 0 > ignored
    assert never == 0


def test_without_impressions_nothing_changes():
    assert not impression_bias(TrainingData(EVENTS), ITEMS).any()
