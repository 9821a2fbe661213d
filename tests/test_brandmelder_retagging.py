"""Stored mentions get the topics of a changed profile: as if scored anew, once, and nothing else about them changes."""

import io
import json
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import pytest
from command_line import brandmelder
from crawling import RULES, SECRET, TAXONOMY, Parts, card_for, small_forum
from factories import make_mention
from filelock import FileLock
from lexicon_scorer import KeepingScorer, LexiconScorer
from test_crawlers_importing import card as survey_card
from test_crawlers_importing import survey

from brandmelder import retagging
from brandmelder.__main__ import run
from brandmelder.commands import collecting
from brandmelder.commands import retagging as retagging_command
from brandmelder.errors import UsageError
from brandmelder.outdated import LOCK, MARK, are_topics_changing, changing_topics, ours
from brandmelder.profile import Profile
from brandmelder.retagging import Retagged, Retagging
from crawlers.importing import import_rows
from crawlers.intake import Intake
from crawlers.running import CrawlOptions
from dashboard.alerts.log import read_events
from index.elastic import ElasticStore
from index.embedded import EmbeddedStore
from index.mention import Correction, Work
from index.query import parse_query
from index.vectors import VectorFile
from nlp.taxonomy import Taxonomy, Topic

NOW = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
OTHER = Taxonomy(
    topics=(
        Topic(id="hotline", label="Hotline", description="Hotline und Kundendienst", journey_phase="support"),
        Topic(id="waren", label="Waren", description="Haferflocken, Möhren, Bohnen, Brot", touchpoint="kiste"),
        Topic(id="zustellung", label="Zustellung", description="Lieferung, Paket", journey_phase="usage"),
    )
)
PROFILE = Profile(name="kornblume", names=("Kornblume",), topics=OTHER.topics)


@pytest.fixture
def parts(tmp_path):
    with Parts(tmp_path) as opened:
        yield opened


@pytest.fixture
def forum():
    site = small_forum(threads=3, posts=6).serve()
    yield card_for(site.url)
    site.close()


def job(parts, scorer, taxonomy=OTHER, **changes):
    given = {"store": parts.store, "copies": parts.copies, "vectors": parts.vectors} | changes
    return Retagging(PROFILE, scorer=scorer, taxonomy=taxonomy, clock=lambda: NOW, **given)


def retag(parts, scorer, taxonomy=OTHER, **changes):
    work = job(parts, scorer, taxonomy, **changes)
    steps = []
    total = work.total()
    done = work.run(steps.append)
    assert sum(steps) == total == sum(asdict(done).values())
    parts.store.refresh()
    return done


def test_retagged_mentions_are_as_if_scored_anew_and_a_second_call_does_nothing(parts, forum):
    scorer = KeepingScorer()
    parts.crawl(forum, scorer=scorer)
    before = parts.mentions()
    parts.store.amend(before[0].id, Work(note="Bitte anrufen.", correction=Correction(topics=("a",), by="jo", at=NOW)))
    scored = scorer.scored
    assert retag(parts, scorer) == Retagged(retagged=18)
    assert scorer.scored == scored
    after = parts.mentions()
    inputs = [retagging.input_of(mention) for mention in before]
    for mention, expected in zip(after, LexiconScorer().score(inputs, taxonomy=OTHER), strict=True):
        assert (mention.topics, [vars(one) for one in mention.aspects]) == (
            expected.topics,
            [asdict(one) for one in expected.aspects],
        )
        assert mention.provenance.taxonomy_version == OTHER.version
        assert mention.scored_at == NOW
    assert {mention.touchpoint for mention in after} == {"kiste", None}
    assert {mention.journey_phase for mention in after} == {"support", "usage", None}
    assert after[0].work.note == "Bitte anrufen."
    same = {"topics", "aspects", "journey_phase", "touchpoint", "provenance", "scored_at", "work"}
    for old, new in zip(before, after, strict=True):
        assert old.model_dump(exclude=same) == new.model_dump(exclude=same)
    assert retag(parts, scorer) == Retagged()


def test_a_stopped_one_goes_on_and_ends_as_if_never_stopped(parts, forum, monkeypatch):
    monkeypatch.setattr(retagging, "BATCH", 2)
    monkeypatch.setattr(retagging, "PIECE", 6)
    scorer = KeepingScorer()
    parts.crawl(forum, scorer=scorer)
    stops = [2, 6, 4]
    for stop in stops:
        done = []

        def advance(count, done=done, stop=stop):
            done.append(count)
            if sum(done) >= stop:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            job(parts, scorer).run(advance)
    versions = [mention.provenance.taxonomy_version for mention in parts.mentions()]
    assert versions.count(OTHER.version) == sum(stops)
    scored = scorer.scored
    assert retag(parts, scorer) == Retagged(retagged=18 - sum(stops))
    assert (scorer.scored, retag(parts, scorer)) == (scored, Retagged())


