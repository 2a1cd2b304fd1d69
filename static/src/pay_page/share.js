import { announce, listen, toggle } from '@payment_qpay/pay_page/elements';

/** Takes the page's address elsewhere: by the clipboard, or by the phone's own dialog. */
export class QPayShare {
    constructor(el) {
        this.el = el;
        listen(el, 'click', '.o_qpay_copy_link', () => this.copy());
        listen(el, 'click', '.o_qpay_share', () => this.share());
    }

    start() {
        toggle(this.el, '.o_qpay_share', Boolean(navigator.share));
    }

    async copy() {
        if (await copyText(location.href)) {
            toggle(this.el, '.o_qpay_copied', true);
            announce(this.el, this.el.querySelector('.o_qpay_copied').textContent);
        }
    }

    async share() {
        try {
            await navigator.share({ title: document.title, url: location.href });
        } catch (error) {
            // People may close the dialog.
            console.info('payment_qpay:', error);
        }
    }
}

/** @return {Promise<boolean>} Whether the text is in the clipboard. */
async function copyText(text) {
    try {
        await navigator.clipboard.writeText(text);
        return true;
    } catch (error) {
        // Older browsers, and those within other apps, only copy what is selected.
        console.info('payment_qpay:', error);
        return copySelection(text);
    }
}

function copySelection(text) {
    const inputEl = document.createElement('input');
    inputEl.value = text;
    inputEl.className = 'visually-hidden';
    document.body.append(inputEl);
    inputEl.select();
    const isCopied = document.execCommand('copy');
    inputEl.remove();
    return isCopied;
}
