"""Looking at many at once: what of the law is encoded, and what a changed law makes stale."""
