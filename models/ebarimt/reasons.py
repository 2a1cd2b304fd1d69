"""The reasons of VAT receipts."""

from odoo.tools import LazyTranslate

from odoo.addons.payment_qpay.reasons import SENTENCES

_lt = LazyTranslate(__name__)

SENTENCES.update({
    'receipt_known_at_qpay': _lt(
        "QPay says that this payment has a VAT receipt already: look in QPay's portal, and"
        " press the button that says what you have seen."
    ),
    'receipt_answer_lost': _lt(
        "QPay's answer was lost: look in QPay's portal whether the receipt was issued, and"
        " press the button that says so."
    ),
    'receipt_issued_as_said': _lt("Issued, as %s says."),
    'receipt_not_found': _lt(
        "QPay does not find the receipt. That proves nothing: please look in QPay's portal,"
        " and press the button that says what you have seen."
    ),
    'receipt_number_unknown': _lt("QPay's number of the receipt is not known."),
    'nothing_to_receipt': _lt(
        "The payment was paid back or credited: there is nothing to issue a receipt of."
    ),
    'register_missing': _lt(
        "The customer has no register number of seven digits. Please enter it as the"
        " customer's Tax ID, or press \"Change the receiver\"."
    ),
    'all_is_credit': _lt(
        "All of this payment is the customer's credit. Press \"Issue again\" when something is"
        " sold for it, or pay it back."
    ),
    'other_system_issues': _lt("Another system issues the VAT receipt of this document."),
    'no_lines_to_show': _lt("This document has no lines that a VAT receipt could show."),
    'tax_unknown': _lt(
        "What the taxes of \"%s\" are on VAT receipts is not known. Please choose it on each"
        " tax."
    ),
    'district_missing': _lt("Please enter the district and khoroo of %s, for VAT receipts."),
    'classification_missing': _lt(
        "\"%s\" has no classification code for VAT receipts. Please enter it on the product,"
        " its category or the company."
    ),
    'with_invoice_needed': _lt(
        "After payment, QPay issues VAT receipts only of what is all sold with VAT, and"
        " without city tax. Please choose \"With QPay's invoice\" on the provider before the QR"
        " is made."
    ),
    'part_credited': _lt(
        "A part is credited, and it is not known which lines are still to be paid: QPay"
        " issues no VAT receipt of lines with different taxes then."
    ),
    'negative_line': _lt(
        "QPay issues no VAT receipt with the negative amount of \"%s\". Please give the"
        " discount on the line itself."
    ),
    'city_tax_without_vat': _lt("QPay issues VAT receipts with city tax only of lines with VAT."),
    'tax_product_code_missing': _lt(
        "\"%s\" bears no VAT, but has no tax product code that says why. Please enter it on the"
        " product, its category or the company."
    ),
    'zero_and_exempt': _lt(
        "QPay issues no VAT receipt of a document with lines of 0 % VAT and exempt lines."
        " Please make an invoice of each."
    ),
})
