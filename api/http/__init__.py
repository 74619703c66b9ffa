"""The HTTP interface: parse, ask the engine, answer; nothing is decided here.

problems     every refusal as RFC 9457 problem, in zh and en
who          who asks: API key or session, and what the table of permissions allows
limits       size, depth, time and rate of what is sent
writer       the one thread that writes to the log, many requests to a durable group
once         Idempotency-Key: one effect however often it is sent
v1/          the routes, a file per noun
app          all of it together
"""
