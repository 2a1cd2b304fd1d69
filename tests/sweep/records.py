"""What the sweep opens: one record of each kind, made anew for each click that may change it."""

import itertools

from odoo.addons.payment_qpay.const import SANDBOX_SETTINGS
from odoo.addons.payment_qpay.dev.demo.data import ACCOUNTANT, ADMIN
from odoo.addons.payment_qpay.tests.cases.shop_case import ShopCase


class RecordsCase(ShopCase):
    """Makes records as the people do who work with them; each method returns an id."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.administrator = cls.server.log_in(ADMIN['login'], ADMIN['password'])
        # For what must not be called as another is.
        cls.numbers = itertools.count(1)

    def _make_draft_invoice(self):
        return self._make_move('out_invoice')

    def _make_posted_invoice(self):
        return self._create_invoice()

    def _make_paid_invoice(self):
        qr = self._create_qr()
        self.qpay.pay(qr['qpay_invoice_id'])
        self._check(qr, now=True)
        self._wait_until_paid(qr['invoice_id'])
        return qr['invoice_id']

    def _make_credit_note(self):
        return self._post(self._make_move('out_refund'))

    def _make_vendor_bill(self):
        return self._post(self._make_move('in_invoice', invoice_date='2026-01-15'))

    def _make_journal_entry(self):
        accounts = self.accountant.call('account.account', 'search', [
            ('account_type', '=', 'expense'),
        ], limit=2)
        return self._post(self.accountant.call('account.move', 'create', {
            'move_type': 'entry',
            'line_ids': [
                (0, 0, {'account_id': account, 'name': 'Залруулга', 'balance': balance})
                for account, balance in zip(accounts, (1000, -1000), strict=True)
            ],
        }))

    def _make_payment(self):
        payment = self.accountant.call('account.payment', 'create', {
            'payment_type': 'inbound', 'partner_id': self._make_customer(), 'amount': 1000,
        })
        self.accountant.call('account.payment', 'action_post', [payment])
        return payment

    def _make_statement_line(self):
        [journal] = self.accountant.call('account.journal', 'search', [
            ('type', '=', 'bank'),
        ], limit=1)
        return self.accountant.call('account.bank.statement.line', 'create', {
            'journal_id': journal, 'payment_ref': 'Шилжүүлэг', 'amount': 1000,
        })

    def _let_accountant_sell(self):
        """Let the accountant use the till for the rest of this test."""
        [(group,)] = self.database.query(
            "SELECT res_id FROM ir_model_data"
            " WHERE module = 'point_of_sale' AND name = 'group_pos_user'"
        )
        users = self.administrator.call('res.users', 'search', [
            ('login', '=', ACCOUNTANT['login']),
        ])
        change = self.administrator.call
        change('res.users', 'write', users, {'group_ids': [(4, group)]})
        self.addCleanup(change, 'res.users', 'write', users, {'group_ids': [(3, group)]})

    def _make_customer(self):
        return self.accountant.call('res.partner', 'create', {
            'name': 'Харилцагч', 'email': 'customer@example.com',
        })

    def _make_product(self):
        return self.administrator.call('product.template', 'create', {'name': 'Үйлчилгээ'})

    def _make_category(self):
        return self.administrator.call('product.category', 'create', {'name': 'Үйлчилгээ'})

    def _make_tax(self):
        taxes = self.administrator.call('account.tax', 'search', [], limit=1)
        return self._copy('account.tax', *taxes, name=f'Татвар {next(self.numbers)}')

    def _make_company(self):
        return self.administrator.call('res.company', 'create', {
            'name': f'Салбар {next(self.numbers)}',
        })

    def _make_provider(self):
        providers = self.administrator.call('payment.provider', 'search', [
            ('code', '=', 'qpay'),
        ], limit=1)
        # Odoo calls a journal's payment method as the provider, and takes no name twice.
        return self._copy(
            'payment.provider', *providers, **SANDBOX_SETTINGS, state='test',
            name=f'QPay {next(self.numbers)}',
        )

    def _make_quotation(self):
        return self._create_quotation(1000)[0]

    def _make_website_order(self):
        websites = self.administrator.call('website', 'search', [], limit=1)
        return self._create_quotation(1000, website_id=websites[0])[0]

    def _make_move(self, move_type, **values):
        return self.accountant.call('account.move', 'create', {
            'move_type': move_type,
            'partner_id': self._make_customer(),
            'invoice_line_ids': [(0, 0, {'name': 'Үйлчилгээ', 'price_unit': 1000})],
            **values,
        })

    def _post(self, move):
        self.accountant.call('account.move', 'action_post', [move])
        return move

    def _copy(self, model, record_id, **values):
        copied = self.administrator.call(model, 'copy', [record_id], values)
        return copied[0] if isinstance(copied, list) else copied
