import { formatCurrency } from '@web/core/currency';
import { registry } from '@web/core/registry';
import { Interaction } from '@web/public/interaction';
import { formatDuration, secondsUntil } from '@payment_qpay/common/duration';
import { StatusPoller } from '@payment_qpay/common/status_poller';

const CHECK_INTERVAL = 10000;

/** Keeps the payer's page up to date: the time that is left, and what has become of the payment. */
export class QPayPage extends Interaction {
    static selector = '.o_qpay_page';

    dynamicContent = {
        _root: { 't-att-data-view': () => this.view },
        _document: { 't-on-visibilitychange': () => this.onVisibilityChange() },
        '.o_qpay_countdown': { 't-out': () => formatDuration(this.secondsLeft) },
        '.o_qpay_amount_paid': { 't-out': () => this.amountPaidText },
        '.o_qpay_received': { 't-att-class': () => ({ 'd-none': !this.amountPaid }) },
        '.o_qpay_problem': { 't-att-class': () => ({ 'd-none': !this.hasProblem }) },
        '.o_qpay_note': {
            't-att-class': () => ({ 'd-none': !this.note }),
            't-out': () => this.note,
        },
        '.o_qpay_check': {
            't-on-click': () => this.onCheck(),
            't-att-disabled': () => this.isChecking || this.secondsToCheck > 0,
        },
        '.o_qpay_check_wait': {
            't-out': () => (this.secondsToCheck ? `(${this.secondsToCheck})` : ''),
        },
        '.o_qpay_bank_logo img': { 't-on-error': (ev) => ev.currentTarget.remove() },
    };

    setup() {
        const { intentId, accessToken, state, amountPaid, secondsLeft } = this.el.dataset;
        this.now = Date.now();
        this.state = state;
        this.amountPaid = Number(amountPaid);
        this.expiresAt = this.now + Number(secondsLeft) * 1000;
        this.checkableAt = this.now;
        this.isChecking = false;
        this.hasProblem = false;
        this.note = '';
        this.poller = new StatusPoller(
            { intent_id: Number(intentId), access_token: accessToken },
            {
                onStatus: (status) => this.onStatus(status),
                onError: () => this.onError(),
            },
        );
    }

    start() {
        this.removeBrokenLogos();
        if (this.state === 'new') {
            this.poller.start();
            this.tick();
        }
    }

    destroy() {
        this.poller.stop();
    }

    // === WHAT IS SHOWN === //

    get view() {
        if (this.state === 'paid') {
            return 'paid';
        }
        if (this.state !== 'new') {
            return 'ended';
        }
        return this.secondsLeft ? 'open' : 'expired';
    }

    get secondsLeft() {
        return secondsUntil(this.expiresAt, this.now);
    }

    get secondsToCheck() {
        return secondsUntil(this.checkableAt, this.now);
    }

    get amountPaidText() {
        return formatCurrency(this.amountPaid, Number(this.el.dataset.currencyId));
    }

    // === EVENTS === //

    tick() {
        this.now = Date.now();
        if (this.state === 'new') {
            this.waitForTimeout(() => this.tick(), 1000);
        }
    }

    onStatus(status) {
        this.state = status.state;
        this.amountPaid = status.amount_paid;
        this.hasProblem = false;
        this.note = this.isChecking ? status.message : this.note;
        this.isChecking = false;
        this.updateContent();
    }

    onError() {
        this.hasProblem = true;
        this.isChecking = false;
        this.updateContent();
    }

    onCheck() {
        this.isChecking = true;
        this.note = '';
        this.now = Date.now();
        this.checkableAt = this.now + CHECK_INTERVAL;
        this.poller.start({ now: true });
    }

    /** Phones hold a page back while the bank app is in front of it. */
    onVisibilityChange() {
        const isAway = document.visibilityState !== 'visible';
        if (this.state === 'new' && !this.isChecking && !isAway) {
            this.poller.start();
        }
    }

    /** Logos may have failed before this page's scripts were there to notice. */
    removeBrokenLogos() {
        for (const logo of this.el.querySelectorAll('.o_qpay_bank_logo img')) {
            if (logo.complete && !logo.naturalWidth) {
                logo.remove();
            }
        }
    }
}

registry.category('public.interactions').add('payment_qpay.pay_page', QPayPage);
