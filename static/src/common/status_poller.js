import { browser } from '@web/core/browser/browser';
import { rpc } from '@web/core/network/rpc';

const POLL_DELAY = 3000;
// A request that the network has swallowed would otherwise never end.
const REQUEST_TIME_LIMIT = 20000;

/**
 * Follows one QR: asks Odoo for its state every three seconds, never twice at once, until it is no
 * longer waiting for money or nobody looks any more. Whether QPay is asked is Odoo's decision.
 */
export class StatusPoller {
    /**
     * @param {Object} params - What the route wants: `intent_id`, and `access_token` for payers.
     * @param {Object} callbacks
     * @param {(status: Object) => void} callbacks.onStatus - Called with every answer.
     * @param {(error: Error) => void} callbacks.onError - Called for every request that failed;
     *     asking goes on.
     */
    constructor(params, { onStatus, onError }) {
        this.params = params;
        this.onStatus = onStatus;
        this.onError = onError;
        this.request = null;
    }

    /**
     * Start asking, or ask now if it has started already.
     *
     * @param {Object} [extraParams] - Further parameters of the first request.
     * @param {number} [delay=0] - Milliseconds before the first request.
     */
    start(extraParams = {}, delay = 0) {
        this.stop();
        this.pollTimer = browser.setTimeout(() => this._ask(extraParams), delay);
    }

    /** Stop asking, and drop the request that is on its way. */
    stop() {
        browser.clearTimeout(this.pollTimer);
        browser.clearTimeout(this.limitTimer);
        this.request?.abort(false);
        this.request = null;
    }

    async _ask(extraParams) {
        const request = rpc(
            '/payment/qpay/check', { ...this.params, ...extraParams }, { silent: true }
        );
        this.request = request;
        this.limitTimer = browser.setTimeout(() => request.abort(), REQUEST_TIME_LIMIT);
        let status, error;
        try {
            status = await request;
        } catch (requestError) {
            error = requestError;
        }
        if (this.request !== request) {
            return; // It was stopped or started anew meanwhile.
        }
        this.request = null;
        browser.clearTimeout(this.limitTimer);
        if (error || status.state === 'new') {
            this.start({}, POLL_DELAY);
        }
        if (error) {
            this.onError(error);
        } else {
            this.onStatus(status);
        }
    }
}
