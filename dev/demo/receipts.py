"""VAT receipts, which a company switches on once QPay has: the demonstration does so by itself."""

# Sukhbaatar district, 1st khoroo; information technology.
COMPANY_CODES = {
    'qpay_district': '35', 'qpay_khoroo': '01', 'qpay_classification_code': '8314000',
}


def switch_on(odoo):
    """Have QPay issue the receipt of each payment.

    :param OdooClient odoo: signed in as an administrator
    """
    odoo.call('res.company', 'write', odoo.call('res.company', 'search', []), COMPANY_CODES)
    providers = odoo.call('payment.provider', 'search', [('code', '=', 'qpay')])
    odoo.call('payment.provider', 'write', providers, {'qpay_ebarimt_mode': 'after_payment'})


def find(odoo, payment_id):
    """Return the receipt that was issued for a payment.

    :param OdooClient odoo: signed in as the accountant
    :param int payment_id: the payment, as QPay has confirmed it
    :return: its number, receiver and VAT; None as long as there is none
    :rtype: dict
    """
    found = odoo.call('qpay.ebarimt', 'search_read', [
        ('payment_id', '=', payment_id), ('state', '=', 'issued'),
    ], ['receipt_number', 'receiver_type', 'receiver', 'vat_amount'])
    return found[0] if found else None
