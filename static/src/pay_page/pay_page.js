import { browser } from '@web/core/browser/browser';
import { formatCurrency } from '@web/core/currency';
import { registry } from '@web/core/registry';
import { Interaction } from '@web/public/interaction';
import { formatDuration, secondsUntil } from '@payment_qpay/common/duration';
import { StatusPoller } from '@payment_qpay/common/status_poller';
import { announce } from '@payment_qpay/pay_page/aria_live';

const CHECK_INTERVAL = 10000;
const CONTINUE_DELAY = 6000;

/** Keeps the payer's page up to date: the time that is left, and what has become of the payment. */
export class QPayPage extends Interaction {
    static selector = '.o_qpay_page';

    dynamicContent = {
        _root: {
            't-att-data-view': () => this.view,
            't-on-qpay-view': (ev) => this.show(ev.detail),
        },
        '.o_qpay_countdown': { 't-out': () => formatDuration(this.secondsLeft) },
        '.o_qpay_amount_paid': { 't-out': () => this.amountPaidText },
        '.o_qpay_received': { 't-att-class': () => ({ 'd-none': !this.amountPaid }) },
        '.o_qpay_waiting': { 't-att-class': () => ({ 'd-none': this.news !== 'waiting' }) },
        '.o_qpay_problem': { 't-att-class': () => ({ 'd-none': this.news !== 'problem' }) },
        '.o_qpay_no_payment': { 't-att-class': () => ({ 'd-none': this.news !== 'no_payment' }) },
        '.o_qpay_note': {
            't-att-class': () => ({ 'd-none': this.news !== 'note' }),
            't-out': () => this.note,
        },
        '.o_qpay_check': {
            't-on-click': () => this.onCheck(),
            't-att-class': () => ({ disabled: this.isCheckResting }),
            't-att-aria-disabled': () => String(this.isCheckResting),
        },
        '.o_qpay_check_wait': { 't-out': () => this.secondsToCheck || '' },
        '.o_qpay_show_paid .o_qpay_continue_wait': { 't-out': () => this.secondsToContinue },
    };

    setup() {
        const { intentId, accessToken, view, amountPaid, secondsLeft } = this.el.dataset;
        this.now = Date.now();
        this.view = view;
        this.amountPaid = Number(amountPaid);
        this.expiresAt = this.now + Number(secondsLeft) * 1000;
        this.checkableAt = this.now;
        this.continuesAt = Infinity;
        this.isChecking = false;
        this.hasProblem = false;
        this.hasChecked = false;
        this.note = '';
        this.poller = new StatusPoller(
            { intent_id: Number(intentId), access_token: accessToken },
            {
                onStatus: (status) => this.onStatus(status),
                onError: () => this.onError(),
                // Late money still counts.
                isWaiting: ({ state }) => state === 'new' || (
                    state === 'cancelled' && this.view === 'expired'
                ),
            },
            this.services.bus_service,
        );
    }

    start() {
        if (this.view === 'paid') {
            this.planContinuing();
        } else if (Number(this.el.dataset.intentId)) {
            this.poller.start();
        }
        this.tick();
        this.tell();
    }

    destroy() {
        this.poller.stop();
    }

    // === WHAT IS SHOWN === //

    /** @return {'waiting'|'problem'|'note'|'no_payment'} What is said about the payment. */
    get news() {
        if (this.hasProblem) {
            return 'problem';
        }
        if (this.note) {
            return 'note';
        }
        return this.hasChecked ? 'no_payment' : 'waiting';
    }

    /** What people hear who cannot see the page. */
    get announcement() {
        const selector = this.view === 'open' && this.news !== 'waiting'
            ? `.o_qpay_${this.news}`
            : `.o_qpay_show_${this.view} [data-announce]`;
        return this.el.querySelector(selector)?.innerText;
    }

    get secondsLeft() {
        return secondsUntil(this.expiresAt, this.now);
    }

