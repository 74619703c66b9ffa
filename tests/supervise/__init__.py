"""Streams of filings and cases: stories as data, random sequences, and what the log makes of them."""
