"""Kibana's saved objects against the mapping, against each other, and their queries on a real server."""

import json

import pytest
from elasticsearch import Elasticsearch

from brandmelder.__main__ import run
from dashboard.kibana import LONGEST_DESCRIPTION, saved_objects, to_ndjson
from index.elastic_mapping import ALL_FIELDS, mapping
from tests.analysts import load, lucene_of_kql, query_string
from tests.test_index_elastic_mapping import leaves

ALIAS = "probe-mentions"
OBJECTS = {entry["id"]: entry for entry in saved_objects(ALIAS)}
TYPES = {name: body["type"] for name, body in leaves(mapping()["properties"])}
LENSES = [entry for entry in OBJECTS.values() if entry["type"] == "lens"]


def of_type(name):
    return [entry for entry in OBJECTS.values() if entry["type"] == name]


def columns(lens):
    return lens["attributes"]["state"]["datasourceStates"]["formBased"]["layers"]["layer"]["columns"]


def source(entry):
    return json.loads(entry["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])


def queries():
    """Every KQL text of all objects, with whose it is."""
    for entry in (*of_type("search"), *of_type("dashboard")):
        yield entry["id"], source(entry)["query"]
    for lens in LENSES:
        for column in columns(lens).values():
            if "filter" in column:
                yield lens["id"], column["filter"]


def test_every_mapped_field_has_a_german_name_and_nothing_else_has():
    (view,) = of_type("index-pattern")
    described = json.loads(view["attributes"]["fieldAttrs"])
    assert described.keys() == TYPES.keys() - {"filled"}
    for spec in ALL_FIELDS:
        assert described[spec.name]["customLabel"] == spec.german
        assert described[spec.name]["customDescription"].startswith(spec.german)
        assert len(described[spec.name]["customDescription"]) < LONGEST_DESCRIPTION
    assert view["attributes"]["title"] == ALIAS
    assert TYPES[view["attributes"]["timeFieldName"]] == "date"
    assert json.loads(view["attributes"]["fieldFormatMap"]).keys() <= TYPES.keys()


def test_references_lead_somewhere():
    for entry in OBJECTS.values():
        for reference in entry["references"]:
            assert OBJECTS[reference["id"]]["type"] == reference["type"]
    (dashboard,) = of_type("dashboard")
    panels = json.loads(dashboard["attributes"]["panelsJSON"])
    names = {reference["name"]: reference["id"] for reference in dashboard["references"]}
    assert {names[f"{panel['panelIndex']}:{panel['panelRefName']}"] for panel in panels} == {
        lens["id"] for lens in LENSES
    }


def test_panels_dont_overlap():
    (dashboard,) = of_type("dashboard")
    taken = set()
    for panel in json.loads(dashboard["attributes"]["panelsJSON"]):
        grid = panel["gridData"]
        cells = {
            (x, y) for x in range(grid["x"], grid["x"] + grid["w"]) for y in range(grid["y"], grid["y"] + grid["h"])
        }
        assert not cells & taken
        assert grid["x"] + grid["w"] <= 48
        taken |= cells


@pytest.mark.parametrize("lens", LENSES, ids=lambda lens: lens["id"])
def test_columns_fit_the_mapping(lens):
    allowed = {"terms": {"keyword", "boolean"}, "date_histogram": {"date"}, "unique_count": {"keyword"}}
    shown = columns(lens)
    for column in shown.values():
        if column["operationType"] != "count":
            assert TYPES[column["sourceField"]] in allowed[column["operationType"]]
        if column["operationType"] == "terms":
            assert column["params"]["orderBy"]["columnId"] in shown
    state = lens["attributes"]["state"]
    layer = state["datasourceStates"]["formBased"]["layers"]["layer"]
    assert layer["columnOrder"] == list(shown)
    pictured = json.dumps(state["visualization"])
    assert all(f'"{name}"' in pictured for name in shown)


def test_saved_searches_show_fields_of_the_mapping():
    for search in of_type("search"):
        assert set(search["attributes"]["columns"]) <= TYPES.keys()
        assert {field for field, _ in search["attributes"]["sort"]} <= TYPES.keys()
        assert search["references"][0]["name"] == source(search)["indexRefName"]


def test_file_is_what_kibana_exports(tmp_path):
    output = tmp_path / "kibana.ndjson"
    assert run(["kibana", "--output", str(output), "--data", str(tmp_path)]) == 0
    *objects, summary = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    assert summary["exportedCount"] == len(objects)
    assert {entry["type"] for entry in objects} == {"index-pattern", "search", "lens", "dashboard"}
    assert to_ndjson(objects) == output.read_text(encoding="utf-8")
    assert objects[0]["attributes"]["title"] == "brandmelder-mentions"
    assert len({entry["id"] for entry in objects}) == len(objects)


@pytest.mark.elastic
def test_queries_and_charts_run_on_the_server(elasticsearch_url, elastic_prefix):
    load(elasticsearch_url, elastic_prefix)
    alias = f"{elastic_prefix}-mentions"
    with Elasticsearch(elasticsearch_url, request_timeout=60) as client:
        for name, query in queries():
            assert query["language"] == "kuery"
            asked = query_string(lucene_of_kql(query["query"]))
            assert client.count(index=alias, query=asked)["count"], name
        fields = client.field_caps(index=alias, fields="*")["fields"]
        for lens in LENSES:
            for column in columns(lens).values():
                if column["operationType"] == "terms":
                    assert fields[column["sourceField"]]["keyword"]["aggregatable"]
                    only = {"include": "|".join(column["params"].get("include", [".*"]))}
                    buckets = client.search(
                        index=alias, size=0, aggs={"x": {"terms": {"field": column["sourceField"], **only}}}
                    )["aggregations"]["x"]["buckets"]
                    assert buckets, lens["id"]
