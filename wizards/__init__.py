from . import qpay_qr_wizard
