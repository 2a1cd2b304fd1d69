"""What is secret is in no log, whoever writes it."""

import io
import logging
import re
from pathlib import Path

import psycopg2

from odoo.tests import tagged
from odoo.tools import SQL

from odoo.addons.payment_qpay import log_filters
from odoo.addons.payment_qpay.tests.cases.common import QPayCommon

SECRET = 'Tsk8-5ecret'
DOCUMENT = Path(log_filters.__file__).parent / 'docs' / 'auditlog.md'
# What a field is called that holds what must not be read, and what is called so and may be.
SUSPICIOUS = re.compile(
    r'token|secret|password|receiver|lottery|raw_|qr_data|qr_text|link|(?<!base)(?<!callback)_url'
)
HARMLESS = {
    'qpay_receiver_code', 'qpay_receiver_type', 'qpay_tax_office_url', 'receiver_type',
    'ebarimt_receiver_type',
}


@tagged('post_install', '-at_install')
class TestSecretFields(QPayCommon):

    def _fail(self, query, level=logging.ERROR):
        """Return what is logged of a query that fails."""
        with (
            self.assertLogs('odoo.sql_db', level=level) as log,
            self.assertRaises(psycopg2.Error) as caught,
            self.env.cr.savepoint(),
        ):
            self.env.cr.execute(query)
        return '\n'.join(log.output), caught.exception

    @staticmethod
    def _each_stored():
        for model, names in log_filters.SECRET_FIELDS.items():
            for name in names:
                yield model, name

    def test_list_names_what_exists(self):
        for model, name in self._each_stored():
            self.assertTrue(self.env[model]._fields[name].store, (model, name))
        for model, names in log_filters.SECRET_COMPUTED_FIELDS.items():
            for name in names:
                self.assertFalse(self.env[model]._fields[name].column_type
                                 and self.env[model]._fields[name].store, (model, name))

    def test_no_secret_field_is_missing_from_the_list(self):
        listed = {
            (model, name)
            for fields in (log_filters.SECRET_FIELDS, log_filters.SECRET_COMPUTED_FIELDS)
            for model, names in fields.items() for name in names
        }
        ours = (
            (model, field) for model in self.env for field in self.env[model]._fields.values()
            if field.type in ('char', 'text', 'json', 'html')
            and (model.startswith('qpay.') or field.name.startswith('qpay_'))
            and not field.inherited
        )
        missing = [
            (model, field.name) for model, field in ours
            if SUSPICIOUS.search(field.name) and field.name not in HARMLESS
            and (model, field.name) not in listed
        ]
        self.assertFalse(missing)

    def test_values_of_a_failed_query_are_not_logged(self):
        for model, name in self._each_stored():
            table = self.env[model]._table
            value = f'"{SECRET}"' if self.env[model]._fields[name].type == 'json' else SECRET
            for level in (logging.ERROR, logging.DEBUG):
                with self.subTest(model=model, name=name, level=level):
                    text, error = self._fail(
                        SQL('INSERT INTO %s (id, %s) VALUES (NULL, %s)', SQL.identifier(table),
                            SQL.identifier(name), value), level,
                    )
                    self.assertIn(SECRET, str(error))
                    self.assertIn(f'bad query: INSERT INTO "{table}"', text)
                    self.assertIn('violates not-null constraint', text)
                    self.assertNotIn(SECRET, text)

    def test_the_row_is_not_shown_where_the_query_does_not_name_the_secret(self):
        self.provider.qpay_client_secret = SECRET
        self.env.flush_all()
        text, error = self._fail(
            SQL('UPDATE payment_provider SET company_id = NULL WHERE id = %s', self.provider.id)
        )
        self.assertIn(SECRET, str(error))
        self.assertIn('violates not-null constraint', text)
        self.assertNotIn(SECRET, text)

    def test_save_that_fails_tells_nobody(self):
        with self.assertLogs('odoo.sql_db', level=logging.ERROR) as log:
            _result, message = self._call_kw(
                self.provider, 'write', {'qpay_client_secret': SECRET, 'name': False},
                login='qpay_admin',
            )
        self.assertTrue(message)
        self.assertNotIn(SECRET, message)
        self.assertNotIn(SECRET, '\n'.join(log.output))

    def test_other_queries_are_logged_as_they_are(self):
        text, _error = self._fail("UPDATE res_partner SET ref = 'A7', active = NULL, id = NULL")
        self.assertIn("'A7'", text)
        text, _error = self._fail("SELECT 'A8' FROM qpay_nothing")
        self.assertIn('A8', text)

    def test_error_of_the_database_that_somebody_logs_does_not_show_the_row(self):
        intent = self._create_intent(self._create_invoice())
        stream = io.StringIO()
        handler = logging.StreamHandler(stream)
        root = logging.getLogger()
        root.addHandler(handler)
        self.addCleanup(root.removeHandler, handler)
        log_filters.install()
        logger = logging.getLogger('somebody')
        _text, error = self._fail(
            SQL('UPDATE qpay_intent SET amount = -1 WHERE id = %s', intent.id)
        )
        self.assertIn('Failing row contains', str(error))

        logger.error("Not done: %s", error)
        logger.error("Not done", exc_info=error)
        # What is told of a faulty message is the matter of `logging`.
        logger.debug("%s %s", 1)

        text = stream.getvalue()
        self.assertEqual(text.count('violates check constraint'), 2)
        self.assertEqual(text.count(log_filters.REDACTED), 2)
        for name in log_filters.SECRET_FIELDS['qpay.intent']:
            self.assertNotIn(str(intent.sudo()[name] or '-none-'), text)

    def test_manual_names_what_auditlog_is_to_leave_out(self):
        rows = re.findall(r'^\| `([\w.]+)` \| (.*) \|$', DOCUMENT.read_text(), re.MULTILINE)
        named = {model: set(re.findall(r'`(\w+)`', names)) for model, names in rows}
        wanted = {model: set(names) for model, names in log_filters.SECRET_FIELDS.items()}
        for model, names in log_filters.SECRET_COMPUTED_FIELDS.items():
            wanted.setdefault(model, set()).update(names)
        self.assertEqual(named, wanted)


