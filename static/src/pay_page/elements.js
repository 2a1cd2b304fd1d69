/**
 * Show or hide all elements that a selector finds.
 *
 * @param {HTMLElement} pageEl - The page.
 * @param {string} selector
 * @param {boolean} isShown
 */
export function toggle(pageEl, selector, isShown) {
    for (const element of pageEl.querySelectorAll(selector)) {
        element.classList.toggle('d-none', !isShown);
    }
}

/**
 * Let all elements that a selector finds say something.
 *
 * @param {HTMLElement} pageEl - The page.
 * @param {string} selector
 * @param {string} text
 */
export function say(pageEl, selector, text) {
    for (const element of pageEl.querySelectorAll(selector)) {
        if (element.textContent !== text) {
            element.textContent = text;
        }
    }
}

/**
 * Let buttons rest: they keep the keyboard's attention, unlike those that are disabled.
 *
 * @param {HTMLElement} pageEl - The page.
 * @param {string} selector
 * @param {boolean} isResting
 */
export function rest(pageEl, selector, isResting) {
    for (const element of pageEl.querySelectorAll(selector)) {
        element.classList.toggle('disabled', isResting);
        element.setAttribute('aria-disabled', String(isResting));
    }
}

/**
 * Listen to what happens within the page, also to elements that come later.
 *
 * @param {HTMLElement} pageEl - The page.
 * @param {string} type - The event's.
 * @param {string} selector
 * @param {(element: HTMLElement, ev: Event) => void} callback
 */
export function listen(pageEl, type, selector, callback) {
    pageEl.addEventListener(type, (ev) => {
        const element = ev.target.closest(selector);
        if (element) {
            callback(element, ev);
        }
    });
}

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
