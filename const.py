"""The figures and names that the addon goes by."""

from datetime import datetime, time, timedelta

import pytz

from odoo import fields
from odoo.tools import frozendict

PROVIDER_CODE = 'qpay'
DEFAULT_PAYMENT_METHOD_CODES = {'qpay'}
# QPay's invoices carry no currency: they are in tögrög (QPay contract §9.1).
SUPPORTED_CURRENCIES = ('MNT',)
# Payments are dated as the payer's bank and the tax office date them.
TIMEZONE = 'Asia/Ulaanbaatar'


def get_day(moment):
    """Return the day in Mongolia at a moment.

    :param datetime moment: The moment, as Odoo stores it.
    :rtype: date
    """
    return to_ulaanbaatar(moment).date()


def to_ulaanbaatar(moment):
    """Return a moment, as Odoo stores it, as QPay's list is asked for it: in Ulaanbaatar's time.

    :rtype: datetime
    """
    return pytz.utc.localize(moment).astimezone(pytz.timezone(TIMEZONE))


def today():
    """Return the day in Mongolia.

    :rtype: date
    """
    return get_day(fields.Datetime.now())


def get_day_start(day):
    """Return the moment at which a day begins in Mongolia, as Odoo stores it.

    :param date day: The day.
    :rtype: datetime
    """
    start = pytz.timezone(TIMEZONE).localize(datetime.combine(day, time.min))
    return start.astimezone(pytz.utc).replace(tzinfo=None)


def get_tugrik(env):
    """Return the currency in which QPay collects, without asking each time whether it is there.

    :param Environment env: The environment.
    :rtype: res.currency
    """
    return env['res.currency'].browse(env['ir.model.data']._xmlid_to_res_id('base.MNT'))


# The server's environment variable of each setting; it wins over the provider's field.
ENVIRONMENT_VARIABLES = frozendict({
    'qpay_client_id': 'QPAY_CLIENT_ID',
    'qpay_client_secret': 'QPAY_CLIENT_SECRET',
    'qpay_invoice_code': 'QPAY_INVOICE_CODE',
    'qpay_receiver_code': 'QPAY_RECEIVER_CODE',
    'qpay_base_url_sandbox': 'QPAY_BASE_URL_SANDBOX',
    'qpay_base_url_live': 'QPAY_BASE_URL_LIVE',
    'qpay_callback_url': 'QPAY_CALLBACK_URL',
    'qpay_tax_office_url': 'QPAY_TAX_OFFICE_URL',
})
# What makes up an account at QPay.
ACCOUNT_SETTINGS = frozenset({'qpay_client_id', 'qpay_base_url_sandbox', 'qpay_base_url_live'})
# What a login at QPay depends on.
LOGIN_SETTINGS = ACCOUNT_SETTINGS | {'qpay_client_secret'}
# Decides between the sandbox and the live host, over the provider's state.
ENVIRONMENT_VARIABLE = 'QPAY_ENV'
# What QPay gives everybody to try its sandbox with (QPay contract §8.2).
SANDBOX_SETTINGS = frozendict({
    'qpay_client_id': 'TEST_MERCHANT',
    'qpay_client_secret': '123456',
    'qpay_invoice_code': 'TEST_INVOICE',
})
REQUIRED_SETTINGS = ('qpay_client_id', 'qpay_client_secret', 'qpay_invoice_code')

# The states of payments that are to be settled yet, by Odoo or by a person.
UNSETTLED_STATES = ('to_settle', 'needs_attention')
# What QPay has refunded, be it booked or not: `qpay.payment._is_refunded`, for searches.
REFUNDED_DOMAIN = ['|', ('status', '=', 'refunded'), ('is_refund_noticed', '=', True)]

# QPay's own word, and the one that a client library knows (QPay contract §10).
REFUNDED_STATUSES = ('REFUNDED', 'REFUND')

# The type of the activities.
ACTIVITY_TYPE = 'mail.mail_activity_data_warning'
# By what they are asked to do something that stays to be done whatever else happens.
TO_DO_TYPE = 'mail.mail_activity_data_todo'

# The most characters that QPay takes (QPay contract §2.1).
MAX_DESCRIPTION_LENGTH = 255

