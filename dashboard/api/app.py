"""The API's application over one store, read only. FastAPI is imported when one is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dashboard.api.access import Access
from dashboard.api.guard import Guard
from dashboard.api.keys import KeyFile
from dashboard.api.problems import add_handlers
from index.store import Store

if TYPE_CHECKING:
    from fastapi import FastAPI

DEFAULT_RATE = "120/minute"
# A request that can't have the store for so many seconds is told to come back.
WAIT_SECONDS = 10.0

_DESCRIPTION = """Mentions and figures of one Brandmelder, read only. The query language is that of docs/query.md, the
aggregations are Elasticsearch's; docs/analysts.md explains fields and pitfalls (copies, foreign mentions, time zone).
Keys of role `reader` get figures, those of role `analyst` also verbatims. Times carry their zone; weeks and days of
`published_week` and `published_day` are Berlin's. Errors are `application/problem+json`."""


@dataclass(frozen=True)
class ApiOptions:
    """How the API behaves: language of its messages, requests per key, seconds to wait for the store."""

    lang: str = "de"
    rate: str = DEFAULT_RATE
    wait: float = WAIT_SECONDS


def create_app(store: Store, keys: KeyFile, options: ApiOptions | None = None) -> FastAPI:
    """The application. Raises `ValueError` where the rate can't be read, `ImportError` without the extra `api`."""
    from importlib.metadata import version

    from fastapi import FastAPI

    from dashboard.api.routes import Shared, add_routes

    chosen = options or ApiOptions()
    app = FastAPI(
        title="Brandmelder",
        description=_DESCRIPTION,
        version=version("brandmelder"),
        # The documentation pages would load scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        # curl sends JSON under another name unless told otherwise.
        strict_content_type=False,
    )
    add_handlers(app, chosen.lang)
    add_routes(app, Shared(store, chosen.wait), Access(keys, chosen.rate), chosen.lang)
    app.add_middleware(Guard, lang=chosen.lang)
    return app
