"""The real app in a real browser: what people see, click, and what a hostile text can't do."""

import os
import re
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from tests.dashboard_app import ARGUMENTS, CHROMIUM, filled, need_chromium, serving, twelve_weeks
from tests.factories import make_aspect, make_mention, make_sentiment

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SIZES = {1280: 900, 390: 844}
PAGES = {"": "Überblick", "hotspots": "Brennpunkte", "mentions": "Stimmen", "alerts": "Warnungen"}
PATIENCE = 40_000
# The first explanation loads the model: seconds on a free machine, many on one that others use up.
MODEL_PATIENCE = 150_000
# Streamlit looks for its own address below the page's path first and finds it at the root.
PROBES = re.compile(r"/\w+/_stcore/(health|host-config)$")

HOSTILE = (
    '<script>window.hit=1</script><img src=x onerror="window.hit=1"> **fett** :smile: $x^2$ '
    "[klick](javascript:window.hit=1) <b>dick</b> &lt;i&gt;"
)
HOSTILE_SOURCE = "<img src=x onerror=window.hit=1> **q** :smile: $y$"


class Watched:
    """A browser page that keeps what went wrong on it and where it tried to go."""

    def __init__(self, browser, width):
        self.page = browser.new_page(viewport={"width": width, "height": SIZES[width]})
        self.page.set_default_timeout(PATIENCE)
        self.problems, self.strangers = [], []
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("request", self._asked)

    def _said(self, message):
        if message.type == "error" and not PROBES.search(message.location.get("url", "")):
            self.problems.append(f"{message.text} {message.location}")

    def _asked(self, request):
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob") and address.hostname != "127.0.0.1":
            self.strangers.append(request.url)

    def open(self, url):
        self.page.goto(url)
        self.settled()

    def settled(self):
        """Until the script has run to its end."""
        self.page.wait_for_selector(".bm-footer")
        self.page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')

    def params(self):
        # An evaluation also makes the browser tell of changes of its address.
        return parse_qs(urlsplit(self.page.evaluate("window.location.href")).query)

    def wait_for_params(self, expected):
        """Until the address carries these parameters."""
        script = "([name, value]) => new URLSearchParams(location.search).getAll(name).join('|') === value"
        for name, values in expected.items():
            self.page.wait_for_function(script, arg=[name, "|".join(values)])
        self.settled()

    def check(self):
        assert self.problems == []
        assert self.strangers == []
        assert self.page.locator('[data-testid="stException"], [data-testid="stAlert"]').count() == 0
        wide = (
            "Math.max(document.documentElement.scrollWidth, document.querySelector('[data-testid=stMain]').scrollWidth)"
        )
        assert self.page.evaluate(wide) <= self.page.viewport_size["width"]


@pytest.fixture(scope="module")
def browser():
    need_chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield found
        found.close()


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    need_chromium()
    folder = tmp_path_factory.mktemp("app")
    hostile = make_mention(
        900,
        source=HOSTILE_SOURCE,
        channel="forum",
        title=HOSTILE,
        text=HOSTILE,
        thread_title=HOSTILE,
        url="javascript:window.hit=1",
        published_at=twelve_weeks()[-1].published_at,
        topics=("app",),
        aspects=(make_aspect("app", "negative", HOSTILE),),
        sentiment=make_sentiment("negative"),
        matched_terms=(),
    )
    with serving(filled(folder, [*twelve_weeks(), hostile]), folder / "log.txt") as address:
        yield address


@pytest.fixture
def watch(browser):
    opened = []

    def at(width=1280):
        opened.append(Watched(browser, width))
        return opened[-1]

    yield at
    for watched in opened:
        watched.page.close()


@pytest.fixture(scope="module")
def screenshots(tmp_path_factory):
    named = os.environ.get("BRANDMELDER_SCREENSHOTS")
    folder = Path(named) if named else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def shoot(watched, path):
    """The whole page, charts drawn."""
    height = watched.page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
    width = watched.page.viewport_size["width"]
    watched.page.set_viewport_size({"width": width, "height": min(height + 20, 4000)})
    watched.page.wait_for_timeout(600)
    watched.page.screenshot(path=path)
    watched.page.set_viewport_size({"width": width, "height": SIZES[width]})


