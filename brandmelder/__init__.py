"""The composition root: command line, settings, brand profiles, demo. Nobody imports it."""