@tagged('post_install', '-at_install')
class TestSecretAddresses(QPayCommon):

    def test_every_address_with_a_token_is_masked(self):
        http = self.env['ir.http']
        rules = [
            rule for rule, _endpoint in http._generate_routing_rules(
                self.registry._init_modules, http._get_converters()
            )
            if rule.startswith('/payment/qpay/') and 'token>' in rule
        ]
        self.assertGreaterEqual(len(rules), len(log_filters.SECRET_ADDRESS_PARTS))
        for rule in rules:
            address = re.sub(r'<string:(?:access_)?token>', SECRET, rule)
            address = re.sub(r'<int:\w+>', '12', address)
            address = re.sub(r'<string:kind>', 'invoice', address)
            self.assertIn(SECRET, address)
            encoded = address.replace('/', '%2F')
            for text, rest in (
                (f'"GET {address} HTTP/1.1" 200 -', ' HTTP/1.1" 200 -'),
                (f'"GET /mn{address}?debug=1 HTTP/1.1" 404 -', '?debug=1 HTTP/1.1" 404 -'),
                (f"{address!r} (lang: 'mn')", "' (lang: 'mn')"),
                (f'/website/lang/en_US?r={encoded}&x=1', '&x=1'),
            ):
                with self.subTest(text=text):
                    masked = log_filters.mask(text)
                    self.assertNotIn(SECRET, masked)
                    self.assertEqual(masked.count(log_filters.REDACTED), 1)
                    self.assertTrue(masked.endswith(log_filters.REDACTED + rest), masked)

    def test_addresses_that_are_routed_are_not_logged(self):
        intent = self._create_intent(self._create_invoice())
        loggers = 'odoo.addons.http_routing.models.ir_http', 'werkzeug'
        for name in loggers:
            with self.subTest(logger=name), self.assertLogs(name, logging.DEBUG) as log:
                self.url_open(intent._get_pay_path())
                self.url_open(f'/mn{intent._get_pay_path()}')
                text = '\n'.join(log.output)
                self.assertIn(f'/payment/qpay/pay/{intent.id}/{log_filters.REDACTED}', text)
                self.assertNotIn(intent.access_token, text)

    def test_other_addresses_are_logged_as_they_are(self):
        for text in ('GET /payment/status?x=1', 'POST /payment/qpay/check', '/payment/qpay/pay'):
            self.assertEqual(log_filters.mask(text), text)
