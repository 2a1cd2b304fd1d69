"""A company whose VAT receipts QPay issues."""

from datetime import timedelta

from odoo import SUPERUSER_ID, Command, fields
from odoo.tools.translate import code_translations

from odoo.addons.payment_qpay import documents
from odoo.addons.payment_qpay.tests.cases.common import QPayCommon

CREATE = 'POST /v2/ebarimt_v3/create'
CANCEL = 'DELETE /v2/ebarimt_v3/{id}'
REGISTER = '5395305'
# The simulator knows no organisation of this register number.
NOBODYS = '9999999'


def in_mongolian(sentence):
    """Return a sentence of the addon's code as Mongolians read it."""
    sentences = code_translations.get_python_translations('payment_qpay', 'mn_MN')
    return sentences.get(sentence, sentence)


class EbarimtCase(QPayCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write({
            'qpay_district': '35',
            'qpay_khoroo': '5',
            'qpay_classification_code': '0000010',
        })
        cls.provider.write({
            'qpay_ebarimt_mode': 'after_payment', 'qpay_tax_office_url': cls.simulator.url,
        })
        taxes = cls.env['account.tax'].search([
            ('company_id', '=', cls.company.id), ('type_tax_use', '=', 'sale'),
        ])
        cls.vat = taxes.filtered(lambda tax: tax.qpay_kind == 'vat')[:1]
        cls.zero = taxes.filtered(lambda tax: tax.qpay_kind == 'zero')[:1]
        cls.exempt = taxes.filtered(lambda tax: tax.qpay_kind == 'exempt')[:1]
        cls.vat.price_include_override = 'tax_included'
        cls.city_tax = cls.vat.copy({
            'name': 'НХАТ 2%', 'amount': 2, 'qpay_kind': 'city',
            'price_include_override': 'tax_included',
        })

    # === WHAT PEOPLE DO === #

    @classmethod
    def _create_taxed_invoice(cls, *lines, **values):
        """Return an invoice of lines that are each a price and taxes."""
        invoice = cls.env['account.move'].create({
            'move_type': 'out_invoice',
            'partner_id': cls.customer.id,
            'invoice_date': '2026-11-02',
            'currency_id': cls.mnt.id,
            'invoice_line_ids': [
                Command.create({
                    'name': f'Бараа {number}', 'quantity': 1, 'price_unit': price,
                    'tax_ids': [Command.set(taxes.ids)],
                })
                for number, (price, taxes) in enumerate(lines or [(11000, cls.vat)], 1)
            ],
            **values,
        })
        invoice.action_post()
        return invoice

    def _pay_invoice(self, invoice=None, receiver=None, **options):
        """Let an invoice be paid, and return the row of the ledger."""
        document = documents.of(invoice or self._create_taxed_invoice())
        intent = document.get_or_create_intent(document.get_default_amount(), receiver=receiver)
        payment = self._pay_and_settle(intent, **options)
        return self._ledger(intent).filtered(lambda row: row.qpay_txn_id == payment['payment_id'])

    def _issue(self):
        """Let the scheduled action issue and cancel what is due."""
        self.env['qpay.ebarimt'].with_user(SUPERUSER_ID)._cron_process()
        self.env.invalidate_all()

    def _let_time_pass(self, receipt):
        """Let the time of a receipt's next attempt come, and the scheduled action see it."""
        receipt.sudo().next_attempt_at = fields.Datetime.now() - timedelta(seconds=1)
        self._issue()

    # === WHAT QPAY SAYS === #

    def _issued(self, payment):
        """Return the valid receipts of a payment at QPay."""
        return [
            receipt for receipt in self.qpay.ebarimts(payment.qpay_txn_id)
            if receipt['status'] == 'REGISTERED'
        ]