# === BUDGET OF CALLS TO QPAY === #
# QPay forbids asking it for payments on a schedule (QPay contract §6, §8.1). These are all the
# occasions on which the addon asks about one QR:
#
# - A callback was stored: at once, and after each of these delays while the payment that it
#   announces is not visible yet. While QPay cannot be reached, the last delay is repeated.
CALLBACK_RETRY_DELAYS = tuple(
    timedelta(seconds=seconds) for seconds in (3, 10, 60, 300, 1800, 7200)
)
CALLBACK_RETRY_PERIOD = timedelta(days=14)
#   Where at least this many QRs of an account wait for that at once, none older than this, the list
#   of payments of each invoice code comes first, with one call for each so many QRs at most, and no
#   more than this; only what it does not show clearly is asked for by itself. That is so once the
#   list has shown this many payments, the last ones, as `payment/check` has.
LIST_FOR_MANY = 5
LIST_PERIOD = timedelta(hours=1)
LIST_MAX_CALLS = 3
LIST_PROOF = 20
# - A person presses "Check now": at most this often.
CHECK_INTERVAL = timedelta(seconds=10)
# - A person is looking at the QR: this long after the last time that QPay was asked, for servers
#   that QPay cannot call back. However many people look, they share these.
VIEW_CHECK_DELAYS = tuple(timedelta(seconds=seconds) for seconds in (20, 40, 90, 150, 300))
# - The QR expires or is cancelled: once, before it is cancelled at QPay. While QPay does not
#   answer or does not cancel it, again after each of these delays, the last one repeated.
CLOSE_RETRY_DELAYS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 720, 1440))
#   but this often at most, which is about two weeks. What is paid after that is found in QPay's
#   list of payments.
CLOSE_MAX_ATTEMPTS = 18
#   While another process is at it: after this time, as if it had not been tried.
RECHECK_RETRY_DELAY = timedelta(minutes=1)

# - Once a day (or as often as the scheduled action is set to), the list of payments is read: from
#   the last time on, with an overlap for what QPay shows late, and at most this much at once. There
#   is a list for each invoice code.
RECONCILIATION_PERIOD = timedelta(days=2)
RECONCILIATION_OVERLAP = timedelta(days=1)
RECONCILIATION_MAX_PERIOD = timedelta(days=31)
#   Beside it, one call for each earlier payment whose refund was asked for without an answer, for
#   each new payment without a date, and for each unknown payment while the answer to the creation
#   of a QR is missing; one for each payment of which the list does not say what it paid; and a list
#   for the times at which card payments were made that can still be refunded in QPay's portal: for
#   this long, those together that are no further apart than this.
PORTAL_REFUND_PERIOD = timedelta(days=60)
PORTAL_REFUND_GAP = timedelta(hours=1)
# How long QPay has for a refund before its list is believed that there was none.
REFUND_PERIOD = timedelta(hours=1)

# What the number of a made-up payment begins with: of trying out, not of QPay.
SIMULATED_PREFIX = 'TEST-'

# How many seconds a visitor's request waits for QPay, however often it has to ask.
VISITOR_TIMEOUT = 5
# How long no request asks about an account of which QPay did not answer. Scheduled actions do.
OUTAGE_PERIOD = timedelta(minutes=1)
# How often it is noted when QPay answered or failed, unless that changes.
NOTE_INTERVAL = timedelta(minutes=1)
# After which time without an answer of QPay, or with nothing but refusals, a person is told; and
# after how many comparisons in a row that failed.
TELL_PERIOD = timedelta(days=1)
TELL_FAILED_COMPARISONS = 3
# Over which time it is counted how many payments QPay did not call for, and how late a scheduled
# action is, or a payment unsettled, before it counts as stuck; and after which time without a
# comparison it is missed.
HEALTH_PERIOD = timedelta(days=7)
HEALTH_DELAY = timedelta(minutes=30)
HEALTH_SETTLEMENT_DELAY = timedelta(minutes=10)
HEALTH_COMPARISON_PERIOD = timedelta(days=3)

# How far back the accountants' page goes.
HOME_PERIOD = timedelta(days=3653)

# How many questions what was paid wait at once for answers of one account, where the server's
# environment variable does not say otherwise.
QUESTIONS_AT_ONCE = 8
QUESTIONS_VARIABLE = 'QPAY_QUESTIONS_AT_ONCE'
MAX_QUESTIONS_AT_ONCE = 32
# How many seconds the QRs that a list may answer for wait for it, before each is asked about.
LIST_PATIENCE = 5
# How long a process that took on a callback has for it before another one takes it on.
CALLBACK_LEASE = timedelta(minutes=1)
# How many payments are booked together when many wait.
SETTLE_BATCH = 25
# How long the creation of a QR can take before it counts as lost.
CREATION_PERIOD = timedelta(minutes=2)
# How long its answer is kept in hand while somebody else holds the row of the QR.
ANSWER_LOCK_TIMEOUT = 20

# How many calls of QPay for one QR are stored, and in which time; one row counts those beyond, and
# is processed after this while. QPay calls once or twice for a payment.
CALLBACK_LIMIT = 20
CALLBACK_LIMIT_PERIOD = timedelta(minutes=10)
CALLBACK_COUNT_PERIOD = timedelta(minutes=1)

