{
    'name': 'Payment Provider: QPay',
    'version': '19.0.1.0.0',
    'category': 'Accounting/Payment Providers',
    'sequence': 350,
    'summary': "Invoices are paid by any Mongolian bank app through a QPay QR.",
    'author': 'payment_qpay contributors',
    'license': 'LGPL-3',
    'depends': ['payment', 'account_payment'],
    'external_dependencies': {'python': ['qrcode', 'requests']},
    'data': [
        'security/ir.model.access.csv',
        'security/qpay_security.xml',

        'views/payment_qpay_templates.xml',
        'views/pay_page_templates.xml',
        'views/pay_page_open_templates.xml',
        'views/pay_page_ebarimt_templates.xml',
        'views/payment_provider_views.xml',
        'views/qpay_intent_views.xml',
        'views/qpay_payment_views.xml',
        'views/qpay_callback_views.xml',
        'views/qpay_reconciliation_views.xml',
        'views/qpay_ebarimt_views.xml',
        'views/tax_office_views.xml',
        'views/qpay_qr_wizard_views.xml',
        'views/qpay_assign_wizard_views.xml',
        'views/account_move_views.xml',
        'views/account_payment_views.xml',
        'views/qpay_menus.xml',

        'report/report_invoice.xml',

        'data/ir_sequence_data.xml',
        'data/mail_template_data.xml',
        'data/ir_cron_data.xml',
        'data/payment_method_data.xml',
        'data/payment_provider_data.xml',
    ],
    'assets': {
        'web.assets_backend': [
            'payment_qpay/static/src/common/**/*',
            'payment_qpay/static/src/qr_dialog/**/*',
            'payment_qpay/static/src/invoice_form/**/*',
        ],
        'web.assets_frontend_minimal': [
            'payment_qpay/static/src/pay_page/last_app.js',
        ],
        'web.assets_frontend': [
            'payment_qpay/static/src/common/**/*',
            'payment_qpay/static/src/pay_page/**/*',
        ],
        'web.assets_frontend_lazy': [
            ('remove', 'payment_qpay/static/src/pay_page/last_app.js'),
        ],
    },
    'post_init_hook': 'post_init_hook',
    'uninstall_hook': 'uninstall_hook',
}
