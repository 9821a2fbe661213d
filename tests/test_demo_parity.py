"""The same demo crawl into the embedded store and into Elasticsearch: every figure, alert and export is the same."""

import json
from contextlib import closing
from datetime import date, datetime, time, timedelta

import pytest

from brandmelder.commands.alerting import plan_of
from brandmelder.commands.collecting import collect
from brandmelder.commands.showing import write_dashboard_config
from brandmelder.common import opened_store
from brandmelder.demo.profile import write_profile
from brandmelder.demo.site import serve_demo
from brandmelder.profile import read_profile
from brandmelder.settings import Settings
from dashboard import figures
from dashboard.alerts.checking import check
from dashboard.alerts.delivery import EmlFolder
from dashboard.state import EVERY_BRAND, FilterState, link, previous, to_query
from index.fields import BERLIN
from index.query import parse_query
from tests.command_line import brandmelder
from tests.dashboard_app import ARGUMENTS, CHROMIUM, need_chromium, serving

pytestmark = [pytest.mark.elastic, pytest.mark.endurance, pytest.mark.model, pytest.mark.timeout(1200)]

END = date(2026, 3, 1)
DAYS = [END + timedelta(days=1 - age) for age in range(84, -1, -1)]
TIMES = ("crawled_at", "scored_at", "expires_at")
KEY = "nur zum Testen"

WEEKS = FilterState(brand="Zeisig").between(END - timedelta(days=27), END)
ALL = FilterState(period="all", brand="Zeisig")
STATES = {
    "month": WEEKS,
    "month_before": previous(WEEKS),
    "twelve_weeks": WEEKS.between(END - timedelta(days=83), END),
    "ten_days": WEEKS.between(END - timedelta(days=16), END - timedelta(days=7)),
    "everything": ALL,
    "every_brand_with_copies": ALL.but(brand=EVERY_BRAND, copies="all"),
    "competitor": ALL.but(brand="Flinkrad"),
    "source": ALL.but(sources=("speichenrunde",)),
    "topic": ALL.but(topics=("werkstatt", "hotline")),
    "negative_topic": ALL.but(topics=("werkstatt",), experiences=("negative",)),
    "phase": ALL.but(phases=("support", "exit"), channels=("review",)),
    "touchpoint": ALL.but(touchpoints=("Werkstatt", "App")),
    "words": ALL.but(search="Werkstatt OR Akku*"),
    "phrase": ALL.but(search='"keine Antwort"~3 OR sentiment:mixed', copies="all"),
    "fields": ALL.but(search="rating:<=2 AND NOT Leipzig"),
    "umlauts": ALL.but(search="kuendigung OR Rueckgabe"),
    "nothing": ALL.but(search="Zwiebackfabrik"),
}
PAGES = [link(view, state) for view in ("overview", "hotspots", "mentions", "alerts") for state in (WEEKS, ALL)]
PAGES += [link("mentions", STATES["words"]), link("overview", STATES["topic"].but(language="en"))]
AGGREGATIONS = {
    "themen": {
        "terms": {"field": "topic_experience", "size": 100},
        "aggs": {"quellen": {"terms": {"field": "source"}}, "personen": {"cardinality": {"field": "author_key"}}},
    },
    "wochen": {"terms": {"field": "published_week", "size": 60, "order": {"_key": "asc"}}},
    "sterne": {"stats": {"field": "rating"}},
}


@pytest.fixture(scope="module")
def both(elasticsearch_url, _shared_elastic_prefix, tmp_path_factory):
    """The settings of both, after a crawl each, and what the crawls told."""
    from conftest import empty_store

    with serve_demo(END, forum_port=0, portal_port=0) as sites:
        path = tmp_path_factory.mktemp("profil") / "demo.yaml"
        write_profile(path, forum=sites.forum.url, portal=sites.portal.url)
        profile = read_profile(str(path), path.parent)
        crawled = {}
        for store in (None, elasticsearch_url):
            settings = Settings(
                data=tmp_path_factory.mktemp("daten"), store=store, elastic_prefix=_shared_elastic_prefix,
                author_key=KEY, lang="de", threads=1,
            )  # fmt: skip
            summaries = collect(settings, profile, profile.cards([]))
            assert [summary.outcome for summary in summaries] == ["done", "done"]
            write_dashboard_config(settings, profile)
            crawled[store] = (settings, summaries)
        yield profile, *crawled.values()
    empty_store(elasticsearch_url, _shared_elastic_prefix)


def in_both(both, question):
    """The answers of the embedded store and of Elasticsearch."""
    for settings, _ in both[1:]:
        with opened_store(settings) as store:
            store.refresh()
            yield question(store, settings)