@pytest.mark.parametrize("width", SIZES)
@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_cleanly(app, watch, screenshots, page, width):
    watched = watch(width)
    watched.open(f"{app}/{page}")
    assert watched.page.inner_text("h1") == PAGES[page]
    if page == "":
        drawn = watched.page.locator("[data-testid=stVegaLiteChart][aria-label*=Stimmen] svg")
        drawn.nth(1).wait_for()
        assert drawn.count() == 2
    shoot(watched, screenshots / f"{page or 'overview'}-{width}.png")
    watched.check()


def test_pages_are_reached_by_their_links_and_keep_the_filter(app, watch):
    watched = watch()
    watched.open(f"{app}/?period=84d&topic=app")
    for name in ("Brennpunkte", "Stimmen", "Überblick"):
        watched.page.get_by_role("link", name=name, exact=True).click()
        watched.page.wait_for_selector(f"h1:text-is('{name}')")
        watched.wait_for_params({"topic": ["app"], "period": ["84d"]})
    watched.page.go_back()
    watched.page.wait_for_selector("h1:text-is('Stimmen')")
    watched.check()


def test_a_cell_opens_exactly_its_mentions(app, watch):
    watched = watch()
    watched.open(f"{app}/hotspots?period=84d")
    cell = watched.page.locator(".bm-grid").first.locator("td:not(.bm-few) a").first
    n = int(re.search(r"n = (\d+)", cell.inner_text())[1])
    cell.click()
    watched.page.wait_for_selector("h1:text-is('Stimmen')")
    watched.settled()
    assert f"· {n} Stimmen" in watched.page.inner_text(".bm-heading")
    shown = watched.page.locator(".bm-card").count()
    while watched.page.get_by_role("link", name="Weiter").count():
        page = watched.params().get("page", ["1"])[0]
        watched.page.get_by_role("link", name="Weiter").click()
        watched.wait_for_params({"page": [str(int(page) + 1)]})
        shown += watched.page.locator(".bm-card").count()
    assert shown == n
    watched.check()


def test_a_headline_figure_opens_its_mentions(app, watch):
    watched = watch()
    watched.open(f"{app}/")
    tile = watched.page.locator(".bm-tile.k-negative")
    count = re.search(r"(\d+) von", tile.inner_text())[1]
    tile.click()
    watched.wait_for_params({"experience": ["negative"]})
    watched.page.wait_for_selector("h1:text-is('Stimmen')")
    watched.settled()
    assert f"· {count} Stimmen" in watched.page.inner_text(".bm-heading")


def test_a_click_into_the_trend_opens_that_week(app, watch):
    watched = watch()
    watched.open(f"{app}/?period=84d")
    chart = watched.page.locator("[data-testid=stVegaLiteChart] canvas, [data-testid=stVegaLiteChart] svg").first
    box = chart.bounding_box()
    watched.page.mouse.click(box["x"] + box["width"] * 0.5, box["y"] + box["height"] - 45)
    watched.page.wait_for_selector("h1:text-is('Stimmen')")
    watched.settled()
    days = watched.params()
    assert days["from"] <= days["to"]
    assert watched.page.locator(".bm-card").count() > 0
    watched.page.get_by_role("link", name="Überblick", exact=True).click()
    watched.page.wait_for_selector("h1:text-is('Überblick')")
    watched.settled()
    assert watched.page.inner_text("h1") == "Überblick"
    watched.check()


def test_a_search_stands_in_the_address_and_survives_a_reload(app, watch):
    watched = watch()
    watched.open(f"{app}/mentions?period=84d")
    watched.page.get_by_role("textbox", name="Suche").fill("Lieferung AND Karton")
    watched.page.get_by_role("textbox", name="Suche").press("Enter")
    watched.wait_for_params({"q": ["Lieferung AND Karton"]})
    heading = watched.page.inner_text(".bm-heading")
    assert re.search(r"· [1-9]\d* Stimmen", heading)
    assert watched.page.locator(".bm-hit").count() > 0
    watched.page.reload()
    watched.settled()
    assert watched.page.inner_text(".bm-heading") == heading
    # Streamlit fills a field a moment after the script has run to its end.
    script = "document.querySelector('input[aria-label=Suche]')?.value === 'Lieferung AND Karton'"
    watched.page.wait_for_function(script)
    watched.check()


