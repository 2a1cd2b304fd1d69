/**
 * Return whether nothing is left of an amount.
 *
 * @param {number} amount
 * @param {number} amountPaid
 * @param {Object} format - See `formatMoney`.
 * @return {boolean}
 */
export function isPaidUp(amount, amountPaid, { digits }) {
    return Math.round((amount - amountPaid) * 10 ** digits) <= 0;
}

/**
 * Return an amount as the server writes it in the page's language.
 *
 * @param {number} amount
 * @param {Object} format - `digits` after the `point`, the `separator` of thousands, the `symbol` of
 *     the currency and whether it `isBefore` the amount.
 * @return {string}
 */
export function formatMoney(amount, { digits, point, separator, symbol, isBefore }) {
    const [whole, fraction] = amount.toFixed(digits).split('.');
    const grouped = whole.replace(/\B(?=(\d{3})+$)/g, separator);
    const figure = fraction ? `${grouped}${point}${fraction}` : grouped;
    return (isBefore ? [symbol, figure] : [figure, symbol]).join('\u00a0');
}
