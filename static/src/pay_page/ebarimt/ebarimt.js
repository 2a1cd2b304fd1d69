import { OwnerFinder } from '@payment_qpay/common/ebarimt/owner_finder';
import { announce, listen } from '@payment_qpay/pay_page/elements';
import { tryRequest } from '@payment_qpay/pay_page/request';

const ROUTE = '/payment/qpay/ebarimt';
const OWNER_ROUTE = '/payment/qpay/taxpayer';
const OWNER_TIME_LIMIT = 5000;
const LOOK_DELAY = 3000;
// Afterwards the receipt is found by opening the page again.
const MAX_LOOKS = 40;
const REQUEST_TIME_LIMIT = 20000;

/** Asks the payer whom the VAT receipt is for, and shows it as soon as it is issued. */
class QPayEbarimt {
    constructor(el) {
        this.el = el;
        this.params = JSON.parse(el.dataset.ebarimt);
        // There is no form where nothing can be chosen any more.
        this.detailsEl = el.querySelector('.o_qpay_ebarimt');
        this.formEl = el.querySelector('.o_qpay_ebarimt_form');
        const { kind, hint, isDeclinable } = this.detailsEl?.dataset || {};
        this.kind = kind || 'none';
        this.savedKind = this.kind;
        this.hint = hint || '';
        this.isDeclinable = Boolean(isDeclinable);
        this.isChangeable = true;
        this.message = '';
        this.isSaving = false;
        this.isLooking = false;
        this.looks = 0;
        this.owner = new OwnerFinder(
            (register) => this.ask({ register }, OWNER_ROUTE, OWNER_TIME_LIMIT),
            (text) => {
                this.formEl.querySelector('.o_qpay_ebarimt_owner').textContent = text;
            }
        );
        this.formEl?.addEventListener('submit', (ev) => {
            ev.preventDefault();
            this.save();
        });
        listen(el, 'change', '[name=receiver_type]', (choiceEl) => {
            this.kind = choiceEl.value;
            this.update();
            this.showOwner();
        });
        listen(el, 'input', '[name=receiver]', () => this.showOwner());
    }

    start() {
        this.update();
        this.wait();
    }

    get isPaid() {
        return ['paid', 'settled'].includes(this.el.dataset.view);
    }

    update() {
        if (!this.formEl) {
            return;
        }
        const { receiver: inputEl } = this.formEl.elements;
        const messageEl = this.formEl.querySelector('.o_qpay_ebarimt_message');
        this.detailsEl.classList.toggle('d-none', !this.isChangeable);
        this.formEl.dataset.kind = this.kind;
        // Some register numbers begin with letters.
        inputEl.inputMode = this.kind === 'citizen' ? 'numeric' : 'text';
        inputEl.placeholder = this.kind === this.savedKind ? this.hint : '';
        inputEl.setAttribute('aria-invalid', String(Boolean(this.message)));
        this.formEl.querySelector('label[for=o_qpay_for_nobody]')
            .classList.toggle('d-none', !this.isDeclinable);
        this.formEl.querySelector('button').disabled = this.isSaving;
        messageEl.classList.toggle('d-none', !this.message);
        messageEl.textContent = this.message;
    }

    // === RECEIVER === //

    showOwner() {
        this.owner.follow(this.kind === 'company' ? this.formEl.elements.receiver.value : '');
    }

    async save() {
        this.isSaving = true;
        this.message = '';
        this.update();
        const { receiver: inputEl } = this.formEl.elements;
        const state = await this.ask({ receiver_type: this.kind, receiver: inputEl.value });
        this.isSaving = false;
        if (!state) {
            this.message = this.el.querySelector('.o_qpay_renewal_silence').textContent.trim();
        } else {
            this.message = state.message;
            this.take(state);
        }
        this.update();
        if (state && !state.message) {
            inputEl.value = '';
            this.showOwner();
            this.showReceiver();
            this.looks = 0;
            if (!this.isLooking) {
                this.wait();
            }
        }
    }

    /** Take what the server says about whom the receipt is for. */
    take(state) {
        this.savedKind = state.receiver_type;
        this.hint = state.receiver_hint;
        this.isChangeable = state.is_changeable;
        this.isDeclinable = state.is_declinable;
    }

    showReceiver() {
        const { detailsEl } = this;
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
        setTimeout(() => this.look(), this.isPaid && !this.looks ? 0 : LOOK_DELAY);
    }

    async look() {
        if (!this.isPaid) {
            this.wait();
            return;
        }
        this.looks += 1;
        const state = await this.ask();
        if (state) {
            this.take(state);
            this.update();
            this.showReceipts(state.receipts_html);
        }
        const isUnderWay = ({ state: stage }) => ['to_issue', 'sending'].includes(stage);
        const isOver = state && !state.receipts.some(isUnderWay);
        this.isLooking = !isOver && this.looks < MAX_LOOKS;
        if (this.isLooking) {
            this.wait();
        }
    }

    showReceipts(html) {
        if (html !== this.shownHtml) {
            this.shownHtml = html;
            this.el.querySelector('.o_qpay_ebarimt_receipts').innerHTML = html;
        }
    }

    /** @return {Promise<Object|string|null>} What the server says, if it answers. */
    ask(params = {}, route = ROUTE, timeLimit = REQUEST_TIME_LIMIT) {
        return tryRequest(route, { ...this.params, ...params }, timeLimit);
    }
}

const pageEl = document.querySelector('.o_qpay_page[data-ebarimt]');
if (pageEl) {
    new QPayEbarimt(pageEl).start();
}
