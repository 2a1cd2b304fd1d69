"""Why something is as it is, said to each reader in their own language.

A row holds the key of its reason with what belongs into the sentence, see `ReasonField`. What comes
from elsewhere, or was written by an earlier version, is a text, and is shown as it is.
"""

import contextlib
import json
import re

from odoo import fields
from odoo.tools import LazyTranslate

_lt = LazyTranslate(__name__)

# Keys stand in rows, and never change. The wing of VAT receipts adds its own.
SENTENCES = {
    'deleted': _lt("The document has been deleted."),
    'being_booked': _lt("This is paid: QPay has confirmed it, and it is being booked."),
    'not_matched': _lt(
        "This is paid, but the payment is not matched with it. Please match the customer's"
        " credit."
    ),
    'other_customer': _lt("The document is another customer's now."),
    'other_company': _lt("The document is another company's now."),
    'already_paid': _lt("This is already paid."),
    'paid_or_changed': _lt("The document was paid or changed in another way."),
    'changed': _lt("The document was changed."),
    'several_customers': _lt("One QR can only be made for the invoices of one customer."),
    'several_currencies': _lt("One QR can only be made for invoices in one currency."),
    'several_accounts': _lt(
        "%(invoice)s is booked on the receivable account %(account)s, and %(other_invoice)s"
        " on %(other_account)s. One payment can only pay invoices of one account."
    ),
    'no_customer_invoice': _lt("Only customer invoices can be paid by QPay."),
    'invoice_draft': _lt("Please confirm the invoice first."),
    'invoice_cancelled': _lt("The invoice is cancelled."),
    'invoice_paid': _lt("The invoice is already paid."),
    'no_rate': _lt(
        "QPay collects tögrög only, and there is no exchange rate between %(currency)s and"
        " tögrög."
    ),
    'invoice_unconfirmed': _lt("The invoice is no longer confirmed."),
    'invoice_paid_or_changed': _lt("The invoice was paid or changed in another way."),
    'discount_over': _lt("The discount for early payment has ended."),
    'order_cancelled': _lt("The order is cancelled."),
    'order_currency': _lt("QPay collects tögrög only; this order is in another currency."),
    'order_nothing_to_pay': _lt("There is nothing to pay for this order."),
    'order_paid': _lt("The order is already paid."),
    'order_expired': _lt("The quotation has expired."),
    'order_invoiced': _lt("The order is invoiced: please let the customer pay the invoice."),
    'till_closed': _lt("The till is closed."),
    'till_must_open': _lt("The till %s is closed. Please open it, and settle this payment again."),
    'ended': _lt("Ended."),
    'answer_never_came': _lt("QPay's answer never came."),
    'expired': _lt("Expired."),
    'switched_off': _lt("QPay was switched off."),
    'environment_switched': _lt("The provider was switched between sandbox and live."),
    'other_account': _lt("Another account at QPay collects the payment of this document now."),
    'replaced': _lt("Replaced by a new QR."),
    'other_amount': _lt("QPay's QR asks for something else than this amount."),
    'cancelled_by_employee': _lt("Cancelled by an employee."),
    'too_many_qrs': _lt("Too many QRs were asked for. Please try again in %s minutes."),
    'very_many_people': _lt(
        "Too many QRs are being requested right now. Please try again in a minute."
    ),
    'payment_recorded': _lt("The payment is recorded."),
    'payment_unknown': _lt("QPay knows no such payment for this QR."),
    'payment_not_shown': _lt("QPay does not show the payment yet."),
    'another_process': _lt("Another process is booking the payments of this QR."),
    'unexpected': _lt("An unexpected error happened. The server's log says more."),
    'sandbox_money': _lt("This is a payment of QPay's sandbox, which is no real money."),
    'no_payment_created': _lt("Odoo did not create a payment for this transaction."),
    'nobodys': _lt("This payment belongs to no QR of Odoo. Please say whose it is."),
    'nobodys_yet': _lt("Please say first whose payment it is."),
    'refunded_at_qpay': _lt("QPay shows this payment as refunded. Please book the refund."),
    'refunded_before': _lt(
        "Refunded before it was settled: there is nothing to settle."
    ),
    'refund_not_booked': _lt(
        "What QPay's list says about the refund of this payment could not be booked because"
        " of an unexpected error. The server's log says more."
    ),
    'unmatched': _lt(
        "The payment is no longer matched with what it had paid. Match the customer's credit"
        " by hand, or settle this payment again."
    ),
    'lost_in_books': _lt(
        "The payment in the books was deleted, cancelled or reset to draft. Please settle it"
        " again."
    ),
    'no_journal': _lt(
        "The provider %s has no payment journal. Please choose one in its configuration."
    ),
    'no_payment_method': _lt(
        "The journal %(journal)s has no incoming payment method of the provider %(provider)s."
        " Please add one."
    ),
    'no_outstanding_account': _lt(
        "The payment method %(provider)s of the journal %(journal)s has no outstanding"
        " account. Please choose one in the journal's incoming payments."
    ),
    'no_discount_account': _lt(
        "%s has no account for the discounts of early payments. Please choose it in the"
        " settings of accounting."
    ),
    'comparison_incomplete': _lt(
        "Some payments could not be imported, or are being booked by another process. Please"
        " compare again."
    ),
    'receipt_exists': _lt("This payment has a VAT receipt already."),
    'qpay_unreachable': _lt("QPay cannot be reached. Please try again in a moment."),
    'qpay_no_proper_answer': _lt("QPay did not answer properly. Please try again in a moment."),
    'qpay_unauthorized': _lt(
        "QPay does not accept the user name and password. Please tell your administrator."
    ),
    'qpay_refused': _lt("QPay refused the request (%s)."),
    'invoice_code_unknown': _lt("QPay does not know the invoice code."),
    'amount_refused': _lt("QPay does not accept this amount."),
    'amount_too_small': _lt("The amount is below QPay's minimum."),
    'amount_too_big': _lt("The amount exceeds QPay's maximum."),
    'merchant_inactive': _lt("QPay has switched this merchant off."),
    'merchant_not_permitted': _lt("QPay does not permit this merchant to do this."),
    'qpay_invoice_paid': _lt("This QPay invoice is already paid."),
    'qpay_invoice_unknown': _lt("QPay does not know this invoice."),
    'receipts_not_registered': _lt(
        "QPay has no such VAT receipt, or has not switched VAT receipts on for this merchant."
    ),
    'receipts_not_cancelled': _lt("QPay does not cancel VAT receipts of this merchant."),
    'classification_unknown': _lt("The tax office does not know the classification code."),
    'register_unknown': _lt("The tax office does not know the register number."),
    'vat_otherwise': _lt("QPay calculates a different VAT."),
    'qpay_payment_unknown': _lt("QPay does not know this payment."),
    'earlier_account': _lt(
        "This belongs to an earlier account at QPay, which no provider uses any more. Please"
        " set up a provider with that account, or look in its portal."
    ),
    'unavailable_for_public': _lt(
        "QPay cannot be used at this moment. Please try again later, or pay in another way."
    ),
}
_PLACEHOLDER = re.compile(r'%(\(\w+\))?s')
_BEGINNING = '{"reason": '


