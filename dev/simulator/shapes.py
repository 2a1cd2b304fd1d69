"""How QPay writes invoices and payments: keys, their order, and what is a text or a number."""
from . import banks
from .clock import iso
from .model import CARD, CLOSED, OPEN, PAID, REFUNDED
from .picture import qr_base64

_ECHOED = (
    'sender_branch_code', 'sender_branch_data', 'sender_staff_code', 'sender_staff_data',
    'sender_terminal_code', 'sender_terminal_data',
)


def money(amount):
    """Write an amount as QPay's texts do, with two decimals."""
    return f'{amount:.2f}'


def number(amount):
    """Write an amount as a JSON number: whole when it is whole."""
    return int(amount) if amount == amount.to_integral_value() else float(amount)


# -- invoices


def created_invoice(invoice, settings, base_url):
    """Return the answer of ``POST /v2/invoice`` (QPay contract §2.5)."""
    short_base = settings.short_url_base or f'{base_url}/s'
    return {
        'invoice_id': invoice.invoice_id,
        'qr_text': invoice.qr_text,
        'qr_image': '' if settings.empty_qr_image else qr_base64(invoice.qr_text),
        settings.short_url_key: f'{short_base}/{invoice.short_id}',
        'urls': banks.deep_links(invoice.qr_text, not settings.empty_logos),
    }


def read_invoice(invoice, ledger, settings):
    """Return the answer of ``GET /v2/invoice/{id}`` as production writes it (QPay contract §12)."""
    request = invoice.request
    payments = ledger.payments_of(invoice, visible_only=True)
    status = invoice.status
    if status == CLOSED and not payments:
        status = OPEN  # its payment is not shown yet
    shape = {
        'invoice_id': invoice.invoice_id,
        'invoice_status': status,
        'sender_invoice_no': invoice.sender_invoice_no,
        **_sent(request, _ECHOED),
        'invoice_description': invoice.description,
        'invoice_due_date': request.get('invoice_due_date'),
        'enable_expiry': invoice.expires_at is not None,
        'expiry_date': iso(invoice.expires_at or invoice.created_at),
        'allow_partial': invoice.allow_partial,
        'minimum_amount': money(invoice.minimum_amount or 0),
        'allow_exceed': invoice.allow_exceed,
        'maximum_amount': money(invoice.maximum_amount or 0),
        'total_amount': money(invoice.amount),
        'gross_amount': number(invoice.amount),
        'tax_amount': 0,
        'surcharge_amount': 0,
        'discount_amount': 0,
        'callback_url': invoice.callback_url,
        **_sent(request, ('note',)),
        'lines': request.get('lines') or [_line_of_qpays(invoice)],
        'transactions': request.get('transactions') or [],
        'inputs': [],
    }
    if payments and settings.invoice_payments:
        shape['payments'] = [checked_payment(payment) for payment in payments]
    return shape


def _sent(request, names):
    return {name: request[name] for name in names if request.get(name)}


def _line_of_qpays(invoice):
    """Return the line that QPay makes where the merchant sent none."""
    return {
        'tax_product_code': None,
        'line_description': invoice.description,
        'line_quantity': '1.00',
        'line_unit_price': money(invoice.amount),
        'note': '',
        'discounts': [],
        'surcharges': [],
        'taxes': [],
    }


# -- payments


def checked_payments(payments, total, paid_amount, settings):
    """Return the answer of ``POST /v2/payment/check`` (QPay contract §4.1).

    :param list payments: the rows of the page.
    :param int total: how many rows there are in all.
    :param Decimal paid_amount: tögrög.
    """
    shape = {'count': total}
    if total or settings.paid_amount_when_unpaid:
        shape['paid_amount'] = number(paid_amount)
    shape['rows'] = [checked_payment(payment) for payment in payments]
    return shape


def checked_payment(payment):
    """Return a payment as *check* writes it."""
    return {
        'payment_id': payment.payment_id,
        'payment_status': payment.status,
        'payment_amount': money(payment.amount),
        'trx_fee': money(payment.fee),
        'payment_currency': payment.currency,
        'payment_wallet': _wallet(payment)[0],
        'payment_type': payment.method,
        'next_payment_date': None,
        'next_payment_datetime': None,
        'card_transactions': [_checked_card(payment)] if payment.method == CARD else [],
        'p2p_transactions': [] if payment.method == CARD else [_transfer(payment)],
    }


def read_payment(payment):
    """Return the answer of ``GET /v2/payment/{id}``: other keys (QPay contract §4.2)."""
    return {
        'payment_id': payment.payment_id,
        'payment_status': payment.status,
        'payment_fee': money(payment.fee),
        'payment_amount': money(payment.amount),
        'payment_currency': payment.currency,
        'payment_date': iso(payment.paid_at),
        'payment_wallet': _wallet(payment)[1],
        'object_type': 'INVOICE',
        'object_id': payment.invoice_id,
        'next_payment_date': None,
        'next_payment_datetime': None,
        'transaction_type': payment.method,
        'card_transactions': [_read_card(payment)] if payment.method == CARD else [],
        'p2p_transactions': [] if payment.method == CARD else [_transfer(payment)],
    }


def listed_payment(payment, invoice, settings, changes=None):
    """Return a row of ``POST /v2/payment/list`` (QPay contract §4.3).

    :param dict changes: what the row has otherwise; None: it does not have it.
    """
    row = {
        'payment_id': payment.payment_id,
        'payment_date': iso(payment.paid_at),
        'payment_status': payment.status,
        'payment_fee': money(payment.fee),
        'payment_amount': money(payment.amount),
        'payment_currency': payment.currency,
        'payment_wallet': _wallet(payment)[1],
        'payment_name': invoice.invoice_code,
        'payment_description': invoice.description,
        'qr_code': invoice.qr_text,
        'paid_by': payment.method,
        'object_type': 'INVOICE',
        'object_id': (
            invoice.invoice_id if settings.list_object_id == 'invoice' else invoice.invoice_code
        ),
        **(changes or {}),
    }
    return {name: value for name, value in row.items() if value is not None}


def _wallet(payment):
    return banks.CARD_WALLET if payment.method == CARD else banks.P2P_WALLET


def _transaction_status(payment):
    return {PAID: 'SUCCESS', REFUNDED: 'SUCCESS'}.get(payment.status, payment.status)


def _transfer(payment):
    _name, _wallet_id, bank_code, bank_name = banks.P2P_WALLET
    return {
        'id': payment.transaction_id,
        'transaction_bank_code': bank_code,
        'account_bank_code': bank_code,
        'account_bank_name': bank_name,
        'account_number': '50*******',
        'status': _transaction_status(payment),
        'amount': money(payment.amount - payment.fee),
        'currency': payment.currency,
        'settlement_status': 'SETTLED' if payment.status in (PAID, REFUNDED) else 'PENDING',
    }


def _checked_card(payment):
    return {
        'card_type': 'UNIONPAY',
        'is_cross_border': False,
        'amount': money(payment.amount),
        'currency': payment.currency,
        'date': iso(payment.paid_at),
        'status': _transaction_status(payment),
        'settlement_status': 'PENDING',
        'settlement_status_date': iso(payment.refunded_at or payment.paid_at),
    }


def _read_card(payment):
    renamed = ('amount', 'currency', 'date', 'status')
    return {
        'card_merchant_code': '000000000000001',
        'card_terminal_code': '00000001',
        'card_number': '623456******7890',
        **{
            f'transaction_{name}' if name in renamed else name: value
            for name, value in _checked_card(payment).items()
        },
    }
