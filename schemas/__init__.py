"""Shapes: what authors write and what answers look like; no logic."""
