import { Component, useEffect, xml } from '@odoo/owl';
import { registry } from '@web/core/registry';
import { useService } from '@web/core/utils/hooks';
import { useRecordObserver } from '@web/model/relational_model/utils';
import { standardWidgetProps } from '@web/views/widgets/standard_widget_props';
import { ChangeListener } from '@payment_qpay/common/change_listener';

/**
 * Shows at once what a QPay payment changes on the form of its document: the invisible part of the
 * form that reloads it. What a person is just editing is left alone.
 */
export class QPayLiveDocument extends Component {
    static template = xml``;
    static props = { ...standardWidgetProps };

    setup() {
        this.bus = useService('bus_service');
        this.isOutdated = false;
        useEffect(() => this.listen(), () => [this.props.record.resModel, this.props.record.resId]);
        // Somebody may discard what kept the form from being reloaded.
        useRecordObserver((record) => {
            if (!record.dirty && this.isOutdated) {
                this.reload();
            }
        });
    }

    /** @return {Function|undefined} What ends the listening. */
    listen() {
        this.isOutdated = false;
        const { resModel, resId } = this.props.record;
        if (!resId) {
            return;
        }
        const address = `${resModel}/${resId}`;
        const listener = new ChangeListener(this.bus, `payment_qpay.document/${address}`, {
            onChange: ({ document }) => document === address && this.reload(),
        });
        listener.start();
        return () => listener.stop();
    }

    async reload() {
        const { record } = this.props;
        this.isOutdated = true;
        if (await record.isDirty()) {
            return;
        }
        this.isOutdated = false;
        await record.load();
        const { resModel: model, resId: id } = record;
        this.env.bus.trigger('MAIL:RELOAD-THREAD', { model, id });
    }
}

export const qpayLiveDocument = { component: QPayLiveDocument };

registry.category('view_widgets').add('qpay_live_document', qpayLiveDocument);
