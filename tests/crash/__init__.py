"""Power loss and killed servers: what was acknowledged is still there."""
