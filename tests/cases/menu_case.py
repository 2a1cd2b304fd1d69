"""What an accountant finds in Odoo's menus, in a real browser."""

from odoo.addons.payment_qpay.dev.demo.data import ACCOUNTANT
from odoo.addons.payment_qpay.tests.cases.browser_case import DESKTOP, BrowserCase
from odoo.addons.payment_qpay.tests.cases.dialog_case import NO_BUS


class MenuCase(BrowserCase):

    def _open(self, path, language='en_US', viewport=DESKTOP, **options):
        """Open one of Odoo's pages as the accountant."""
        self._set_language(language)
        # The websockets of windows that are closed together collide, in who is online.
        context = self._new_context(viewport, script=NO_BUS, **options)
        self.addCleanup(context.close)
        self._sign_in(context, ACCOUNTANT)
        page = context.new_page()
        page.goto(f'{self.server.url}{path}')
        return page

    def _get_path(self, name):
        """Return where one of this addon's actions is.

        :param str name: Its name in the data.
        :rtype: str
        """
        [(action_id,)] = self.database.query(
            "SELECT res_id FROM ir_model_data WHERE module = 'payment_qpay' AND name = %s", name
        )
        return f'/odoo/action-{action_id}'

    @staticmethod
    def _rows(page):
        """Return the records as a computer shows them."""
        return page.locator('.o_list_view .o_data_row')

    @staticmethod
    def _cards(page):
        """Return the records as a phone shows them."""
        return page.locator('.o_kanban_view .o_kanban_record:not(.o_kanban_ghost)')
