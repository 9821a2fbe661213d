"""The command that gives stored mentions the topics of a changed profile: retag."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from brandmelder.commands.alerting import delivery_of, plan_of
from brandmelder.commands.collecting import remember_profile
from brandmelder.common import opened_store, opened_vectors
from brandmelder.console import progress, put_json, say
from brandmelder.errors import AttentionError
from brandmelder.models import opened_scorer
from brandmelder.outdated import changing_topics, have_topics_changed, note_changes, topics_settled
from brandmelder.profile import Profile, read_profile
from brandmelder.settings import Settings
from brandmelder.texts import tr

if TYPE_CHECKING:
    from brandmelder.retagging import Retagged
    from index.store import Store


def retag(
    settings: Settings,
    brand: Annotated[str, typer.Option(help=tr("Markenprofil (Pfad oder Name)", "brand profile (path or name)"))],
) -> None:
    """Retag all stored mentions of a brand whose topics are older than its profile; prints one JSON object."""
    from brandmelder.corrections import taught
    from brandmelder.retagging import Retagging
    from index.copies import CopyIndex

    profile = read_profile(brand, settings.data / "profiles")
    remember_profile(settings, profile, brand)
    with (
        opened_store(settings) as store,
        closing(CopyIndex(settings.data / "copies.sqlite3")) as copies,
        opened_vectors(settings) as vectors,
    ):
        swept = vectors.sweep(store.known)
        scorer, taxonomy = opened_scorer(settings), taught(profile.taxonomy(), store)
        work = Retagging(
            profile,
            store=store,
            scorer=scorer,
            taxonomy=taxonomy,
            copies=copies,
            vectors=vectors,
            clock=lambda: datetime.now(UTC),
        )
        with changing_topics(settings.data):
            if total := work.total():
                note_changes(settings.data)
            with progress(tr("Neue Themen", "New topics"), total) as advance:
                done = work.run(advance)
            if have_topics_changed(settings.data):
                _settle_alerts(settings, profile, store)
    versions = {"taxonomy_version": taxonomy.version, "model_revision": scorer.revision}
    put_json({**asdict(done), "swept": swept, **versions})
    _tell(done)


def _settle_alerts(settings: Settings, profile: Profile, store: Store) -> None:
    """What is unusual only since the topics changed is known from now on: nobody has written anything new."""
    from dashboard.alerts.checking import check

    store.refresh()
    plan, delivery = plan_of(profile, settings), delivery_of(settings)
    check(store, plan, folder=settings.data, delivery=delivery, now=datetime.now(UTC), retagged=True)
    topics_settled(settings.data)


def _tell(done: Retagged) -> None:
    anew = done.without_vectors + done.other_model
    if not done.written + done.failed + done.gone:
        say(tr("Alle Erwähnungen tragen schon die Themen des Profils.", "All mentions have the profile's topics."))
        return
    say(
        tr(
            f"{done.retagged} Erwähnungen haben neue Themen aus gemerkten Satzvektoren, {anew} wurden neu bewertet.",
            f"{done.retagged} mentions have new topics from kept sentence vectors, {anew} were scored anew.",
        )
    )
    if done.failed:
        raise AttentionError(
            tr(
                f"{done.failed} Erwähnungen ließen sich nicht bewerten und behalten ihre alten Themen.",
                f"{done.failed} mentions couldn't be scored and keep their old topics.",
            )
        )
