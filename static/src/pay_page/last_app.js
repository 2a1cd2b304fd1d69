// This file comes with the few scripts that are there before the page is shown, so that nothing
// moves under the payer's finger later.

const STORAGE_KEY = 'payment_qpay.last_app';

/**
 * Remember the app that was opened last, in this browser only.
 *
 * @param {string} app - Its key.
 */
export function rememberApp(app) {
    useStorage((storage) => storage.setItem(STORAGE_KEY, app));
}

/** Put the app that was opened last above the others. */
function showLastApp() {
    const lastEl = document.querySelector('.o_qpay_last_app');
    const app = lastEl && useStorage((storage) => storage.getItem(STORAGE_KEY));
    const itemEl = app && document.querySelector(`[data-app="${CSS.escape(app)}"]`)?.parentElement;
    if (itemEl) {
        const groupEl = itemEl.closest('.o_qpay_apps');
        lastEl.querySelector('ul').append(itemEl);
        lastEl.hidden = false;
        groupEl.hidden = !groupEl.querySelector('li');
    }
}

/** Storage may be full or forbidden; the order of the apps is no more than a comfort. */
function useStorage(use) {
    try {
        return use(window.localStorage);
    } catch (error) {
        console.info('payment_qpay:', error);
        return null;
    }
}

showLastApp();
