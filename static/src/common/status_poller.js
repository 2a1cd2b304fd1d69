import { browser } from '@web/core/browser/browser';
import { rpc } from '@web/core/network/rpc';
import { LookListener } from '@payment_qpay/common/look_listener';

const POLL_DELAY = 3000;
// Odoo's bus says when to look; asking is left for what it may miss.
const POLL_DELAY_WITH_BUS = 10000;
// QPay may call some seconds before it shows the payment, so what follows a call is looked for.
const NEWS_PERIOD = 20000;
// A request that the network has swallowed would otherwise never end.
const REQUEST_TIME_LIMIT = 20000;

/**
 * Follows one QR: asks Odoo for its state whenever Odoo's bus says that there is something to see,
 * and regularly until it is no longer waiting for money. Never asks twice at once, and no more when
 * nobody looks. Whether QPay is asked is Odoo's decision.
 */
export class StatusPoller {
    /**
     * @param {Object} params - What the route wants: `intent_id`, and `access_token` for payers.
     * @param {Object} callbacks
     * @param {(status: Object) => void} callbacks.onStatus - Called with every answer.
     * @param {(error: Error) => void} callbacks.onError - Called for every request that failed;
     *     asking goes on.
     * @param {Object} [bus] - The service `bus_service`; without it, asking is all there is.
     */
    constructor(params, { onStatus, onError }, bus) {
        this.params = params;
        this.onStatus = onStatus;
        this.onError = onError;
        this.request = null;
        this.pollTimer = null;
        this.isPaused = true;
        this.isNews = false; // Whether there was something to see since the request was sent.
        this.newsEnd = 0;
        const address = [params.intent_id, params.access_token].filter(Boolean).join('/');
        this.listener = new LookListener(bus, `payment_qpay.intent/${address}`, {
            onLook: (message) => this._onLook(message),
            onConnection: (isConnected) => this._onConnection(isConnected),
        });
    }

    /**
     * Start asking, or ask now if it has started already.
     *
     * @param {Object} [extraParams] - Further parameters of the first request.
     */
    start(extraParams = {}) {
        this.pause();
        this.isPaused = false;
        this.listener.start();
        this._ask(extraParams);
    }

    /** Stop asking, and drop the request that is on its way, until it is started again. */
    pause() {
        this.isPaused = true;
        browser.clearTimeout(this.pollTimer);
        browser.clearTimeout(this.limitTimer);
        this.pollTimer = null;
        this.request?.abort(false);
        this.request = null;
    }

    /** Stop asking and listening, because nobody looks any more. */
    stop() {
        this.pause();
        this.listener.stop();
    }

    // === WHEN TO ASK === //

    _askIn(delay) {
        browser.clearTimeout(this.pollTimer);
        this.pollTimer = browser.setTimeout(() => this._ask(), delay);
    }

    /** Late money may come for a QR that is no longer asked about. */
    _onLook({ intent_id }) {
        if (intent_id !== this.params.intent_id || this.isPaused) {
            return;
        }
        this.newsEnd = Date.now() + NEWS_PERIOD;
        if (this.request) {
            this.isNews = true;
        } else {
            this._askIn(0);
        }
    }

    _onConnection(isConnected) {
        if (this.pollTimer) {
            this._askIn(isConnected ? 0 : POLL_DELAY);
        }
    }

    _planNext(isWaiting) {
        const isCalm = this.listener.isConnected && Date.now() > this.newsEnd;
        if (this.isNews) {
            this._askIn(0);
        } else if (isWaiting) {
            this._askIn(isCalm ? POLL_DELAY_WITH_BUS : POLL_DELAY);
        }
    }

    // === ASKING === //

    async _ask(extraParams = {}) {
        this.pollTimer = null;
        this.isNews = false;
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
        if (error) {
            this.isNews = false; // A server in trouble is not asked again at once.
            this._planNext(true);
            this.onError(error);
        } else {
            this._planNext(status.state === 'new');
            this.onStatus(status);
        }
    }
}
