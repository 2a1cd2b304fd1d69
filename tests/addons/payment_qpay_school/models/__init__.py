from . import account_move
from . import payment_transaction
from . import school_fee
