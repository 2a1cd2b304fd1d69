"""What QPay can collect the payment of, and what is owed on it.

These are adapters around records, and no extensions of Odoo's models, because the addon neither
needs nor imports `sale` and the point of sale: their orders are known here by name only.
"""

from .document import Document
from .invoice import InvoiceDocument
from .pos_order import PosOrderDocument
from .sale_order import SaleOrderDocument
from .tax_receipt import TaxReceipt

_KINDS = {
    kind.model: kind for kind in (InvoiceDocument, SaleOrderDocument, PosOrderDocument)
}
# Of all that QPay can collect, what people ask for a QR of.
MODELS = tuple(kind.model for kind in _KINDS.values() if kind.link_name)
# What is paid in advance.
BOOKING_MODELS = tuple(
    kind.model for kind in _KINDS.values() if kind.object_type == 'booking'
)


def of(records):
    """Return how a document is paid by QPay.

    :param recordset records: One record, or several invoices.
    :rtype: Document
    """
    return _KINDS.get(records._name, Document)(records)


def of_transaction(transaction):
    """Return the document whose QR all share who pay it. Without one document, the transaction
    stands for itself.

    :param payment.transaction transaction: A transaction of the payment form.
    :rtype: Document
    """
    for kind in _KINDS.values():
        if kind.transaction_field in transaction._fields:
            records = transaction[kind.transaction_field]
            if records and (kind.is_payable_together or len(records) == 1):
                return kind(records)
    return Document(transaction)


def of_link(env, name, document_id, token):
    """Return the document that a permanent link opens.

    :param Environment env: An environment that may read every document.
    :param str name: The kind of the document, as the link names it.
    :param int document_id: The id of the record.
    :param str token: What the link proves with that it was given out for this document.
    :return: The document, or None if the link is none of ours.
    :rtype: Document
    """
    for kind in _KINDS.values():
        if kind.link_name == name and kind.model in env:
            document = kind(env[kind.model].browse(document_id).exists())
            return document if document.is_opened_by(token) else None
    return None


def get_live_intents(records):
    """Return the QRs that can be paid now of any of these records, each a document by itself.

    :param recordset records: The records.
    :rtype: qpay.intent
    """
    return records.env['qpay.intent'].sudo().search([
        ('res_model', '=', records._name), ('res_id', 'in', records.ids), ('state', '=', 'new'),
    ])
