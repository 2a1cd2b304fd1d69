"""Benchmarks: what people and QPay wait for, in queries, calls to QPay and milliseconds.

Milliseconds compare within one run only; queries and calls compare between runs. ``make bench``
runs them in Odoo's shell, on a copy of the demonstration's database that is deleted afterwards.
"""
