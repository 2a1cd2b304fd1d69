"""A local QPay v2 for development and tests.

The two public names are loaded when they are first used, so that a program that only steers a
running simulator (:class:`SimulatorControl`, standard library alone) does not need Flask.
"""
from importlib import import_module

_PUBLIC = {
    'Simulator': '.server',
    'SimulatorControl': '.control',
    'SimulatorError': '.control',
}

__all__ = list(_PUBLIC)


def __getattr__(name):
    if name not in _PUBLIC:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(import_module(_PUBLIC[name], __name__), name)
