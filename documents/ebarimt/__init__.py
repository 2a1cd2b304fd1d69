from .tax_receipt import TaxReceipt