def test_without_vectors_and_for_another_model_texts_are_scored_anew_and_counted_apart(parts, forum):
    scorer = KeepingScorer()
    parts.crawl(forum, scorer=scorer)
    ids = [mention.id for mention in parts.mentions()]
    parts.vectors.remove(ids[:4])
    assert retag(parts, scorer) == Retagged(retagged=14, without_vectors=4)
    newer = KeepingScorer("2")
    assert retag(parts, newer) == Retagged(other_model=18)
    assert newer.scored == 18
    assert {mention.provenance.model_revision for mention in parts.mentions()} == {"2"}
    # What was scored anew is kept, too.
    assert retag(parts, newer, TAXONOMY) == Retagged(retagged=18)
    assert newer.scored == 18
    # A scorer that keeps nothing scores everything.
    assert retag(parts, LexiconScorer()) == Retagged(other_model=18)


def test_other_brands_stay_as_they_are(parts):
    foreign = make_mention(1, brands=("andere",), matched_terms=())
    parts.store.upsert([foreign, make_mention(2)])
    assert retag(parts, KeepingScorer()) == Retagged(other_model=1)
    assert parts.store.get(foreign.id) == foreign


def test_the_sources_of_the_profile_count_also_where_only_a_competitor_is_named(parts, forum):
    profile = PROFILE.model_copy(update={"sources": (forum,)})
    found = ours(profile)
    parts.store.upsert([make_mention(1, source=forum.name, brands=("andere",)), make_mention(2, brands=("andere",))])
    parts.store.refresh()
    assert [mention.source for mention in parts.store.scan(found)] == [forum.name]


def test_a_phase_that_a_survey_named_stays_others_follow_the_topics(parts):
    lines = (
        "1;01.03.2026;2;Reklamation;;Die Hotline der Kornblume war unfreundlich.",
        "2;01.03.2026;3;;;Die Hotline der Kornblume war freundlich.",
    )
    scorer = KeepingScorer()

    def take(taxonomy):
        intake = Intake(
            parts.ledger,
            store=parts.store,
            scorer=scorer,
            taxonomy=taxonomy,
            copies=parts.copies,
            clock=lambda: NOW,
            vectors=parts.vectors,
        )
        options = CrawlOptions(secret=SECRET, clock=lambda: NOW)
        rows = io.BytesIO(survey(*lines))
        import_rows(rows, survey_card(), brand=RULES, ledger=parts.ledger, intake=intake, options=options)
        return {mention.text[-13:]: mention.journey_phase for mention in parts.mentions()}

    usage = Taxonomy(topics=(OTHER.topics[0].model_copy(update={"journey_phase": "usage"}),))
    assert take(usage) == {"unfreundlich.": "support", "r freundlich.": "usage"}
    retag(parts, scorer)
    assert {mention.journey_phase for mention in parts.mentions()} == {"support"}
    retag(parts, scorer, usage)
    found = {mention.text[-13:]: mention.journey_phase for mention in parts.mentions()}
    assert found == {"unfreundlich.": "support", "r freundlich.": "usage"}


def test_what_others_delete_or_change_meanwhile_stays_so(parts, forum, monkeypatch):
    scorer = KeepingScorer()
    parts.crawl(forum, scorer=scorer)
    gone, changed, late = (mention.id for mention in parts.mentions()[:3])
    tags, known = scorer.retag, parts.store.known

    def slow_tags(inputs, kept, *, taxonomy):
        parts.store.delete([gone])
        parts.store.upsert([parts.store.get(changed).model_copy(update={"text": "Anders.", "content_hash": "neu"})])
        return tags(inputs, kept, taxonomy=taxonomy)

    def slow_known(ids):
        found = known(ids)
        parts.store.delete([late])
        return found

    monkeypatch.setattr(scorer, "retag", slow_tags)
    monkeypatch.setattr(parts.store, "known", slow_known)
    assert retag(parts, scorer) == Retagged(retagged=15, gone=3)
    assert parts.store.get(gone) is None
    assert parts.store.get(late) is None
    assert parts.store.get(changed).text == "Anders."


