"""The only database code: an append-only store of records, on SQLite or PostgreSQL.

`append` is the hot path, plain SQL on a connection that it is given; `reading` and `streams` read through SQLAlchemy; `opening`
makes, checks and opens stores; `vault` keeps the keys of sealed facts, in a file of its own.
"""
