"""Mentions and where they live: the model, the store contract, both stores, the query language."""
