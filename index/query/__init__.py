"""One query language, Lucene syntax, for brand definitions, the search box, saved searches and alert filters."""

from index.query.errors import QuerySyntaxError, explain
from index.query.syntax import Query, clause, conjunction, parse_query

__all__ = ["Query", "QuerySyntaxError", "clause", "conjunction", "explain", "parse_query"]
