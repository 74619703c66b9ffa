"""Answers as things to read: text and tables for a terminal."""
