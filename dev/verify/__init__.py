"""Proves the sentences of README.md one by one; ``make verify`` runs it."""
