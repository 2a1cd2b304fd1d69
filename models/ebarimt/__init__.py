# VAT receipts (e-Barimt). Same file names as outside, and imported last: all of it hooks in by
# super(), and nothing outside calls it by name.
from . import account_move
from . import account_payment
from . import account_tax
from . import mail_thread
from . import payment_provider
from . import product_category
from . import product_template
from . import qpay_ebarimt
from . import qpay_ebarimt_cancel
from . import qpay_ebarimt_cancellation
from . import qpay_ebarimt_request
from . import qpay_home
from . import qpay_intent
from . import qpay_payment
from . import qpay_payment_email
from . import qpay_taxpayer
from . import reasons
from . import res_company
from . import res_partner
