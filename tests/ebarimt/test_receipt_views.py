"""What accountants see of VAT receipts: list and filters, totals by month, forms, export."""

from lxml import etree

from odoo.fields import Domain
from odoo.tests import Form, tagged
from odoo.tools.safe_eval import safe_eval

from odoo.addons.payment_qpay.tests.cases.ebarimt_case import REGISTER, EbarimtCase


@tagged('post_install', '-at_install')
class TestReceiptViews(EbarimtCase):

    def setUp(self):
        super().setUp()
        self.citizen = self._pay_invoice().ebarimt_ids
        self.company = self._pay_invoice(receiver=('company', REGISTER)).ebarimt_ids
        self.cancelled = self._pay_invoice().ebarimt_ids
        self._issue()
        self.cancelled.with_user(self.accountant).action_cancel()
        self._issue()
        self.unclear = self._pay_invoice().ebarimt_ids
        self.qpay.inject('POST /v2/ebarimt_v3/create', 'drop')
        self._issue()
        self.receipts = (self.citizen | self.company | self.cancelled | self.unclear).with_user(
            self.accountant
        )
        self.env.flush_all()
        self.env.cr.execute("UPDATE qpay_ebarimt SET environment = 'live'")
        self.env.invalidate_all()

    def _filter(self, *names):
        """Return which receipts are shown with these filters of the list."""
        arch = etree.fromstring(self.receipts.get_view(view_type='search')['arch'])
        groups = []
        for group in ('attention issued cancelled', 'real', 'citizen company'):
            domains = [
                Domain(safe_eval(arch.xpath(f'//filter[@name="{name}"]')[0].get('domain')))
                for name in group.split() if name in names
            ]
            if domains:
                groups.append(Domain.OR(domains))
        return self.receipts.filtered_domain(Domain.AND(groups))

    def _get_default_filters(self):
        action = self.env.ref('payment_qpay.action_qpay_ebarimt_open')
        context = action.with_user(self.accountant).run()['context']
        return [name.removeprefix('search_default_') for name, value in context.items() if value]

    def test_filters(self):
        for names, expected in (
            (['issued'], self.citizen | self.company),
            (['attention'], self.unclear),
            (['cancelled'], self.cancelled),
            (['issued', 'company'], self.company),
            (['issued', 'citizen'], self.citizen),
            (self._get_default_filters(), self.citizen | self.company | self.unclear),
        ):
            with self.subTest(names=names):
                self.assertEqual(self._filter(*names).sudo(), expected)

    def test_sandbox_is_not_counted(self):
        self.env.cr.execute(
            "UPDATE qpay_ebarimt SET environment = 'sandbox' WHERE id = %s", self.citizen.ids
        )
        self.env.invalidate_all()
        self.assertNotIn(self.citizen, self._filter(*self._get_default_filters()).sudo())

    def test_sandbox_is_shown_as_long_as_there_is_nothing_else(self):
        self.env.cr.execute("UPDATE qpay_ebarimt SET environment = 'sandbox'")
        self.env.invalidate_all()
        self.assertIn(self.citizen, self._filter(*self._get_default_filters()).sudo())

    def test_totals_by_month_and_kind(self):
        shown = self._filter(*self._get_default_filters())
        rows = self.receipts.formatted_read_group(
            [('id', 'in', shown.ids), ('issued_at', '!=', False)],
            ['issued_at:month', 'state', 'receiver_type'], ['amount:sum', 'vat_amount:sum'],
        )
        self.assertEqual(
            [(row['state'], row['receiver_type'], row['amount:sum'], row['vat_amount:sum'])
             for row in rows],
            [('issued', 'citizen', 11000, 1000), ('issued', 'company', 11000, 1000)],
        )
        pivot = etree.fromstring(self.receipts.get_view(view_type='pivot')['arch'])
        self.assertEqual(
            [field.get('name') for field in pivot.xpath('//field[@type]')][:3],
            ['issued_at', 'state', 'receiver_type'],
        )

    def test_export(self):
        self.accountant.group_ids += self.env.ref('base.group_allow_export')
        [row] = self.company.with_user(self.accountant).export_data([
            'receipt_number', 'receiver_type', 'receiver', 'amount', 'vat_amount', 'state',
        ])['datas']
        self.assertEqual(
            row[1:], ['Organisation', REGISTER, 11000, 1000, 'Issued'],
        )
        self.assertEqual(row[0], self._issued(self.company.payment_id)[0]['receipt_no'])

    def test_forms_show_lottery_and_qr(self):
        receipt = self.citizen
        records = (
            receipt.payment_id.intent_id, receipt.payment_id.account_payment_id, receipt,
        )
        fields_of_lists = ('ebarimt_ids', 'qpay_ebarimt_ids')
        for record in records:
            with self.subTest(model=record._name):
                view = record.with_user(self.accountant).get_view(view_type='form')
                arch = etree.fromstring(view['arch'])
                shown = arch
                for name in fields_of_lists:
                    if lists := arch.xpath(f'//field[@name="{name}"]/list'):
                        shown = lists[0]
                names = {field.get('name') for field in shown.xpath('.//field')}
                self.assertLessEqual({'lottery', 'amount', 'vat_amount', 'qr_image'}, names)
        self.assertEqual(records[1].with_user(self.accountant).qpay_ebarimt_ids.sudo(), receipt)
        self.assertTrue(receipt.with_user(self.accountant).qr_image)

    def test_form_of_each_state_opens(self):
        for receipt in self.receipts:
            with Form(receipt) as form:
                self.assertEqual(form.id, receipt.id)
