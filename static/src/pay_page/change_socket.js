const CHANGED = 'payment_qpay/changed';
const RECONNECT_DELAY = 1000;
const MAX_RECONNECT_DELAY = 60000;

/**
 * Hears on Odoo's bus that a QR has changed.
 *
 * Odoo's own client of the bus is many times as large as this page. Nothing fails where the bus
 * cannot be reached: the page asks regularly anyway.
 */
export class ChangeSocket {
    /**
     * @param {string} version - Odoo's of the bus: it ends the connections of other ones.
     * @param {string} channel - What is listened to; the server decides whether it may be heard.
     * @param {Object} callbacks
     * @param {(message: Object) => void} callbacks.onChange
     * @param {(isConnected: boolean) => void} callbacks.onConnection - Called when the connection
     *     is made or lost. What was sent while there was none may be missed.
     */
    constructor(version, channel, { onChange, onConnection }) {
        this.version = version;
        this.channel = channel;
        this.onChange = onChange;
        this.onConnection = onConnection;
        this.isStarted = false;
        this.isConnected = false;
        this.delay = RECONNECT_DELAY;
        this.last = 0;
    }

    /** Start listening, unless it has started already. */
    start() {
        if (!this.isStarted) {
            this.isStarted = true;
            this._connect();
        }
    }

    /** Stop listening. */
    stop() {
        this.isStarted = false;
        clearTimeout(this.timer);
        this.socket?.close();
    }

    _connect() {
        const address = new URL('/websocket', location.origin.replace(/^http/, 'ws'));
        address.searchParams.set('version', this.version);
        this.socket = new WebSocket(address);
        this.socket.addEventListener('open', () => this._onOpen());
        this.socket.addEventListener('message', ({ data }) => this._onMessage(JSON.parse(data)));
        this.socket.addEventListener('close', () => this._onClose());
    }

    _onOpen() {
        this.delay = RECONNECT_DELAY;
        this.socket.send(JSON.stringify({
            event_name: 'subscribe', data: { channels: [this.channel], last: this.last },
        }));
        this._setConnected(true);
    }

    _onMessage(notifications) {
        for (const { id, message } of notifications) {
            this.last = id;
            if (message.type === CHANGED) {
                this.onChange(message.payload);
            }
        }
    }

    /** Further attempts come at growing intervals, and not all pages' at the same moment. */
    _onClose() {
        this._setConnected(false);
        if (this.isStarted) {
            this.timer = setTimeout(() => this._connect(), this.delay * (1 + Math.random()));
            this.delay = Math.min(this.delay * 2, MAX_RECONNECT_DELAY);
        }
    }

    _setConnected(isConnected) {
        if (this.isConnected !== isConnected) {
            this.isConnected = isConnected;
            this.onConnection(isConnected);
        }
    }
}
