"""The document of a mention, and what a write keeps of the stored one."""

from datetime import timedelta

from index.document import from_document, to_document
from index.fields import DERIVED
from index.mention import Mention, Work
from index.merge import same, update_of
from tests.factories import make_mention, make_mentions


def test_document_holds_every_field_and_the_derived_ones_only():
    document = to_document(make_mention(1))
    assert set(document) == set(Mention.model_fields) | {spec.name for spec in DERIVED}


def test_document_comes_back_as_the_same_mention():
    for mention in make_mentions(12):
        assert from_document(to_document(mention)) == mention


def test_newer_crawl_of_the_same_text_is_no_update():
    mention = make_mention(1)
    later = mention.model_copy(
        update={"crawled_at": mention.crawled_at + timedelta(days=1), "scored_at": None, "work": Work(status="done")}
    )
    assert same(mention, later)
    assert update_of(mention, later) is None


def test_update_keeps_work_and_first_known_time():
    stored = make_mention(1, work=Work(owner="Jule"), date_precision="day")
    new = make_mention(1, text="Neuer Text.", published_at=stored.published_at + timedelta(days=3))
    written = update_of(stored, new)
    assert (written.text, written.work, written.published_at, written.date_precision) == (
        "Neuer Text.",
        stored.work,
        stored.published_at,
        "day",
    )


def test_undated_mention_takes_the_first_known_time():
    new = make_mention(1)
    stored = make_mention(1, published_at=None, date_precision="unknown")
    written = update_of(stored, new)
    assert (written.published_at, written.date_precision) == (new.published_at, new.date_precision)


def test_another_time_alone_is_no_update():
    stored = make_mention(1)
    assert update_of(stored, make_mention(1, published_at=stored.published_at + timedelta(hours=2))) is None
