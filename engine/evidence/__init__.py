"""Outcome -> record that anyone can verify; the formats are in FORMATS.md beside this file."""
