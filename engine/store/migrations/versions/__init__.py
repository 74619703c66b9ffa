"""One module per migration, in the order of their numbers; there is no way back, since nothing is deleted."""
