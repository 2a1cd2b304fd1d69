import { ChangeListener } from '@payment_qpay/common/change_listener';
import { QRPoller, REQUEST_TIME_LIMIT } from '@payment_qpay/common/qr_poller';
import { sendRequest } from '@payment_qpay/common/request';

/** Follows one QR by what Odoo's web client has: its requests and its bus. */
export class StatusPoller extends QRPoller {
    /**
     * @param {number} intentId - The QR.
     * @param {Object} callbacks - See `QRPoller`.
     * @param {Object} [bus] - The service `bus_service`; without it, asking is all there is.
     */
    constructor(intentId, callbacks, bus) {
        super(
            intentId,
            (extraParams) => sendRequest(
                '/payment/qpay/check', { intent_id: intentId, ...extraParams }, REQUEST_TIME_LIMIT
            ),
            callbacks,
            (listening) => new ChangeListener(bus, `payment_qpay.intent/${intentId}`, listening),
        );
    }
}
