const POLL_DELAY = 3000;
// Odoo's bus says when something has changed; asking is left for what it may miss.
const POLL_DELAY_WITH_BUS = 10000;
// Money for a QR that has ended is rare.
const POLL_DELAY_AFTER_END = 30000;
// QPay may call some seconds before it shows the payment, so what follows a call is looked for.
const NEWS_PERIOD = 20000;
export const REQUEST_TIME_LIMIT = 20000;

/**
 * Follows one QR: asks Odoo for its state whenever Odoo's bus says that it has changed,
 * and regularly as long as money is waited for. Never asks twice at once, nor while the page is
 * hidden; at once when somebody looks at it again. Whether QPay is asked is Odoo's decision.
 */
export class QRPoller {
    /**
     * @param {number} intentId - The QR.
     * @param {(extraParams: Object) => Promise<Object>} ask - Asks Odoo for its state; the promise
     *     has a method `abort`, see `request.js`.
     * @param {Object} callbacks
     * @param {(status: Object) => void} callbacks.onStatus - Called with every answer.
     * @param {(error: Error) => void} callbacks.onError - Called for every request that failed;
     *     asking goes on.
     * @param {(status: Object) => boolean} [callbacks.isWaiting] - Whether money is waited for; by
     *     default, as long as the QR can be paid.
     * @param {(callbacks: Object) => Object} createListener - Returns what hears Odoo's bus, see
     *     `ChangeListener`; without a connection, asking is all there is.
     */
    constructor(intentId, ask, { onStatus, onError, isWaiting = isPayable }, createListener) {
        this.intentId = intentId;
        this.ask = ask;
        this.onStatus = onStatus;
        this.onError = onError;
        this.isWaiting = isWaiting;
        this.request = null;
        this.pollTimer = null;
        this.isPaused = true;
        this.isStopped = false;
        this.isPlanned = false; // Whether to ask again, as soon as somebody looks.
        this.isNews = false; // Whether there was something to see since the request was sent.
        this.newsEnd = 0;
        this.listener = createListener({
            onChange: (message) => this._onChange(message),
            onConnection: (isConnected) => this._onConnection(isConnected),
        });
        this.onVisibilityChange = () => this._onVisibilityChange();
    }

    /**
     * Start asking, or ask now if it has started already; not once it was stopped, since nobody
     * looks any more.
     *
     * @param {Object} [extraParams] - Further parameters of the first request.
     */
    start(extraParams = {}) {
        if (this.isStopped) {
            return;
        }
        this.pause();
        this.isPaused = false;
        this.listener.start();
        document.addEventListener('visibilitychange', this.onVisibilityChange);
        this._ask(extraParams);
    }

    /** Stop asking, and drop the request that is on its way, until it is started again. */
    pause() {
        this.isPaused = true;
        this.isPlanned = false;
        clearTimeout(this.pollTimer);
        this.request?.abort(false);
        this.request = null;
    }

    /** Stop asking and listening for good, because nobody looks any more. */
    stop() {
        this.isStopped = true;
        this.pause();
        this.listener.stop();
        document.removeEventListener('visibilitychange', this.onVisibilityChange);
    }

    // === WHEN TO ASK === //

    _askIn(delay) {
        clearTimeout(this.pollTimer);
        this.isPlanned = true;
        if (document.visibilityState === 'visible') {
            this.pollTimer = setTimeout(() => this._ask(), delay);
        }
    }

    /** Late money may come for a QR that is no longer asked about. */
    _onChange({ intent_id }) {
        if (intent_id !== this.intentId || this.isPaused) {
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
        if (this.isPlanned) {
            this._askIn(isConnected ? 0 : POLL_DELAY);
        }
    }

    /** Phones hold a page back while another app is in front of it, and its requests with it. */
    _onVisibilityChange() {
        if (document.visibilityState !== 'visible') {
            clearTimeout(this.pollTimer);
        } else if (this.isPlanned || (this.request && !this.isUrgent)) {
            this.start();
        }
    }

    _planNext(status) {
        const isCalm = this.listener.isConnected && Date.now() > this.newsEnd;
        if (this.isNews) {
            this._askIn(0);
        } else if (status && !isPayable(status)) {
            this._askIn(POLL_DELAY_AFTER_END);
        } else {
            this._askIn(isCalm ? POLL_DELAY_WITH_BUS : POLL_DELAY);
        }
    }

    // === ASKING === //

    async _ask(extraParams = {}) {
        this.isPlanned = false;
        this.isNews = false;
        this.isUrgent = Boolean(extraParams.now);
        const request = this.ask(extraParams);
        this.request = request;
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
        if (error) {
            this.isNews = false; // A server in trouble is not asked again at once.
            this._planNext();
            this.onError(error);
            return;
        }
        if (this.isNews || this.isWaiting(status)) {
            this._planNext(status);
        }
        this.onStatus(status);
    }
}

function isPayable(status) {
    return status.state === 'new';
}
