import { registry } from '@web/core/registry';
import { useService } from '@web/core/utils/hooks';
import { monetaryField, MonetaryField } from '@web/views/fields/monetary/monetary_field';

/** A total of a comparison, and the way to the payments that it is made of. */
export class TotalField extends MonetaryField {
    static template = 'payment_qpay.TotalField';

    setup() {
        super.setup();
        this.action = useService('action');
    }

    open() {
        const { record, name } = this.props;
        return this.action.doActionButton({
            type: 'object',
            name: 'action_view_entries',
            resModel: record.resModel,
            resId: record.resId,
            context: { qpay_total: name },
        });
    }
}

registry.category('fields').add('qpay_total', { ...monetaryField, component: TotalField });
