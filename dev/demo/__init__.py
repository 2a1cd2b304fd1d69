"""The data of the demonstration, and its one real payment: ``python -m demo``."""
