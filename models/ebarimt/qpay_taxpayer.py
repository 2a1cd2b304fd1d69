import contextlib
import logging
import re

import psycopg2

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.qpay_api import (
    QPayUnreachable,
    TaxOfficeSilent,
    find_taxpayer,
    is_company_register,
)

_logger = logging.getLogger(__name__)


class QPayTaxpayer(models.Model):
    """Whose a company's register number is, as the tax office has said it.

    It is only told beside the number, to whoever types it, and decides nothing. All is read and
    written in transactions of their own, so that none is open while the tax office is asked.
    """

    _name = 'qpay.taxpayer'
    _inherit = ['qpay.guarded']
    _description = 'Taxpayer'
    _rec_name = 'register'

    register = fields.Char(required=True, readonly=True)
    name = fields.Char(
        help="Empty if the tax office knows no such number.", readonly=True
    )
    is_vat_payer = fields.Boolean(string="Pays VAT", readonly=True)
    asked_at = fields.Datetime(required=True, readonly=True, index=True)
    asked_by = fields.Integer(
        help="The QR from whose page it was asked; 0 for employees.", readonly=True, index=True
    )
    answered_at = fields.Datetime(
        help="When the tax office last answered. Empty if it has not.", readonly=True
    )

    _register_uniq = models.Constraint(
        'unique(register)',
        "A register number is remembered once.",
    )

    @api.model
    def describe(self, register):
        """Tell an employee whose a register number is, where VAT receipts are issued.

        :param str register: What was typed.
        :return: See `_describe`.
        :rtype: str
        :raise AccessError: If the user may open no dialog in which a receiver is entered.
        """
        self.env['qpay.qr.wizard'].check_access('create')
        providers = self.env['payment.provider'].sudo()
        provider = providers.search([
            *providers._check_company_domain(self.env.companies),
            ('code', '=', const.PROVIDER_CODE),
            ('state', '!=', 'disabled'),
            ('qpay_ebarimt_mode', '!=', 'none'),
        ], limit=1)
        return self.sudo()._describe(provider, register)

    @api.model
    def _describe(self, provider, register, intent_id=0):
        """Return whose a register number is, and whether they pay VAT, in words.

        :param payment.provider provider: The provider that says where the tax office is asked.
        :param str register: What was typed.
        :param int intent_id: The QR on whose page it was typed; 0 for employees.
        :return: The sentence; '' for what is no company's register number, and where nobody says.
        :rtype: str
        """
        number = re.sub(r'[\s-]', '', register) if isinstance(register, str) else ''
        address = provider and provider._qpay_get_tax_office()
        if not address or not is_company_register(number):
            return ''
        known = self._find(address, number, intent_id)
        if known is None:
            return ''
        name, is_vat_payer = known
        if not name:
            return self.env._("The tax office knows no organisation with this number.")
        if is_vat_payer:
            return self.env._("%s, pays VAT", name)
        return self.env._("%s, does not pay VAT", name)

    @api.model
    def _find(self, address, register, intent_id):
        """Return the name of a company, and whether it pays VAT: from memory, or the tax office.

        :return: None if nobody says; without a name if there is no such company.
        :rtype: tuple[str, bool] | None
        """
        now = fields.Datetime.now()
        with self.env.registry.cursor() as cr:
            if self._is_too_much(cr, intent_id, now):
                return None
            cr.execute(SQL(
                'SELECT name, is_vat_payer FROM qpay_taxpayer WHERE register = %s AND'
                ' answered_at > CASE WHEN name IS NULL THEN %s ELSE %s END',
                register, now - const.TAXPAYER_UNKNOWN_PERIOD, now - const.TAXPAYER_PERIOD,
            ))
            known = cr.fetchone()
        if known or not self._note(register, intent_id, now):
            return known
        return self._ask(address, register)

    @api.model
    def _is_too_much(self, cr, intent_id, now):
        """Whether payers have the tax office asked about number after number: it is asked in the
        name of whoever runs this server, and what is remembered says who else has paid here.
        """
        if not intent_id:
            return False
        since = now - const.TAXPAYER_LIMIT_PERIOD
        cr.execute(SQL(
            'SELECT count(*) FILTER (WHERE asked_by = %(intent)s) >= %(intent_limit)s'
            ' OR count(*) FILTER (WHERE asked_by != 0 AND asked_at > %(since)s) >= %(limit)s'
            ' FROM qpay_taxpayer WHERE asked_by = %(intent)s OR asked_at > %(since)s',
            intent=intent_id, intent_limit=const.TAXPAYER_QR_LIMIT,
            since=since, limit=const.TAXPAYER_LIMIT,
        ))
        return cr.fetchone()[0]

    @api.model
    def _note(self, register, intent_id, now):
        """Take note that the tax office is going to be asked.

        :return: Whether it may be: not while somebody else is counted, or notes the same.
        :rtype: bool
        """
        with self._cursor() as cr:
            cr.execute(SQL('SELECT pg_try_advisory_xact_lock(hashtext(%s))', self._name))
            if not cr.fetchone()[0] or self._is_too_much(cr, intent_id, now):
                return False
            cr.execute(SQL(
                'INSERT INTO qpay_taxpayer (register, asked_at, asked_by) VALUES (%s, %s, %s)'
                ' ON CONFLICT (register) DO UPDATE'
                ' SET asked_at = EXCLUDED.asked_at, asked_by = EXCLUDED.asked_by',
                register, now, intent_id,
            ), log_exceptions=False)
            return True
        return False

    @api.model
    def _ask(self, address, register):
        """Ask the tax office, unless it did not answer a moment ago, and remember its answer."""
        outage = self.env['qpay.outage']._for_login(address, is_obeyed=True)
        try:
            outage.check()
            taxpayer = find_taxpayer(address, register, const.TAX_OFFICE_TIMEOUT)
        except QPayUnreachable:
            return None
        except TaxOfficeSilent:
            outage.begin()
            _logger.info("The tax office did not say whose a register number is.")
            return None
        outage.end()
        known = (taxpayer.name, taxpayer.is_vat_payer) if taxpayer else (None, False)
        with self._cursor() as cr:
            cr.execute(SQL(
                'UPDATE qpay_taxpayer SET name = %s, is_vat_payer = %s, answered_at = %s'
                ' WHERE register = %s',
                *known, fields.Datetime.now(), register,
            ), log_exceptions=False)
        return known

    @contextlib.contextmanager
    def _cursor(self):
        """Open a transaction of its own, which is left out if another process writes the same."""
        with (
            contextlib.suppress(psycopg2.errors.SerializationFailure),
            self.env.registry.cursor() as cr,
        ):
            yield cr

    @api.autovacuum
    def _gc_old(self):
        """Forget what has been asked too long ago to be told."""
        old = self.search([
            ('asked_at', '<', fields.Datetime.now() - const.TAXPAYER_PERIOD),
        ], limit=const.CLEANING_BATCH)
        old.unlink()
        return len(old), len(old) == const.CLEANING_BATCH