def everything_shown(store, state):
    query = to_query(state)
    shown = {
        "overview": figures.overview(store, query),
        "trend": figures.trend(store, query, start=state.start, end=state.end),
        "topics": figures.topics(store, query),
        "sources": list(figures.by_value(store, query, "source").items()),
        "voices": figures.voices(store, query, ("Zeisig", "Flinkrad")),
        "values": figures.values(store, query, ("source", "channel", "touchpoint")),
        "copies": figures.copies(store, query),
        "newest": [mention.id for mention in store.search(query, limit=1000, order="newest").mentions],
        "oldest": [mention.id for mention in store.search(query, limit=1000, order="oldest").mentions],
        "relevant": store.search(query, limit=5, order="relevance").total,
    }
    for by in ("source", "journey_phase", "touchpoint", "channel"):
        cells = figures.cells(store, query, by)
        past = previous(state)
        before = figures.cells(store, to_query(past), by) if past else []
        shown[f"cells by {by}"] = cells
        shown[f"hotspots by {by}"] = figures.hotspots(cells, before, min_group=8)
    return shown


def test_the_crawls_end_alike(both):
    _, (_, embedded), (_, elastic) = both
    for ours, theirs in zip(embedded, elastic, strict=True):
        for name in ("source", "yielded", "pages", "gate", "events", "spooled"):
            assert theirs.record[name] == ours.record[name], name
        # Which of two copies from different sources comes first is chance; that one is counted as stored.
        assert sum(theirs.record["fates"].values()) == sum(ours.record["fates"].values()) == ours.record["yielded"]


def test_the_same_mentions_are_stored(both):
    embedded, elastic = in_both(
        both,
        lambda store, _: [mention.model_dump(exclude=set(TIMES)) for mention in store.scan(parse_query(""))],
    )
    assert len(embedded) >= 280
    assert elastic == embedded


@pytest.mark.parametrize("name", STATES)
def test_every_figure_is_the_same(both, name):
    embedded, elastic = in_both(both, lambda store, _: everything_shown(store, STATES[name]))
    for figure, value in embedded.items():
        assert elastic[figure] == value, figure
    assert (embedded["overview"].total == 0) is (name == "nothing")


def mornings(profile, store, settings):
    """What the check of each morning found, and the mails, without the folder's name."""
    plan, folder = plan_of(profile, settings), settings.data
    told = [
        check(
            store,
            plan,
            folder=folder,
            delivery=EmlFolder(folder / "mails"),
            now=datetime.combine(day, time(8), BERLIN),
        ).as_json()
        for day in DAYS
    ]
    mails = {path.name: len(path.read_bytes()) for path in (folder / "mails").iterdir()}
    return json.loads(json.dumps(told).replace(str(folder), "")), mails


def test_every_morning_brings_the_same_alerts(both):
    embedded, elastic = in_both(both, lambda store, settings: mornings(both[0], store, settings))
    for day, ours, theirs in zip(DAYS, embedded[0], elastic[0], strict=True):
        assert theirs == ours, day
    assert elastic[1] == embedded[1]
    assert len(embedded[1]) >= 1


def test_the_commands_print_the_same(both, tmp_path):
    request = tmp_path / "aggs.json"
    request.write_text(json.dumps(AGGREGATIONS), encoding="utf-8")
    printed = []
    for settings, _ in both[1:]:
        output = tmp_path / f"{len(printed)}.ndjson"
        place = ["--data", settings.data, *(["--store", settings.store] if settings.store else [])]
        prefix = {"BRANDMELDER_ELASTIC_PREFIX": settings.elastic_prefix, "OMP_NUM_THREADS": "1"}
        found = brandmelder("search", "werkstatt", "--limit", 500, *place, **prefix)
        counted = brandmelder("aggregate", "--aggs", request, "--query", "source:speichenrunde", *place, **prefix)
        exported = brandmelder("export", "NOT app", "--output", output, *place, **prefix)
        assert (found.returncode, counted.returncode, exported.returncode) == (0, 0, 0), exported.stderr
        lines = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
        printed.append((timeless(json.loads(found.stdout)), json.loads(counted.stdout), timeless(lines)))
    embedded, elastic = printed
    assert embedded[0]
    assert elastic == embedded


def timeless(rows):
    return [{name: value for name, value in row.items() if name not in TIMES} for row in rows]


@pytest.mark.browser
def test_every_page_says_the_same(both, tmp_path):
    need_chromium()
    from playwright.sync_api import sync_playwright

    profile, *crawled = both
    texts = []
    with (
        sync_playwright() as playwright,
        closing(playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)) as browser,
    ):
        for settings, _ in crawled:
            with opened_store(settings) as store:
                mornings(profile, store, settings)
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.set_default_timeout(60_000)
            with serving(settings.data / "dashboard.json", tmp_path / "log.txt") as address:
                texts.append({path: seen(page, address + path).replace(str(settings.data), "") for path in PAGES})
            page.close()
    embedded, elastic = texts
    for path in PAGES:
        assert elastic[path] == embedded[path], path
    assert "Werkstatt" in embedded[PAGES[2]]


def seen(page, url):
    """What a person reads on a page, tables that are folded away included.

    Charts draw themselves a moment later; their figures stand in the tables below them. Buttons and fields are
    loaded on their own, too: what is read must have stood for two seconds.
    """
    page.goto(url)
    page.wait_for_selector(".bm-footer")
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    page.add_style_tag(content="[data-testid=stVegaLiteChart] { display: none }")
    text = ""
    for _ in range(30):
        text, before = page.inner_text("body"), text
        if text == before:
            return text
        page.wait_for_timeout(2_000)
    raise AssertionError(f"{url} was never drawn to its end")
