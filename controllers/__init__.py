from . import main
from . import pay_page
from . import pay_page_picture

from . import ebarimt
