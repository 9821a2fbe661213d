"""Indexing beside the writing: the writer waits for the feeding, and no longer."""

from __future__ import annotations

import time
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from index import embedded_follow
from index.document import encode
from index.embedded_follow import Follower
from index.embedded_index import SearchIndex
from index.embedded_rows import Rows
from tests.factories import make_mentions


class HeldIndex(SearchIndex):
    """Goes on with feeding, and with what comes after it, when it may; finds its disk full when told to."""

    may_feed, may_commit = Event(), Event()
    has_fed = is_full = False

    def _feed(self, writer: Any, fresh: Any) -> int:
        assert self.may_feed.wait(10)
        if self.is_full:
            raise OSError("No space left on device")
        count = super()._feed(writer, fresh)
        self.has_fed = True
        return count

    def _reload(self) -> None:
        # Not when it is opened, only after a commit.
        assert not self.has_fed or self.may_commit.wait(10)
        super()._reload()


@pytest.fixture
def index(tmp_path: Path):
    rows = Rows(tmp_path / "mentions.sqlite3")
    held = HeldIndex(tmp_path / "index", rows)
    held.may_feed, held.may_commit = Event(), Event()
    with rows.writing():
        rows.write([encode(mention) for mention in make_mentions(7)], [])
    yield held
    held.close()
    rows.close()


def test_writer_goes_on_when_all_is_fed_and_before_that_can_be_searched(index):
    follower = Follower(index)
    index.may_feed.set()
    follower.begin()
    assert index.has_fed
    assert index._searcher.num_docs == 0
    index.may_commit.set()
    assert follower.wait()
    assert index.searcher().num_docs == 7


def test_writer_does_not_wait_long_for_a_slow_feeding(index, monkeypatch):
    monkeypatch.setattr(embedded_follow, "FEEDING_SECONDS", 0.05)
    follower = Follower(index)
    start = time.monotonic()
    follower.begin()
    assert time.monotonic() - start < 5
    assert not index.has_fed
    index.may_feed.set()
    index.may_commit.set()
    assert follower.wait()
    assert index.searcher().num_docs == 7


def test_failed_feeding_holds_nobody_up_and_is_said_once(index, monkeypatch):
    monkeypatch.setattr(embedded_follow, "FEEDING_SECONDS", 60.0)
    index.is_full = True
    index.may_feed.set()
    follower = Follower(index)
    start = time.monotonic()
    follower.begin()
    assert time.monotonic() - start < 30
    with pytest.raises(OSError, match="No space"):
        follower.wait()
    assert follower.wait()
    index.is_full = False
    index.may_commit.set()
    follower.begin()
    assert follower.wait()
    assert index.searcher().num_docs == 7


def test_writer_is_not_held_up_where_another_process_indexes(index, monkeypatch):
    monkeypatch.setattr(embedded_follow, "FEEDING_SECONDS", 60.0)
    other = SearchIndex(index._folder, index._rows)
    follower = Follower(index)
    start = time.monotonic()
    with other._lock:
        follower.begin()
        assert not follower.wait()
    assert time.monotonic() - start < 30
    other.close()
