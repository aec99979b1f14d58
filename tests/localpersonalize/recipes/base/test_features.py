import pyarrow as pa

from localpersonalize.recipes.base.features import Features

SCHEMA = {
    "fields": [
        {"name": "genre", "type": "string", "categorical": True},
        {"name": "year", "type": "int"},
        {"name": "blurb", "type": "string", "textual": True},
    ]
}
TABLE = pa.table(
    {
        "ITEM_ID": [str(n) for n in range(16)],
        "GENRE": ["red|blue" if n % 2 else "red" for n in range(16)],
        "YEAR": list(range(16)),
        "BLURB": [f"text {n}" for n in range(16)],
    }
)


def features_of_table() -> Features:
    return Features.fit(TABLE, SCHEMA, TABLE.column_names)


def test_categories_and_bins_have_features_and_free_text_has_none():
    assert [(column.name, column.width) for column in features_of_table().columns] == [
        ("GENRE", 2),
        ("YEAR", 8),
    ]


def test_the_categories_of_a_row_share_its_weight():
    both, one, unknown = (
        features_of_table().encode([{"GENRE": "red|blue"}, {"GENRE": "blue"}, {"GENRE": "green"}]).toarray()
    )
    assert both[:2].tolist() == [0.5, 0.5]
    assert one[:2].tolist() == [0.0, 1.0]
    assert not unknown.any()


def test_rows_and_tables_are_encoded_alike_and_features_survive_json():
    features = features_of_table()
    repeated = Features.from_json(features.to_json())
    assert (features.encode(TABLE) != repeated.encode(TABLE.to_pylist())).nnz == 0