class Reason(str):
    """A sentence in somebody's language that can be said in others.

    :ivar str key: Which: a key of `SENTENCES`.
    :ivar values: What belongs into the sentence, in its order or by name.
    """


class ReasonField(fields.Char):
    """A reason, or another text, which each reader reads in their own language."""

    def convert_to_cache(self, value, record, validate=True):
        if isinstance(value, Reason):
            return json.dumps(_pack(value), ensure_ascii=False)
        return super().convert_to_cache(value, record, validate)

    def convert_to_record(self, value, record):
        text = super().convert_to_record(value, record)
        if text and text.startswith(_BEGINNING):
            # Neither a text that only looks like one nor one of another version is in the way.
            with contextlib.suppress(ValueError, TypeError, KeyError):
                return _unpack(record.env, json.loads(text))
        return text

    def convert_to_read(self, value, record, use_display_name=True):
        # XML-RPC takes no kinds of texts.
        return value and str(value)

    # What is stored would be the name of a group: rows are grouped by the kind of their reason.
    def _description_groupable(self, env):
        return False

    def _description_sortable(self, env):
        return False


def get_reason(env, key, *args, **kwargs):
    """Return a reason for people, in the language of the environment.

    :param Environment env: The environment.
    :param str key: Which: a key of `SENTENCES`.
    :param args: What belongs into the sentence, in its order or by name; it may be reasons itself.
    :rtype: Reason
    """
    values = kwargs or args
    sentence = env._(SENTENCES[key])
    reason = Reason(sentence % values if values else sentence)
    reason.key, reason.values = key, values
    return reason


def get_reason_of(error):
    """Return the reason that an error gives to people.

    :param UserError error: The error.
    :rtype: str
    """
    reason = error.args[0] if error.args else ''
    return reason if isinstance(reason, Reason) else str(error)


def get_kinds(env):
    """Return each kind of reason with its sentence, as a selection.

    :rtype: list[tuple[str, str]]
    """
    return [(key, _PLACEHOLDER.sub('…', env._(text))) for key, text in SENTENCES.items()]


def _pack(value):
    if not isinstance(value, Reason):
        return value if isinstance(value, int | float) else str(value)
    values = value.values
    is_named = isinstance(values, dict)
    return {'reason': value.key, 'values': (
        {name: _pack(part) for name, part in values.items()} if is_named else
        [_pack(part) for part in values]
    )}


def _unpack(env, packed):
    if not isinstance(packed, dict):
        return packed
    key, values = packed['reason'], packed['values']
    if isinstance(values, dict):
        return get_reason(env, key, **{name: _unpack(env, part) for name, part in values.items()})
    return get_reason(env, key, *(_unpack(env, part) for part in values))