    get secondsToCheck() {
        return secondsUntil(this.checkableAt, this.now);
    }

    get secondsToContinue() {
        return this.continuesAt === Infinity ? '' : `(${secondsUntil(this.continuesAt, this.now)})`;
    }

    get isCheckResting() {
        return this.isChecking || this.secondsToCheck > 0;
    }

    get amountPaidText() {
        return formatCurrency(this.amountPaid, Number(this.el.dataset.currencyId));
    }

    // === EVENTS === //

    tick() {
        clearTimeout(this.timer);
        this.now = Date.now();
        if (this.view === 'open' && !this.secondsLeft) {
            this.show('expired');
        }
        if (this.now >= this.continuesAt) {
            browser.location.replace(this.landingUrl);
        } else if (this.view === 'open' || this.continuesAt !== Infinity) {
            this.timer = this.waitForTimeout(() => this.tick(), 1000);
        }
    }

    onStatus(status) {
        this.amountPaid = status.amount_paid;
        this.hasProblem = false;
        if (this.isChecking) {
            this.isChecking = false;
            this.hasChecked = status.state === 'new';
            // QPay may be out of order: then the message says something else than usual.
            this.note = status.message === this.el.dataset.message ? '' : status.message;
        }
        if (status.state === 'paid') {
            this.show('paid');
        } else if (status.state !== 'new' && this.view === 'open') {
            // Cancelled, expired elsewhere, or paid in another way: the server knows which.
            browser.location.reload();
        }
        this.refresh();
    }

    onError() {
        this.hasProblem = true;
        this.isChecking = false;
        this.refresh();
    }

    onCheck() {
        if (this.isCheckResting) {
            return;
        }
        this.isChecking = true;
        this.hasChecked = false;
        this.note = '';
        this.now = Date.now();
        this.checkableAt = this.now + CHECK_INTERVAL;
        this.poller.start({ now: true });
    }

    // === ACTIONS === //

    /** Show another view; who was within the old one by keyboard goes on in the new one. */
    show(view) {
        if (view === this.view) {
            return;
        }
        this.view = view;
        if (view === 'paid') {
            this.loadNextSteps();
        }
        this.updateContent();
        if (!document.activeElement?.getClientRects().length) {
            this.el.querySelector(`.o_qpay_show_${view} .o_qpay_outcome_title`)?.focus();
        }
        this.tell();
    }

    refresh() {
        this.updateContent();
        this.tell();
    }

    /** Tell people who cannot see the page what is new on it. */
    tell() {
        const { announcement } = this;
        if (announcement !== this.told) {
            this.told = announcement;
            announce(this.el, announcement);
        }
    }

    /** What the payer can do next depends on the booking: the page that is served now knows. */
    async loadNextSteps() {
        const html = await this.waitFor(fetchPage());
        const page = new DOMParser().parseFromString(html, 'text/html');
        const nextEl = page.querySelector('.o_qpay_next');
        if (nextEl) {
            this.el.querySelector('.o_qpay_next').replaceWith(nextEl);
            this.planContinuing();
            this.tick();
        }
    }

    /** Who comes from a shop goes on there, unless the way back has led here. */
    planContinuing() {
        this.landingUrl = this.el.querySelector('.o_qpay_show_paid .o_qpay_continue')?.href;
        const [navigation] = performance.getEntriesByType('navigation');
        if (this.landingUrl && navigation?.type !== 'back_forward') {
            this.continuesAt = Date.now() + CONTINUE_DELAY;
        }
    }
}

/** @return {Promise<string>} This page as it is now; '' without a connection. */
async function fetchPage() {
    try {
        const answer = await browser.fetch(browser.location.href);
        return await answer.text();
    } catch (error) {
        console.info('payment_qpay:', error);
        return '';
    }
}

registry.category('public.interactions').add('payment_qpay.pay_page', QPayPage);
