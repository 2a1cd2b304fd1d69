from . import test_order_form
from . import test_order_invoices
from . import test_order_receipts
from . import test_orders
from . import test_point_of_sale
from . import test_portal_order
from . import test_shop
from . import test_website
