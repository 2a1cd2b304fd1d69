from collections import defaultdict
from decimal import ROUND_DOWN, Decimal

from odoo.addons.payment_qpay.qpay_api import (
    CITY_TAX,
    TAX_TYPE_EXEMPT,
    TAX_TYPE_NO_VAT,
    TAX_TYPE_VAT,
    VAT,
    InvoiceLine,
)
from odoo.addons.payment_qpay.reasons import get_reason

_CENT = Decimal('0.01')


class TaxReceipt:
    """The VAT receipt of a document's payment, before it is issued: what it says, and what keeps
    QPay from issuing it.

    :param Document document: What is paid.
    :param payment.provider provider: The provider, in sudo mode.
    :param bool has_lines: Whether QPay's invoice has the lines with their taxes. Else it knows the
        amount only, and takes all of it for sold with VAT.
    """

    def __init__(self, document, provider, has_lines):
        self.document = document
        self.provider = provider
        self.has_lines = has_lines
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
        weights = self._get_weights()
        total = sum(weights)
        shares = [(amount * weight / total).quantize(_CENT, ROUND_DOWN) for weight in weights]
        # What rounding leaves goes to the dearest, before the taxes are reckoned.
        dearest = max(range(len(shares)), key=shares.__getitem__)
        shares[dearest] += amount - sum(shares)
        return tuple(
            self._get_invoice_line(line, share)
            for line, share in zip(self.lines, shares, strict=True) if share
        )

    def _get_weights(self):
        """Return what is owed for each line, after what is taken off from lines of its kind."""
        totals, sold = self._get_totals()
        return [
            line.amount * line.open_part * totals[line.taxation] / sold[line.taxation]
            if line.amount > 0 and sold[line.taxation] else Decimal(0)
            for line in self.lines
        ]

    def _get_totals(self):
        """Return what is owed for the lines of each kind: in all, and what is sold alone."""
        totals, sold = defaultdict(Decimal), defaultdict(Decimal)
        for line in self.lines:
            owed = line.amount * line.open_part
            totals[line.taxation] += owed
            sold[line.taxation] += max(owed, Decimal(0))
        return totals, sold

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

    def get_receipt_error(self, is_asked=False):
        """Return the first thing that QPay would refuse, for people; '' if nothing.

        :param bool is_asked: Whether QPay has made the invoice already, and so taken its lines.
        :rtype: str
        """
        problem = self._find_problem_of_document() or self._find_problem_of_codes()
        if not problem and not self.has_lines:
            problem = self._find_problem_after_payment()
        elif not problem and not is_asked:
            problem = self._find_problem_of_invoice()
        return problem

    def _find_problem_of_document(self):
        if self.provider._qpay_has_other_ebarimt(self.document.records):
            return get_reason(self.env, 'other_system_issues')
        if not self.lines:
            return get_reason(self.env, 'no_lines_to_show')
        unclear = self._find_line(lambda line: not line.kind)
        if unclear:
            return get_reason(self.env, 'tax_unknown', unclear.name)
        return ''

    def _find_problem_of_codes(self):
        # The earlier generation gets no codes with the receipt.
        if not self.district_code and (
            self.has_lines or self.provider.qpay_ebarimt_generation == 'v3'
        ):
            return get_reason(self.env, 'district_missing', self.company.name)
        unclassified = self._find_line(lambda line: not line.classification_code)
        if unclassified:
            return get_reason(self.env, 'classification_missing', unclassified.name)
        return ''

    def _find_problem_after_payment(self):
        """After payment, QPay knows the amount only, and takes all of it for sold with VAT."""
        if self._find_line(lambda line: line.taxation != ('vat', False)):
            return get_reason(self.env, 'with_invoice_needed')
        return ''

    def _find_problem_of_invoice(self):
        if self.document.has_unclear_rest() and len({line.taxation for line in self.lines}) > 1:
            return get_reason(self.env, 'part_credited')
        totals, _sold = self._get_totals()
        negative = self._find_line(lambda line: totals[line.taxation] < 0)
        if negative:
            return get_reason(self.env, 'negative_line', negative.name)
        without_vat = [line for line in self.lines if line.kind != 'vat']
        if any(line.has_city_tax for line in without_vat):
            return get_reason(self.env, 'city_tax_without_vat')
        unexplained = next((line for line in without_vat if not line.tax_product_code), None)
        if unexplained:
            return get_reason(self.env, 'tax_product_code_missing', unexplained.name)
        if len({line.kind for line in self.lines} - {'vat'}) > 1 and (
            self.tax_type != TAX_TYPE_VAT
        ):
            return get_reason(self.env, 'zero_and_exempt')
        return ''

    def _find_line(self, condition):
        return next(filter(condition, self.lines), None)
