import { announce, listen, rest, say, toggle } from '@payment_qpay/pay_page/elements';
import { tryRequest } from '@payment_qpay/pay_page/request';

// QPay itself may take ten seconds, and logs in first at times.
const REQUEST_TIME_LIMIT = 45000;
// Somebody else's request for the same QR is under way.
const WAIT_DELAY = 2000;
const MAX_WAITS = 20;

/**
 * Gets the payer a QR: by a button for one that has expired, and by itself on a page that was
 * opened without one.
 */
export class QPayRenewal {
    constructor(el) {
        this.el = el;
        this.isRenewing = false;
        this.hasStarted = false;
        this.forget();
        document.addEventListener('visibilitychange', () => this.onVisibilityChange());
        listen(el, 'click', '.o_qpay_renew', () => this.renew());
    }

    start() {
        this.onVisibilityChange();
    }

    /** Some browsers load pages that nobody may ever look at: these need no QR. */
    onVisibilityChange() {
        const isWanted = this.el.dataset.view === 'opening' && !this.hasStarted;
        if (isWanted && document.visibilityState === 'visible') {
            this.renew();
        }
    }

    async renew() {
        if (this.isRenewing) {
            return;
        }
        this.hasStarted = true;
        this.isRenewing = true;
        this.forget();
        this.update();
        const answer = await this.ask(MAX_WAITS);
        if (answer?.url) {
            // The earlier QR is nothing to go back to. The button rests until the new one is there.
            location.replace(answer.url);
            return;
        }
        this.isRenewing = false;
        this.update();
        this.showRefusal(answer);
    }

    /**
     * @param {number} waits - How often the end of somebody else's request may be waited for.
     * @return {Promise<Object|null>} The server's answer, if there is one.
     */
    async ask(waits) {
        const params = JSON.parse(this.el.dataset.renewParams);
        const answer = await tryRequest('/payment/qpay/renew', params, REQUEST_TIME_LIMIT);
        if (answer?.view !== 'wait' || !waits) {
            return answer;
        }
        await new Promise((resolve) => setTimeout(resolve, WAIT_DELAY));
        return this.ask(waits - 1);
    }

    showRefusal(answer) {
        if (['paid', 'settling'].includes(answer?.view)) {
            // It was paid while the page was away.
            location.reload();
            return;
        }
        if (['settled', 'ended'].includes(answer?.view)) {
            this.el.querySelector('.o_qpay_reason').textContent = answer.message;
            this.el.dispatchEvent(new CustomEvent('qpay-view', { detail: answer.view }));
            return;
        }
        this.hasFailed = true;
        this.isSilent = !answer?.message;
        this.message = answer?.message || '';
        this.update();
        announce(
            this.el,
            this.message || this.el.querySelector('.o_qpay_renewal_silence').textContent,
        );
    }

    forget() {
        this.hasFailed = false;
        this.isSilent = false;
        this.message = '';
    }

    update() {
        rest(this.el, '.o_qpay_renew', this.isRenewing);
        toggle(this.el, '.o_qpay_opening_wait', !this.hasFailed);
        toggle(this.el, '.o_qpay_opening_failed', this.hasFailed);
        say(this.el, '.o_qpay_renewal_message', this.message);
        toggle(this.el, '.o_qpay_renewal_message', Boolean(this.message));
        toggle(this.el, '.o_qpay_renewal_silence', this.isSilent);
    }
}
