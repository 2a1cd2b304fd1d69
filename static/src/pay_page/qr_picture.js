import { listen } from '@payment_qpay/pay_page/elements';
import { getSystem } from '@payment_qpay/pay_page/system';

/**
 * Saves the QR as a picture. The link does so by itself; only on Apple's phones it leads to the
 * files, where bank apps do not look: there, the system's own dialog leads to the gallery.
 */
export class QPayPicture {
    constructor(el) {
        this.saveEl = el.querySelector('.o_qpay_save');
        listen(el, 'click', '.o_qpay_save', (saveEl, ev) => this.onClick(ev));
    }

    /** The dialog only opens upon a tap, so the picture is asked for before. */
    start() {
        if (getSystem() === 'ios' && navigator.canShare && this.saveEl.download) {
            this.files = this.loadFiles();
        }
    }

    /** @return {Promise<File[]>} The picture; none if it cannot be given to the dialog. */
    async loadFiles() {
        try {
            const answer = await fetch(this.saveEl.href);
            const files = [
                new File([await answer.blob()], this.saveEl.download, { type: 'image/png' }),
            ];
            return navigator.canShare({ files }) ? files : [];
        } catch (error) {
            console.info('payment_qpay:', error);
            return [];
        }
    }

    async onClick(ev) {
        if (!this.files) {
            return;
        }
        ev.preventDefault();
        const files = await this.files;
        try {
            await navigator.share({ files });
        } catch (error) {
            // People may close the dialog.
            if (error.name !== 'AbortError') {
                this.files = null;
                this.saveEl.click();
            }
        }
    }
}
