"""The demo: a fictional brand, two sites about it on loopback, and its profile."""
