"""Keeps the addon's translations complete: "make translations"."""
