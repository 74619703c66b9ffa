"""Read the rules and prove them sound: files -> documents -> conditions -> rulebook, then check and lock."""
