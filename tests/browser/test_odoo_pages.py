"""Odoo's own pages in a real browser, where scripts of this addon are loaded, too."""

from odoo.tests import tagged

from odoo.addons.payment_qpay.tests.cases.browser_case import BrowserCase

MODULE = '@bus/outdated_page_watcher_service'
# What Odoo does when messages were lost while there was no connection.
SHOW_NOTICE = f"""() => {{
    const texts = [];
    const {{ OutdatedPageWatcherService }} = odoo.loader.modules.get('{MODULE}');
    OutdatedPageWatcherService.prototype.showOutdatedPageNotification.call({{
        notification: {{ add: (text) => texts.push(text) }},
    }});
    return texts.length;
}}"""


@tagged('post_install', '-at_install')
class TestOdooPages(BrowserCase):

    def test_notice_of_an_outdated_page_is_kept_from_payers_only(self):
        qr = self._create_qr()
        pay_path = f'/payment/qpay/pay/{qr["intent_id"]}/{qr["access_token"]}'
        page = self._new_page(self._new_context(locale='en-US'))
        for path, notices in (('/web/login', 1), (pay_path, 0)):
            with self.subTest(path=path):
                page.goto(f'{self.server.url}{path}')
                page.wait_for_function(f"() => odoo.loader.modules.has('{MODULE}')")
                self.assertEqual(page.evaluate(SHOW_NOTICE), notices)
