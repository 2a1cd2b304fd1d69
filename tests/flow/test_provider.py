"""The settings of the provider, its connection test, and its installation."""


from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.modules.neutralize import get_neutralization_queries
from odoo.tests import tagged

from odoo.addons.payment_qpay import const, post_init_hook, uninstall_hook
from odoo.addons.payment_qpay.tests.cases.common import QPayCommon, environment
from odoo.addons.payment_qpay.tests.cases.public_address import PUBLIC_URL, PublicAddress
from odoo.addons.payment_qpay.tests.cases.wire_case import unused_url

CREDENTIALS = ('qpay_client_id', 'qpay_client_secret', 'qpay_invoice_code')


@tagged('post_install', '-at_install')
class TestProviderSettings(QPayCommon):

    def test_settings_of_the_server_win_over_the_form(self):
        self.provider.write({
            'qpay_client_id': 'NOBODY', 'qpay_client_secret': 'wrong',
            'qpay_invoice_code': 'NOTHING', 'qpay_receiver_code': 'form',
            'qpay_base_url_sandbox': unused_url(), 'qpay_callback_url': 'https://form.example.mn',
        })
        with environment(
            QPAY_CLIENT_ID='TEST_MERCHANT', QPAY_CLIENT_SECRET='123456',
            QPAY_INVOICE_CODE='TEST_INVOICE', QPAY_RECEIVER_CODE='server',
            QPAY_BASE_URL_SANDBOX=self.simulator.url, QPAY_CALLBACK_URL='https://srv.example.mn/',
        ):
            intent = self._create_intent(self._create_invoice())
        made, = self.qpay.invoices()
        self.assertEqual(made['invoice_id'], intent.qpay_invoice_id)
        self.assertEqual(made['request']['invoice_receiver_code'], 'server')
        self.assertTrue(
            made['callback_url'].startswith('https://srv.example.mn/payment/qpay/callback/')
        )

    def test_live_address_may_come_from_the_server(self):
        self.provider.qpay_base_url_live = unused_url()
        with environment(QPAY_ENV='live', QPAY_BASE_URL_LIVE=self.simulator.url):
            intent = self._create_intent(self._create_invoice())
        self.assertEqual(intent.environment, 'live')
        self.assertEqual(len(self.qpay.invoices()), 1)

    def test_secret_of_the_server_is_nowhere_in_the_database(self):
        with environment(QPAY_CLIENT_SECRET='123456'):
            self.provider.write({'qpay_client_secret': '123456', 'name': "QPay"})
            self._create_intent(self._create_invoice())
            self.assertEqual(len(self.qpay.invoices()), 1)
        self.env.flush_all()
        for table in ('payment_provider', 'qpay_token', 'qpay_intent', 'ir_config_parameter'):
            with self.subTest(table=table):
                self.env.cr.execute(
                    f"SELECT id FROM {table} AS t WHERE t::text LIKE '%123456%'"  # noqa: S608
                )
                self.assertEqual(self.env.cr.fetchall(), [])

    def test_secret_that_was_stored_earlier_goes_when_the_server_has_it(self):
        self.assertEqual(self.provider.qpay_client_secret, '123456')
        with environment(QPAY_CLIENT_SECRET='123456'):
            self.provider.sequence = 7
        self.assertFalse(self.provider.qpay_client_secret)

    def test_form_names_what_the_server_decides(self):
        with environment(QPAY_CLIENT_ID='x', QPAY_ENV='sandbox', QPAY_INVOICE_CODE=''):
            self.provider.invalidate_recordset()
            self.assertEqual(self.provider.qpay_environment_variables, 'QPAY_CLIENT_ID, QPAY_ENV')
        with environment():
            self.provider.invalidate_recordset()
            self.assertFalse(self.provider.qpay_environment_variables)

    def test_each_setting_has_the_variable_that_the_documents_name(self):
        self.assertEqual({*const.ENVIRONMENT_VARIABLES.values(), const.ENVIRONMENT_VARIABLE}, {
            'QPAY_ENV', 'QPAY_BASE_URL_SANDBOX', 'QPAY_BASE_URL_LIVE', 'QPAY_CLIENT_ID',
            'QPAY_CLIENT_SECRET', 'QPAY_INVOICE_CODE', 'QPAY_CALLBACK_URL', 'QPAY_RECEIVER_CODE',
            'QPAY_TAX_OFFICE_URL',
        })

    def test_state_decides_the_environment_unless_the_server_does(self):
        with environment():
            self.assertEqual(self.provider._qpay_environment(), 'sandbox')
            self.provider.state = 'enabled'
            self.assertEqual(self.provider._qpay_environment(), 'live')
        with environment(QPAY_ENV='sandbox'):
            self.assertEqual(self.provider._qpay_environment(), 'sandbox')
        with environment(QPAY_ENV='prod'), self.assertRaisesRegex(UserError, 'QPAY_ENV'):
            self.provider._qpay_environment()

    def test_blanks_around_pasted_settings_do_no_harm(self):
        self.provider.write({
            'qpay_client_id': ' TEST_MERCHANT\n', 'qpay_client_secret': '\t123456 ',
            'qpay_invoice_code': ' TEST_INVOICE ',
        })
        self.assertTrue(self._create_intent(self._create_invoice()).qr_text)

    def test_credentials_are_required_before_the_provider_is_used(self):
        for name in CREDENTIALS:
            with self.subTest(field=name), self.assertRaises(ValidationError):
                self.provider[name] = False
        self.provider.write({'state': 'disabled', **dict.fromkeys(CREDENTIALS, False)})
        with self.assertRaisesRegex(ValidationError, "QPay User Name, QPay Password, QPay Invoice"):
            self.provider.state = 'test'

    def test_credentials_of_the_server_are_enough(self):
        self.provider.write({'state': 'disabled', **dict.fromkeys(CREDENTIALS, False)})
        with environment(QPAY_CLIENT_ID='a', QPAY_CLIENT_SECRET='b', QPAY_INVOICE_CODE='c'):
            self.provider.state = 'test'
        self.assertEqual(self.provider.state, 'test')

    def test_credentials_are_not_copied(self):
        self.provider.qpay_callback_url = PUBLIC_URL
        copied = self.provider.copy()
        for name in (*CREDENTIALS, 'qpay_callback_url'):
            self.assertFalse(copied[name], name)

    def test_only_system_administrators_read_the_settings(self):
        provider = self.provider.sudo(False)
        names = [*const.ENVIRONMENT_VARIABLES, 'qpay_effective_callback_url']
        administrator = provider.with_user(self.administrator)
        self.assertEqual(administrator.read(names)[0]['qpay_client_secret'], '123456')
        accountant = provider.with_user(self.accountant)
        self.assertFalse(set(names) & set(accountant.fields_get()))
        for name in names:
            with self.subTest(field=name), self.assertRaises(AccessError):
                accountant.read([name])

    def test_a_qr_is_valid_for_at_least_a_minute(self):
        for minutes in (0, -5):
            with self.subTest(minutes=minutes), self.assertRaises(ValidationError):
                self.provider.qpay_qr_minutes = minutes

    def test_only_tugrik_is_offered(self):
        self.assertEqual(self.provider._get_supported_currencies().mapped('name'), ['MNT'])
        dollars = self._enable_currency('USD')
        providers = self.env['payment.provider'].sudo()
        for currency, is_offered in ((self.mnt, True), (dollars, False)):
            with self.subTest(currency=currency.name):
                compatible = providers._get_compatible_providers(
                    self.company.id, self.customer.id, 15000, currency_id=currency.id
                )
                self.assertEqual(self.provider in compatible, is_offered)


