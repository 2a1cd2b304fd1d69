"""How QPay writes VAT receipts (QPay contract §5.3)."""
import uuid
from datetime import datetime

from .clock import ULAANBAATAR, iso
from .model import CITIZEN, V3
from .shapes import money

#: Keys of the documents' table, by those that the JSON has in their place.
_TABLE_KEYS = {
    'ebarimt_receiver_type': 'ebarim_receiver_type',
    'merchant_register_no': 'merchant_register',
    'barimt_status': 'ebarimt_status',
    'barimt_status_date': 'ebarimt_status_date',
}
_WALLET_ID = '0fc9b71c-cd87-4ffd-9cac-2279ebd9deb0'
_BILL_TYPES = {True: '1', False: '3'}
_SOMEBODY = '1'


def written_ebarimt(receipt, payment, invoice, merchant, settings):
    """Return a receipt as its creation, reading and cancellation answer it."""
    status_date = iso(receipt.cancelled_at or receipt.created_at)
    shape = {
        'id': receipt.ebarimt_id,
        'ebarimt_by': 'QPAY',
        'g_wallet_id': _WALLET_ID,
        'g_wallet_customer_id': str(uuid.uuid5(uuid.NAMESPACE_OID, receipt.payment_id)),
        'ebarimt_receiver_type': receipt.receiver_type,
        'ebarimt_receiver': receipt.receiver,
        'ebarimt_district_code': _district(receipt),
        'ebarimt_bill_type': _BILL_TYPES[receipt.receiver_type == CITIZEN],
        'g_merchant_id': merchant.name,
        'merchant_branch_code': invoice.request.get('sender_branch_code') or 'Online',
        'merchant_terminal_code': invoice.request.get('sender_terminal_code'),
        'merchant_staff_code': invoice.request.get('sender_staff_code'),
        'merchant_register_no': merchant.register,
        'g_payment_id': receipt.payment_id,
        'paid_by': payment.method,
        'object_type': 'INVOICE',
        'object_id': receipt.invoice_id,
        'amount': money(receipt.amount),
        'vat_amount': money(receipt.vat_amount),
        'city_tax_amount': money(receipt.city_tax_amount),
        'ebarimt_qr_data': receipt.qr_data,
        'ebarimt_lottery': receipt.lottery,
        'note': receipt.note,
        'barimt_status': receipt.status,
        'barimt_status_date': status_date,
        'ebarimt_sent_email': None,
        'ebarimt_receiver_phone': _masked(receipt),
        'tax_type': receipt.tax_type,
    }
    if receipt.generation == V3:
        shape |= {'merchant_tin': merchant.tin, 'ebarimt_receipt_id': receipt.receipt_no}
    shape |= {
        **_audit(receipt),
        'barimt_items': [_item(*numbered, receipt) for numbered in enumerate(receipt.items)],
        'barimt_transactions': [],
        'barimt_histories': [_history(receipt)],
    }
    return _with_keys(shape, settings.ebarimt_keys)


def _with_keys(shape, keys):
    """Rename or repeat the keys that the documents' table calls otherwise."""
    if keys == 'table':
        return {_TABLE_KEYS.get(name, name): value for name, value in shape.items()}
    if keys == 'both':
        return shape | {new: shape[name] for name, new in _TABLE_KEYS.items()}
    return shape


def _district(receipt):
    """Return the district; v1 shows only its first part (§5.6), and always has one."""
    if receipt.generation == V3:
        return receipt.district_code
    return (receipt.district_code or '35')[:2]


def _masked(receipt):
    """Return the phone number of a citizen with two digits hidden."""
    phone = receipt.receiver
    if receipt.receiver_type != CITIZEN or not phone:
        return None
    return ''.join('*' if index in (2, 5) else digit for index, digit in enumerate(phone))


def _audit(receipt):
    created = iso(receipt.created_at)
    return {
        'created_by': _SOMEBODY,
        'created_date': created,
        'updated_by': _SOMEBODY,
        'updated_date': iso(receipt.cancelled_at) if receipt.cancelled_at else created,
        'status': True,
    }


def _item(number, item, receipt):
    identity = uuid.uuid5(uuid.NAMESPACE_OID, f'{receipt.ebarimt_id} {number}')
    return {'id': str(identity), 'barimt_id': receipt.ebarimt_id, **item, **_audit(receipt)}


def _history(receipt):
    moment = datetime.fromtimestamp(receipt.created_at, ULAANBAATAR)
    return {
        'id': str(uuid.uuid5(uuid.NAMESPACE_OID, receipt.ebarimt_id)),
        'barimt_id': receipt.ebarimt_id,
        'ebarimt_receiver_type': receipt.receiver_type,
        'ebarimt_receiver': receipt.receiver,
        'ebarimt_bill_id': receipt.receipt_no,
        'ebarimt_date': moment.strftime('%Y-%m-%d %H:%M:%S'),
        'ebarimt_mac_address': '001A2B3C4D5E',
        'ebarimt_internal_code': '',
        'ebarimt_qr_data': receipt.qr_data,
        'ebarimt_lottery': receipt.lottery,
        'ebarimt_error_code': None,
        'ebarimt_response_code': None,
        'barimt_status': receipt.status,
        'tax_type': receipt.tax_type,
        **_audit(receipt),
    }
