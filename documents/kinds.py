from functools import cache


def of(records):
    """Return how a document is paid by QPay.

    :param recordset records: One record, or several invoices.
    :rtype: Document
    """
    return get_class(records)(records)


def get_class(records):
    """Return the class of the adapters of a model, as the modules of this database have it.

    :param recordset records: Any records of the model.
    :rtype: type
    """
    return _join(tuple(records._qpay_document_classes()))


@cache
def _join(classes):
    # As Odoo joins the classes of a model: `super()` in one leads to the next.
    return type(classes[0].__name__, classes, {}) if len(classes) > 1 else classes[0]
