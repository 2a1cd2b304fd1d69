"""The merchants that the simulator knows, and their invoice codes."""
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Merchant:
    """An account at QPay.

    ``emv_id`` is tag 15 and ``emv_serial`` tag 78 of its QR codes (QPay contract §9.3).
    ``has_ebarimt`` tells whether QPay switched VAT receipts on; invoices that are made with one of
    ``ebarimt_codes`` name what is taxed (§2.3).
    """

    username: str
    password: str = field(repr=False)
    merchant_id: str
    name: str
    invoice_codes: tuple
    emv_id: str
    emv_serial: str
    mcc: str = '6010'
    city: str = 'ULAANBAATAR'
    register: str = '1234567'
    tin: str = '11223344556'
    has_ebarimt: bool = False
    ebarimt_codes: tuple = ()


MERCHANTS = {merchant.username: merchant for merchant in (
    Merchant(
        username='TEST_MERCHANT',
        password='123456',
        merchant_id='7c0b2f8e-5a7d-4a51-9c43-2f6d1b0e8a11',
        name='TESTMERCHANT',
        invoice_codes=('TEST_INVOICE', 'TEST_EB_INVOICE'),
        emv_id='2794049627940496002501100000493',
        emv_serial='755552444131392',
        has_ebarimt=True,
        ebarimt_codes=('TEST_EB_INVOICE',),
    ),
    Merchant(
        username='OTHER_MERCHANT',
        password='654321',
        merchant_id='d1a94e07-3b6c-4f0e-8d52-90c7e6f4b522',
        name='OTHERMERCHANT',
        invoice_codes=('OTHER_INVOICE',),
        emv_id='2794049627940496002501100000494',
        emv_serial='755552444131400',
    ),
)}
