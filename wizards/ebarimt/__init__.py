from . import qpay_receiver_wizard
