"""Every menu, form, button, report and action around the addon, as people click them.

Other modules' screens are to work as they do without the addon. It takes long, so "make test-core"
runs it, and "make test" does not: it takes files whose names begin with "test".
"""

import contextlib
import logging
import re

from playwright.sync_api import Error

from odoo.tests import tagged

from odoo.addons.payment_qpay.dev.demo.data import ACCOUNTANT, ADMIN, SELLER
from odoo.addons.payment_qpay.tests.cases.real_server_case import LOG_ENTRY, LOG_PROBLEM
from odoo.addons.payment_qpay.tests.sweep.records import RecordsCase
from odoo.addons.payment_qpay.tests.sweep.web_client import WATCH, WebClient

_logger = logging.getLogger(__name__)

# What Odoo logs like a fault, and tells as a sentence: what is in use is not deleted, a report is
# not made of what it is not for.
REFUSAL = re.compile(
    r'violates foreign key constraint "\w+" on table "(?!qpay_)'
    r'| WARNING .*\nodoo\.exceptions\.UserError: [^\n]*\s*$',
    re.DOTALL,
)
SCREEN = {'width': 1920, 'height': 1080}


class Sweep:
    """Whatever is clicked shows no error of Odoo's own, and no traceback is in the server's log."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clients = {}
        contacts = cls.administrator.call('ir.module.module', 'search', [('name', '=', 'contacts')])
        cls.administrator.call('ir.module.module', 'button_immediate_install', contacts)
        users = cls.administrator.call('res.users', 'search', [('share', '=', False)])
        cls.administrator.call('res.users', 'write', users, {'lang': cls.language})

    def setUp(self):
        super().setUp()
        self.clicks = 0
        self.problems = []

    # === MENUS === #

    def test_menus_of_invoicing(self):
        self._try_menus('account.menu_finance')

    def test_menus_of_contacts(self):
        self._try_menus('contacts.menu_contacts')

    # === RECORDS === #

    def test_draft_invoice(self):
        self._try_record('account.move', self._make_draft_invoice)

    def test_posted_invoice(self):
        self._try_record('account.move', self._make_posted_invoice)

    def test_paid_invoice(self):
        self._try_record('account.move', self._make_paid_invoice)

    def test_credit_note(self):
        self._try_record('account.move', self._make_credit_note)

    def test_vendor_bill(self):
        self._try_record('account.move', self._make_vendor_bill)

    def test_journal_entry(self):
        self._try_record('account.move', self._make_journal_entry)

    def test_payment(self):
        self._try_record('account.payment', self._make_payment)

    def test_statement_line(self):
        # Its form, which Odoo makes of all fields, shows the till's orders of its entry.
        self._let_accountant_sell()
        self._try_record('account.bank.statement.line', self._make_statement_line)

    def test_customer(self):
        self._try_record('res.partner', self._make_customer)

    def test_product(self):
        self._try_record('product.template', self._make_product)

    def test_category(self):
        self._try_record('product.category', self._make_category, ADMIN)

    def test_tax(self):
        self._try_record('account.tax', self._make_tax)

    def test_company(self):
        self._try_record('res.company', self._make_company, ADMIN)

    def test_provider(self):
        self._try_record('payment.provider', self._make_provider, ADMIN)

    def test_quotation(self):
        self._try_record('sale.order', self._make_quotation, SELLER)

    def test_website_order(self):
        self._try_record('sale.order', self._make_website_order, SELLER)

    # === HELPERS === #

    def _try_menus(self, app):
        """Open everything that an app's menu offers, in every kind of view."""
        client = self._get_client(ACCOUNTANT)
        menus = client.get_menus(app)
        self.assertTrue(menus)
        for menu in menus:
            with self._watching(client, menu['name']):
                client.open_menu(menu['id'])
                client.open_views()
        self._assert_no_problems()

    def _try_record(self, model, make, user=ACCOUNTANT):
        """Click on everything that a record's form and its row in a list offer."""
        client = self._get_client(user)
        for opening, get_paths in (
            (client.open_form, client.get_buttons),
            (client.open_form, client.get_menu_entries),
            (client.open_list, client.get_buttons),
            (client.open_list, client.get_menu_entries),
        ):
            paths = []
            with self._watching(client, opening.__name__):
                opening(model, make())
                paths = get_paths()
            if not paths and get_paths == client.get_menu_entries:
                self._note(opening.__name__, 'no menu opens')
            for path in paths:
                with self._watching(client, f'{opening.__name__} > {client.name(path)}'):
                    opening(model, make())
                    client.follow(path)
        self._assert_no_problems()

    @classmethod
    def _get_client(cls, user):
        """Return the web client of somebody, who signs in once."""
        if user['login'] not in cls.clients:
            window = cls._new_context(SCREEN, script=WATCH)
            cls._sign_in(window, user)
            page = window.new_page()
            # What opens in windows of its own is asked for all the same.
            window.on('page', lambda other: other.close())
            cls.clients[user['login']] = WebClient(page, cls.server.url)
        cls.clients[user['login']].restart()
        return cls.clients[user['login']]

    @contextlib.contextmanager
    def _watching(self, client, what):
        """Note what goes wrong within the block, and bring the web client back to its senses."""
        self.clicks += 1
        try:
            yield
        except Error as error:
            self._note(what, f'cannot be clicked: {error.message} {client.read_dialogs()}')
        text, is_fault = client.find_error()
        if is_fault:
            self._note(what, text)
        elif text:
            _logger.info('%s is refused: %s', what, text)
        for problem in [*self.script_errors, *self._find_log_problems()]:
            self._note(what, problem)
        self.script_errors.clear()
        client.tidy_up()

    def _find_log_problems(self):
        """Return what the server has logged of errors since the last time: where each began and
        how it ended.
        """
        lines = self._leave_out_known(self.server.new_log_lines())
        for entry in LOG_ENTRY.split('\n'.join(lines)):
            told = [line for line in entry.splitlines() if line.strip()]
            if any(map(LOG_PROBLEM.search, told)) and not REFUSAL.search(entry):
                yield f'{told[0]} … {told[-1]}'

    def _note(self, what, problem):
        self.problems.append(f'{what}: {problem}')

    def _assert_no_problems(self):
        _logger.info('%s clicks', self.clicks)
        if self.problems:
            self.fail('\n'.join(self.problems))


@tagged('post_install', '-at_install')
class TestSweepInEnglish(Sweep, RecordsCase):

    language = 'en_US'


@tagged('post_install', '-at_install')
class TestSweepInMongolian(Sweep, RecordsCase):

    language = 'mn_MN'
