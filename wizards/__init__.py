from . import payment_refund_wizard
from . import qpay_assign_wizard
from . import qpay_link_wizard
from . import qpay_link_wizard_line
from . import qpay_qr_wizard

from . import ebarimt
