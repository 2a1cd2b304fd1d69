import { formatCurrency } from '@web/core/currency';
import { rpc } from '@web/core/network/rpc';
import { registry } from '@web/core/registry';
import { Interaction } from '@web/public/interaction';
import { announce } from '@payment_qpay/pay_page/announcement';

const ROUTE = '/payment/qpay/ebarimt';
const LOOK_DELAY = 3000;
// Afterwards the receipt is found by opening the page again.
const MAX_LOOKS = 40;

/** Asks the payer whom the VAT receipt is for, and shows it as soon as it is issued. */
export class QPayEbarimt extends Interaction {
    static selector = '.o_qpay_page[data-ebarimt]';

    dynamicContent = {
        '.o_qpay_ebarimt_form': {
            't-att-data-kind': () => this.kind,
            't-on-submit.prevent': () => this.save(),
        },
        '.o_qpay_ebarimt_form [name=receiver_type]': {
            't-on-change': (ev) => { this.kind = ev.currentTarget.value; },
        },
        '.o_qpay_ebarimt_form button': { 't-att-disabled': () => this.isSaving },
        '.o_qpay_ebarimt_message': {
            't-att-class': () => ({ 'd-none': !this.message }),
            't-out': () => this.message,
        },
    };

    setup() {
        const { intentId, accessToken } = this.el.dataset;
        this.params = { intent_id: Number(intentId), access_token: accessToken };
        this.kind = this.el.querySelector('[name=receiver_type]:checked')?.value || 'none';
        this.message = '';
        this.isSaving = false;
        this.looks = 0;
    }

    start() {
        this.wait();
    }

    // === RECEIVER === //

    async save() {
        this.isSaving = true;
        this.message = '';
        this.updateContent();
        const number = this.el.querySelector('.o_qpay_ebarimt_form [name=receiver]').value;
        const state = await this.ask({ receiver_type: this.kind, receiver: number });
        this.isSaving = false;
        if (!state) {
            this.message = this.el.querySelector('.o_qpay_renewal_silence').textContent;
        } else if (state.message) {
            this.message = state.message;
        } else {
            this.showReceiver(state);
        }
        this.updateContent();
    }

    showReceiver(state) {
        const detailsEl = this.el.querySelector('.o_qpay_ebarimt');
        const label = detailsEl.querySelector('[name=receiver_type]:checked + label').innerText;
        detailsEl.querySelector('.o_qpay_ebarimt_kind').textContent = label.trim();
        detailsEl.querySelector('.o_qpay_ebarimt_hint').textContent = state.receiver_hint;
        detailsEl.open = false;
        const summaryEl = detailsEl.querySelector('summary');
        summaryEl.focus();
        announce(this.el, summaryEl.innerText);
    }

    // === RECEIPT === //

    /** Once the payment has arrived, look until the receipt is there. */
    wait() {
        this.waitForTimeout(() => this.look(), this.el.dataset.view === 'paid' && !this.looks
            ? 0 : LOOK_DELAY);
    }

    async look() {
        if (this.el.dataset.view !== 'paid') {
            this.wait();
            return;
        }
        this.looks += 1;
        const state = await this.waitFor(this.ask());
        if (state) {
            this.showReceipts(state.receipts);
        }
        const isOver = state && !state.receipts.some((receipt) => receipt.isUnderWay);
        if (!isOver && this.looks < MAX_LOOKS) {
            this.wait();
        }
    }

    showReceipts(receipts) {
        for (const receipt of receipts) {
            Object.assign(receipt, {
                isUnderWay: ['to_issue', 'sending'].includes(receipt.state),
                isIssued: receipt.state === 'issued',
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
        try {
            return await rpc(ROUTE, { ...this.params, ...params }, { silent: true });
        } catch (error) {
            console.info('payment_qpay:', error);
            return null;
        }
    }
}

registry.category('public.interactions').add('payment_qpay.ebarimt', QPayEbarimt);
