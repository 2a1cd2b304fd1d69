"""The pages that play the payer's bank application."""
from datetime import datetime

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for

from . import emv, payer
from .api.request import backend
from .clock import ULAANBAATAR
from .errors import QPayRefusal
from .model import CANCELED, CARD, OPEN
from .picture import qr_png
from .schema import as_number
from .steering import pay_and_notify

blueprint = Blueprint('bank', __name__)
_FINISHED_SHOWN = 20
_QR_PARAMETER = 'qPay_QRcode='
_STATUS_NAMES = {
    'OPEN': ('Нээлттэй', 'open'),
    'CLOSED': ('Төлөгдсөн', 'paid'),
    'CANCELED': ('Цуцлагдсан', 'cancelled'),
    'EXPIRED': ('Хугацаа дууссан', 'expired'),
}
_PAYMENT_STATUS_NAMES = {
    'NEW': ('Шинэ', 'new'),
    'FAILED': ('Амжилтгүй', 'failed'),
    'PAID': ('Төлөгдсөн', 'paid'),
    'PARTIAL': ('Хэсэгчлэн', 'partial'),
    'REFUNDED': ('Буцаагдсан', 'refunded'),
}


# -- pages


@blueprint.get('/')
def home():
    """List the invoices that a payer could pay, and the last that are finished."""
    invoices = [_summary(item) for item in reversed(backend().ledger.invoices())]
    return render_template(
        'home.html',
        open_invoices=[item for item in invoices if item['status'] == OPEN],
        finished=[item for item in invoices if item['status'] != OPEN][:_FINISHED_SHOWN],
    )


@blueprint.get('/q')
def scan():
    """Find an invoice by the text of its QR, as scanning it would."""
    pasted = request.args.get('qPay_QRcode', '').strip()
    qr_text = pasted.partition(_QR_PARAMETER)[2] if _QR_PARAMETER in pasted else pasted
    try:
        emv.parse(qr_text)
        invoice = backend().ledger.invoice_by_qr(qr_text)
    except emv.EmvError as error:
        return _not_scanned(qr_text, 'QR код буруу байна', f'This is no valid QR text: {error}')
    except QPayRefusal:
        return _not_scanned(
            qr_text, 'Ийм нэхэмжлэл олдсонгүй', 'The QR is valid, but no invoice here has it',
        )
    return redirect(url_for('bank.show', invoice_id=invoice.invoice_id))


@blueprint.get('/s/<short_id>')
def short(short_id):
    """Follow a short address."""
    try:
        invoice = backend().ledger.invoice_by_short_id(short_id)
    except QPayRefusal:
        abort(404)
    return redirect(url_for('bank.show', invoice_id=invoice.invoice_id))


@blueprint.get('/bank/<invoice_id>')
def show(invoice_id):
    """Show an invoice as the payer sees it."""
    invoice = _invoice(invoice_id)
    state = backend()
    left = payer.remaining(invoice, state.ledger.paid_amount(invoice))
    return render_template(
        'invoice.html', invoice=_summary(invoice), left=left,
        merchant=state.merchants[invoice.merchant].name,
        refused=payer.REASONS.get(request.args.get('refused')), **_activity(invoice),
    )


@blueprint.get('/bank/<invoice_id>/activity')
def activity(invoice_id):
    """Show what was paid and how the merchant answered; part of the page of the invoice."""
    return render_template('activity.html', **_activity(_invoice(invoice_id)))


@blueprint.get('/bank/<invoice_id>/qr.png')
def picture(invoice_id):
    """Draw the QR."""
    return Response(qr_png(_invoice(invoice_id).qr_text), content_type='image/png')


@blueprint.post('/bank/<invoice_id>/pay')
def pay(invoice_id):
    """Do what a button says, unless a bank application would refuse it."""
    invoice = _invoice(invoice_id)
    action = _ACTIONS.get(request.form.get('action'))
    if not action:
        abort(400)
    reason = action(backend(), invoice)
    return redirect(
        url_for('bank.show', invoice_id=invoice_id, refused=reason), code=303,
    )


