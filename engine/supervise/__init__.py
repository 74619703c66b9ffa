"""What happens after an answer: filings, cases, requests and pilots as streams of events, judged by transition tables.

`state` is what a stream's events add up to; `step` is the one function that lets an event happen or names the rule that refuses
it, with `guards` as its tests; `fields` reads what an event carries; `streams` records events and reads them back; `audit` works
every stream out again.
"""