@tagged('post_install', '-at_install')
class TestConnectionTest(PublicAddress, QPayCommon):

    def setUp(self):
        super().setUp()
        self.provider.qpay_callback_url = PUBLIC_URL

    def _test_connection(self):
        """Press the button, and return the kind and the sentence of its answer."""
        params = self.provider.action_qpay_test_connection()['params']
        return params['type'], params['message']

    def assert_problem(self, sentence):
        kind, message = self._test_connection()
        self.assertEqual(kind, 'warning')
        self.assertRegex(message, sentence)
        self.assertNotIn('Traceback', message)
        self.assertEqual(self.qpay.invoices(status='OPEN'), [])

    def test_right_settings(self):
        kind, message = self._test_connection()
        self.assertEqual(kind, 'success')
        self.assertIn('Sandbox', message)
        self.assertIn(PUBLIC_URL, message)

    def test_both_are_told_of_whichever_works(self):
        self.provider.qpay_client_secret = 'wrong'
        kind, message = self._test_connection()
        self.assertEqual(kind, 'warning')
        self.assertIn('user name and password', message)
        self.assertIn(f'Calls to {PUBLIC_URL} arrive here.', message)
        self.provider.qpay_client_secret = '123456'
        self.public_target = unused_url()
        kind, message = self._test_connection()
        self.assertEqual(kind, 'warning')
        self.assertIn('QPay accepts', message)
        self.assertIn('Could not connect', message)

    def test_no_invoice_stays_payable_at_qpay(self):
        self._test_connection()
        self._test_connection()
        self.assertEqual(
            [invoice['invoice_status'] for invoice in self.qpay.invoices()], ['CANCELED'] * 2
        )

    def test_wrong_password(self):
        self._test_connection()
        self.provider.qpay_client_secret = 'wrong'
        self.assert_problem('user name and password')

    def test_unknown_invoice_code(self):
        self.provider.qpay_invoice_code = 'OTHER_INVOICE'
        self.assert_problem('does not know the invoice code')

    def test_invoice_code_for_vat_receipts(self):
        self.company.write({
            'qpay_district': '35', 'qpay_khoroo': '5', 'qpay_classification_code': '0000010',
        })
        self.provider.write({
            'qpay_ebarimt_invoice_code': 'TEST_EB_INVOICE', 'qpay_ebarimt_mode': 'with_invoice',
        })
        self.assertEqual(self._test_connection()[0], 'success')
        self.assertEqual(
            [invoice['invoice_status'] for invoice in self.qpay.invoices()], ['CANCELED'] * 2
        )
        self.provider.qpay_ebarimt_invoice_code = 'OTHER_EB_INVOICE'
        self.assert_problem('does not know the invoice code')
        self.company.qpay_khoroo = False
        with self.assertRaisesRegex(UserError, 'district'):
            self._test_connection()

    def test_clock_that_is_wrong(self):
        for skew, minutes in ((600, '(9|10)'), (-7200, '(119|120)')):
            with self.subTest(skew=skew):
                self.qpay.configure(clock_skew=skew)
                self.assert_problem(f"clock differs from QPay's by {minutes} minutes")

    def test_small_difference_of_the_clocks_is_fine(self):
        self.qpay.configure(clock_skew=60)
        self.assertEqual(self._test_connection()[0], 'success')

    def test_callback_address_that_is_not_public(self):
        for url in (
            'http://odoo.example.mn', 'https://localhost', 'https://127.0.0.1:8069', 'https://odoo',
            'https://192.168.1.10', 'https://10.0.0.1', 'https://odoo.local', 'https://[::1]',
            'https://odoo.lan',
        ):
            with self.subTest(url=url):
                self.provider.qpay_callback_url = url
                self.assert_problem('not public')
                self.assertFalse(self.provider.qpay_callback_is_public)

    def test_callback_address_defaults_to_that_of_the_database(self):
        self.provider.qpay_callback_url = False
        self.env['ir.config_parameter'].sudo().set_param('web.base.url', 'https://db.example.mn')
        self.assertEqual(self.provider.qpay_effective_callback_url, 'https://db.example.mn')
        self.assertTrue(self.provider.qpay_callback_is_public)
        self.assertIn('https://db.example.mn', self._test_connection()[1])

    def test_qpay_that_cannot_be_reached(self):
        self.provider.qpay_base_url_sandbox = unused_url()
        self.assert_problem('cannot be reached')

    def test_address_that_is_none(self):
        self.provider.qpay_base_url_sandbox = 'merchant.qpay.mn'
        self.assert_problem('cannot be reached')

    def test_qpay_that_answers_nonsense(self):
        for endpoint in ('POST /v2/auth/token', 'POST /v2/invoice'):
            for fault in ('garbage', 'system_busy', 'drop'):
                with self.subTest(endpoint=endpoint, fault=fault):
                    self.qpay.inject(endpoint, fault)
                    self.assert_problem('did not answer properly')

    def test_public_sandbox_is_filled_in(self):
        self.provider.write({'state': 'disabled', **dict.fromkeys(CREDENTIALS, False)})
        self.provider.action_qpay_use_sandbox()
        self.assertEqual(self.provider.state, 'test')
        self.assertEqual(self._test_connection()[0], 'success')

    def test_public_sandbox_replaces_nothing(self):
        self.provider.write({
            'state': 'disabled', **dict.fromkeys(CREDENTIALS, False), 'qpay_invoice_code': 'OWN',
        })
        with self.assertRaisesRegex(UserError, 'credentials already'):
            self.provider.action_qpay_use_sandbox()
        self.assertEqual(self.provider.qpay_invoice_code, 'OWN')
        self.assertFalse(self.provider.qpay_client_id)

    def test_accountants_may_not_press_the_button(self):
        with self.assertRaises(AccessError):
            self.provider.sudo(False).with_user(self.accountant).action_qpay_test_connection()
        self.assertEqual(self.qpay.calls(), {})


