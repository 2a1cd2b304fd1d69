from . import main
from . import pay_page