# === WHAT IS CLEANED UP === #
# How long calls are kept once they are processed, and what QPay answered to the creation of a QR
# once the QR has ended. The ledger is kept for ever.
CALLBACK_KEEPING_PERIOD = timedelta(days=90)
# How long printed receipts are kept; they are made again when somebody asks.
RECEIPT_KEEPING_PERIOD = timedelta(days=30)
ANSWER_KEEPING_PERIOD = timedelta(days=90)
# How many rows at a time.
CLEANING_BATCH = 1000

# === PRINTED RECEIPTS === #
# How often it is tried to print one, and how long a payer waits for it, before it is shown as a web
# page; and how many seconds it takes until the page that waits looks again.
RECEIPT_MAX_ATTEMPTS = 3
RECEIPT_PERIOD = timedelta(minutes=1)
RECEIPT_REFRESH_SECONDS = 2

# === E-MAILS AFTER PAYMENTS === #
# How long one waits for what belongs to it, when it is tried again, and when it is given up.
EMAIL_PATIENCE = timedelta(hours=1)
EMAIL_RETRY_DELAY = timedelta(minutes=4)
EMAIL_PERIOD = timedelta(days=2)

# === VAT RECEIPTS === #
EBARIMT_MODES = (
    ('none', "Not by QPay"),
    ('after_payment', "After payment"),
    ('with_invoice', "With QPay's invoice"),
)
EBARIMT_GENERATIONS = (('v3', "e-Barimt 3.0"), ('v1', "e-Barimt (earlier)"))
# Whom a receipt is for, and that nobody wants one.
EBARIMT_RECEIVERS = (('citizen', "Citizen"), ('company', "Organisation"))
EBARIMT_RECEIVERS_OR_NOBODY = (*EBARIMT_RECEIVERS, ('none', "Nobody"))
# How long a process that has QPay issue a receipt has for it; then nobody knows what came of it.
EBARIMT_LEASE = timedelta(minutes=2)
# After which time a receipt is retried that somebody was changing.
EBARIMT_PAUSE = timedelta(minutes=1)
# While the tax system is busy, or QPay cannot be reached, a receipt is tried again after each of
# these delays, about three days in all.
EBARIMT_RETRY_DELAYS = tuple(
    timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360, 720, 1440, 1440)
)
# How many seconds anybody waits for the tax office to say whose register number it is (QPay
# contract §12.1).
TAX_OFFICE_TIMEOUT = 2
# How long it is remembered what the tax office said, and that it knows no such number.
TAXPAYER_PERIOD = timedelta(days=30)
TAXPAYER_UNKNOWN_PERIOD = timedelta(hours=1)
# How many register numbers it is asked about from the page of one QR; and from the pages of all QRs
# together, in which time.
TAXPAYER_QR_LIMIT = 10
TAXPAYER_LIMIT = 30
TAXPAYER_LIMIT_PERIOD = timedelta(minutes=1)
# The first two digits of the code of the place where a company sells (QPay contract §5.6).
EBARIMT_DISTRICTS = frozendict({
    '01': "Arkhangai",
    '02': "Bayan-Ölgii",
    '03': "Bayankhongor",
    '04': "Bulgan",
    '05': "Govi-Altai",
    '06': "Dornogovi",
    '07': "Dornod",
    '08': "Dundgovi",
    '09': "Zavkhan",
    '10': "Övörkhangai",
    '11': "Ömnögovi",
    '12': "Sükhbaatar (province)",
    '13': "Selenge",
    '14': "Töv",
    '15': "Uvs",
    '16': "Khovd",
    '17': "Khövsgöl",
    '18': "Khentii",
    '19': "Darkhan-Uul",
    '20': "Orkhon",
    '23': "Khan-Uul (district)",
    '24': "Bayanzürkh (district)",
    '25': "Sükhbaatar (district)",
    '26': "Bayangol (district)",
    '27': "Baganuur (district)",
    '28': "Bagakhangai (district)",
    '29': "Nalaikh (district)",
    '32': "Govisümber",
    '34': "Songinokhairkhan (district)",
    '35': "Chingeltei (district)",
})

# How many QRs payers may have made for one document, and in which time.
PUBLIC_QR_LIMIT = 5
PUBLIC_QR_PERIOD = timedelta(minutes=10)
# How many they may have made by one provider, for whatever documents, and in which time.
PUBLIC_QR_PROVIDER_LIMIT = 20
PUBLIC_QR_PROVIDER_PERIOD = timedelta(minutes=1)

# How long a QR can be paid where the provider does not say otherwise.
DEFAULT_QR_MINUTES = 60

# Difference between this server's clock and QPay's from which the connection test warns.
MAX_CLOCK_SKEW = timedelta(minutes=5)
# How many seconds the connection test waits for a connection to this server's own public address,
# and again for its answer.
TRIAL_CALL_TIMEOUT = 5
# The amount in tögrög of the invoice that the connection test creates and cancels; payments
# below 10 were seen to fail (QPay contract §8.3).
CONNECTION_TEST_AMOUNT = 100
