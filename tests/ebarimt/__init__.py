from . import test_receipt
from . import test_receipt_browser
from . import test_receipt_cancellation
from . import test_receipt_health
from . import test_receipt_receiver
from . import test_receipt_servers
from . import test_receipt_taxes
from . import test_receipt_views
