from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from odoo.addons.payment_qpay.qpay import (
    CITY_TAX,
    TAX_TYPE_EXEMPT,
    TAX_TYPE_NO_VAT,
    TAX_TYPE_VAT,
    VAT,
    InvoiceLine,
    clean_text,
)

_CENT = Decimal('0.01')
_MAX_NAME_LENGTH = 255


@dataclass(frozen=True)
class TaxedLine:
    """One line of a document, for a VAT receipt.

    :param str name: What is sold.
    :param Decimal quantity: How much of it.
    :param Decimal amount: What it costs with all taxes, in the document's currency.
    :param str kind: 'vat', 'zero' or 'exempt', see `account.tax.qpay_kind`.
    :param bool has_city_tax: Whether the price holds city tax.
    :param str classification_code: The tax office's code of the product; '' if it has none.
    :param str tax_product_code: The code of the reason for no VAT; '' if it has none.
    """

    name: str
    quantity: Decimal
    amount: Decimal
    kind: str
    has_city_tax: bool
    classification_code: str
    tax_product_code: str

    @classmethod
    def of(cls, line, quantity):
        """Return the line of an invoice or order.

        :param recordset line: The record, with `price_total`, `tax_ids` and `product_id`.
        :param float quantity: How much of it.
        :rtype: TaxedLine
        """
        product = line.product_id.product_tmpl_id
        kinds = set(line.tax_ids.mapped('qpay_kind'))
        return cls(
            name=clean_text(line.name or line.product_id.display_name or '', _MAX_NAME_LENGTH),
            quantity=Decimal(str(quantity)),
            amount=Decimal(str(line.currency_id.round(line.price_total))),
            # What bears no tax at all bears no VAT.
            kind=next((kind for kind in ('vat', 'exempt') if kind in kinds), 'zero'),
            has_city_tax='city' in kinds,
            classification_code=product._qpay_get_code(
                'qpay_classification_code', line.company_id
            ),
            tax_product_code=product._qpay_get_code('qpay_tax_product_code', line.company_id),
        )


class TaxReceipt:
    """The VAT receipt of a document's payment, before it is issued: what it says, and what keeps
    QPay from issuing it.

    :param Document document: What is paid.
    :param payment.provider provider: The provider, in sudo mode.
    """

    def __init__(self, document, provider):
        self.document = document
        self.provider = provider
        self.env = document.env
        self.company = provider.company_id
        # What costs nothing is not on a receipt.
        self.lines = [line for line in document.get_taxed_lines() if line.amount]

    # === WHAT IT SAYS === #

    @property
    def tax_type(self):
        """What QPay's invoice is (QPay contract §2.2). With VAT, single lines may bear none."""
        kinds = {line.kind for line in self.lines}
        if not kinds or 'vat' in kinds:
            return TAX_TYPE_VAT
        # Which of the two numbers is which is disputed.
        exempt_type = self.provider.qpay_ebarimt_exempt_type
        if 'exempt' in kinds:
            return exempt_type
        return TAX_TYPE_NO_VAT if exempt_type == TAX_TYPE_EXEMPT else TAX_TYPE_EXEMPT

    @property
    def classification_code(self):
        """The code of a receipt without lines: of what is sold for the most money."""
        if not self.lines:
            return self.company.qpay_classification_code or ''
        return max(self.lines, key=lambda line: line.amount).classification_code

    @property
    def district_code(self):
        """Where the company sells."""
        return self.company._qpay_get_district_code()

    def get_invoice_lines(self, amount):
        """Return the lines for QPay's invoice, which together are exactly what is asked for.

        :param Decimal amount: What is asked for, in tögrög: all of the document, or a part.
        :rtype: tuple[InvoiceLine, ...]
        """
        total = sum(line.amount for line in self.lines)
        shares = [
            (amount * line.amount / total).quantize(_CENT, ROUND_DOWN) for line in self.lines
        ]
        # What rounding leaves goes to the dearest, before the taxes are reckoned.
        dearest = max(range(len(shares)), key=shares.__getitem__)
        shares[dearest] += amount - sum(shares)
        return tuple(
            self._get_invoice_line(line, share)
            for line, share in zip(self.lines, shares, strict=True) if share
        )

    @staticmethod
    def _get_invoice_line(line, share):
        has_vat = line.kind == 'vat'
        return InvoiceLine.for_total(
            line.name or '-',
            share,
            line.classification_code,
            quantity=line.quantity,
            tax_codes=[VAT] * has_vat + [CITY_TAX] * line.has_city_tax,
            tax_product_code='' if has_vat else line.tax_product_code,
        )

    # === WHAT KEEPS QPAY FROM ISSUING IT === #

    def find_problem(self):
        """Return the first thing that QPay would refuse, for people; '' if nothing.

        :rtype: str
        """
        is_with_invoice = self.provider.qpay_ebarimt_mode == 'with_invoice'
        return (
            self._find_problem_of_document()
            or self._find_problem_of_codes()
            or (
                self._find_problem_of_invoice() if is_with_invoice
                else self._find_problem_after_payment()
            )
        )

    def _find_problem_of_document(self):
        if self.document.has_other_receipt():
            return self.env._("Another system issues the VAT receipt of this document.")
        negative = next((line for line in self.lines if line.amount < 0), None)
        if negative:
            return self.env._(
                "QPay issues no VAT receipt with the negative amount of \"%s\". Please give the"
                " discount on the line itself.", negative.name,
            )
        return ''

    def _find_problem_of_codes(self):
        if not self.district_code and self.provider.qpay_ebarimt_generation == 'v3':
            return self.env._(
                "Please enter the district and khoroo of %s, for VAT receipts.",
                self.company.name,
            )
        nameless = next((line for line in self.lines if not line.classification_code), None)
        if nameless:
            return self.env._(
                "\"%s\" has no classification code for VAT receipts. Please enter it on the"
                " product, its category or the company.", nameless.name,
            )
        if not self.classification_code:
            return self.env._(
                "Please enter the default classification code of %s, for VAT receipts.",
                self.company.name,
            )
        return ''

    def _find_problem_after_payment(self):
        """After payment, QPay knows the amount only, and takes all of it for sold with VAT."""
        if any(line.kind != 'vat' or line.has_city_tax for line in self.lines):
            return self.env._(
                "After payment, QPay issues VAT receipts only of what is all sold with VAT, and"
                " without city tax. Please choose \"With QPay's invoice\" on the provider."
            )
        return ''

    def _find_problem_of_invoice(self):
        if not self.lines:
            return self.env._("This document has no lines that a VAT receipt could show.")
        if not self.district_code:
            return self.env._(
                "Please enter the district and khoroo of %s, for VAT receipts.",
                self.company.name,
            )
        without_vat = [line for line in self.lines if line.kind != 'vat']
        if any(line.has_city_tax for line in without_vat):
            return self.env._("QPay issues VAT receipts with city tax only of lines with VAT.")
        unexplained = next((line for line in without_vat if not line.tax_product_code), None)
        if unexplained:
            return self.env._(
                "\"%s\" bears no VAT, but has no tax product code that says why. Please enter it on"
                " the product, its category or the company.", unexplained.name,
            )
        if len({line.kind for line in self.lines} - {'vat'}) > 1 and (
            self.tax_type != TAX_TYPE_VAT
        ):
            return self.env._(
                "QPay issues no VAT receipt of a document with lines of 0 % VAT and exempt lines."
                " Please make an invoice of each."
            )
        return ''
