from odoo import models


class QPayGuarded(models.AbstractModel):
    """Models with fields that only the system writes: all that are read-only.

    To Odoo itself, a read-only field is a matter of forms: whoever may write a record may write it
    from outside, by the values of a new record, an import or a default of the context.
    """

    _name = 'qpay.guarded'
    _description = "What Only QPay's Addon Writes"

    def _has_field_access(self, field, operation):
        """ Override of `base` to keep people from writing this addon's read-only fields. """
        if (
            operation == 'write' and field.readonly and field._module == 'payment_qpay'
            and not self.env.su
        ):
            return False
        return super()._has_field_access(field, operation)