def test_one_click_says_that_a_mention_is_not_about_the_brand_and_one_takes_it_back(tmp_path, watch):
    mentions = [
        make_mention(number, text=text) for number, text in enumerate(("Blaue Kornblume blüht.", "Korn, Blume."))
    ]
    with serving(filled(tmp_path, mentions), tmp_path / "log.txt") as address:
        watched = watch()
        watched.open(f"{address}/mentions?period=all")
        page = watched.page
        blue = page.locator(f".st-key-bm_item_{mentions[0].id}")
        blue.get_by_role("button", name="Das sind nicht wir").click()
        page.get_by_text("Die Erwähnung zählt nicht mehr mit.").wait_for()
        watched.settled()
        assert page.locator(".bm-card").count() == 1
        page.get_by_role("button", name="Rückgängig").click()
        page.get_by_text("Die Erwähnung zählt wieder mit.").wait_for()
        watched.settled()
        assert page.locator(".bm-card").count() == 2
        blue.get_by_role("button", name="Das sind nicht wir").click()
        page.get_by_text("Die Erwähnung zählt nicht mehr mit.").wait_for()
        watched.open(f"{address}/mentions?period=all&q=work.not_us:true")
        assert page.locator(".bm-card").count() == 1
        assert page.get_by_role("button", name="Doch, das sind wir").count() == 1
        watched.check()


@pytest.mark.model
@pytest.mark.parametrize("width", SIZES)
def test_one_click_says_why_a_text_is_read_so(app, watch, screenshots, width):
    watched = watch(width)
    watched.open(f"{app}/mentions?period=84d&experience=negative")
    page = watched.page
    assert page.locator(".bm-why").count() == 0
    item = page.locator("[class*=st-key-bm_item_]").nth(1)
    item.get_by_role("button", name="Warum?").click()
    item.locator(".bm-why").wait_for(timeout=MODEL_PATIENCE)
    watched.settled()
    said = item.locator(".bm-text").inner_text().replace("\n", " ")
    marked = item.locator(".bm-whysentences mark")
    assert marked.count() > 0
    for word in marked.all_inner_texts():
        assert word in said
    # Not by colour alone: a sign before the word, and another line under it.
    signs = {
        kind: page.evaluate(
            "kind => { const found = document.querySelector('.bm-w' + kind); return ["
            "getComputedStyle(found, '::before').content, getComputedStyle(found).borderBottomStyle] }",
            kind,
        )
        for kind in ("neg", "pos")
    }
    assert signs == {"neg": ['"−"', "dashed"], "pos": ['"+"', "solid"]}
    assert re.search(r"Das Modell liest den Text als \w+ \(Sicherheit \d+", item.locator(".bm-why").inner_text())
    assert re.search(r"[−+]\d,\d\d", item.locator(".bm-whywords li").first.inner_text())
    item.screenshot(path=screenshots / f"why-{width}.png")
    watched.check()
    item.get_by_role("button", name="Begründung schließen").click()
    item.locator(".bm-why").wait_for(state="detached")


@pytest.mark.model
def test_a_hostile_text_stays_a_text_where_it_is_explained(app, watch, screenshots):
    watched = watch()
    watched.open(f"{app}/mentions?lang=en&source={quote(HOSTILE_SOURCE)}")
    watched.page.get_by_role("button", name="Why?").click()
    panel = watched.page.locator(".bm-why")
    panel.wait_for(timeout=MODEL_PATIENCE)
    watched.settled()
    assert panel.locator("li").count() > 0
    assert "onerror" in panel.inner_text()
    assert panel.locator("img, script, a, strong, em, .katex, b:not(.bm-whyvalue):not(.bm-whywords > b)").count() == 0
    assert watched.page.evaluate("window.hit === undefined")
    shoot(watched, screenshots / "why-hostile.png")
    watched.check()


def test_a_model_that_cannot_be_loaded_is_named(tmp_path, watch, monkeypatch):
    monkeypatch.setenv("BRANDMELDER_MODEL", str(tmp_path / "nirgends"))
    with serving(filled(tmp_path, [make_mention(0)]), tmp_path / "log.txt") as address:
        watched = watch(390)
        watched.open(f"{address}/mentions?period=all")
        watched.page.get_by_role("button", name="Warum?").click()
        watched.page.locator(".bm-why").wait_for()
        said = watched.page.inner_text(".bm-why")
        assert "Das Sprachmodell lässt sich hier nicht laden" in said
        assert "nirgends" in said
        watched.check()


