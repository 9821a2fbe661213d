"""The routes. This module imports FastAPI, and its annotations are values: FastAPI reads them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Lock
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, FastAPI, Path, Query, Request
from fastapi.security import HTTPBearer

from dashboard.api.access import Access
from dashboard.api.cursor import Cursor, CursorError, read_cursor
from dashboard.api.keys import StoredKey
from dashboard.api.permits import check_aggregations, check_query
from dashboard.api.problems import MEDIA_TYPE, ProblemError
from dashboard.api.shapes import (
    MENTION_EXAMPLE,
    PROBLEM_EXAMPLE,
    AggregateAnswer,
    AggregateRequest,
    FieldInfo,
    Health,
    Hits,
    Problem,
    QueryNote,
    SearchPage,
    Total,
)
from index.document import MAX_ID_BYTES
from index.fields import DERIVED, FIELDS
from index.query import Query as ParsedQuery
from index.query import parse_query
from index.query.notes import notes
from index.query.syntax import MAX_LENGTH
from index.sharing import WITHHELD, shared_document
from index.store import Store

MAX_PAGE = 200
# Longer than any cursor of ours.
MAX_CURSOR = 4_096


class Shared:
    """The store for many requests: it takes one thread at a time."""

    def __init__(self, store: Store, wait: float) -> None:
        self._store = store
        self._wait = wait
        self._lock = Lock()

    @contextmanager
    def use(self) -> Iterator[Store]:
        """The store for the block. Raises `ProblemError` after waiting in vain."""
        if not self._lock.acquire(timeout=self._wait):
            raise ProblemError(503, headers={"Retry-After": "10"})
        try:
            yield self._store
        finally:
            self._lock.release()


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    content = {MEDIA_TYPE: {"example": PROBLEM_EXAMPLE}}
    return {status: {"model": Problem, "description": "problem", "content": content} for status in statuses}


def add_routes(app: FastAPI, shared: Shared, access: Access, lang: str) -> None:
    """Add all routes. Each waits for the store in a thread of its own. `lang` is the language of remarks."""
    app.state.shared, app.state.access, app.state.lang = shared, access, lang
    app.include_router(router)
    app.openapi_tags = [
        {"name": "figures", "description": "role reader or analyst"},
        {"name": "verbatims", "description": "role analyst"},
        {"name": "service", "description": "no key"},
    ]


_BEARER = HTTPBearer(auto_error=False, description="`Authorization: Bearer bm_…`, a key of `brandmelder api create`")


def _reader(request: Request, _: Annotated[Any, Depends(_BEARER)]) -> StoredKey:
    return _access(request).admit(request, "reader")


def _analyst(request: Request, _: Annotated[Any, Depends(_BEARER)]) -> StoredKey:
    return _access(request).admit(request, "analyst")


def _access(request: Request) -> Access:
    access: Access = request.app.state.access
    return access


def _shared(request: Request) -> Shared:
    shared: Shared = request.app.state.shared
    return shared


def _lang(request: Request) -> str:
    lang: str = request.app.state.lang
    return lang


Reader = Annotated[StoredKey, Depends(_reader)]
Analyst = Annotated[StoredKey, Depends(_analyst)]
Use = Annotated[Shared, Depends(_shared)]
Lang = Annotated[str, Depends(_lang)]

router = APIRouter()


@router.get("/v1/health", tags=["service"], responses=_problems(503))
def health(shared: Use) -> Health:
    """Whether the store answers; needs no key."""
    with shared.use() as store:
        return Health(store=store.describe()["kind"])


@router.get("/v1/fields", tags=["figures"], responses=_problems(401, 429))
def fields(_: Reader) -> list[FieldInfo]:
    """The fields of queries and aggregations, with their German names."""
    return [
        FieldInfo(name=spec.name, kind=spec.kind, german=spec.german)
        for spec in (*FIELDS, *DERIVED)
        if spec.name not in WITHHELD
    ]


@router.post("/v1/aggregate", tags=["figures"], responses=_problems(400, 401, 403, 413, 422, 429, 503))
def aggregate(body: AggregateRequest, key: Reader, shared: Use, lang: Lang) -> AggregateAnswer:
    """Elasticsearch aggregation JSON over the matches of a query."""
    parsed = _parsed(body.query, key)
    check_aggregations(body.aggs, key.role)
    with shared.use() as store:
        total = store.search(parsed, limit=0).total
        answer = store.aggregate(body.aggs, query=parsed)
    remarks = _remarks(body.query, parsed, lang)
    return AggregateAnswer(hits=Hits(total=Total(value=total)), aggregations=answer, notes=remarks)


@router.get("/v1/search", tags=["verbatims"], responses=_problems(400, 401, 403, 422, 429, 503))
def search(
    key: Analyst,
    shared: Use,
    lang: Lang,
    query: Annotated[str, Query(max_length=MAX_LENGTH, examples=["app AND sentiment:negative AND is_copy:false"])] = "",
    limit: Annotated[int, Query(ge=0, le=MAX_PAGE, description="0 counts only")] = 20,
    order: Literal["newest", "oldest", "relevance"] = "newest",
    cursor: Annotated[str | None, Query(max_length=MAX_CURSOR, description="from the page before")] = None,
) -> SearchPage:
    """Mentions in order, page by page. With order=relevance there is only the first page."""
    place = None if cursor is None else _place(cursor, query, order)
    now = datetime.now(UTC) if place is None else place.now
    parsed = _parsed(query, key, now)
    with shared.use() as store:
        page = store.search(parsed, limit=limit, order=order, after=None if place is None else place.after)
    more = None if page.after is None else Cursor(query, order, now, page.after).encode()
    found = [shared_document(mention) for mention in page.mentions]
    return SearchPage(total=page.total, mentions=found, cursor=more, notes=_remarks(query, parsed, lang))


@router.get(
    "/v1/mentions/{id}",
    tags=["verbatims"],
    responses={
        200: {"content": {"application/json": {"example": MENTION_EXAMPLE}}},
        **_problems(401, 403, 404, 429),
    },
)
def mention(id: Annotated[str, Path(max_length=MAX_ID_BYTES)], _: Analyst, shared: Use) -> dict[str, Any]:
    """One mention with all that is known of it."""
    with shared.use() as store:
        found = store.get(id)
    if found is None:
        raise ProblemError(404)
    return shared_document(found)


def _parsed(text: str, key: StoredKey, now: datetime | None = None) -> ParsedQuery:
    parsed = parse_query(text, now=now)
    check_query(parsed, key.role)
    return parsed


def _remarks(text: str, parsed: ParsedQuery, lang: str) -> list[QueryNote]:
    offset = len(text) - len(text.lstrip())
    return [
        QueryNote(code=note.code, position=note.position + offset, message=note.message(lang)) for note in notes(parsed)
    ]


def _place(mark: str, query: str, order: str) -> Cursor:
    try:
        return read_cursor(mark, query=query, order=order)
    except CursorError as error:
        raise ProblemError(
            400,
            (
                "Die Fortsetzungsmarke gehört nicht zu dieser Suche: bitte von der ersten Seite an blättern.",
                "The cursor isn't of this search: begin again with the first page.",
            ),
        ) from error
