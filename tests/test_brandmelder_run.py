"""`brandmelder run` as a process that is killed, interrupted and doubled: nothing lost, nothing twice, alerts once."""

import json
import os
import random
import secrets
import signal
import subprocess
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from crawling import Forum, ForumPost

from index.document import to_document
from index.opening import open_store
from index.query import parse_query
from tests.command_line import brandmelder, command, environment

pytestmark = [pytest.mark.slow, pytest.mark.model]

# Each kill takes a minute with the real model; tests/test_crawlers_killing.py kills more often.
KILLS = int(os.environ.get("BRANDMELDER_KILLS", "5"))
SEED = int(os.environ.get("BRANDMELDER_SEED") or secrets.randbelow(10**6))
MINUTES = 15 + 2 * KILLS
TIMES = ("crawled_at", "scored_at", "expires_at")
ALARM = datetime(2026, 4, 20, 8, 0, tzinfo=UTC)
# Some processes share the cores of the test machine.
MODEST = {"OMP_NUM_THREADS": "1"}

PROFILE = """
name: "Kornblume"
names: ["Kornblume"]
exclude: "Stellenanzeige"
retention_days: 365
sources:
  - {{name: kundenforum, start_urls: ["{one}/viewforum.php?f=2"], {rest}}}
  - {{name: gartenforum, start_urls: ["{two}/viewforum.php?f=2"], {rest}}}
topics:
  - id: lieferung
    label: "Lieferung"
    description: "Lieferung nach Hause: Fahrer, Paket, Kiste, Zustellung, Verspätung, Termin."
    examples: ["Die Kiste kam viel zu spät an.", "Der Fahrer brachte alles pünktlich bis vor die Tür."]
    journey_phase: purchase
  - id: kundendienst
    label: "Kundendienst"
    description: "Kundendienst am Telefon und per Mail: Hotline, Antwort, Auskunft, Wartezeit am Telefon."
    examples: ["An der Hotline ging niemand ans Telefon.", "Die Auskunft am Telefon war freundlich."]
    journey_phase: support
"""
CARD = "family: forum, channel: forum, basis: own, evidence: eigene Testseite, allow_private: true, delay: 0"

GOODS = ("Äpfel", "Möhren", "Haferflocken", "Süßkartoffeln", "Rosenkohl", "Ziegenkäse", "Grünkohl")
QUIET = (
    "Heute gab es bei uns {a} und {b} von Kornblume, dazu frisches Brot.",
    "Kornblume hat jetzt auch {a}; wir haben daraus mit {b} einen Auflauf gemacht.",
    "Kennt jemand ein Rezept für {a} von Kornblume? Zu {b} fällt mir nichts mehr ein.",
    "Die {a} von Kornblume schmecken wunderbar, die {b} sind auch gut.",
)
ANGRY = (
    "Die Lieferung von Kornblume kam schon wieder viel zu spät und die {a} waren verdorben.",
    "Katastrophale Lieferung bei Kornblume: Kiste Nummer {n} kam kaputt an, {a} und {b} waren verdorben.",
    "Sehr schlechte Lieferung, das Paket von Kornblume mit {a} kam erst nach {n} Tagen und war beschädigt.",
    "Die Zustellung von Kornblume ist eine Katastrophe, seit {n} Tagen keine {a} und keine {b}.",
    "Nie wieder Kornblume: Lieferung Nummer {n} viel zu spät, {a} faul, {b} fehlten ganz.",
)
COPY = (
    "Gestern stand die Kiste von Kornblume offen vor der Tür, der Salat war welk und zwei Gläser waren zerbrochen, "
    "eine Entschuldigung habe ich bis heute nicht bekommen."
)


def quiet_thread(number):
    """Ten calm posts over forty days."""
    start = ALARM - timedelta(days=45 - number)
    pairs = list(product(GOODS, GOODS))
    return [
        ForumPost(
            QUIET[place % 4].format(
                a=pairs[(number * 10 + place) * 3 % 49][0], b=pairs[(number * 10 + place) * 5 % 49][1]
            )
            + f" Das war Nummer {number}-{place}.",
            f"gast_{(number * 3 + place) % 7}",
            start + timedelta(days=4 * place, hours=number),
        )
        for place in range(10)
    ]


