"""Benchmarks: `python -m tests.benchmarks` prints figures of what is built; `million` is apart, and peers were measured once."""
