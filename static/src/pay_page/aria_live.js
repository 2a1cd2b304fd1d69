/**
 * Say something to people who cannot see the page.
 *
 * @param {HTMLElement} pageEl - The page.
 * @param {string} [text]
 */
export function announce(pageEl, text = '') {
    const regionEl = pageEl.querySelector('.o_qpay_announcement');
    regionEl.textContent = text.replace(/\s+/g, ' ').trim();
}