# -- the buttons; each returns why it was refused, or None


def _pay_full(state, invoice):
    return _pay_allowed(state, invoice, _left(state, invoice))


def _pay_card(state, invoice):
    return _pay_allowed(state, invoice, _left(state, invoice), method=CARD)


def _pay_amount(state, invoice):
    typed = request.form.get('amount', '').replace(',', '').replace(' ', '')
    amount = as_number(typed) if typed else None
    if amount is not None and amount.normalize().as_tuple().exponent < -2:
        amount = None
    if request.form.get('force') and amount is not None and amount > 0:
        pay_and_notify(state, invoice.invoice_id, amount)
        return None
    return _pay_allowed(state, invoice, amount)


def _pay_twice(state, invoice):
    """Two payers, or one who is impatient, were on the confirmation page at the same time."""
    times = 1 if state.ledger.paid_amount(invoice) else 2
    for _time in range(times):
        pay_and_notify(state, invoice.invoice_id)


def _pay_after_cancel(state, invoice):
    """The payer was on the confirmation page while the merchant cancelled."""
    if invoice.status != CANCELED:
        try:
            state.ledger.cancel_invoice(invoice.invoice_id)
        except QPayRefusal:
            return 'not_cancelled'
    pay_and_notify(state, invoice.invoice_id)
    return None


_ACTIONS = {
    'full': _pay_full,
    'amount': _pay_amount,
    'card': _pay_card,
    'twice': _pay_twice,
    'after-cancel': _pay_after_cancel,
}


def _pay_allowed(state, invoice, amount, **details):
    with state.lock:
        paid = state.ledger.paid_amount(invoice)
        reason = payer.refusal(invoice, paid, amount, state.clock.now())
        if not reason:
            pay_and_notify(state, invoice.invoice_id, amount, **details)
    return reason


def _left(state, invoice):
    return payer.remaining(invoice, state.ledger.paid_amount(invoice))


# -- what the templates show


@blueprint.app_template_filter('togrog')
def _togrog(amount):
    return f'{amount:,.2f}'.removesuffix('.00') + '\N{NO-BREAK SPACE}₮'


@blueprint.app_template_filter('moment')
def _moment(timestamp):
    return datetime.fromtimestamp(timestamp, ULAANBAATAR).strftime('%Y.%m.%d %H:%M:%S')


def _summary(invoice):
    status = invoice.status
    if status == OPEN and invoice.expired(backend().clock.now()):
        status = 'EXPIRED'
    return {
        'id': invoice.invoice_id,
        'number': invoice.sender_invoice_no,
        'description': invoice.description,
        'amount': invoice.amount,
        'qr_text': invoice.qr_text,
        'status': status,
        'status_name': _STATUS_NAMES[status],
        'expires_at': invoice.expires_at,
        'created_at': invoice.created_at,
        'allow_partial': invoice.allow_partial,
        'allow_exceed': invoice.allow_exceed,
        'merchant': backend().merchants[invoice.merchant].name,
    }


def _activity(invoice):
    state = backend()
    callbacks = state.callbacks.of_invoice(invoice.invoice_id)
    payments = [
        {
            'payment': payment,
            'status_name': _PAYMENT_STATUS_NAMES[payment.status],
            'callbacks': [item for item in callbacks if item.payment_id == payment.payment_id],
            'receipts': state.ebarimts.receipts(payment.payment_id),
        }
        for payment in state.ledger.payments_of(invoice)
    ]
    return {
        'invoice_id': invoice.invoice_id,
        'payments': payments,
        'waiting': any(item.state == 'pending' for item in callbacks),
    }


def _invoice(invoice_id):
    try:
        return backend().ledger.invoice(invoice_id)
    except QPayRefusal:
        abort(404)


def _not_scanned(qr_text, mongolian, english):
    page = render_template('scan.html', qr_text=qr_text, reason=(mongolian, english))
    return page, 404
