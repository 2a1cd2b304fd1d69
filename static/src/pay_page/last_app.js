// The page itself puts the app above the others, in a script of its own before it is shown, so that
// nothing moves under the payer's finger later.
const STORAGE_KEY = 'payment_qpay.last_app';

/**
 * Remember the app that was opened last, in this browser only.
 *
 * @param {string} app - Its key.
 */
export function rememberApp(app) {
    try {
        window.localStorage.setItem(STORAGE_KEY, app);
    } catch (error) {
        // Storage may be full or forbidden; the order of the apps is no more than a comfort.
        console.info('payment_qpay:', error);
    }
}
