import { isIOS } from '@web/core/browser/feature_detection';
import { registry } from '@web/core/registry';
import { Interaction } from '@web/public/interaction';

/**
 * Saves the QR as a picture. The link does so by itself; only on Apple's phones it leads to the
 * files, where bank apps do not look: there, the system's own dialog leads to the gallery.
 */
export class QPayPicture extends Interaction {
    static selector = '.o_qpay_save';

    dynamicContent = {
        _root: { 't-on-click': (ev) => this.onClick(ev) },
    };

    async onClick(ev) {
        const files = [this.getFile()];
        if (this.hasShareFailed || !isIOS() || !navigator.canShare?.({ files })) {
            return;
        }
        ev.preventDefault();
        try {
            await navigator.share({ files });
        } catch (error) {
            // People may close the dialog.
            if (error.name !== 'AbortError') {
                this.hasShareFailed = true;
                this.el.click();
            }
        }
    }

    getFile() {
        const [, base64] = this.el.href.split(',');
        const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
        return new File([bytes], this.el.download, { type: 'image/png' });
    }
}

registry.category('public.interactions').add('payment_qpay.qr_picture', QPayPicture);
