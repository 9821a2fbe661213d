"""Exports: what a row looks like in each format, and files that a killed export continues."""
