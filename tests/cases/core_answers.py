"""What Odoo itself answers where this addon overrides it."""

from odoo import fields

PACKAGE = 'odoo.addons.payment_qpay.'


def is_ours(cls):
    """Whether a class of a model is this addon's.

    :rtype: bool
    """
    return cls.__module__.startswith(PACKAGE)


def ask_core(records, name, *args, **options):
    """Call what a method of ours overrides, on the same records.

    :param recordset records: The records.
    :param str name: The method.
    :return: What Odoo itself answers.
    """
    own = [cls for cls in type(records).mro() if is_ours(cls) and name in vars(cls)]
    return getattr(super(own[-1], records), name)(*args, **options)


def find_overrides(registry):
    """Return what this addon's classes override of other modules' models.

    :param registry: The registry of the database.
    :return: Names like `account.move.write`.
    :rtype: set[str]
    """
    found = set()
    for model in registry.values():
        lineage = model.mro()
        for position, cls in enumerate(lineage):
            if is_ours(cls):
                others = [other for other in lineage[position + 1:] if not is_ours(other)]
                found |= {
                    f'{cls._name}.{name}' for name, value in vars(cls).items()
                    if not name.startswith('__') and _can_override(value)
                    and any(name in vars(other) for other in others)
                }
    return found


def _can_override(value):
    kinds = (classmethod, staticmethod, property, fields.Field)
    return callable(value) or isinstance(value, kinds)