def test_vectors_go_with_their_mentions(parts, forum):
    scorer = KeepingScorer()
    parts.crawl(forum, scorer=scorer)
    first, second, third = parts.mentions()[:3]
    intake = Intake(
        parts.ledger,
        store=parts.store,
        scorer=scorer,
        taxonomy=TAXONOMY,
        copies=parts.copies,
        clock=lambda: NOW,
        vectors=parts.vectors,
    )
    assert parts.vectors.count() == 18
    intake.remove([first.id])
    assert parts.vectors.get([first.id, second.id]).keys() == {second.id}
    parts.store.erase(ids=[second.id], author_keys=[third.author_key])
    intake.sweep()
    left = {mention.id for mention in parts.mentions()}
    assert second.id not in left
    assert third.id not in left
    assert (parts.vectors.count(), parts.vectors.get(sorted(left)).keys()) == (len(left), left)
    # What was erased comes by again and is kept out, with its vectors.
    parts.crawl(forum, scorer=scorer, backfill=True)
    assert parts.vectors.get([second.id, third.id]) == {}
    assert parts.vectors.count() == len(parts.mentions())


def test_a_damaged_or_missing_file_stops_no_crawl_and_texts_are_scored_anew(parts, forum, tmp_path):
    scorer = KeepingScorer()
    parts.vectors.close()
    (tmp_path / "vectors.sqlite3").write_bytes(b"Unsinn" * 500)
    parts.vectors = VectorFile(tmp_path / "vectors.sqlite3")
    assert parts.crawl(forum, scorer=scorer)[0].outcome == "done"
    assert "beschädigt" in parts.vectors.problem
    assert retag(parts, scorer) == Retagged(retagged=18)
    parts.vectors.close()
    (tmp_path / "vectors.sqlite3").unlink()
    (tmp_path / "vectors.sqlite3").mkdir()
    parts.vectors = VectorFile(tmp_path / "vectors.sqlite3")
    assert retag(parts, scorer, TAXONOMY) == Retagged(without_vectors=18)
    assert "nicht benutzbar" in parts.vectors.problem


def test_a_text_that_cannot_be_scored_is_counted_and_does_not_hold_up_the_others(parts):
    class Stumbling(KeepingScorer):
        def score(self, inputs, *, taxonomy):
            if any("Bestellung 3" in item.text for item in inputs):
                raise ValueError("stolpert")
            return super().score(inputs, taxonomy=taxonomy)

    parts.store.upsert([make_mention(number) for number in range(6)])
    assert retag(parts, Stumbling()) == Retagged(other_model=5, failed=1)


@pytest.mark.elastic
def test_the_other_store_is_retagged_alike(parts, elasticsearch_url, emptied_elastic_prefix):
    mentions = [make_mention(number) for number in range(7)]
    scorer = KeepingScorer()
    with closing(ElasticStore(elasticsearch_url, prefix=emptied_elastic_prefix)) as elastic:
        for store in (parts.store, elastic):
            store.upsert(mentions)
            store.amend(mentions[0].id, Work(note="Bitte anrufen."))
        assert retag(parts, scorer) == Retagged(other_model=7)
        assert retag(parts, scorer, store=elastic) == Retagged(other_model=7)
        assert retag(parts, scorer, TAXONOMY, store=elastic) == Retagged(retagged=7)
        assert retag(parts, scorer, TAXONOMY) == Retagged(retagged=7)
        elastic.refresh()
        assert list(elastic.scan(parse_query(""))) == parts.mentions()
        elastic.delete([mentions[0].id])
        assert parts.vectors.sweep(elastic.known) == 1


def test_only_one_process_changes_topics_and_others_see_that(tmp_path):
    assert not are_topics_changing(tmp_path)
    with changing_topics(tmp_path):
        assert are_topics_changing(tmp_path)
        with pytest.raises(UsageError), changing_topics(tmp_path):
            pass
    assert not are_topics_changing(tmp_path)


# the command


TOPIC = """
  - id: {id}
    label: "{label}"
    description: "Lieferung nach Hause: Fahrer, Paket, Kiste, Zustellung, Verspätung."
    examples: ["Die Kiste kam viel zu spät an.", "Der Fahrer brachte alles pünktlich bis vor die Tür."]
    journey_phase: purchase
"""
HEAD = """
name: "Kornblume"
names: ["Kornblume"]
retention_days: null
topics:
"""
CARD = """
name: rueckmeldungen
channel: forum
basis: own
evidence: eigene Texte
columns: {text: text, date: datum, id: nr}
"""
COMPLAINTS = (
    "Die Lieferung von Kornblume kam viel zu spät, die {} waren verdorben.",
    "Schon wieder stand die Kiste von Kornblume kaputt vor der Tür, {} fehlten ganz.",
    "Der Fahrer von Kornblume war unfreundlich, meine {} habe ich nie bekommen.",
)
GOODS = ("Äpfel", "Möhren", "Haferflocken", "Süßkartoffeln", "Bohnen", "Birnen")


def write_profile(folder, name, label):
    (folder / "profil.yaml").write_text(HEAD + TOPIC.format(id=name, label=label), encoding="utf-8")
    return folder / "profil.yaml"


