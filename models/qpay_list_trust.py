import logging

from odoo import api, fields, models

from odoo.addons.payment_qpay import const

_logger = logging.getLogger(__name__)


class QPayListTrust(models.Model):
    """Whether QPay's list of an account's payments is believed when callbacks are processed: it is
    while it has shown the last payments as `payment/check` had, which each comparison looks at.
    """

    _name = 'qpay.list.trust'
    _inherit = ['qpay.guarded']
    _description = "Trust in QPay's List"
    _rec_name = 'account'

    account = fields.Char(required=True, readonly=True)
    same_count = fields.Integer(
        help="How many payments in a row it has shown alike, up to as many as are needed.",
        readonly=True,
    )
    counted_until = fields.Integer(
        help="The last row of the ledger that was counted: each counts once.", readonly=True
    )
    differed_at = fields.Datetime(
        help="When it last showed a payment differently.", readonly=True
    )

    _account_uniq = models.Constraint(
        'unique(account)',
        "There is one row for each account.",
    )

    # === BUSINESS METHODS === #

    @api.model
    def _find(self, account):
        """Return what is known of the list of an account; empty if nothing is.

        :param str account: The account, see `_qpay_account`.
        :rtype: qpay.list.trust
        """
        return self.search([('account', '=', account)], limit=1)

    def _is_given(self):
        """Return whether the list is trusted.

        :rtype: bool
        """
        return self.same_count >= const.LIST_PROOF

    @api.model
    def _look_at(self, account, listed, rows):
        """Count the payments that the list shows alike, and begin anew if it shows one otherwise.

        :param str account: The account whose list it is.
        :param dict listed: The `Payment` values of the list, as it shows them, by QPay's ids.
        :param qpay.payment rows: Rows of the ledger that are on the list.
        """
        compared = rows.filtered(
            lambda row: row.intent_id and row.status == 'paid'
            and listed[row.qpay_txn_id].status not in const.REFUNDED_STATUSES
        )
        other = compared.filtered(lambda row: not _is_alike(row, listed[row.qpay_txn_id]))
        trust = self._find(account)
        new = compared.filtered(lambda row: row.id > trust.counted_until and _is_checked(row))
        if not other and not new:
            return
        values = {'counted_until': max(trust.counted_until, *compared.ids)}
        if other:
            _logger.warning(
                "QPay's list of payments shows %s differently from what QPay has confirmed.",
                ', '.join(other.mapped('qpay_txn_id')),
            )
            values |= {'same_count': 0, 'differed_at': fields.Datetime.now()}
        else:
            values['same_count'] = min(trust.same_count + len(new), const.LIST_PROOF)
        (trust or self.create({'account': account})).write(values)


def _is_alike(row, payment):
    """Whether the list shows a payment of one of our QRs as the ledger has it.

    :param qpay.payment row: The row of the ledger.
    :param Payment payment: What the list shows.
    :rtype: bool
    """
    if not payment.is_clear or payment.qr_text != row.intent_id.qr_text:
        return False
    shown, currency = row._get_values(row.provider_id, payment), row.currency_id
    return (
        shown['currency_id'] == currency.id
        and shown['payment_type'] == row.payment_type
        and shown['paid_at'].replace(microsecond=0) == row.paid_at.replace(microsecond=0)
        and all(not currency.compare_amounts(shown[name], row[name]) for name in ('amount', 'fee'))
    )


def _is_checked(row):
    """Whether a row of the ledger is what `payment/check` said: only the list names the QR."""
    return not (row.raw_data or {}).get('qr_code')
