"""The ways in: parse, call the engine, render."""
