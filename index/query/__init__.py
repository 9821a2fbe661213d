"""One query language, Lucene syntax, for brand definitions, the search box, saved searches and alert filters."""

from index.query.syntax import Query, QuerySyntaxError, clause, conjunction, parse_query

__all__ = ["Query", "QuerySyntaxError", "clause", "conjunction", "parse_query"]
