"""What people and runs say of whether a mention means the brand."""

from __future__ import annotations

from index.mention import Work

SET_ASIDE = "Automatisch beiseitegelegt: ähnelt Texten, die als „nicht unsere Marke“ markiert wurden."
"""The note of a mention that nobody has looked at; a person's judgement replaces it."""
CONFIRMED = "Von Hand bestätigt: unsere Marke."
"""The note of a mention that was set aside and that a person brought back."""


def told(work: Work, *, not_us: bool) -> Work:
    """The work after a person said whether the mention means something else; notes by people stay."""
    note = work.note
    if note in (SET_ASIDE, CONFIRMED):
        note = None if not_us else CONFIRMED
    return work.model_copy(update={"not_us": not_us, "note": note})
