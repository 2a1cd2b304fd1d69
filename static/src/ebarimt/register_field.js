import { Component, onWillUnmount, useEffect, useState } from '@odoo/owl';
import { OwnerFinder } from '@payment_qpay/common/ebarimt/owner_finder';
import { registry } from '@web/core/registry';
import { useService } from '@web/core/utils/hooks';
import { CharField, charField } from '@web/views/fields/char/char_field';
import { standardWidgetProps } from '@web/views/widgets/standard_widget_props';

/**
 * Tell whose a company's register number is, for as long as a component is there.
 *
 * @param {() => string} getNumber - What stands in the record; '' where no company's number is.
 * @return {{ owner: { text: string }, follow: (number: string) => void }}
 */
function useOwner(getNumber) {
    const orm = useService('orm');
    const owner = useState({ text: '' });
    const ask = async (register) => {
        try {
            return await orm.silent.call('qpay.taxpayer', 'describe', [register]);
        } catch (error) {
            console.info('payment_qpay:', error);
            return null;
        }
    };
    const finder = new OwnerFinder(ask, (text) => {
        owner.text = text;
    });
    useEffect(
        (number) => finder.follow(number),
        () => [getNumber()]
    );
    onWillUnmount(() => finder.stop());
    return { owner, follow: (number) => finder.follow(number) };
}

function getTaxId({ vat }) {
    return (vat || '').replace(/^MN/i, '');
}

/** A receiver's number, and below it whose it is, if it is a company's. */
export class QPayRegisterField extends CharField {
    static template = 'payment_qpay.RegisterField';
    static props = { ...CharField.props, kindField: String };

    setup() {
        super.setup();
        Object.assign(
            this, useOwner(() => this.getNumber(this.props.record.data[this.props.name]))
        );
    }

    onInput(ev) {
        this.follow(this.getNumber(ev.target.value));
    }

    /** What stands on receipts of an organisation: without a number of its own, its tax ID. */
    getNumber(typed) {
        const { data } = this.props.record;
        const kind = data[this.props.kindField] || (data.is_company ? 'company' : '');
        return kind === 'company' ? typed || getTaxId(data) : '';
    }
}

/** Whose a company's tax ID is, until it is saved. */
export class QPayTaxIdOwner extends Component {
    static template = 'payment_qpay.Owner';
    static props = { ...standardWidgetProps };

    setup() {
        this.saved = '';
        this.isChanged = false;
        Object.assign(this, useOwner(() => this.getNumber()));
    }

    /** What was typed; a record that waits for Odoo's answer to that still has what was saved. */
    getNumber() {
        const { data, dirty } = this.props.record;
        const number = data.is_company ? getTaxId(data) : '';
        if (!dirty) {
            this.saved = number;
        }
        this.isChanged = dirty && (this.isChanged || number !== this.saved);
        return this.isChanged ? number : '';
    }
}

registry.category('fields').add('qpay_register', {
    ...charField,
    component: QPayRegisterField,
    extractProps: (info) => ({
        ...charField.extractProps(info),
        kindField: info.options.kind_field,
    }),
});
registry.category('view_widgets').add('qpay_tax_id_owner', { component: QPayTaxIdOwner });
