"""A login that does not work replaces none that does, and whoever enters one learns why."""

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, tagged

from odoo.addons.payment_qpay.tests.cases.common import QPayCommon, environment
from odoo.addons.payment_qpay.tests.cases.wire_case import unused_url

LOGIN = 'POST /v2/auth/token'


@tagged('post_install', '-at_install')
class TestChangedLogin(QPayCommon):

    def setUp(self):
        super().setUp()
        self._create_intent(self._create_invoice())
        self.qpay.reset_calls()
        self.form = Form(self.provider.with_user(self.administrator))

    def _token(self):
        return self.env['qpay.token'].sudo().search([])

    def assert_refused(self, sentence):
        with self.assertRaisesRegex(ValidationError, sentence), self.cr.savepoint():
            self.form.save()
        self.env.invalidate_all()
        self.assertEqual(self.provider.qpay_client_secret, '123456')
        self.assertEqual(self.provider.qpay_client_id, 'TEST_MERCHANT')
        # Payments go on.
        self.assertTrue(self._create_intent(self._create_invoice()).qr_text)

    def test_wrong_password_is_not_saved(self):
        self.form.qpay_client_secret = 'wrong'
        self.assert_refused('Copy both again.*\n\nNothing was saved')
        # Nothing is wrong with the one that is in use.
        self.assertFalse(self._token().refused_at)
        self.assertEqual(self.qpay.calls()[LOGIN], 1)

    def test_right_password_is_saved(self):
        self.provider.qpay_client_secret = 'outdated'
        self.form = Form(self.provider.with_user(self.administrator))
        self.form.qpay_client_secret = ' 123456 \n'
        self.form.save()
        self.assertEqual(self.provider.qpay_client_secret, '123456')
        self.assertEqual(self.qpay.calls(), {LOGIN: 1})

    def test_other_account_is_tried(self):
        self.provider.state = 'disabled'
        self.env['qpay.intent'].sudo().search([]).unlink()
        self.provider.state = 'test'
        self.form = Form(self.provider.with_user(self.administrator))
        self.form.qpay_client_id = 'OTHER_MERCHANT'
        with self.assertRaisesRegex(ValidationError, 'Nothing was saved'), self.cr.savepoint():
            self.form.save()
        self.form.qpay_client_secret = '654321'
        self.form.save()
        self.assertEqual(self.provider.qpay_client_id, 'OTHER_MERCHANT')

    def test_qpay_that_cannot_be_asked_leaves_it_to_the_administrator(self):
        for fault in ('garbage', 'system_busy', 'drop'):
            with self.subTest(fault=fault):
                self.form.qpay_client_secret = 'new'
                self.qpay.inject(LOGIN, fault)
                self.assert_refused('could not be tried')
        self.form.qpay_client_secret = 'new'
        self.assertTrue(self.form.qpay_is_login_changed)
        self.form.qpay_save_untried = True
        self.qpay.reset_calls()
        self.form.save()
        self.assertEqual(self.provider.qpay_client_secret, 'new')
        self.assertEqual(self.qpay.calls(), {})

    def test_address_where_nobody_listens(self):
        provider = self.provider.with_user(self.administrator)
        for url in (unused_url(), 'merchant.qpay.mn'):
            with (
                self.subTest(url=url),
                self.assertRaisesRegex(ValidationError, "cannot be reached"),
            ):
                provider.web_save({'qpay_base_url_sandbox': url}, {})
        self.assertEqual(provider.qpay_base_url_sandbox, self.simulator.url)

    def test_permission_to_save_untried_is_given_once(self):
        self.form.qpay_client_secret = 'new'
        self.form.qpay_save_untried = True
        self.form.save()
        form = Form(self.provider.with_user(self.administrator))
        self.assertFalse(form.qpay_save_untried)
        self.assertFalse(form.qpay_is_login_changed)

    def test_nothing_is_asked_without_need(self):
        with self.subTest("what is no login"):
            self.form.qpay_qr_minutes = 30
            self.form.save()
        with self.subTest("the same login"):
            self.provider.with_user(self.administrator).web_save(
                {'qpay_client_secret': '123456 ', 'qpay_client_id': 'TEST_MERCHANT'}, {}
            )
        with self.subTest("whatever is no form"):
            self.provider.qpay_client_secret = 'by a program'
        with self.subTest("what the server decides"), environment(QPAY_CLIENT_SECRET='123456'):
            form = Form(self.provider.with_user(self.administrator))
            form.qpay_client_secret = 'wrong'
            form.save()
        with self.subTest("a provider that is switched off"):
            self.provider.write({'state': 'disabled', 'qpay_client_secret': 'x'})
            form = Form(self.provider.with_user(self.administrator))
            form.qpay_client_secret = 'wrong'
            self.assertFalse(form.qpay_is_login_changed)
            form.save()
        self.assertEqual(self.qpay.calls(), {})

    def test_server_that_names_no_environment_is_not_in_the_way(self):
        with environment(QPAY_ENV='prod'):
            form = Form(self.provider.with_user(self.administrator))
            form.qpay_client_secret = 'wrong'
            self.assertTrue(form.qpay_is_login_changed)

    def test_others_try_nothing(self):
        with self.assertRaises(AccessError):
            self.provider.sudo(False).with_user(self.accountant).web_save(
                {'qpay_client_secret': 'wrong'}, {}
            )
        self.assertEqual(self.qpay.calls(), {})

    def test_other_providers_are_saved_as_ever(self):
        other = self.dummy_provider
        self.assertEqual(other.web_save({'sequence': 3}, {'sequence': {}})[0]['sequence'], 3)
        other.web_save({'qpay_client_secret': 'x', 'state': 'test'}, {})
        created = self.env['payment.provider'].web_save(
            {'name': "X", 'code': 'qpay', 'qpay_client_secret': 'x'}, {'name': {}}
        )
        self.assertEqual(created[0]['name'], "X")
        self.assertEqual(self.qpay.calls(), {})
