"""The apps that a QR can be paid with: how they are sorted, and what is left out."""

from odoo.tests import tagged

from odoo.addons.payment_qpay.qpay_api.parsing import parse_invoice
from odoo.addons.payment_qpay.tests.cases.common import QPayCommon


@tagged('post_install', '-at_install')
class TestPaymentApps(QPayCommon):

    def setUp(self):
        super().setUp()
        self.intent = self._create_intent(self._create_invoice())

    def test_banks_and_wallets_in_qpays_order(self):
        apps = self.intent._get_payment_apps()
        self.assertEqual(list(apps), ['bank', 'wallet'])
        self.assertEqual([app['label'] for app in apps['bank']], [
            'Khan bank', 'State bank 3.0', 'Xac bank', 'Trade and Development bank', 'Social Pay',
            'National investment bank', 'Chinggis khaan bank', 'Capitron bank', 'Bogd bank',
            'Trans bank', 'M bank', 'Arig bank',
        ])
        self.assertEqual(
            [app['label'] for app in apps['wallet']],
            [
                'qPay wallet', 'Most money', 'Ard App', 'Monpay', 'Toki', 'HiPay',
                'Happy Pay by TDB', 'Sono', 'PayOn', 'Tino', 'Pass',
            ],
        )

    def test_labels_are_in_the_payers_language(self):
        [khan, *_others] = self.intent.with_context(lang='mn_MN')._get_payment_apps()['bank']
        self.assertEqual(khan['label'], 'Хаан банк')
        self.assertEqual(khan['key'], 'khanbank')

    def test_app_that_nobody_knows_is_a_bank(self):
        self._list_links({'name': '', 'description': 'Шинэ банк', 'link': 'newbank://q?x=1'})
        [app] = self.intent._get_payment_apps()['bank']
        self.assertEqual(app['label'], 'Шинэ банк')
        self.assertEqual(app['link'], 'newbank://q?x=1')

    def test_wallet_is_known_by_its_name_where_its_scheme_is_new(self):
        self._list_links({'name': 'New Wallet', 'link': 'newwallet://q'})
        self.assertEqual(list(self.intent._get_payment_apps()), ['wallet'])

    def test_app_without_a_name_is_called_by_its_scheme(self):
        self._list_links({'link': 'newbank://q'})
        self.assertEqual(self.intent._get_payment_apps()['bank'][0]['label'], 'newbank')

    def test_links_that_run_scripts_are_never_shown(self):
        links = (
            'javascript:alert(1)', ' JavaScript:alert(1)', '\tjavascript:alert(1)',
            'java\nscript:alert(1)', '\x01javascript:alert(1)', 'data:text/html,<script>',
            'vbscript:x', '//evil.example', 'khanbank', '',
        )
        for link in links:
            with self.subTest(link=link):
                # Neither when they arrive,
                self.assertFalse(parse_invoice({
                    'invoice_id': 'x', 'qr_text': 'x', 'urls': [{'name': 'Bank', 'link': link}],
                }).links)
                # nor, should they be stored, when they are shown.
                self._list_links({'name': 'Bank', 'link': link})
                self.assertEqual(self.intent._get_payment_apps(), {})

    def test_pages_on_the_web_are_told_from_apps(self):
        self._list_links(
            {'name': 'Web bank', 'link': 'https://bank.example/q?x'},
            {'name': 'App bank', 'link': 'appbank://q?x'},
        )
        web, app = self.intent._get_payment_apps()['bank']
        self.assertTrue(web['is_page'])
        self.assertFalse(app['is_page'])
        self.assertEqual(web['key'], 'Web bank')

    def test_logos_come_by_https_only(self):
        self._list_links(
            {'name': 'A', 'link': 'a://q', 'logo': 'http://bank.example/a.png'},
            {'name': 'B', 'link': 'b://q', 'logo': 'https://bank.example/b.png'},
            {'name': 'C', 'link': 'c://q', 'logo': 'javascript:alert(1)'},
        )
        logos = [app['logo'] for app in self.intent._get_payment_apps()['bank']]
        self.assertEqual(logos, ['', 'https://bank.example/b.png', ''])

    def _list_links(self, *links):
        """Store links as QPay would have sent them."""
        empty = {'name': '', 'description': '', 'logo': '', 'link': ''}
        self.intent.sudo().deeplinks = [empty | link for link in links]
