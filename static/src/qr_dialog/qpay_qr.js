import { Component, onMounted, onWillUnmount, useRef, useState } from '@odoo/owl';
import { browser } from '@web/core/browser/browser';
import { isMobileOS } from '@web/core/browser/feature_detection';
import { ConfirmationDialog } from '@web/core/confirmation_dialog/confirmation_dialog';
import { CopyButton } from '@web/core/copy_button/copy_button';
import { formatCurrency } from '@web/core/currency';
import { _t } from '@web/core/l10n/translation';
import { ConnectionLostError, RPCError } from '@web/core/network/rpc';
import { registry } from '@web/core/registry';
import { useService } from '@web/core/utils/hooks';
import { standardWidgetProps } from '@web/views/widgets/standard_widget_props';
import { formatDuration, secondsUntil } from '@payment_qpay/common/duration';
import { StatusPoller } from '@payment_qpay/common/status_poller';
import { BankLink } from '@payment_qpay/qr_dialog/bank_link';

const CHECK_INTERVAL = 10000;
const CLOSE_DELAY = 4000;

/** Shows the QR of the dialog's intent and follows it until it is paid or ends otherwise. */
export class QPayQr extends Component {
    static template = 'payment_qpay.QPayQr';
    static components = { BankLink, CopyButton };
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService('orm');
        this.action = useService('action');
        this.dialog = useService('dialog');
        this.sheet = useRef('sheet');
        // Only there can a bank app be opened.
        this.isPhone = isMobileOS();
        // An iPhone's Safari cannot show a part of a page only.
        this.hasFullScreen = Boolean(document.fullscreenEnabled);
        const bus = useService('bus_service');
        const { intent_id, seconds_left } = this.props.record.data;
        this.intentId = intent_id.id;
        const now = Date.now();
        this.state = useState({
            now,
            status: null,
            pending: '', // The method that the server is working on.
            problem: '', // Why the state shown may be old.
            note: '', // What came of the last button.
            expiresAt: now + seconds_left * 1000,
            checkableAt: now,
            closesAt: Infinity,
        });
        this.poller = new StatusPoller(this.intentId, {
            onStatus: (status) => this.onStatus(status),
            onError: (error) => this.onPollError(error),
        }, bus);
        onMounted(() => {
            this.clock = browser.setInterval(() => this.onTick(), 1000);
            this.poller.start();
        });
        onWillUnmount(() => {
            browser.clearInterval(this.clock);
            this.poller.stop();
        });
    }

    // === WHAT IS SHOWN === //

    /** @return {'loading'|'open'|'expired'|'paid'|'ended'} */
    get view() {
        const { status } = this.state;
        if (!status) {
            return 'loading';
        }
        if (status.state === 'paid') {
            return 'paid';
        }
        if (status.state !== 'new') {
            return 'ended';
        }
        return this.secondsLeft ? 'open' : 'expired';
    }

    get apps() {
        const { bank = [], wallet = [] } = this.props.record.data.payment_apps;
        return [...bank, ...wallet];
    }

    get secondsLeft() {
        return secondsUntil(this.state.expiresAt, this.state.now);
    }

    get secondsToCheck() {
        return secondsUntil(this.state.checkableAt, this.state.now);
    }

    get secondsToClose() {
        return secondsUntil(this.state.closesAt, this.state.now);
    }

    get timeLeft() {
        return formatDuration(this.secondsLeft);
    }

    get amount() {
        return this.format(this.state.status.amount);
    }

    get amountPaid() {
        return this.format(this.state.status.amount_paid);
    }

    get amountLeft() {
        const { amount, amount_paid } = this.state.status;
        return this.format(Math.max(amount - amount_paid, 0));
    }

    /** Where the printed receipt is, once something is paid. */
    get receiptUrl() {
        return this.state.status.pay_url.replace('/payment/qpay/pay/', '/payment/qpay/receipt/');
    }

    /** Whether what arrived is neither nothing nor what was asked for. */
    get isOtherAmount() {
        return Boolean(this.state.status.amount_paid) && this.amountPaid !== this.amount;
    }

    format(amount) {
        return formatCurrency(amount, this.props.record.data.currency_id.id);
    }

    // === EVENTS === //

    onTick() {
        this.state.now = Date.now();
        if (this.state.now >= this.state.closesAt) {
            this.close();
        }
    }

    onStatus(status) {
        Object.assign(this.state, { status, problem: '', now: Date.now() });
        if (status.state === 'paid') {
            // A second payment does not keep the dialog open.
            this.state.closesAt = Math.min(this.state.closesAt, this.state.now + CLOSE_DELAY);
        } else if (status.state === 'cancelled' && this.isCancelledHere) {
            this.chooseAmount();
        }
    }

    onPollError(error) {
        this.state.problem = error instanceof RPCError
            ? _t("Odoo has a problem; trying again…")
            : _t("No connection; trying again…");
    }

    async onCheck() {
        this.state.now = Date.now();
        this.state.checkableAt = this.state.now + CHECK_INTERVAL;
        if (await this.call('action_check')) {
            this.state.note = _t("No payment was found so far.");
        }
    }

    onCancel() {
        this.dialog.add(ConfirmationDialog, {
            title: _t("Cancel QR"),
            body: _t("Nobody can pay this QR afterwards. Cancel it?"),
            confirmLabel: _t("Cancel QR"),
            confirm: async () => {
                this.isCancelledHere = await this.call('action_cancel');
            },
            cancelLabel: _t("Keep it"),
            cancel: () => {},
        });
    }

    /** A browser that refuses leaves all as it is, which needs no words. */
    onFullScreen() {
        this.sheet.el.requestFullscreen().catch(() => {});
    }

    onPrint() {
        window.print();
    }

    async onViewPayment() {
        this.action.doAction(
            await this.orm.call('qpay.intent', 'action_view_payments', [[this.intentId]])
        );
    }

    /** Whoever is about to press a button is not to find the dialog closed. */
    onStay() {
        this.state.closesAt = Infinity;
    }

    async onSimulate() {
        await this.call('action_simulate_payment');
    }

    // === ACTIONS === //

    /**
     * Call a method of the intent; the state is asked for afterwards in any case.
     *
     * @param {string} method
     * @return {Promise<boolean>} Whether it succeeded; if not, the reason is shown.
     */
    async call(method) {
        this.poller.pause();
        Object.assign(this.state, { pending: method, note: '' });
        try {
            await this.orm.call('qpay.intent', method, [[this.intentId]]);
            return true;
        } catch (error) {
            if (error instanceof ConnectionLostError) {
                this.state.problem = _t("No connection; trying again…");
            } else if (error.exceptionName?.startsWith('odoo.exceptions.')) {
                this.state.note = error.data.message;
            } else {
                throw error;
            }
            return false;
        } finally {
            this.state.pending = '';
            this.poller.start();
        }
    }

    /** Go back to the amount. The server cancels this QR if another amount is asked for. */
    async chooseAmount() {
        this.poller.pause();
        this.state.pending = 'chooseAmount';
        try {
            await this.props.record.update({ intent_id: false }, { save: true });
        } catch (error) {
            this.state.pending = '';
            this.poller.start();
            throw error;
        }
    }

    async close() {
        browser.clearInterval(this.clock);
        await this.action.doAction({ type: 'ir.actions.act_window_close' });
    }
}

export const qpayQr = {
    component: QPayQr,
    fieldDependencies: [
        { name: 'intent_id', type: 'many2one' },
        { name: 'currency_id', type: 'many2one' },
        { name: 'seconds_left', type: 'integer' },
        { name: 'is_simulation_allowed', type: 'boolean' },
        { name: 'document_link', type: 'char' },
        { name: 'payment_apps', type: 'json' },
        { name: 'amount_note', type: 'char' },
        { name: 'has_payment_access', type: 'boolean' },
    ],
};

registry.category('view_widgets').add('qpay_qr', qpayQr);
