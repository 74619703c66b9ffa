"""The second verifier."""
