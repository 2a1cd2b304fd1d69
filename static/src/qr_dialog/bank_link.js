import { Component, useState } from '@odoo/owl';
import { user } from '@web/core/user';

/** A link that opens a QR in one bank's app; a letter stands in for a logo that cannot be had. */
export class BankLink extends Component {
    static template = 'payment_qpay.BankLink';
    static props = {
        bank: {
            type: Object,
            shape: { name: String, description: String, logo: String, link: String },
        },
    };

    setup() {
        this.state = useState({ hasLogo: Boolean(this.props.bank.logo) });
    }

    /** QPay names its banks in English and describes them in Mongolian. */
    get label() {
        const { name, description } = this.props.bank;
        const isMongolian = user.lang?.startsWith('mn');
        return (isMongolian && description) || name || description;
    }

    /** A web page must not replace the invoice behind the dialog; an app leaves it alone. */
    get target() {
        return /^https?:/i.test(this.props.bank.link) ? '_blank' : null;
    }
}
