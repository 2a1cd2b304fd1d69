"""What QPay can collect the payment of, and what is owed on it.

These are adapters around records, and no extensions of Odoo's models, because the addon neither
needs nor imports `sale` and the point of sale: their orders are known here by name only. How other
modules add a kind of document, or change one, is told in `docs/extending.md`.
"""

from .document import Document
from .invoice import InvoiceDocument
from .kinds import get_class, of
from .pos_order import PosOrderDocument
from .sale_order import SaleOrderDocument
from .transaction import TransactionDocument

# By model. Where there is no kind, a transaction stands for itself.
OWN_CLASSES = {
    'account.move': InvoiceDocument,
    'sale.order': SaleOrderDocument,
    'pos.order': PosOrderDocument,
}


def of_transaction(transaction):
    """Return the document whose QR all share who pay it. Without one document, the transaction
    stands for itself.

    :param payment.transaction transaction: A transaction of the payment form.
    :rtype: Document
    """
    for kind in transaction.env['qpay.intent']._get_document_classes().values():
        records = transaction[kind.transaction_field]
        if records and (kind.is_payable_together or len(records) == 1):
            return kind(records)
    return of(transaction)


def of_link(env, name, document_id, token):
    """Return the document that a permanent link opens.

    :param Environment env: An environment that may read every document.
    :param str name: The kind of the document, as the link names it.
    :param int document_id: The id of the record.
    :param str token: What the link proves with that it was given out for this document.
    :return: The document, or None if the link is none of ours.
    :rtype: Document
    """
    for model, kind in env['qpay.intent']._get_document_classes().items():
        if kind.link_name == name:
            document = kind(env[model].browse(document_id).exists())
            return document if document.is_opened_by(token) else None
    return None


def is_asked_for(env, model):
    """Whether people ask for a QR of the documents of a model.

    :param Environment env: The environment.
    :param str model: The name of the model, whoever names it.
    :rtype: bool
    """
    return model in env and bool(get_class(env[model]).link_name)
