"""Benchmarks: `python -m tests.benchmarks` prints every figure that the README names."""