def test_an_unreadable_search_shows_where(app, watch):
    watched = watch()
    watched.open(f"{app}/mentions?q={quote('Lieferung AND (Karton')}")
    lines = watched.page.inner_text(".bm-caret").split("\n")
    assert lines[0] == "Lieferung AND (Karton"
    assert lines[1].strip() == "^"
    assert len(lines[1]) <= len(lines[0]) + 1
    watched.check()


@pytest.mark.parametrize("view", ["", "hotspots", "mentions"])
def test_a_search_is_answered_and_remarked_on(app, watch, view):
    watched = watch()
    watched.open(f"{app}/{view}?period=84d&q={quote('lieferung und karton')}")
    assert "„und“ wird als Wort gesucht" in watched.page.inner_text(".bm-notice >> text=als Wort")
    watched.check()


def test_filters_write_the_address_and_can_be_removed(app, watch):
    watched = watch()
    watched.open(f"{app}/mentions?period=84d")
    watched.page.get_by_role("button", name="Filter").click()
    watched.page.get_by_label("Thema").click()
    watched.page.get_by_role("option", name="Kundendienst").click()
    watched.wait_for_params({"topic": ["kundendienst"]})
    watched.page.keyboard.press("Escape")
    watched.page.keyboard.press("Escape")
    watched.page.get_by_role("link", name="„Thema: Kundendienst“ entfernen").click()
    watched.page.wait_for_selector(".bm-chip", state="detached")
    assert "topic" not in watched.params()
    watched.check()


def test_the_language_can_be_switched_and_stays(app, watch):
    watched = watch()
    watched.open(f"{app}/?period=84d")
    assert watched.page.evaluate("document.documentElement.lang") == "de"
    watched.page.get_by_role("link", name="EN", exact=True).click()
    watched.page.wait_for_selector("h1:text-is('Overview')")
    watched.page.get_by_role("link", name="Hotspots", exact=True).click()
    watched.page.wait_for_selector("h1:text-is('Hotspots')")
    assert watched.params() == {"period": ["84d"], "lang": ["en"]}
    watched.check()


@pytest.mark.parametrize("page", ["", "hotspots", "mentions"])
def test_hostile_texts_stay_texts(app, watch, page):
    watched = watch()
    watched.open(f"{app}/{page}?lang=de&source={quote(HOSTILE_SOURCE)}&q=&brand=kornblume")
    body = watched.page.inner_text("body")
    assert HOSTILE_SOURCE in body
    if page != "hotspots":
        assert HOSTILE in body.replace("\n", " ")
    assert watched.page.evaluate("window.hit === undefined")
    assert (
        watched.page.locator('[data-testid="stMain"] img, .bm-card script, .katex, a[href^="javascript"]').count() == 0
    )
    assert watched.page.locator(".bm-card b:text-is('dick'), strong:text-is('fett')").count() == 0
    if page == "mentions":
        assert "kein Link zum Original" in body
    watched.check()


def test_hostile_addresses_are_harmless(app, watch):
    watched = watch()
    junk = quote('<img src=x onerror="window.hit=1">')
    address = "&".join(f"{name}={junk}" for name in ("q", "topic", "source", "brand", "from", "page", "lang", "order"))
    for page in PAGES:
        watched.open(f"{app}/{page}?{address}")
        assert watched.page.evaluate("window.hit === undefined")
    watched.check()


def test_an_empty_store_says_which_command_fills_it(tmp_path, watch):
    with serving(filled(tmp_path / "data", []), tmp_path / "log.txt") as address:
        watched = watch(390)
        for page in ("", "hotspots", "mentions"):
            watched.open(f"{address}/{page}")
            assert "brandmelder run" in watched.page.inner_text(".bm-command")
        watched.check()


def test_a_store_that_does_not_answer_is_explained(tmp_path, watch):
    config = filled(tmp_path / "data", [], store="http://127.0.0.1:9")
    with serving(config, tmp_path / "log.txt") as address:
        watched = watch()
        watched.open(address)
        assert "http://127.0.0.1:9" in watched.page.inner_text(".bm-panel")
        assert watched.page.locator('[data-testid="stException"]').count() == 0


def test_missing_settings_are_explained(tmp_path, watch):
    with serving(tmp_path / "nothing.json", tmp_path / "log.txt") as address:
        watched = watch()
        watched.page.goto(address)
        watched.page.wait_for_selector(".bm-panel")
        assert "brandmelder dashboard" in watched.page.inner_text(".bm-command")
