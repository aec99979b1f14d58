"""`make check` names each mistake that would stop a run later, with its file and line."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import yaml

from encore.config import INCLUDE, PipelineError, load_pipeline
from encore.config.full_check import full_check

FILE = """\
dataset_groups:
  - name: shop
    role: Role
    bucket: shop
    datasets:
      interactions: {schema: interactions.json, sql: interactions.sql}
      items: {schema: items.json, sql: items.sql}
    solutions:
      - name: you
        recipe: aws-user-personalization
    filters:
      - name: fresh
        expression: INCLUDE ItemID WHERE Items.GENRE IN ("a")
"""
INTERACTIONS = """\
SELECT user_id, item_id,
       kind AS event_type,
       at AS timestamp
FROM events
WHERE at >= {{ start }} AND at < {{ end }}
"""
METADATA = [{"name": f"M{number}", "type": "string", "categorical": True} for number in range(8)]


def schema(name, *fields):
    """A schema as people write it, one field a line; the fields begin in line 6."""
    keyed = ",\n".join("    " + json.dumps(field) for field in fields)
    head = f'{{"type": "record",\n "name": "{name}",\n "namespace": "com.amazonaws.personalize.schema",\n'
    return f'{head} "version": "1.0",\n "fields": [\n{keyed}\n]}}\n'


USER, ITEM = ({"name": f"{name}_ID", "type": "string"} for name in ("USER", "ITEM"))
TIME, KIND = {"name": "TIMESTAMP", "type": "long"}, {"name": "EVENT_TYPE", "type": "string"}
GENRE = {"name": "GENRE", "type": "string", "categorical": True}
FILES = {
    "interactions.json": schema("Interactions", USER, ITEM, TIME, KIND),
    "items.json": schema("Items", ITEM, GENRE),
    "interactions.sql": INTERACTIONS,
    "items.sql": "SELECT id AS item_id, genre FROM products",
}


@pytest.fixture
def said(tmp_path):
    """What is said of the file and those it names, after some of them were changed: `file:line: ...`."""

    def problems(old="", new="", **files):
        for name, text in {
            **FILES,
            **{key.replace("_", ".", 1): value for key, value in files.items()},
        }.items():
            (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        assert old in FILE
        text = FILE.replace(old, new) if old else FILE
        for name in FILES:
            text = text.replace(f": {name}", f": {tmp_path / name}")
        file = tmp_path / "pipeline.yaml"
        file.write_text(text)
        try:
            result, _ = full_check(file, load_pipeline(file))
        except PipelineError as error:
            result = str(error).splitlines()
        return "\n".join(line.replace(f"{tmp_path}/", "") for line in result)

    return problems


def test_a_file_in_order_has_no_problem(said):
    assert said() == ""


def test_the_projects_own_file_is_in_order():
    from encore.config import PIPELINE_FILE

    assert full_check(PIPELINE_FILE, load_pipeline(PIPELINE_FILE)) == ([], [])


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"items_json": '{"type": "record",\n "name": }'}, "items.json:2: line 2 is not valid JSON"),
        ({"items_json": "[]"}, "items.json:1: must be a JSON object"),
        ({"items_json": b"\xff{"}, "items.json:1: cannot be read as UTF-8"),
        (
            {"interactions_json": schema("Interactions", USER, ITEM, TIME, *METADATA)},
            "interactions.json:5: 8 metadata fields (M0, M1, M2, M3, M4, M5, M6, M7), the service takes 5",
        ),
        (
            {"items_json": schema("Items", ITEM, {"name": "GENRE", "type": "text"})},
            "items.json:2: is not a valid Avro schema",
        ),
        (
            {"items_json": schema("Items", ITEM, {**GENRE, "categorical": "yes"})},
            "items.json:7: field 'GENRE': categorical must be true or false",
        ),
        (
            {"items_json": schema("Users", USER, GENRE)},
            "items.json:2: name is 'Users', but this is the schema of items",
        ),
        ({"interactions_sql": "-- nothing\n"}, "interactions.sql:1: the query is empty"),
        ({"interactions_sql": b"\xffSELECT"}, "interactions.sql:1: is not UTF-8"),
        (
            {"interactions_sql": INTERACTIONS.replace("{{ start }}", "{ start }")},
            "interactions.sql:5: { start } has one brace too few",
        ),
        (
            {"interactions_sql": INTERACTIONS.replace("{{ start }}", "{{ start }")},
            "interactions.sql:5: not a template",
        ),
        (
            {"interactions_sql": INTERACTIONS.replace("kind AS event_type", "kind")},
            "interactions.sql:1: column 'EVENT_TYPE' is missing (schema: interactions.json)",
        ),
        (
            {"items_sql": "\nSELECT id AS item_id, genre, price FROM products"},
            "items.sql:2: column 'price' is not in the schema",
        ),
    ],
)
def test_what_is_wrong_in_a_file_is_named_with_its_line(said, files, expected):
    assert expected in said(**files)


def test_columns_that_only_the_database_knows_are_left_to_it(said):
    assert said(items_sql="SELECT * FROM products") == ""
    assert said(items_sql="SELECT id, {{ params.genre }} FROM products") == ""


GROUP, SOLUTION = "    bucket: shop\n", "        recipe: aws-user-personalization\n"
EXPRESSION = 'INCLUDE ItemID WHERE Items.GENRE IN ("a")'
WRONG = {
    # where things are
    "bucket: shop -> bucket: s3://x": "4: dataset_groups.0.bucket: Value error, 's3://x' is no name of a bucket",
    "bucket: shop -> bucket: Bad_Name": "4: dataset_groups.0.bucket: Value error, 'Bad_Name' is no name of a bucket",
    "bucket: shop -> bucket: ab": "4: dataset_groups.0.bucket: Value error, 'ab' is no name",
    "bucket: shop -> bucket: 192.168.5.4": "4: dataset_groups.0.bucket: Value error, '192.168.5.4' is no name",
    "bucket: shop -> bucket: a..b": "4: dataset_groups.0.bucket: Value error, 'a..b' is no name",
    "bucket: shop -> {bucket: shop, prefix: /a}": "5: dataset_groups.0.prefix: Value error, '/a' makes a folder",
    "bucket: shop -> {bucket: shop, prefix: s3://shop/a}": "5: dataset_groups.0.prefix: Value error, 's3://shop",
    "bucket: shop -> {bucket: shop, prefix: a//b}": "5: dataset_groups.0.prefix: Value error, 'a//b' makes",
    "bucket: shop -> {bucket: shop, prefix: 'a b'}": "5: dataset_groups.0.prefix: Value error, 'a b' holds ' '",
    f"bucket: shop -> {{bucket: shop, prefix: {'a' * 81}}}": "5: dataset_groups.0.prefix: String should have at",
    # who
    "role: Role -> role: two words": "3: dataset_groups.0.role: Value error, 'two words' is no name of a role",
    "role: Role -> role: arn:aws:iam::1:role/Role": "3: dataset_groups.0.role: Value error, 'arn:aws:iam::1:role",
    "role: Role -> role: arn:aws:s3:::shop": "3: dataset_groups.0.role: Value error, 'arn:aws:s3:::shop' is no ARN",
    "role: Role -> {role: Role, product_db: 'a b'}": "4: dataset_groups.0.product_db: String should match",
    "role: Role -> {role: Role, aws_conn_id: ''}": "4: dataset_groups.0.aws_conn_id: String should match",
    # when
    "role: Role -> {role: Role, schedule: 0 3 * * * *}": "4: dataset_groups.0.schedule: '0 3 * * * *' is not a cron",
    "role: Role -> {role: Role, schedule: 0 25 * * *}": "4: dataset_groups.0.schedule: '0 25 * * *' is not a cron",
    "role: Role -> {role: Role, schedule: 0 0 31 2 *}": "4: dataset_groups.0.schedule: '0 0 31 2 *' is not a cron",
    "role: Role -> {role: Role, schedule: '@often'}": "4: dataset_groups.0.schedule: '@often' is not a cron",
    # names
    "name: shop -> name: two words": "2: dataset_groups.0.name: String should match pattern",
    f"name: shop -> name: {'a' * 64}": "2: dataset_groups.0.name: String should have at most 63",
    f"name: shop -> name: {'a' * 38}": "2: dataset_groups.0.name: has 38 characters; its schemas are named after it",
    "role: Role -> {role: Role, dag_suffix: 'a b'}": "4: dataset_groups.0.dag_suffix: String should match",
    "role: Role -> {role: Role, role: Other}": "4: role: is there twice",
    "role: Role -> {role: Role, rolle: Other}": "4: dataset_groups.0.rolle: Extra inputs",
    "sql: items.sql -> sql: items.json": "7: dataset_groups.0.datasets.items.sql: {tmp}items.json must end in .sql",
    "schema: items.json -> schema: items.sql": "7: dataset_groups.0.datasets.items.schema: {tmp}items.sql must end in",
    # who is notified
    "role: Role -> {role: Role, notify: [{type: sns, topic_arn: 'arn:aws:sns:x'}]}": "notify.0.sns.topic_arn: String",
    "role: Role -> {role: Role, notify: [{type: smtp, to: [nobody]}]}": "notify.0.smtp.to.0: String should match",
}


@pytest.mark.parametrize("change", WRONG)
def test_what_is_wrong_in_the_file_is_named_with_its_line(said, tmp_path, change):
    old, new = change.split(" -> ")
    if new.startswith("{"):  # several keys, each in a line of its own
        indent = "    "
        first, _, rest = new[1:-1].partition(", ")
        new = f"{first}\n{indent}{rest}"
    expected = WRONG[change].replace("{tmp}", "")
    assert expected in said(old, new).replace(f"{tmp_path}/", "")


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        (
            "hyperparameters: {bptt: 64}",
            "11: dataset_groups.0.solutions.0.hyperparameters.bptt: 64 is not what aws-user-",
        ),
        (
            "hyperparameters: {layers: 2}",
            "hyperparameters.layers: aws-user-personalization has no such hyperparameter",
        ),
        (
            "hyperparameters: {min_user_history_length_percentile: 0.1}",
            "belongs into `solution_config.featureTransformationParameters`",
        ),
        (
            "solution_config: {featureTransformationParameters: {max_user_history_length_percentile: '2'}}",
            "'2' is not what aws-user-personalization takes: a number from 0 to 1",
        ),
        ("solution_config: {hpoConf: {}}", 'solution_config.hpoConf: Unknown parameter in input: "hpoConf"'),
        (
            "solution_config: {hpoConfig: {hpoObjective: {type: 3}}}",
            "solution_config.hpoConfig.hpoObjective.type: Invalid",
        ),
        (
            "solution_config: {autoTrainingConfig: {schedulingExpression: rate(x)}}",
            "schedulingExpression: 'rate(x)' is not",
        ),
        (
            "solution_config: {optimizationObjective: {objectiveSensitivity: MUCH}}",
            "'MUCH' is none of LOW, MEDIUM",
        ),
        (
            "campaign: {min_provisioned_tps: 0}",
            "min_provisioned_tps: Input should be greater than or equal to 1",
        ),
        (
            "campaign: {min_provisioned_tps: 501}",
            "min_provisioned_tps: is 501, but the service's quota is 500",
        ),
        (
            "campaign: {config: {itemExplorationConfig: {explorationWeight: '2'}}}",
            "'2' is not what the service takes",
        ),
        (
            "campaign: {config: {itemExplorationConfig: {weight: '1'}}}",
            "itemExplorationConfig.weight: is none of",
        ),
        (
            "campaign: {config: {metadata: true}}",
            'campaign.config.metadata: Unknown parameter in input: "metadata"',
        ),
        ("event_type: ''", "event_type: String should have at least 1 character"),
        (f"event_type: {'a' * 257}", "event_type: String should have at most 256 characters"),
        ("perform_hpo: maybe", "perform_hpo: Input should be a valid boolean"),
    ],
)
def test_what_the_service_would_refuse_of_a_solution_is_named(said, setting, expected):
    lines = said(SOLUTION, f"{SOLUTION}        {setting}\n").splitlines()
    assert [
        line
        for line in lines
        if line.startswith("pipeline.yaml:11: ") and expected.removeprefix("11: ") in line
    ]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("INCLUDE ItemID WHERE Items.GENRE IN", "column 36: ( is expected, but the expression ends"),
        ("INCLUDE ItemID WHERE Items.PRICE > 3", "column 22: Items has no field PRICE, only ITEM_ID, GENRE"),
        ("INCLUDE ItemID WHERE Items.GENRE > 3", "Items.GENRE is a text, which has no size: use IN"),
        ('EXCLUDE ItemID WHERE Users.AGE IN ("a")', "ItemID is filtered by Items or Interactions"),
        ('INCLUDE UserID WHERE Users.AGE IN ("a")', "the group has no Users dataset"),
        ('EXCLUDE ItemID WHERE Interactions.ITEM_ID IN ("a")', "Interactions is only filtered by EVENT_TYPE"),
        ("EXCLUDE ItemID WHERE Items.GENRE NOT IN ($G)", "parameters don't go with NOT IN"),
        ("INCLUDE ItemID WHERE Items.GENRE IN (1)", "Items.GENRE is a text, and 1 is none"),
    ],
)
def test_a_filter_that_the_service_refuses_is_named_with_its_column(said, expression, expected):
    lines = said(EXPRESSION, json.dumps(expression)).splitlines()
    assert [
        line for line in lines if line.startswith("pipeline.yaml:13: dataset_groups.0.filters.0.expression: ")
    ]
    assert expected in lines[0]


def test_two_groups_do_not_share_a_place(said, tmp_path):
    groups = yaml.safe_load(FILE)["dataset_groups"]
    text = yaml.safe_dump({"dataset_groups": [*groups, {**groups[0], "name": "books"}]})
    assert "prefix: s3://shop/encore/ is where shop keeps its files already" in said(FILE, text)


def test_a_field_is_found_in_any_case_and_a_topic_fits_its_pattern(said):
    assert said(EXPRESSION, 'include ItemId where items.genre in ("a")') == ""
    topic = "notify: [{type: sns, topic_arn: 'arn:aws:sns:eu-west-1:123456789012:runs'}]"
    assert said("role: Role", f"role: arn:aws:iam::123456789012:role/service/Role\n    {topic}") == ""


def test_the_command_names_them_all_and_fails(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text.replace("GENRE", "KIND") if name == "items.json" else text)
    file = tmp_path / "pipeline.yaml"
    file.write_text(
        "".join(line.replace(": i", f": {tmp_path}/i") for line in FILE.splitlines(keepends=True))
    )
    command = [sys.executable, "-W", "ignore", "-m", "encore.config", "check", str(file)]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=INCLUDE.parent / "plugins", check=False
    )
    assert done.returncode == 1
    assert (
        f"{file}:13: dataset_groups.0.filters.0.expression: column 22: Items has no field GENRE"
        in done.stdout
    )
    assert f"{tmp_path}/items.sql:1: column 'KIND' is missing" in done.stdout
