"""Pages, websockets, views and messages that have nothing to do with QPay."""

import logging
import threading
from unittest.mock import patch

from odoo import Command
from odoo.tests import tagged

from odoo.addons.http_routing.tests.common import MockRequest
from odoo.addons.payment_qpay.tests.cases.common import QPayCommon
from odoo.addons.payment_qpay.tests.cases.core_answers import ask_core


@tagged('post_install', '-at_install')
class TestPages(QPayCommon):

    def test_any_address_is_answered(self):
        for path in (
            '/', '/web/login', '/robots.txt', '/no/such/page', '/payment/qpay',
            '/payment/qpay/pay/1', '/payment/qpay/pay/0/x', '/payment/qpay/pay/999999999/x',
            '/payment/qpay/pay/1/y', '/no/such',
            '/payment/qpay/link/nothing/1/x', '/payment/qpay/link/invoice/1/%ff',
            '/payment/qpay/link/order/1/x', '/payment/qpay/link/invoice/1/x/qr.png',
            '/my/invoices', '/en/payment/qpay/pay/1/x', '/%F0%9F%98%80',
        ):
            for cookies in ({}, {'frontend_lang': 'en_US'}):
                with self.subTest(path=path, cookies=cookies):
                    answer = self.url_open(path, cookies=cookies)
                    self.assertLess(answer.status_code, 500, path)

    def test_path_is_matched_within_a_request(self):
        """Menus and shops ask of some address where it leads."""
        self.startPatcher(patch.object(
            threading.current_thread(), 'dbname', self.env.cr.dbname, create=True
        ))
        for path in ('/web/login', '/payment/qpay/pay/1/x', '/web/health'):
            with MockRequest(self.env, path=path):
                ours = self.env['ir.http']._match(path)
                core = ask_core(self.env['ir.http'], '_match', path)
                self.assertEqual(ours[0].rule, core[0].rule)

    def test_lines_of_others_are_logged(self):
        """A line with wrong arguments is Python's own matter: whoever logs it goes on."""
        for name in ('werkzeug', 'odoo.sql_db'):
            logger = logging.getLogger(name)
            for text, *arguments in (
                ('plain',), ('%s', 'x'), ('%s and %s', 'x'), ('%d', 'x'), ('x', 'y'),
                ('%(name)s', {'name': 'x'}), ('bad query: %s\nERROR: %s', 'x', ValueError('y')),
                ('bad query: %s', 'x'), ('bad query',), (None,), (ValueError('x'),), (b'x',),
            ):
                with self.subTest(logger=name, text=text, arguments=arguments):
                    record = logger.makeRecord(
                        name, logging.INFO, '', 1, text, tuple(arguments), None
                    )
                    self.assertTrue(logger.filter(record))


@tagged('post_install', '-at_install')
class TestChannelsOfOthers(QPayCommon):

    def _build(self, user, channels):
        websocket = self.env['ir.websocket'].with_user(user)
        with MockRequest(websocket.env) as request:
            request.session.uid = user.id
            ours = websocket._build_bus_channel_list(list(channels))
            return ours, ask_core(websocket, '_build_bus_channel_list', list(channels))

    def test_channels_of_others_are_left_alone(self):
        users = (self.accountant, self.env.ref('base.public_user'), self.env['res.users'])
        partner = self.customer
        for user in users:
            for channels in (
                [], ['broadcast_x'], [(partner, 'x')], [partner], ['', 'payment_qpay', 'x' * 9999],
                [7, None, ('db', 'model', 1)],
            ):
                with self.subTest(user=user, channels=channels):
                    ours, core = self._build(user, channels)
                    self.assertEqual(ours, core)


