import { ChangeListener } from '@payment_qpay/common/change_listener';
import { QRPoller } from '@payment_qpay/common/qr_poller';
import { sendRequest } from '@payment_qpay/common/request';

const REQUEST_TIME_LIMIT = 20000;

/** Follows one QR by what Odoo's web client has: its requests and its bus. */
export class StatusPoller extends QRPoller {
    /**
     * @param {Object} params - What the route wants: `intent_id`, and `access_token` for payers.
     * @param {Object} callbacks - See `QRPoller`.
     * @param {Object} [bus] - The service `bus_service`; without it, asking is all there is.
     */
    constructor(params, callbacks, bus) {
        const address = [params.intent_id, params.access_token].filter(Boolean).join('/');
        super(
            params.intent_id,
            (extraParams) => sendRequest(
                '/payment/qpay/check', { ...params, ...extraParams }, REQUEST_TIME_LIMIT
            ),
            callbacks,
            (listening) => new ChangeListener(bus, `payment_qpay.intent/${address}`, listening),
        );
    }
}
