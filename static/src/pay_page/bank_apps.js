import { browser } from '@web/core/browser/browser';
import { registry } from '@web/core/registry';
import { Interaction } from '@web/public/interaction';
import { announce } from '@payment_qpay/pay_page/aria_live';
import { rememberApp } from '@payment_qpay/pay_page/last_app';

// An app that is there comes to the front within this time.
const OPENING_TIME = 1800;

/** Opens bank apps, remembers the last one, and helps on where none has opened. */
export class QPayBankApps extends Interaction {
    static selector = '.o_qpay_page';
    static selectorHas = '.o_qpay_bank';

    dynamicContent = {
        _document: { 't-on-visibilitychange': () => this.onVisibilityChange() },
        '.o_qpay_bank': { 't-on-click': (ev) => this.onOpen(ev.currentTarget) },
        '.o_qpay_hint': { 't-att-class': () => ({ 'd-none': !this.isHintShown }) },
        '.o_qpay_hint_close': { 't-on-click': () => this.hideHint() },
        '.o_qpay_hint_save': { 't-on-click': () => this.el.querySelector('.o_qpay_save').click() },
    };

    setup() {
        this.isHintShown = false;
    }

    start() {
        for (const placeEl of this.el.querySelectorAll('[data-logo]')) {
            this.loadLogo(placeEl);
        }
    }

    onOpen(linkEl) {
        rememberApp(linkEl.dataset.app);
        this.hideHint();
        if (!linkEl.target) {
            this.hintTimer = this.waitForTimeout(() => this.showHint(), OPENING_TIME);
        }
    }

    /** The app has come to the front. */
    onVisibilityChange() {
        if (document.visibilityState !== 'visible') {
            this.hideHint();
        }
    }

    showHint() {
        this.isHintShown = true;
        this.updateContent();
        announce(this.el, this.el.querySelector('.o_qpay_hint_text').innerText);
    }

    hideHint() {
        browser.clearTimeout(this.hintTimer);
        this.isHintShown = false;
    }

    /** The letter shows until the logo, which comes from elsewhere, is there. */
    loadLogo(placeEl) {
        const logoEl = new Image(32, 32);
        logoEl.alt = '';
        logoEl.loading = 'lazy';
        logoEl.referrerPolicy = 'no-referrer';
        this.addListener(logoEl, 'load', () => logoEl.classList.add('o_qpay_loaded'));
        this.addListener(logoEl, 'error', () => logoEl.remove());
        logoEl.src = placeEl.dataset.logo;
        this.insert(logoEl, placeEl);
    }
}

registry.category('public.interactions').add('payment_qpay.bank_apps', QPayBankApps);
