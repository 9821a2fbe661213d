"""Scrapy settings that hold for every source; crawlers/running.py adds what a card says."""

from importlib.metadata import version

BOT_NAME = "brandmelder"
SPIDER_MODULES = ["crawlers.spiders"]

# Who we are; running.py puts the contact address of the settings behind it.
USER_AGENT = f"Brandmelder/{version('brandmelder')}"
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "de,en;q=0.5",
}

# One page at a time: of a host because that is polite, of a source because its order makes runs repeatable.
CONCURRENT_REQUESTS = 1
CONCURRENT_REQUESTS_PER_DOMAIN = 1
DOWNLOAD_DELAY = 2.0
DOWNLOAD_DELAY_JITTER = 0.0
AUTOTHROTTLE_ENABLED = True
AUTOTHROTTLE_START_DELAY = 0.0
AUTOTHROTTLE_MAX_DELAY = 60.0
AUTOTHROTTLE_TARGET_CONCURRENCY = 1.0

# Obeyed by crawlers.gate, which fails closed; Scrapy's own middleware takes "no answer" for "everything is allowed".
ROBOTSTXT_OBEY = True
DOWNLOADER_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
    "crawlers.gate.middleware.GateMiddleware": 90,
    "crawlers.spiders.tokens.TokenMiddleware": 95,
    "crawlers.gate.patience.PatientRetryMiddleware": 550,
}
ITEM_PIPELINES = {"crawlers.spooling.SpoolPipeline": 100}
SCHEDULER = "crawlers.scheduler.LedgerScheduler"

DOWNLOAD_TIMEOUT = 60
DOWNLOAD_MAXSIZE = 8_000_000
DOWNLOAD_WARNSIZE = 0
DOWNLOAD_VERIFY_CERTIFICATES = True
RETRY_TIMES = 2
RETRY_PAUSE = 2.0
RETRY_AFTER_CAP = 120.0
RETRY_HTTP_CODES = [500, 502, 503, 504, 522, 524, 408, 429]
REDIRECT_MAX_TIMES = 5
METAREFRESH_ENABLED = False

# A session makes a site show us what it shows nobody else; caches and proxies hide what was asked.
COOKIES_ENABLED = False
HTTPPROXY_ENABLED = False
HTTPCACHE_ENABLED = False
REFERER_ENABLED = True
REFERRER_POLICY = "same-origin"
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False
LOGSTATS_INTERVAL = 0
EXTENSIONS = {"scrapy.extensions.memusage.MemoryUsage": None}

TWISTED_REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"
LOG_LEVEL = "INFO"
