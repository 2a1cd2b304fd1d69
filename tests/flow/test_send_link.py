"""From the accountant to the payer: the e-mail, and the QR on the printed invoice."""

from lxml import html

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import format_date

from odoo.addons.mail.tests.common import MailCommon
from odoo.addons.payment_qpay import documents
from odoo.addons.payment_qpay.qr_code import draw_qr
from odoo.addons.payment_qpay.tests.cases.common import QPayCommon

PRINTED = '//*[@id="qpay_link_qrcode"]'


@tagged('post_install', '-at_install')
class TestSendLink(QPayCommon, MailCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.write({'email': 'nomin@mail.example', 'lang': 'en_US'})

    def test_email_has_the_link_as_button_and_qr(self):
        invoice = self._create_invoice(15000)

        [mail] = self._send(invoice)

        body = html.fromstring(mail['body'])
        self.assertEqual(mail['email_to'], ['"Бат-Эрдэнэ" <nomin@mail.example>'])
        self.assertIn(invoice.name, mail['subject'])
        self.assertIn("Pay by QPay", body.xpath(f'//a[@href="{invoice.qpay_link}"]')[0].text)
        self.assertEqual(len(body.xpath(f'//img[@src="{invoice.qpay_link}/qr.png"]')), 1)
        self.assertIn('15,000.00', body.text_content())

    def test_email_is_in_the_customers_language(self):
        self.customer.lang = 'mn_MN'
        [mail] = self._send(self._create_invoice())
        self.assertRegex(mail['subject'], '[а-яөү]{4}')
        self.assertNotIn('You can pay', mail['body'])
        self.assertNotIn('Pay by QPay', mail['body'])

    def test_several_invoices_are_sent_at_once_each_with_its_own_link(self):
        invoices = self._create_invoice(1000) + self._create_invoice(2000)
        mails = self._send(invoices)
        self.assertEqual(len(mails), 2)
        for invoice in invoices:
            self.assertEqual(len([m for m in mails if f'{invoice.qpay_link}"' in m['body']]), 1)

    def test_sending_makes_no_qr(self):
        self._send(self._create_invoice(1000) + self._create_invoice(2000))
        self.assertFalse(self.env['qpay.intent'].search([('company_id', '=', self.company.id)]))

    def test_what_cannot_be_paid_is_left_out_and_named(self):
        paid, draft = self._create_invoice(), self._create_invoice(post=False)
        self._pay_and_settle(self._create_intent(paid))
        poor = self._create_invoice(
            partner_id=self.env['res.partner'].create({'name': 'Хаяггүй'}).id
        )
        good = self._create_invoice(1000) + self._create_invoice(2000)

        wizard = self._open_dialog(paid + good + poor + draft)

        self.assertEqual(
            [(line.move_id, line.email, line.amount, line.reason) for line in wizard.line_ids], [
                (paid, 'nomin@mail.example', 0, "The invoice is already paid."),
                (good[0], 'nomin@mail.example', 1000, False),
                (good[1], 'nomin@mail.example', 2000, False),
                (poor, False, 0, "Хаяггүй has no e-mail address."),
                (draft, 'nomin@mail.example', 0, "Please confirm the invoice first."),
            ],
        )
        self.assertEqual(wizard.sendable_count, 2)
        mails = self._send(paid + good + poor + draft)
        self.assertEqual(len(mails), 2)
        for invoice in good:
            self.assertEqual(len([m for m in mails if f'{invoice.qpay_link}"' in m['body']]), 1)

    def test_nobody_else_gets_the_links_of_several(self):
        invoices = self._create_invoice(1000) + self._create_invoice(2000)
        invoices.message_subscribe(partner_ids=self.accountant.partner_id.ids)
        self._send(invoices)
        self.assertEqual(
            {address for mail in self._mails for address in mail['email_to']},
            {'"Бат-Эрдэнэ" <nomin@mail.example>'},
        )

    def test_invoices_go_along_if_wanted(self):
        invoices = self._create_invoice(1000) + self._create_invoice(2000)
        mails = self._send(invoices, is_invoice_attached=True)
        self.assertEqual(
            sorted(attachment[0] for mail in mails for attachment in mail['attachments']),
            sorted(
                invoice._get_invoice_legal_documents('pdf', allow_fallback=True)['filename']
                for invoice in invoices
            ),
        )

    def test_what_was_paid_meanwhile_is_not_sent(self):
        paid, good = self._create_invoice(1000), self._create_invoice(2000)
        wizard = self._open_dialog(paid + good)
        self._pay_and_settle(self._create_intent(paid))
        with self.mock_mail_gateway():
            wizard.action_send()
        [mail] = self._mails
        self.assertIn(good.name, mail['subject'])

    def test_dialog_is_nobody_elses(self):
        wizard = self._open_dialog(self._create_invoice(1000) + self._create_invoice(2000))
        other = self._create_user('link_other', 'Өөр', 'account.group_account_invoice')
        with self.assertRaises(AccessError):
            wizard.with_user(other).action_send()
        with self.assertRaises(AccessError):
            wizard.line_ids.with_user(other).read(['email'])

    def test_nothing_to_send_says_why(self):
        paid = self._create_invoice()
        self._pay_and_settle(self._create_intent(paid))
        self.customer.email = 'no address'
        poor = self._create_invoice()
        for invoices, reason in (
            (paid, "^The invoice is already paid.$"),
            (poor, "^Бат-Эрдэнэ has no e-mail address.$"),
        ):
            with self.assertRaisesRegex(UserError, reason):
                invoices.action_send_qpay_link()
        with self.assertRaisesRegex(UserError, "None of these invoices"):
            self._open_dialog(paid + poor).action_send()

    def test_email_says_what_the_page_will_ask_for(self):
        terms = self.env['account.payment.term'].create({
            'name': '30 %, the rest later',
            'line_ids': [
                Command.create({'value': 'percent', 'value_amount': 30, 'nb_days': 10}),
                Command.create({'value': 'percent', 'value_amount': 70, 'nb_days': 60}),
            ],
        })
        invoice = self._create_invoice(
            100000, invoice_payment_term_id=terms.id, invoice_date=fields.Date.today(),
        )
        [mail] = self._send(invoice)
        text = html.fromstring(mail['body']).text_content()
        self.assertIn('30,000.00', text)
        self.assertNotIn('100,000.00', text)
        due = fields.Date.add(fields.Date.today(), days=10)
        self.assertIn(format_date(self.env, due, lang_code='en_US'), text)
        self.assertEqual(documents.of(invoice).get_default_amount(), 30000)

    def test_link_can_be_copied_from_the_dialog(self):
        invoice = self._create_invoice()
        wizard = self.env['qpay.qr.wizard'].with_user(self.accountant).create({
            'res_model': 'account.move', 'res_id': invoice.id,
        })
        self.assertEqual(wizard.document_link, invoice.qpay_link)

    def _open_dialog(self, invoices):
        """Press "Send QPay link" in the list of invoices; return the dialog."""
        action = invoices.with_user(self.accountant).action_send_qpay_link()
        return self.env[action['res_model']].with_user(self.accountant).browse(action['res_id'])

    def _send(self, invoices, **values):
        """Press "Send QPay link", and "Send" in the dialog that opens; return the e-mails."""
        with self.mock_mail_gateway():
            if len(invoices) > 1:
                dialog = self._open_dialog(invoices)
                dialog.write(values)
                dialog.action_send()
            else:
                action = invoices.with_user(self.accountant).action_send_qpay_link()
                self.env[action['res_model']].with_user(self.accountant).with_context(
                    **action['context']
                ).create({}).action_send_mail()
        return [mail for mail in self._mails if 'nomin@mail.example' in mail['email_to'][0]]


@tagged('post_install', '-at_install')
class TestPrintedInvoice(QPayCommon):

    def test_open_invoice_has_a_qr_that_leads_to_its_link(self):
        invoice = self._create_invoice()
        [printed] = self._print(invoice)
        self.assertEqual(printed.xpath('.//a/@href'), [invoice.qpay_link])
        self.assertEqual(
            printed.xpath('.//img/@src'),
            [f'data:image/png;base64,{draw_qr(invoice.qpay_link).decode()}'],
        )

    def test_printing_makes_no_qr_at_qpay(self):
        self._print(self._create_invoice())
        self.assertEqual(self.qpay.calls(), {})

    def test_nothing_is_printed_where_nothing_can_be_paid(self):
        paid = self._create_invoice()
        self._pay_and_settle(self._create_intent(paid))
        for move in (
            paid, self._create_invoice(post=False), self._create_invoice(move_type='out_refund'),
        ):
            self.assertFalse(self._print(move))

    def test_provider_decides(self):
        invoice = self._create_invoice()
        self.provider.qpay_is_on_invoice = False
        self.assertFalse(self._print(invoice))
        self.provider.write({'qpay_is_on_invoice': True, 'state': 'disabled'})
        self.assertFalse(self._print(invoice))

    def _print(self, move):
        """Return the part of the printed invoice that QPay has in it."""
        page, _type = self.env['ir.actions.report']._render_qweb_html(
            'account.account_invoices', move.ids
        )
        return html.fromstring(page).xpath(PRINTED)
