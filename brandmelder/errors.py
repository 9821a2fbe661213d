"""What ends a command, and how it is told."""

from __future__ import annotations


class UsageError(Exception):
    """The call or its input is wrong: one sentence that says what to do, exit code 2."""


class AttentionError(Exception):
    """Done, but a person should look: the sentence says at what, exit code 1."""


class ReaderGoneError(Exception):
    """Whoever read our output went away (`| head`): no error of ours, and nothing more can be said to them."""
