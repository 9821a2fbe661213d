"""What a response says: pure functions from bytes and a URL to a `Page`."""
