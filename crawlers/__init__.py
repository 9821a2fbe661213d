"""The Scrapy project: what to ask for, what a response says, and whether we may ask at all."""
