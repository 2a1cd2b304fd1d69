import { announce, listen, toggle } from '@payment_qpay/pay_page/elements';
import { rememberApp } from '@payment_qpay/pay_page/last_app';
import { getSystem } from '@payment_qpay/pay_page/system';

// An app that is there comes to the front within this time.
const OPENING_TIME = 1800;

/** Opens bank apps, remembers the last one, and helps on where none has opened. */
export class QPayBankApps {
    constructor(el) {
        this.el = el;
        document.addEventListener('visibilitychange', () => this.onVisibilityChange());
        listen(el, 'click', '.o_qpay_bank', (linkEl) => this.onOpen(linkEl));
        listen(el, 'click', '.o_qpay_hint_close', () => this.hideHint());
        listen(el, 'click', '.o_qpay_hint_save', () => el.querySelector('.o_qpay_save').click());
    }

    /** The logos, which come from elsewhere, hold nothing up that the payer waits for. */
    start() {
        if (document.readyState === 'complete') {
            this.loadLogos();
        } else {
            window.addEventListener('load', () => this.loadLogos());
        }
    }

    onOpen(linkEl) {
        rememberApp(linkEl.dataset.app);
        this.hideHint();
        if (!linkEl.target) {
            this.offerStore(JSON.parse(linkEl.dataset.stores || '{}')[getSystem()]);
            this.hintTimer = setTimeout(() => this.showHint(), OPENING_TIME);
        }
    }

    /** Who does not have the app gets it, where it is known from where. */
    offerStore(address) {
        toggle(this.el, '.o_qpay_hint_store', Boolean(address));
        if (address) {
            this.el.querySelector('.o_qpay_hint_store').href = address;
        }
    }

    /** The app has come to the front. */
    onVisibilityChange() {
        if (document.visibilityState !== 'visible') {
            this.hideHint();
        }
    }

    showHint() {
        toggle(this.el, '.o_qpay_hint', true);
        announce(this.el, this.el.querySelector('.o_qpay_hint_text').innerText);
    }

    hideHint() {
        clearTimeout(this.hintTimer);
        toggle(this.el, '.o_qpay_hint', false);
    }

    loadLogos() {
        for (const placeEl of this.el.querySelectorAll('[data-logo]')) {
            this.loadLogo(placeEl);
        }
    }

    /** The letter shows until the logo is there. */
    loadLogo(placeEl) {
        const logoEl = new Image(32, 32);
        logoEl.alt = '';
        logoEl.loading = 'lazy';
        logoEl.referrerPolicy = 'no-referrer';
        logoEl.addEventListener('load', () => logoEl.classList.add('o_qpay_loaded'));
        logoEl.addEventListener('error', () => logoEl.remove());
        logoEl.src = placeEl.dataset.logo;
        placeEl.append(logoEl);
    }
}
