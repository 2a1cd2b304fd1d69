"""The API that QPay gives to merchants, ``/v2``; one module for each group of calls."""
from . import auth, ebarimts, invoices, payments

BLUEPRINTS = (auth.blueprint, invoices.blueprint, payments.blueprint, ebarimts.blueprint)
