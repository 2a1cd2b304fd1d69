{
    'name': "Payment Provider: QPay for a School",
    'summary': "Example of a module with documents of its own that QPay collects",
    'version': '19.0.1.0.0',
    'category': 'Accounting/Payment Providers',
    'license': 'LGPL-3',
    'author': "payment_qpay contributors",
    'depends': ['payment_qpay'],
    'data': ['security/ir.model.access.csv'],
}