def write_rows(folder):
    """Calm weeks, and a bad last day."""
    now = datetime.now(UTC)
    days = [60, 48, 36, 24] + [0] * 12
    rows = [
        f"{number};{(now - timedelta(days=day, hours=1)).isoformat()};"
        + COMPLAINTS[number % 3].format(f"{GOODS[number % 6]} und {GOODS[(number + number // 6 + 1) % 6]}")
        for number, day in enumerate(days)
    ]
    (folder / "daten.csv").write_text("\n".join(["nr;datum;text", *rows]), encoding="utf-8")
    (folder / "karte.yaml").write_text(CARD, encoding="utf-8")
    return folder / "daten.csv"


CHANGED = ("retagged", "without_vectors", "other_model", "failed", "gone", "swept")


@pytest.fixture
def call(tmp_path, capsys, monkeypatch):
    """Calls commands as the command line does; only the scorer is a small one. Gives their output and messages."""
    scorer = KeepingScorer()
    for module in (collecting, retagging_command):
        monkeypatch.setattr(module, "opened_scorer", lambda _settings: scorer)

    def call(*arguments):
        capsys.readouterr()
        with_data = [*map(str, arguments), "--data", str(tmp_path / "data"), "--lang", "de"]
        code = run(with_data)
        output, messages = capsys.readouterr()
        assert code == 0, messages
        return json.loads(output), messages

    call.scorer = scorer
    return call


def test_the_command_retags_without_scoring_and_without_a_mail(call, tmp_path):
    data = tmp_path / "data"
    profile = write_profile(tmp_path, "lieferung", "Lieferung")
    card = ("--card", tmp_path / "karte.yaml", "--brand", profile)
    _, messages = call("import", write_rows(tmp_path), *card)
    assert "brandmelder retag" not in messages
    write_profile(tmp_path, "zustellung", "Zustellung")
    (tmp_path / "eine.csv").write_text("nr;datum;text\n99;;Kornblume ist da.", encoding="utf-8")
    _, messages = call("import", tmp_path / "eine.csv", *card)
    assert f"16 Erwähnungen tragen noch alte Themen: brandmelder retag --brand {profile}" in messages
    scored = call.scorer.scored
    found, messages = call("retag", "--brand", profile)
    assert [found[name] for name in CHANGED] == [16, 0, 0, 0, 0, 0]
    assert "16 Erwähnungen haben neue Themen" in messages
    assert call.scorer.scored == scored
    with closing(EmbeddedStore(data / "store")) as store:
        topics = [mention.topics for mention in store.scan(parse_query("Kiste OR Lieferung OR Fahrer"))]
    assert topics == [("zustellung",)] * 16
    (event,) = read_events(data)
    assert (event.topics, event.delivery) == (("zustellung",), "retagged")
    checked, _ = call("alerts", "check", "--brand", profile, "--format", "json")
    assert (checked["opened"], len(checked["ongoing"])) == ([], 1)
    assert not (data / "mails").exists()
    found, messages = call("retag", "--brand", profile)
    assert [found[name] for name in CHANGED] == [0] * 6
    assert "schon die Themen" in messages


def test_alerts_wait_for_a_retag_and_send_nothing_new_after_a_killed_one(call, tmp_path):
    data = tmp_path / "data"
    profile = write_profile(tmp_path, "lieferung", "Lieferung")
    call("import", write_rows(tmp_path), "--card", tmp_path / "karte.yaml", "--brand", profile)
    (data / MARK).touch()
    with FileLock(data / LOCK):
        checked, messages = call("alerts", "check", "--brand", profile, "--format", "json")
        assert checked["findings"] == []
        assert "neue Themen" in messages
    checked, _ = call("alerts", "check", "--brand", profile, "--format", "json")
    assert [event["delivery"] for event in checked["opened"]] == ["retagged"]
    assert not (data / MARK).exists()
    assert not (data / "mails").exists()


@pytest.mark.model
@pytest.mark.endurance
def test_the_real_model_retags_in_another_process(tmp_path):
    profile = write_profile(tmp_path, "lieferung", "Lieferung")
    more = ("--brand", profile, "--data", tmp_path / "data", "--lang", "de")
    rows = write_rows(tmp_path)
    done = brandmelder("import", rows, "--card", tmp_path / "karte.yaml", *more, OMP_NUM_THREADS="1", timeout=400)
    assert done.returncode == 0, done.stderr
    write_profile(tmp_path, "zustellung", "Zustellung")
    done = brandmelder("retag", *more, OMP_NUM_THREADS="1", timeout=400)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [found[name] for name in CHANGED] == [16, 0, 0, 0, 0, 0]
    with closing(EmbeddedStore(tmp_path / "data" / "store")) as store:
        topics = [mention.topics for mention in store.scan(parse_query(""))]
    assert topics.count(("zustellung",)) > 8
    assert set(topics) <= {("zustellung",), ()}
