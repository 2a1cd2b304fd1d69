"""Clients of QPay that other people wrote, run against the simulator."""