@tagged('post_install', '-at_install')
class TestViewsAndMessages(QPayCommon):

    def test_views_of_others_are_odoos_own(self):
        for name in (
            'account.move', 'account.payment', 'account.journal', 'account.bank.statement.line',
            'res.partner', 'product.template', 'payment.provider', 'payment.transaction',
            'account.payment.register', 'qpay.intent',
        ):
            for kind in ('form', 'list', 'search', 'kanban'):
                with self.subTest(model=name, kind=kind):
                    arch, view = self.env[name]._get_view(view_type=kind)
                    self.assertIn(arch.tag, (kind, 'tree'))
                    self.assertFalse(arch.xpath('//button[hasclass("o_qpay_qr_button")]'))
                    self.assertEqual((view.model or name), name)

    def test_changes_of_others_are_tracked(self):
        bill = self._create_invoice()
        gone = self._create_invoice(post=False)
        gone_id = gone.id
        gone.unlink()
        moves = bill | bill.browse(gone_id)
        values = {move_id: {'ref': "Өмнөх"} for move_id in moves.ids}
        self.assertEqual(bill._message_track([], {}), {})
        self.assertEqual(moves.browse()._message_track(['ref'], {}), {})
        self.assertEqual(
            moves._message_track(['ref'], values).keys(),
            ask_core(moves, '_message_track', ['ref'], values).keys(),
        )

    def test_invoices_of_all_kinds_are_printed(self):
        report = self.env['ir.actions.report'].with_user(self.accountant)
        for kind in ('out_invoice', 'out_refund', 'in_invoice', 'in_refund', 'out_receipt'):
            for is_posted in (True, False):
                move = self._create_invoice(move_type=kind, post=is_posted)
                with self.subTest(kind=kind, is_posted=is_posted):
                    content, _kind = report._render_qweb_html('account.report_invoice', move.ids)
                    is_owed = kind == 'out_invoice' and is_posted
                    self.assertEqual(b'qpay_link_qrcode' in content, is_owed)
                    self.assertNotIn(b'o_qpay_ebarimt', content)

    def test_invoice_of_a_company_without_qpay_is_printed(self):
        self.provider.state = 'disabled'
        move = self._create_invoice()
        content, _kind = self.env['ir.actions.report']._render_qweb_html(
            'account.report_invoice', move.ids
        )
        self.assertNotIn(b'qpay_link_qrcode', content)

    def test_preview_of_the_layout(self):
        for move in (self._create_invoice(), self._create_invoice(move_type='in_invoice')):
            layout = self.env['base.document.layout'].with_user(self.administrator).with_context(
                active_model='account.move', active_id=move.id
            ).create({
                'company_id': self.company.id,
                'report_layout_id': self.env['report.layout'].search([], limit=1).id,
            })
            self.assertIn(move.name.encode(), str(layout.preview).encode())

    def test_forms_show_to_each_who_may_read_them(self):
        """The fields of the addon are read with what else a form reads."""
        records = {
            'account.move': self._create_invoice(move_type='in_invoice'),
            'account.payment': self.env['account.payment'].create({'amount': 5}),
            'account.tax': self.company_data['default_tax_sale'],
            'product.template': self.env['product.template'].create({'name': "Бараа"}),
            'product.category': self.env['product.category'].create({'name': "Ангилал"}),
            'res.partner': self.customer,
            'payment.provider': self.dummy_provider,
        }
        employee = self._create_user('qpay_reader', "Ажилтан", 'base.group_user')
        auditor = self._create_user('qpay_auditor', "Аудитор", 'account.group_account_readonly')
        for user in (self.accountant, self.administrator, employee, auditor):
            for name, record in records.items():
                record = record.with_user(user)
                if not record.has_access('read'):
                    continue
                with self.subTest(user=user.login, model=name):
                    view = record.get_view(view_type='form')
                    readable = record.fields_get(view['models'][name], ['string'])
                    [values] = record.web_read({field: {} for field in readable})
                    self.assertEqual(values['id'], record.id)

    def test_partner_with_nothing_of_qpay(self):
        partner = self.env['res.partner'].create({
            'name': "Х", 'child_ids': [Command.create({'name': "Ү"})],
        })
        employee = self._create_user(
            'qpay_contacts', "Ажилтан", 'base.group_partner_manager'
        )
        partner.with_user(employee).write({'name': "Ц", 'vat': 'MN 1234'})
        self.assertEqual(partner.name, "Ц")
