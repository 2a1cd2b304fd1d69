"""A local QPay v2 for development and tests.

The server is loaded when it is first used, so that a program that only steers a running simulator
(:class:`SimulatorControl`, standard library alone) does not need Flask.
"""
from .control import SimulatorControl, SimulatorError

__all__ = ['Simulator', 'SimulatorControl', 'SimulatorError']


def __getattr__(name):
    if name != 'Simulator':
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    from .server import Simulator
    return Simulator
