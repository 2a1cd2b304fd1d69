import { Component, useState } from '@odoo/owl';

/** A link that opens a QR in one bank's app; a letter stands in for a logo that cannot be had. */
export class BankLink extends Component {
    static template = 'payment_qpay.BankLink';
    // See `qpay.intent._get_payment_apps`.
    static props = { app: Object };

    setup() {
        this.state = useState({ hasLogo: Boolean(this.props.app.logo) });
    }

    /** A web page must not replace the invoice behind the dialog; an app leaves it alone. */
    get target() {
        return this.props.app.is_page ? '_blank' : null;
    }
}
