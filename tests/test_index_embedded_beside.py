"""Two things at once, and both are through when the block ends."""

from __future__ import annotations

import time
from threading import Event, get_ident

import pytest

from index.embedded_beside import Beside


def test_call_runs_in_another_thread_while_the_block_goes_on():
    block_is_here = Event()

    def call() -> tuple[bool, int]:
        return block_is_here.wait(10), get_ident()

    with Beside(call) as running:
        block_is_here.set()
    waited, thread = running.result
    assert waited
    assert thread != get_ident()


def test_block_ends_after_the_call():
    ended = []
    with Beside(lambda: (time.sleep(0.05), ended.append(1))):
        assert not ended
    assert ended


def test_error_of_the_call_is_raised_where_the_block_ends():
    reached = []
    with pytest.raises(ZeroDivisionError), Beside(lambda: 1 // 0):
        reached.append(1)
    assert reached


def test_error_of_the_block_goes_first_and_the_call_is_waited_for():
    ended = []

    def call() -> None:
        time.sleep(0.05)
        ended.append(1)
        raise ZeroDivisionError

    with pytest.raises(KeyError), Beside(call):
        raise KeyError
    assert ended
