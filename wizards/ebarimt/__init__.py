from . import qpay_assign_wizard
from . import qpay_qr_wizard
from . import qpay_receiver_wizard
