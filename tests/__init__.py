import sys

# Odoo's own runner looks here for modules whose names begin with "test_".
from .browser import *
from .ebarimt import *
from .flow import *
from .race import *
from .wire import *

# Odoo imports installed modules only: without the shop, these tests have nothing to test.
if 'odoo.addons.website_sale' in sys.modules:
    from .sales import *
