import { formatDuration, secondsUntil } from '@payment_qpay/common/duration';
import { QRPoller, REQUEST_TIME_LIMIT } from '@payment_qpay/common/qr_poller';
import { announce, listen, rest, say, toggle } from '@payment_qpay/pay_page/elements';
import { ChangeSocket } from '@payment_qpay/pay_page/change_socket';
import { formatMoney, isPaidUp } from '@payment_qpay/pay_page/money';
import { sendRequest } from '@payment_qpay/pay_page/request';

const CHECK_INTERVAL = 10000;
const CONTINUE_DELAY = 6000;

/** Keeps the payer's page up to date: the time that is left, and what has become of the payment. */
export class QPayPage {
    constructor(el) {
        const { intentId, accessToken, view, secondsLeft, busVersion } = el.dataset;
        this.el = el;
        this.now = Date.now();
        this.view = view;
        // What is known of the QR; Odoo only tells what has changed.
        this.status = JSON.parse(el.dataset.status);
        this.money = JSON.parse(el.dataset.money);
        this.usualMessage = this.status.message;
        this.expiresAt = this.now + Number(secondsLeft) * 1000;
        this.checkableAt = this.now;
        this.continuesAt = Infinity;
        this.isChecking = false;
        this.hasProblem = false;
        this.hasChecked = false;
        this.note = '';
        this.poller = new QRPoller(
            Number(intentId),
            (params) => this.ask({
                intent_id: Number(intentId), access_token: accessToken, ...params,
            }),
            {
                onStatus: (changes) => this.onStatus(changes),
                onError: () => this.onError(),
                // Late money still counts.
                isWaiting: ({ state = this.status.state }) => state === 'new' || (
                    state === 'cancelled' && ['expired', 'settling'].includes(this.view)
                ),
            },
            (callbacks) => new ChangeSocket(
                busVersion, `payment_qpay.intent/${intentId}/${accessToken}`, callbacks
            ),
        );
        el.addEventListener('qpay-view', (ev) => this.show(ev.detail));
        listen(el, 'click', '.o_qpay_check', () => this.onCheck());
    }

    start() {
        if (this.view === 'paid') {
            this.planContinuing();
        } else if (Number(this.el.dataset.intentId) && this.status.state !== 'paid') {
            // What was refunded stays as it is.
            this.poller.start();
        }
        this.tick();
        this.tell();
    }

    ask(params) {
        const request = sendRequest(
            '/payment/qpay/check', { ...params, known: this.status.version }, REQUEST_TIME_LIMIT
        );
        const answer = request.then((changes) => Object.assign(this.status, changes));
        answer.abort = request.abort;
        return answer;
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

    update() {
        const { amount, amount_paid: amountPaid } = this.status;
        this.el.dataset.view = this.view;
        say(this.el, '.o_qpay_countdown', formatDuration(this.secondsLeft));
        say(this.el, '.o_qpay_amount_paid', formatMoney(amountPaid, this.money));
        if (amountPaid && !isPaidUp(amount, amountPaid, this.money)) {
            say(this.el, '.o_qpay_amount_left', formatMoney(amount - amountPaid, this.money));
        }
        toggle(this.el, '.o_qpay_received', Boolean(amountPaid));
        for (const news of ['waiting', 'problem', 'no_payment', 'note']) {
            toggle(this.el, `.o_qpay_${news}`, this.news === news);
        }
        say(this.el, '.o_qpay_note', this.note);
        rest(this.el, '.o_qpay_check', this.isCheckResting);
        say(this.el, '.o_qpay_check_wait', String(this.secondsToCheck || ''));
        say(this.el, '.o_qpay_show_paid .o_qpay_continue_wait', this.secondsToContinue);
    }

    // === EVENTS === //

    tick() {
        clearTimeout(this.timer);
        this.now = Date.now();
        if (this.view === 'open' && !this.secondsLeft) {
            this.show('expired');
        }
        if (this.now >= this.continuesAt) {
            location.replace(this.landingUrl);
        } else if (this.view === 'open' || this.continuesAt !== Infinity) {
            this.timer = setTimeout(() => this.tick(), 1000);
        }
        this.update();
    }

    onStatus(status) {
        this.hasProblem = false;
        if (this.isChecking) {
            this.isChecking = false;
            this.hasChecked = status.state === 'new';
            // QPay may be out of order: then the message says something else than usual.
            this.note = status.message === this.usualMessage ? '' : status.message;
        }
        if (status.state === 'paid') {
            this.show('paid');
        } else if (isPaidUp(status.amount, status.amount_paid, this.money)) {
            this.show('settling');
        } else if (this.view === 'settling' || (status.state !== 'new' && this.view === 'open')) {
            // Cancelled, expired elsewhere, or paid in another way: the server knows which.
            location.reload();
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
        this.update();
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
        this.update();
        if (!document.activeElement?.getClientRects().length) {
            this.el.querySelector(`.o_qpay_show_${view} .o_qpay_outcome_title`)?.focus();
        }
        this.tell();
    }

    refresh() {
        this.update();
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
        const html = await fetchPage();
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
        const answer = await fetch(location.href);
        return await answer.text();
    } catch (error) {
        console.info('payment_qpay:', error);
        return '';
    }
}
