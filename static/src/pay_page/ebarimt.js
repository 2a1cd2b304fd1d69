import { browser } from '@web/core/browser/browser';
import { formatCurrency } from '@web/core/currency';
import { rpc } from '@web/core/network/rpc';
import { registry } from '@web/core/registry';
import { Interaction } from '@web/public/interaction';
import { announce } from '@payment_qpay/pay_page/aria_live';

const ROUTE = '/payment/qpay/ebarimt';
const LOOK_DELAY = 3000;
// Afterwards the receipt is found by opening the page again.
const MAX_LOOKS = 40;
// A request that the network has swallowed would otherwise never end.
const REQUEST_TIME_LIMIT = 20000;

/** Asks the payer whom the VAT receipt is for, and shows it as soon as it is issued. */
export class QPayEbarimt extends Interaction {
    static selector = '.o_qpay_page[data-ebarimt]';

    dynamicContent = {
        '.o_qpay_ebarimt': { 't-att-class': () => ({ 'd-none': !this.isChangeable }) },
        '.o_qpay_ebarimt_form': {
            't-att-data-kind': () => this.kind,
            't-on-submit.prevent': () => this.save(),
        },
        '.o_qpay_ebarimt_form [name=receiver_type]': {
            't-on-change': (ev) => { this.kind = ev.currentTarget.value; },
        },
        // Some register numbers begin with letters.
        '.o_qpay_ebarimt_form [name=receiver]': {
            't-att-inputmode': () => (this.kind === 'citizen' ? 'numeric' : 'text'),
            't-att-placeholder': () => (this.kind === this.savedKind ? this.hint : ''),
            't-att-aria-invalid': () => String(Boolean(this.message)),
        },
        '.o_qpay_ebarimt_form label[for=o_qpay_for_nobody]': {
            't-att-class': () => ({ 'd-none': !this.isDeclinable }),
        },
        '.o_qpay_ebarimt_form button': { 't-att-disabled': () => this.isSaving },
        '.o_qpay_ebarimt_message': {
            't-att-class': () => ({ 'd-none': !this.message }),
            't-out': () => this.message,
        },
    };

    setup() {
        this.params = JSON.parse(this.el.dataset.ebarimt);
        const { kind, hint, isDeclinable } = this.el.querySelector('.o_qpay_ebarimt')?.dataset || {};
        this.kind = kind || 'none';
        this.savedKind = this.kind;
        this.hint = hint || '';
        this.isDeclinable = Boolean(isDeclinable);
        this.isChangeable = true;
        this.message = '';
        this.isSaving = false;
        this.isLooking = false;
        this.looks = 0;
    }

    start() {
        this.wait();
    }

    get isPaid() {
        return ['paid', 'settled'].includes(this.el.dataset.view);
    }

    // === RECEIVER === //

    async save() {
        this.isSaving = true;
        this.message = '';
        this.updateContent();
        const inputEl = this.el.querySelector('.o_qpay_ebarimt_form [name=receiver]');
        const state = await this.waitFor(
            this.ask({ receiver_type: this.kind, receiver: inputEl.value })
        );
        this.isSaving = false;
        if (!state) {
            this.message = this.el.querySelector('.o_qpay_renewal_silence').textContent;
        } else {
            this.message = state.message;
            this.take(state);
        }
        if (state && !state.message) {
            inputEl.value = '';
            this.showReceiver();
            this.looks = 0;
            if (!this.isLooking) {
                this.wait();
            }
        }
        this.updateContent();
    }

    /** Take what the server says about whom the receipt is for. */
    take(state) {
        this.savedKind = state.receiver_type;
        this.hint = state.receiver_hint;
        this.isChangeable = state.is_changeable;
        this.isDeclinable = state.is_declinable;
    }

    showReceiver() {
        const detailsEl = this.el.querySelector('.o_qpay_ebarimt');
        const label = detailsEl.querySelector('[name=receiver_type]:checked + label').innerText;
        detailsEl.querySelector('.o_qpay_ebarimt_kind').textContent = label.trim();
        detailsEl.querySelector('.o_qpay_ebarimt_hint').textContent = this.hint;
        detailsEl.open = false;
        const summaryEl = detailsEl.querySelector('summary');
        summaryEl.focus();
        announce(this.el, summaryEl.innerText);
    }

    // === RECEIPT === //

    /** Once the payment has arrived, look until the receipt is there. */
    wait() {
        this.isLooking = true;
        this.waitForTimeout(() => this.look(), this.isPaid && !this.looks ? 0 : LOOK_DELAY);
    }

    async look() {
        if (!this.isPaid) {
            this.wait();
            return;
        }
        this.looks += 1;
        const state = await this.waitFor(this.ask());
        if (state) {
            this.take(state);
            this.showReceipts(state.receipts);
        }
        const isOver = state && !state.receipts.some((receipt) => receipt.isUnderWay);
        this.isLooking = !isOver && this.looks < MAX_LOOKS;
        if (this.isLooking) {
            this.wait();
        }
    }

    showReceipts(receipts) {
        for (const receipt of receipts) {
            Object.assign(receipt, {
                isUnderWay: ['to_issue', 'sending'].includes(receipt.state),
                isIssued: receipt.state === 'issued',
                isCorrectable: receipt.state === 'failed' && this.isChangeable,
                amountText: this.format(receipt.amount),
                vatText: this.format(receipt.vat_amount),
                cityTaxText: this.format(receipt.city_tax_amount),
            });
        }
        const placeEl = this.el.querySelector('.o_qpay_ebarimt_receipts');
        const shown = JSON.stringify(receipts);
        if (shown !== this.shown) {
            this.shown = shown;
            placeEl.replaceChildren();
            this.renderAt('payment_qpay.EbarimtReceipts', { receipts }, placeEl);
        }
    }

    format(amount) {
        return formatCurrency(amount, Number(this.el.dataset.currencyId));
    }

    /** @return {Promise<Object|null>} What the server says, if it answers. */
    async ask(params = {}) {
        const request = rpc(ROUTE, { ...this.params, ...params }, { silent: true });
        const limitTimer = browser.setTimeout(() => request.abort(), REQUEST_TIME_LIMIT);
        try {
            return await request;
        } catch (error) {
            console.info('payment_qpay:', error);
            return null;
        } finally {
            browser.clearTimeout(limitTimer);
        }
    }
}

registry.category('public.interactions').add('payment_qpay.ebarimt', QPayEbarimt);
