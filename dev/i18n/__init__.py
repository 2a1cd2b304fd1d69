"""Keeps the addon's translations complete: "make translations"."""

from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / 'i18n'
TEMPLATE = FOLDER / 'payment_qpay.pot'
LANGUAGES = ('mn',)