def angry_thread():
    """Ten complaints in the last day before the alarm."""
    return [
        ForumPost(
            ANGRY[place % 5].format(a=GOODS[place % 7], b=GOODS[(place * 2 + 3) % 7], n=place + 3),
            f"kundin_{place}",
            ALARM - timedelta(hours=20 - 2 * place),
        )
        for place in range(10)
    ]


@pytest.fixture(scope="module")
def sites():
    """Two forums of 64 posts, near-copies across them, and a post that doesn't name the brand."""
    first = Forum({f"Gemüse, Thema {number}": quiet_thread(number) for number in range(3)})
    first.threads["Ärger mit der Kiste"] = angry_thread()
    first.threads["Kiste offen"] = [ForumPost(COPY, "anne", ALARM - timedelta(days=9)), ForumPost("Ohne Namen.", "ben")]
    second = Forum({f"Garten, Thema {number}": quiet_thread(number + 3) for number in range(2)})
    second.threads["Auch bei mir"] = [
        ForumPost(COPY + " Ach ja.", "cora", ALARM - timedelta(days=11)),
        ForumPost(COPY + " Was meint ihr?", "dirk", ALARM - timedelta(days=8)),
    ]
    served = [forum.serve() for forum in (first, second)]
    for site in served:
        site.delay = 0.1
    yield served
    for site in served:
        site.close()


@pytest.fixture(scope="module")
def profile(sites, tmp_path_factory):
    path = tmp_path_factory.mktemp("profil") / "kornblume.yaml"
    path.write_text(PROFILE.format(one=sites[0].url, two=sites[1].url, rest=CARD), encoding="utf-8")
    return path


def start(profile, folder, *more):
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as err:
        return subprocess.Popen(
            command("run", "--brand", profile, "--data", folder, *more),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            env=environment(**MODEST),
        )


def requests(sites):
    return sum(len(site.asked) for site in sites)


def wait_for_request(sites, process, before):
    """Until the process has asked for a page or is over."""
    while process.poll() is None and requests(sites) == before:
        time.sleep(0.01)


def finish(process, seconds=300):
    process.wait(timeout=seconds)
    return process.returncode


def run_to_its_end(profile, folder, *more):
    code = finish(start(profile, folder, *more))
    text = (folder / "stderr").read_text(encoding="utf-8")
    assert code == 0, text
    assert "Traceback" not in text
    return json.loads((folder / "stdout").read_text(encoding="utf-8"))["runs"]


def status(folder, *more):
    return json.loads(brandmelder("status", "--format", "json", "--data", folder, *more, **MODEST).stdout)


def documents(folder, store=None):
    """All that is stored, as it is exported, without the times of crawling and scoring."""
    with closing(open_store(store, folder)) as opened:
        opened.refresh()
        rows = [to_document(mention) for mention in opened.scan(parse_query(""))]
    return {row["id"]: {name: value for name, value in row.items() if name not in TIMES} for row in rows}


def assert_adds_up(runs, note):
    for run in runs:
        assert run["yielded"] == sum(run["fates"].values()), (note, run)
        assert run["spooled"] == 0, (note, run)


def told_apart(run):
    """A run's fates; which of two near-copies is the copy depends on which forum was read first."""
    fates = dict(run["fates"])
    fates["stored"] = fates.get("stored", 0) + fates.pop("near_copy", 0)
    return fates


def alert_command(folder):
    return ("alerts", "check", "--now", ALARM.isoformat(), "--format", "json", "--data", folder)


@pytest.fixture(scope="module")
def calm(profile, sites, tmp_path_factory):
    """An undisturbed run: its folder, what it stored, its records, and how long its two parts took (seconds)."""
    folder = tmp_path_factory.mktemp("ruhig")
    # The author key is part of what is stored.
    (folder / "author.key").write_text("nur zum Testen", encoding="ascii")
    before, began = requests(sites), time.monotonic()
    process = start(profile, folder)
    wait_for_request(sites, process, before)
    asked = time.monotonic()
    assert finish(process) == 0, (folder / "stderr").read_text(encoding="utf-8")
    ended = time.monotonic()
    return {
        "folder": folder,
        "documents": documents(folder),
        "runs": {run["source"]: run for run in status(folder)["runs"]},
        "loading": asked - began,
        "working": ended - asked,
    }


@pytest.fixture
def folder(tmp_path):
    """A data folder whose pseudonyms are those of the undisturbed run."""
    (tmp_path / "daten").mkdir()
    (tmp_path / "daten" / "author.key").write_text("nur zum Testen", encoding="ascii")
    return tmp_path / "daten"


