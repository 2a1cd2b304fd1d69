"""Set-up and process control of the development environment.

Runs with the machine's own Python before anything is installed, so it uses the standard library
only. Start it as ``python3 -m dev.stack COMMAND`` in the repository's root; the Makefile does.
"""
