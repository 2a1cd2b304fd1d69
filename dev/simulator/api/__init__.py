"""The API that QPay gives to merchants, ``/v2``, and the tax office's public look-up; one module
for each group of calls.
"""
from . import auth, ebarimts, invoices, payments, tax_office

BLUEPRINTS = (
    auth.blueprint, invoices.blueprint, payments.blueprint, ebarimts.blueprint,
    tax_office.blueprint,
)
