"""The pages that play the payer's bank application."""
from datetime import datetime

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for

from . import emv, payer
from .api.request import backend
from .clock import ULAANBAATAR
from .errors import QPayRefusal
from .model import CANCELED, CARD, OPEN, P2P, Callback
from .picture import qr_png
from .schema import as_number, has_cents_at_most
from .steering import pay_and_notify

blueprint = Blueprint('bank', __name__)
_FINISHED_SHOWN = 20
_QR_PARAMETER = 'qPay_QRcode='
#: Statuses of invoices and payments in Mongolian.
_STATUS_NAMES = {
    'OPEN': 'Нээлттэй',
    'CLOSED': 'Төлөгдсөн',
    'CANCELED': 'Цуцлагдсан',
    'EXPIRED': 'Хугацаа дууссан',
    'NEW': 'Шинэ',
    'FAILED': 'Амжилтгүй',
    'PAID': 'Төлөгдсөн',
    'PARTIAL': 'Хэсэгчлэн',
    'REFUNDED': 'Буцаагдсан',
}


# -- pages


@blueprint.get('/')
def home():
    """List the invoices that a payer could pay, and the last that are finished."""
    invoices = backend().ledger.invoices()[::-1]
    finished = [invoice for invoice in invoices if _status(invoice) != OPEN]
    return render_template(
        'home.html',
        open_invoices=[invoice for invoice in invoices if _status(invoice) == OPEN],
        finished=finished[:_FINISHED_SHOWN],
    )


@blueprint.get('/q')
def scan():
    """Find an invoice by the text of its QR, as scanning it would."""
    pasted = request.args.get('qPay_QRcode', '').strip()
    qr_text = pasted.partition(_QR_PARAMETER)[2] if _QR_PARAMETER in pasted else pasted
    try:
        emv.parse(qr_text)
        invoice = backend().ledger.invoice_by('qr_text', qr_text)
    except emv.EmvError as error:
        reason = ('QR код буруу байна', f'This is no valid QR text: {error}')
    except QPayRefusal:
        reason = ('Ийм нэхэмжлэл олдсонгүй', 'The QR is valid, but no invoice here has it')
    else:
        return redirect(url_for('bank.show', invoice_id=invoice.invoice_id))
    return render_template('scan.html', qr_text=qr_text, reason=reason), 404


@blueprint.get('/s/<short_id>')
def short(short_id):
    """Follow a short address."""
    try:
        invoice = backend().ledger.invoice_by('short_id', short_id)
    except QPayRefusal:
        abort(404)
    return redirect(url_for('bank.show', invoice_id=invoice.invoice_id))


@blueprint.get('/bank/<invoice_id>')
def show(invoice_id):
    """Show an invoice as the payer sees it."""
    invoice = _invoice(invoice_id)
    return render_template(
        'invoice.html', invoice=invoice, left=_left(invoice),
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
    action = _ACTIONS.get(request.form.get('action'))
    if not action:
        abort(400)
    reason = action(_invoice(invoice_id))
    return redirect(url_for('bank.show', invoice_id=invoice_id, refused=reason), code=303)


# -- the buttons; each returns why it was refused, or None


def _pay_full(invoice):
    return _pay_allowed(invoice, _left(invoice))


def _pay_card(invoice):
    return _pay_allowed(invoice, _left(invoice), CARD)


def _pay_amount(invoice):
    amount = as_number(request.form.get('amount', '').replace(',', '').replace(' ', ''))
    if amount is None or amount <= 0 or not has_cents_at_most(amount):
        return 'amount'
    if request.form.get('force'):
        pay_and_notify(backend(), invoice.invoice_id, amount)
        return None
    return _pay_allowed(invoice, amount)


def _pay_twice(invoice):
    """Two payers, or one who is impatient, were on the confirmation page at the same time."""
    for _time in range(1 if backend().ledger.paid_amount(invoice) else 2):
        pay_and_notify(backend(), invoice.invoice_id)


def _pay_after_cancel(invoice):
    """The payer was on the confirmation page while the merchant cancelled."""
    if invoice.status != CANCELED:
        try:
            backend().ledger.cancel_invoice(invoice.invoice_id)
        except QPayRefusal:
            return 'not_cancelled'
    pay_and_notify(backend(), invoice.invoice_id)
    return None


_ACTIONS = {
    'full': _pay_full,
    'amount': _pay_amount,
    'card': _pay_card,
    'twice': _pay_twice,
    'after-cancel': _pay_after_cancel,
}


def _pay_allowed(invoice, amount, method=P2P):
    reason = payer.refusal(invoice, _left(invoice), amount, backend().now())
    if not reason:
        pay_and_notify(backend(), invoice.invoice_id, amount, method=method)
    return reason


# -- what the templates show


@blueprint.app_template_filter('togrog')
def _togrog(amount):
    return f'{amount:,.2f}'.removesuffix('.00') + '\N{NO-BREAK SPACE}₮'


@blueprint.app_template_filter('moment')
def _moment(timestamp):
    return datetime.fromtimestamp(timestamp, ULAANBAATAR).strftime('%Y.%m.%d %H:%M:%S')


@blueprint.app_template_filter('merchant')
def _merchant(invoice):
    return backend().merchants[invoice.merchant].name


@blueprint.app_template_filter('status')
def _status(invoice):
    is_over = invoice.status == OPEN and invoice.expired(backend().now())
    return 'EXPIRED' if is_over else invoice.status


@blueprint.app_template_filter('status_name')
def _status_name(status):
    return _STATUS_NAMES[status]


def _activity(invoice):
    state = backend()
    callbacks = [
        callback for callback in state.store.all(Callback).values()
        if callback.invoice_id == invoice.invoice_id
    ]
    payments = [
        {
            'payment': payment,
            'callbacks': [item for item in callbacks if item.payment_id == payment.payment_id],
            'receipts': state.ebarimts.receipts(payment.payment_id),
        }
        for payment in state.ledger.payments_of(invoice)
    ]
    waiting = any(callback.state == 'pending' for callback in callbacks)
    return {'payments': payments, 'waiting': waiting}


def _left(invoice):
    """Return what is left to pay, in tögrög."""
    return max(invoice.amount - backend().ledger.paid_amount(invoice), 0)


def _invoice(invoice_id):
    try:
        return backend().ledger.invoice(invoice_id)
    except QPayRefusal:
        abort(404)
