const CHANGED = 'payment_qpay/changed';
// What the bus says about its connection, which all pages of the browser share.
const STATE_EVENT = 'BUS:WORKER_STATE_UPDATED';
const END_EVENT = 'BUS:DISCONNECT';

/**
 * Hears on Odoo's bus that a QR or a document has changed.
 *
 * Without a bus, or where it cannot connect, nothing is heard and nothing fails.
 */
export class ChangeListener {
    /**
     * @param {Object} [bus] - The service `bus_service`.
     * @param {string} channel - What is listened to; the server decides whether it may be heard.
     * @param {Object} callbacks
     * @param {(message: Object) => void} callbacks.onChange - Called for what any page of this
     *     browser listens to; the message says what it is about.
     * @param {(isConnected: boolean) => void} [callbacks.onConnection] - Called when the
     *     connection is made or lost. What was sent while there was none may be missed.
     */
    constructor(bus, channel, { onChange, onConnection }) {
        this.bus = bus;
        this.channel = channel;
        this.onChange = (message) => onChange(message);
        this.onConnection = onConnection;
        this.isListening = false;
        this.isConnected = false;
        this.onState = ({ detail: state }) => this._setConnected(state === 'CONNECTED');
        this.onEnd = () => this._setConnected(false);
    }

    /** Start listening, unless it has started already. */
    start() {
        if (!this.bus || this.isListening) {
            return;
        }
        this.isListening = true;
        this.isConnected = this.bus.workerState === 'CONNECTED';
        this.bus.addEventListener(STATE_EVENT, this.onState);
        this.bus.addEventListener(END_EVENT, this.onEnd);
        this.bus.subscribe(CHANGED, this.onChange);
        this.addition = this._addChannel();
    }

    /** Stop listening. */
    stop() {
        if (!this.isListening) {
            return;
        }
        this.isListening = false;
        this.isConnected = false;
        this.bus.removeEventListener(STATE_EVENT, this.onState);
        this.bus.removeEventListener(END_EVENT, this.onEnd);
        this.bus.unsubscribe(CHANGED, this.onChange);
        this._deleteChannel(this.addition);
    }

    async _addChannel() {
        try {
            await this.bus.addChannel(this.channel);
            return true;
        } catch (error) {
            // Some browsers forbid workers, for example in private windows.
            console.info('This browser has no bus:', error);
            return false;
        }
    }

    async _deleteChannel(addition) {
        // What is still being added cannot be taken away yet.
        if (await addition) {
            this.bus.deleteChannel(this.channel);
        }
    }

    _setConnected(isConnected) {
        if (this.isConnected !== isConnected) {
            this.isConnected = isConnected;
            this.onConnection?.(isConnected);
        }
    }
}