def strike(process, sites, before, calm, moment, how=signal.SIGKILL):
    """Send a signal at a moment of the process's life: from -1 (its start) over 0 (its first request) to 1 (its end).

    Returns whether it was still alive.
    """
    if moment < 0:
        time.sleep(calm["loading"] * (1 + moment))
    else:
        wait_for_request(sites, process, before)
        time.sleep(calm["working"] * moment)
    alive = process.poll() is None
    if alive:
        process.send_signal(how)
    return alive


def moments(count, chance):
    """Random moments, spread over loading (one in six) and work, closer at its beginning: its end is only leaving."""
    late = count - count // 6
    found = [((number + chance.random()) / late) ** 2 for number in range(late)]
    found += [-chance.random() for _ in range(count // 6)]
    chance.shuffle(found)
    return found


def test_an_undisturbed_run_reads_both_forums(calm):
    assert len(calm["documents"]) == 63
    assert {name: run["outcome"] for name, run in calm["runs"].items()} == {
        "kundenforum": "done",
        "gartenforum": "done",
    }
    assert calm["runs"]["kundenforum"]["fates"]["dropped/no_brand"] == 1
    assert_adds_up(calm["runs"].values(), "undisturbed")
    groups = [row["copy_group"] for row in calm["documents"].values() if row["copy_group"]]
    assert len(groups) == 3
    assert len(set(groups)) == 1


@pytest.mark.endurance
@pytest.mark.timeout(MINUTES * 60)
def test_kill_at_random_moments_changes_nothing(calm, profile, sites, tmp_path):
    chance, hits, seen = random.Random(SEED), 0, []
    for number, moment in enumerate(moments(KILLS, chance)):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "author.key").write_text("nur zum Testen", encoding="ascii")
        note = f"BRANDMELDER_SEED={SEED} BRANDMELDER_KILLS={KILLS}, kill {number} at {moment:.3f}"
        # A second kill hits the run that goes on.
        for at in (moment, chance.random()) if number % 3 == 2 else (moment,):
            before = requests(sites)
            process = start(profile, folder)
            hits += strike(process, sites, before, calm, at)
            finish(process)
            between = status(folder)
            for run in between["runs"]:
                assert run["yielded"] == sum(run["fates"].values()) + run["spooled"], (note, run)
            yielded = sum(run["yielded"] for run in between["runs"])
            waiting = sum(run["spooled"] for run in between["runs"])
            seen.append((round(at, 2), yielded, waiting, between["store"]["mentions"]))
        run_to_its_end(profile, folder)
        runs = status(folder)["runs"]
        assert_adds_up(runs, note)
        for name, run in calm["runs"].items():
            mine = [one for one in runs if one["source"] == name]
            assert mine[0]["outcome"] == "done", note
            # A run that was cut off counts on; one that was through before the kill has a second one after it.
            assert mine[-1]["yielded"] == run["yielded"], (note, mine)
            assert told_apart(mine[-1]) == told_apart(run), (note, mine)
        found = documents(folder)
        assert found.keys() == calm["documents"].keys(), note
        for id, row in calm["documents"].items():
            assert found[id] == row, note
        if number % 3 == 0:
            assert_told_once(folder, chance, note)
    print(f"seed {SEED}: moment, yielded, waiting, stored: {seen}")  # noqa: T201
    assert hits >= KILLS // 2, seen


def assert_told_once(folder, chance, note):
    """Alerts checked twice, the first time killed at a random moment: one event, one mail."""
    process = subprocess.Popen(
        command(*alert_command(folder)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment(**MODEST)
    )
    time.sleep(chance.uniform(0.5, 4))
    process.kill()
    process.wait(timeout=60)
    answers = [json.loads(brandmelder(*alert_command(folder), **MODEST).stdout) for _ in range(2)]
    assert answers[1]["opened"] == [], note
    told = {event["id"] for answer in answers for event in answer["opened"] + answer["ongoing"]}
    mails = [path.name for path in (folder / "mails").iterdir()]
    assert len(told) == 1, (note, told)
    assert mails == [f"{name}.eml" for name in told], (note, mails)


@pytest.mark.parametrize(
    ("how", "moment"),
    [
        (signal.SIGINT, 0.6),
        pytest.param(signal.SIGTERM, 0.3, marks=pytest.mark.endurance),
        pytest.param(signal.SIGTERM, -0.3, marks=pytest.mark.endurance),
    ],
)
def test_a_stopped_run_says_so_and_goes_on(calm, profile, sites, folder, how, moment):
    before = requests(sites)
    process = start(profile, folder)
    alive = strike(process, sites, before, calm, moment, how)
    code = finish(process)
    text = (folder / "stderr").read_text(encoding="utf-8")
    assert "Traceback" not in text
    if alive:
        assert (code, "Derselbe Befehl macht dort weiter" in text) == (1, True), text
    for run in status(folder)["runs"]:
        assert run["outcome"] in ("interrupted", "done")
        assert run["yielded"] == sum(run["fates"].values()) + run["spooled"]
    run_to_its_end(profile, folder)
    assert_adds_up(status(folder)["runs"], how)
    assert documents(folder) == calm["documents"]


@pytest.mark.endurance
def test_a_killed_run_is_closed_when_the_profile_has_changed(calm, profile, sites, folder, tmp_path):
    before = requests(sites)
    process = start(profile, folder)
    strike(process, sites, before, calm, 0.4)
    finish(process)
    changed = tmp_path / "geändert.yaml"
    changed.write_text(
        profile.read_text(encoding="utf-8").replace('names: ["Kornblume"]', 'names: ["Kornblume", "Kornblümchen"]'),
        encoding="utf-8",
    )
    run_to_its_end(changed, folder)
    runs = status(folder)["runs"]
    assert_adds_up(runs, "leftover")
    assert {run["outcome"] for run in runs[:2]} == {"done"}
    assert {run["outcome"] for run in runs[2:]} <= {"interrupted", "done"}
    assert documents(folder).keys() == calm["documents"].keys()


@pytest.mark.endurance
def test_two_runs_at_once_do_not_disturb_each_other(calm, profile, sites, folder):
    before = requests(sites)
    one = start(profile, folder)
    wait_for_request(sites, one, before)
    other = brandmelder("run", "--brand", profile, "--data", folder, **MODEST)
    assert finish(one) == 0, (folder / "stderr").read_text(encoding="utf-8")
    assert "Traceback" not in other.stderr
    if other.returncode:
        assert (other.returncode, "anderen Prozess" in other.stderr) == (1, True), other.stderr
        # A source that the first process has finished by then is read once more.
        assert {"refused"} <= {run["outcome"] for run in json.loads(other.stdout)["runs"]} <= {"refused", "done"}
    assert_adds_up(status(folder)["runs"], "two at once")
    assert documents(folder) == calm["documents"]


@pytest.mark.endurance
def test_two_sources_are_read_by_two_processes(calm, profile, folder):
    one = start(profile, folder, "--source", "kundenforum")
    other = brandmelder("run", "--brand", profile, "--data", folder, "--source", "gartenforum", **MODEST)
    assert (finish(one), other.returncode) == (0, 0), other.stderr
    assert_adds_up(status(folder)["runs"], "two sources")
    assert documents(folder) == calm["documents"]


def test_a_server_that_does_not_answer_is_one_sentence(profile, sites, folder):
    before = requests(sites)
    done = brandmelder("run", "--brand", profile, "--data", folder, "--store", "http://127.0.0.1:9", **MODEST)
    assert done.returncode == 2
    assert "http://127.0.0.1:9" in done.stderr
    assert "Traceback" not in done.stderr
    assert requests(sites) == before


@pytest.mark.endurance
@pytest.mark.elastic
@pytest.mark.timeout(900)
def test_a_server_that_dies_loses_nothing(calm, profile, sites, folder, elastic_server):
    store = ("--store", elastic_server.url)
    before = requests(sites)
    process = start(profile, folder, *store)
    wait_for_request(sites, process, before)
    time.sleep(calm["working"] * 0.2)
    elastic_server.kill()
    code = finish(process)
    text = (folder / "stderr").read_text(encoding="utf-8")
    assert "Traceback" not in text
    assert (code, elastic_server.url in text) == (1, True), text
    elastic_server.start()
    for run in status(folder, *store)["runs"]:
        assert run["yielded"] == sum(run["fates"].values()) + run["spooled"]
    run_to_its_end(profile, folder, *store)
    assert_adds_up(status(folder, *store)["runs"], "server died")
    assert documents(folder, elastic_server.url) == calm["documents"]
