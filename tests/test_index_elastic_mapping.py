"""Names and mapping of the Elasticsearch indices, without a server."""

import json
from datetime import UTC, datetime

import pytest
from factories import make_mention

from index.document import to_document
from index.elastic_mapping import Names, document_of, form_analyzer, mapping, mention_of
from index.fields import DERIVED, FIELDS, TEXT_FORMS
from index.query.elastic_target import FILLED
from index.store import StoreError

NAMES = Names("probe")


def leaves(properties, parents=()):
    for name, body in properties.items():
        if "properties" in body:
            yield from leaves(body["properties"], (*parents, name))
        else:
            yield ".".join((*parents, name)), body


def test_mapping_has_exactly_the_fields_of_the_model():
    mapped = dict(leaves(mapping()["properties"]))
    assert mapped.keys() - {FILLED} == {spec.name for spec in (*FIELDS, *DERIVED)}
    kinds = {"text": "text", "keyword": "keyword", "date": "date", "float": "double", "bool": "boolean"}
    assert all(mapped[spec.name]["type"] == kinds.get(spec.kind, "object") for spec in (*FIELDS, *DERIVED))


def test_mapping_is_strict_and_says_what_it_is():
    body = mapping()
    assert body["dynamic"] == "strict"
    assert body["_meta"]["product"] == "brandmelder"
    assert body["_meta"]["labels"]["published_at"] == "Veröffentlicht"


def test_text_fields_have_every_token_form():
    text = dict(leaves(mapping()["properties"]))["text"]
    assert text["analyzer"] == form_analyzer("")
    assert {name: sub["analyzer"] for name, sub in text["fields"].items()} == {
        form: form_analyzer(form) for form in TEXT_FORMS if form
    }


@pytest.mark.parametrize(
    ("published", "index"),
    [
        (datetime(2026, 3, 31, 21, 59, tzinfo=UTC), "probe-mentions-2026-03"),
        (datetime(2026, 3, 31, 22, 0, tzinfo=UTC), "probe-mentions-2026-04"),
        (None, "probe-mentions-undated"),
        (datetime(1999, 12, 31, tzinfo=UTC), "probe-mentions-undated"),
        (datetime(1, 1, 1, tzinfo=UTC), "probe-mentions-undated"),
        (datetime(2199, 1, 1, tzinfo=UTC), "probe-mentions-undated"),
    ],
)
def test_month_is_the_one_in_berlin_and_unbelievable_dates_open_none(published, index):
    assert NAMES.index_of(make_mention(published_at=published)) == index


def test_document_gives_the_mention_back_and_names_its_texts():
    mention = make_mention(title="")
    document = json.loads(document_of(mention))
    assert document == to_document(mention) | {FILLED: ["thread_title", "text"]}
    assert mention_of({"_source": document}) == mention


@pytest.mark.parametrize("prefix", ["", "Groß", "-vorn", "a b", "a*", "a,b", "x" * 101])
def test_bad_prefix_is_refused(prefix):
    with pytest.raises(StoreError, match="Präfix"):
        Names(prefix)
