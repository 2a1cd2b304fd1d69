from lxml import etree

from odoo import api, models

from odoo.addons.payment_qpay import documents


class Base(models.AbstractModel):
    _inherit = 'base'

    @api.model
    def _qpay_document_classes(self):
        """Return the classes that say how QPay collects the payment of records of this model. They
        are joined as Odoo joins those of a model: a module that changes a kind of documents puts a
        class of its own in front of those of `super()`.

        :rtype: tuple[type]
        """
        return (documents.OWN_CLASSES.get(self._name, documents.TransactionDocument),)

    @api.model
    def _get_view(self, view_id=None, view_type='form', **options):
        """ Override of `base` to give sales orders their QPay button.

        A view of ours cannot extend one of `sale`, which may not be installed.
        """
        arch, view = super()._get_view(view_id, view_type, **options)
        if self._name == 'sale.order' and arch.tag == 'form':
            # Where the dialog was deleted, or the form has no header, there is no button.
            action = self.env.ref('payment_qpay.action_qpay_qr', raise_if_not_found=False)
            header = arch.find('header')
            if action and header is not None:
                header.append(self._get_qpay_qr_button(action))
        return arch, view

    @api.model
    def _get_qpay_qr_button(self, action):
        return etree.Element('button', {
            'name': str(action.id),
            'type': 'action',
            'string': self.env._("QPay QR"),
            'class': 'o_qpay_qr_button',
            'context': "{'default_res_model': 'sale.order', 'default_res_id': id}",
            'invisible': "not id or state == 'cancel'",
            'groups': 'sales_team.group_sale_salesman',
        })
