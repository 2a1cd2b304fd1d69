import { Component, onWillStart, useState } from '@odoo/owl';
import { DateTimeInput } from '@web/core/datetime/datetime_input';
import { deserializeDate, serializeDate } from '@web/core/l10n/dates';
import { _t } from '@web/core/l10n/translation';
import { registry } from '@web/core/registry';
import { KeepLast } from '@web/core/utils/concurrency';
import { useService } from '@web/core/utils/hooks';
import { useSetupAction } from '@web/search/action_hook';
import { Layout } from '@web/search/layout';
import { standardActionServiceProps } from '@web/webclient/actions/action_service';
import { DayCurve } from './day_curve';

/** What came in by QPay, what waits, and what is still to arrive; see `qpay.home`. */
export class QPayHome extends Component {
    static template = 'payment_qpay.Home';
    static components = { DateTimeInput, DayCurve, Layout };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService('orm');
        this.action = useService('action');
        this.keepLast = new KeepLast();
        this.state = useState({ home: null });
        useSetupAction({ getLocalState: () => this.chosenPeriod });
        onWillStart(() => this.load(this.props.state?.dateFrom, this.props.state?.dateTo));
    }

    get chosenPeriod() {
        return { dateFrom: this.state.home.date_from, dateTo: this.state.home.date_to };
    }

    get firstDay() {
        return deserializeDate(this.state.home.date_from);
    }

    get lastDay() {
        return deserializeDate(this.state.home.date_to);
    }

    /** The last choice wins, however long the answers take. */
    async load(dateFrom = false, dateTo = false) {
        const answer = this.orm.call('qpay.home', 'get_figures', [dateFrom, dateTo]);
        this.state.home = await this.keepLast.add(answer);
    }

    /** The other end moves along where the period would be none. */
    choose(first, last, moved) {
        if (!first || !last) {
            return;
        }
        const [from, to] = first > last ? [moved, moved] : [first, last];
        this.load(serializeDate(from), serializeDate(to));
    }

    openFigure(figure, title = '') {
        const name = title ? _t('%(figure)s: %(period)s', { figure: figure.label, period: title }) : figure.label;
        this.openList(name, figure.model, figure.domain);
    }

    openDay(day) {
        const { domain } = this.state.home;
        const period = [['paid_at', '>=', day.start], ['paid_at', '<', day.end]];
        this.openList(day.day, 'qpay.payment', [...domain, ...period]);
    }

    openList(name, model, domain) {
        this.action.doAction({
            type: 'ir.actions.act_window',
            name,
            res_model: model,
            domain,
            views: [[false, 'list'], [false, 'kanban'], [false, 'form']],
            mobile_view_mode: 'kanban',
        });
    }
}

registry.category('actions').add('payment_qpay.home', QPayHome);
