"""What we write is verified by programs of other people."""