@tagged('post_install', '-at_install')
class TestInstallation(QPayCommon):

    def test_installation_switches_tugrik_on(self):
        self.env.cr.execute("UPDATE res_currency SET active = false WHERE name = 'MNT'")
        self.env.invalidate_all()
        self.assertFalse(self.mnt.active)
        post_init_hook(self.env(su=True))
        self.assertTrue(self.mnt.active)

    def test_provider_has_its_method_page_and_country(self):
        provider = self.env.ref('payment_qpay.payment_provider_qpay').sudo()
        method = provider.with_context(active_test=False).payment_method_ids
        self.assertEqual(method.mapped('code'), ['qpay'])
        self.assertEqual(method.supported_country_ids, self.env.ref('base.mn'))
        self.assertEqual(method.supported_currency_ids, self.mnt)
        self.assertTrue(method.image)
        self.assertTrue(provider.redirect_form_view_id)
        self.assertTrue(provider.image_128)

    def test_uninstallation_leaves_no_provider_that_pretends_to_work(self):
        uninstall_hook(self.env(su=True))
        self.assertEqual(self.provider.code, 'none')
        self.assertEqual(self.provider.state, 'disabled')
        self.assertFalse(self.provider.is_published)

    def test_copy_of_the_database_has_no_credentials_and_ends_no_qr(self):
        intent = self._create_intent(self._create_invoice())
        self.provider.qpay_callback_url = PUBLIC_URL
        self.env.flush_all()
        for query in get_neutralization_queries(['payment', 'payment_qpay']):
            self.env.cr.execute(query)
        self.env.invalidate_all()
        for name in (*CREDENTIALS, 'qpay_callback_url'):
            self.assertFalse(self.provider[name], name)
        self.assertFalse(self.env['qpay.token'].sudo().search([]))
        self.assertFalse(intent.recheck_at)
