"""Figures: one file each, drawn from tables and datasets alone."""
