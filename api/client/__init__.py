"""A typed client of the HTTP interface: what a program of a firm, a regulator or an auditor calls, with nothing of the engine.

client     Client: an address, a key, and the nouns below as its attributes
wire       one request: keys that survive retries, ETags, problems as exceptions, jobs awaited
declared   an operation, declared by the signature of the method that calls it
nouns/     a method for each operation of the OpenAPI document; a test holds both together

    with Client("https://filing.example.gov.cn", key) as fenji:
        filing = fenji.filings.draft(product="...", facts={"people.minors": False})
        fenji.filings.submit(filing.id)
        for row in fenji.cases.list(unit="..."):
            print(row.id, row.state, row.due)
"""

from api.client.client import Client
from api.client.wire import Pages, Refused

__all__ = ["Client", "Pages", "Refused"]
