"""Whether we may ask, and whether we may use the answer: robots, reservations, private addresses (docs/crawling.md)."""
