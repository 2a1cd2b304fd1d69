from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import format_date

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.checks import is_accountant

# Another shop of the same merchant's has taken the others.
_OURS = Domain('state', '!=', 'not_ours')
_REFUNDED = Domain(const.REFUNDED_DOMAIN)
# Of what is refunded, the fee is taken back; what is not in the books has none there.
_UNBOOKED = ~_REFUNDED & (
    Domain('fee', '>', 0) & Domain('fee_move_id', '=', False)
    & Domain('account_payment_id', '!=', False)
)
_ARRIVED = (
    Domain('bank_status', '=', 'arrived') | Domain('account_payment_id.is_matched', '=', True)
)


class PaymentGroup(NamedTuple):
    """Payments of a day in Mongolia that are alike in all that is counted."""

    day: date
    is_refunded: bool
    is_arrived: bool
    amount: Decimal
    fee: Decimal
    count: int


class QPayHome(models.AbstractModel):
    """What came in by QPay, what waits for somebody, and what is still to arrive at the bank: the
    page that accountants open first. All is read from the ledger, with as few questions to the
    database for a million payments as for one.
    """

    _name = 'qpay.home'
    _description = 'QPay Home'

    @api.model
    def get_figures(self, date_from=None, date_to=None):
        """Return all that the page shows, of the companies that the user has chosen.

        :param str date_from: The first day of the chosen period; by default, of the last 30 days.
        :param str date_to: Its last day.
        :return: The figures, each with the list that it is made of.
        :rtype: dict
        :raise AccessError: If the user is no accountant.
        :raise UserError: If the period makes no sense.
        """
        if not self._is_reader():
            raise AccessError(self.env._("Only accountants can do this."))
        today = const.today()
        first, last = self._get_chosen_period(date_from, date_to, today)
        environment = self._get_environment()
        counted = Domain('environment', '=', environment)
        month_start = today.replace(day=1)
        paid = counted & _OURS
        month = self._read_groups(paid & _in_period(month_start, today))
        chosen = self._read_groups(paid & _in_period(first, last))
        day = [group for group in month if group.day == today]
        return {
            'environment': environment,
            'domain': list(paid),
            'date_from': fields.Date.to_string(first),
            'date_to': fields.Date.to_string(last),
            'periods': [
                self._get_period('today', self.env._("Today"), paid, today, today, day),
                self._get_period(
                    'month', self.env._("This month"), paid, month_start, today, month
                ),
                self._get_period('chosen', self.env._("Period"), paid, first, last, chosen),
            ],
            'waiting': self._get_waiting(counted),
            'days': self._get_days(chosen, first, last),
        }

    # === PERIODS === #

    @api.model
    def _get_chosen_period(self, date_from, date_to, today):
        """Return the first and last day of what a person has chosen."""
        try:
            last = min(fields.Date.to_date(date_to) or today, today)
            first = min(fields.Date.to_date(date_from) or last - timedelta(days=29), today)
        except (TypeError, ValueError, OverflowError) as error:
            raise UserError(self.env._("The period must have a first and a last day.")) from error
        if first > last:
            raise UserError(self.env._("The first day of the period must not be after its last."))
        if first < today - const.HOME_PERIOD:
            raise UserError(self.env._("The period must begin within the last ten years."))
        return first, last

    @api.model
    def _get_environment(self):
        """Return which money counts: of the sandbox only where nothing else is taken.

        :rtype: str
        """
        providers = self.env['payment.provider'].sudo().search([
            ('company_id', 'parent_of', self.env.companies.ids),
            ('code', '=', const.PROVIDER_CODE),
            ('state', '!=', 'disabled'),
        ])
        environments = {provider._qpay_environment() for provider in providers}
        return 'sandbox' if environments == {'sandbox'} else 'live'

    @api.model
    def _read_groups(self, domain):
        """Return payments in groups.

        :param Domain domain: Which payments.
        :rtype: list[PaymentGroup]
        """
        payments = self.env['qpay.payment'].with_context(tz=const.TIMEZONE)
        return [
            PaymentGroup(
                day.date(), status == 'refunded' or is_noticed,
                bank_status == 'arrived' or is_matched,
                _exact(amount), _exact(fee), count,
            )
            for day, status, is_noticed, bank_status, is_matched, amount, fee, count
            in payments._read_group(
                domain,
                [
                    'paid_at:day', 'status', 'is_refund_noticed', 'bank_status',
                    'account_payment_id.is_matched',
                ],
                ['amount:sum', 'fee:sum', '__count'],
            )
        ]

    @api.model
    def _get_period(self, key, title, paid, first, last, groups):
        """Return the figures of a period.

        :param str key: Which one it is.
        :param str title: Its name.
        :param Domain paid: Which payments count at all.
        :param date first: Its first day.
        :param date last: Its last day.
        :param list groups: Its payments.
        :rtype: dict
        """
        days = [format_date(self.env, day) for day in (first, last)]
        return {
            'key': key,
            'title': title,
            'days': days[0] if first == last else ' – '.join(days),
            'figures': self._get_period_figures(
                paid & _in_period(first, last), groups
            ),
        }

    @api.model
    def _get_period_figures(self, period, groups):
        """Return what is counted of the payments of a period, in the order in which it is shown.

        :param Domain period: Which payments they are.
        :param list groups: The same, in groups.
        :rtype: list[dict]
        """
        refunded = [group for group in groups if group.is_refunded]
        kept = [group for group in groups if not group.is_refunded]
        arrived = [group for group in kept if group.is_arrived]
        expected = [group for group in kept if not group.is_arrived]
        own = period & ~_REFUNDED
        return [
            self._get_figure(
                'received', self.env._("Received"), period, *_sum_up(groups),
                meaning=self.env._("All that was paid."),
            ),
            self._get_figure(
                'refunded', self.env._("Refunded"), period & _REFUNDED, *_sum_up(refunded),
                meaning=self.env._("How much of these payments was refunded, at any time."),
            ),
            self._get_figure(
                'fees', self.env._("Fees"), own, *_sum_up(kept, lambda group: group.fee),
                meaning=self.env._("What QPay keeps of the payments that were not refunded."),
            ),
            *self._get_unbooked_fees(period),
            self._get_figure(
                'net', self.env._("Net"), own, *_sum_up(kept, _get_net),
                meaning=self.env._("Received, less refunds and fees."),
            ),
            self._get_figure(
                'arrived', self.env._("At the bank"), own & _ARRIVED, *_sum_up(arrived, _get_net),
                meaning=self.env._("The net of what QPay has paid out, or a bank statement shows."),
            ),
            self._get_figure(
                'expected', self.env._("Still to arrive"), own & ~_ARRIVED,
                *_sum_up(expected, _get_net),
                meaning=self.env._(
                    "The net of what QPay had not paid out yet when it confirmed the payment, and"
                    " no bank statement shows."
                ),
            ),
        ]

    @api.model
    def _get_unbooked_fees(self, period):
        """Return what of the fees of a period is in no books, where there is any.

        :param Domain period: The payments of the period.
        :rtype: list[dict]
        """
        unbooked = period & _UNBOOKED
        [(fee, count)] = self.env['qpay.payment']._read_group(
            unbooked, aggregates=['fee:sum', '__count']
        )
        return [{
            **self._get_figure(
                'unbooked', self.env._("Fees not booked"), unbooked, _exact(fee), count,
                meaning=self.env._(
                    "Fees that are not booked: the provider has no account for them, or booking"
                    " failed."
                ),
            ),
            'is_bad': True,
        }] if count else []

    @api.model
    def _get_days(self, groups, first, last):
        """Return the curve: what each day has brought, of all days of a period."""
        amounts = {}
        for group in groups:
            amounts[group.day] = amounts.get(group.day, Decimal(0)) + group.amount
        currency = const.get_tugrik(self.env)
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        return [
            {
                'day': format_date(self.env, day),
                'amount': currency.round(float(amounts.get(day, 0))),
                'text': currency.format(float(amounts.get(day, 0))),
                'start': const.get_day_start(day),
                'end': const.get_day_start(day + timedelta(days=1)),
            }
            for day in days
        ]

    # === WHAT WAITS === #

    @api.model
    def _get_waiting(self, counted):
        """Return what waits for somebody or something, however old it is; other modules add theirs.

        :param Domain counted: Which records count at all.
        :rtype: list[dict]
        """
        unsettled = (
            Domain('state', 'in', const.UNSETTLED_STATES)
            & Domain('status', '=', 'paid')
            & ~self.env['qpay.payment']._get_books_domain()
        )
        return [
            self._count(
                'open', self.env._("Open QRs"), 'qpay.intent',
                counted & Domain('state', '=', 'new'),
            ),
            self._count(
                'unsettled', self.env._("Not settled yet"), 'qpay.payment', counted & unsettled,
                is_bad=True,
            ),
            self._count(
                'attention', self.env._("Needs attention"), 'qpay.payment',
                counted & Domain('state', '=', 'needs_attention'), is_bad=True,
            ),
        ]

    @api.model
    def _count(self, key, label, model, domain, is_bad=False):
        """Return a figure of all records of a domain."""
        [(amount, count)] = self.env[model]._read_group(
            domain, aggregates=['amount:sum', '__count']
        )
        figure = self._get_figure(key, label, domain, _exact(amount), count, model=model)
        return {
            **figure, 'amount': amount and figure['amount'] or '', 'is_bad': is_bad and count > 0,
        }

    # === THE ACCOUNTING DASHBOARD === #

    @api.model
    def _get_journal_figures(self, journals):
        """Return what the cards of journals tell of QPay; nothing of journals that are not QPay's.

        :param account.journal journals: The journals.
        :return: The figures by the journal's id.
        :rtype: dict
        """
        if not self._is_reader() or not self.env['qpay.payment'].has_access('read'):
            return {}
        lines = self.env['account.payment.method.line'].sudo().search([
            ('journal_id', 'in', journals.ids),
            ('payment_provider_id.code', '=', const.PROVIDER_CODE),
        ])
        if not lines:
            return {}
        counted = Domain('environment', '=', self._get_environment()) & Domain(
            'provider_id', 'in', lines.payment_provider_id.ids
        )
        today = const.today()
        received = self._sum_by_provider(counted & _OURS & _in_period(today, today))
        attention = self._sum_by_provider(counted & Domain('state', '=', 'needs_attention'))
        currency = const.get_tugrik(self.env)
        return {
            journal.id: {
                'received': currency.format(float(sum(
                    received[provider][0] for provider in own.payment_provider_id.ids
                ))),
                'attention': sum(
                    attention[provider][1] for provider in own.payment_provider_id.ids
                ),
            }
            for journal, own in lines.grouped('journal_id').items()
        }

    @api.model
    def _sum_by_provider(self, domain):
        """Return what payments come to and how many they are, by the provider's id."""
        groups = self.env['qpay.payment']._read_group(
            domain, ['provider_id'], ['amount:sum', '__count']
        )
        sums = defaultdict(lambda: (Decimal(0), 0))
        sums.update((provider.id, (_exact(amount), count)) for provider, amount, count in groups)
        return sums

    # === GETTERS === #

    @api.model
    def _get_figure(self, key, label, domain, amount, count, model='qpay.payment',
                    meaning=''):
        """Return a figure as the page shows it, with the list that it is made of."""
        return {
            'key': key,
            'label': label,
            'meaning': meaning,
            'count': count,
            'amount': const.get_tugrik(self.env).format(float(amount)),
            'model': model,
            'domain': list(domain),
        }

    @api.model
    def _is_reader(self):
        """Whether the user is an accountant, or may look at the books of one."""
        user = self.env.user
        return is_accountant(self.env) or user.has_group('account.group_account_readonly')


def _in_period(first, last):
    """Return which payments were made on some days in Mongolia."""
    return Domain('paid_at', '>=', const.get_day_start(first)) & Domain(
        'paid_at', '<', const.get_day_start(last + timedelta(days=1))
    )


def _exact(amount):
    """Return an amount as the database has it, to be summed without losses."""
    return Decimal(str(amount or 0))


def _get_net(group):
    return group.amount - group.fee


def _sum_up(groups, get_amount=lambda group: group.amount):
    """Return what groups of payments come to, and how many payments they are."""
    return (
        sum((get_amount(group) for group in groups), Decimal(0)),
        sum(group.count for group in groups),
    )

