from odoo import models


class AccountJournal(models.Model):
    """The card of QPay's journal on the accounting dashboard."""

    _inherit = 'account.journal'

    def _get_journal_dashboard_data_batched(self):
        """ Override of `account` to tell on the card of QPay's journal what has come in today. """
        dashboard_data = super()._get_journal_dashboard_data_batched()
        for journal_id, figures in self.env['qpay.home']._get_journal_figures(self).items():
            dashboard_data[journal_id]['qpay'] = figures
        return dashboard_data
