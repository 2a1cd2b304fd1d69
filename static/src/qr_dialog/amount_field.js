import { useState } from '@odoo/owl';
import { formatCurrency } from '@web/core/currency';
import { _t } from '@web/core/l10n/translation';
import { registry } from '@web/core/registry';
import { roundDecimals } from '@web/core/utils/numbers';
import { MonetaryField, monetaryField } from '@web/views/fields/monetary/monetary_field';

/** An amount that says beside itself, not in a second dialog, that it cannot be asked for. */
export class QPayAmountField extends MonetaryField {
    static template = 'payment_qpay.QPayAmountField';

    setup() {
        super.setup();
        this.refusal = useState({ text: '' });
    }

    get inputOptions() {
        const { parse, ...options } = super.inputOptions;
        return { ...options, parse: (text) => this.check(parse(text)) };
    }

    /**
     * @param {number} amount
     * @return {number} The same.
     * @throws {Error} If it cannot be asked for. Odoo then marks the field, and saves nothing.
     */
    check(amount) {
        const maximum = this.props.record.data.amount_max;
        this.refusal.text = '';
        if (roundDecimals(amount, this.currencyDigits[1]) <= 0) {
            this.refusal.text = _t("The amount must be more than zero.");
        } else if (roundDecimals(amount - maximum, this.currencyDigits[1]) > 0) {
            this.refusal.text = _t(
                "The amount must not be more than the unpaid %s.",
                formatCurrency(maximum, this.currencyId)
            );
        }
        if (this.refusal.text) {
            throw new Error(this.refusal.text);
        }
        return amount;
    }
}

registry.category('fields').add('qpay_amount', {
    ...monetaryField,
    component: QPayAmountField,
    fieldDependencies: [{ name: 'amount_max', type: 'monetary' }],
});
