"""The bounds of a range as an index must be asked for them."""

from __future__ import annotations

from datetime import datetime

from index.query import ast

Bound = float | datetime | None


def index_bounds(node: ast.Range) -> tuple[Bound, Bound]:
    """Lower and upper bound. Both indexes sort -0.0 before 0.0; here they are the same number.

    So an included lower zero is the negative one, and an excluded upper zero as well.
    """
    lower: Bound = node.lower
    upper: Bound = node.upper
    if isinstance(lower, float) and lower == 0:
        lower = -0.0 if node.include_lower else 0.0
    if isinstance(upper, float) and upper == 0:
        upper = 0.0 if node.include_upper else -0.0
    return lower, upper
