/**
 * Return the whole seconds from now until a moment, at least 0.
 *
 * @param {number} moment - Milliseconds, as of `Date.now()`.
 * @param {number} now - Milliseconds.
 * @return {number}
 */
export function secondsUntil(moment, now) {
    return Math.max(0, Math.ceil((moment - now) / 1000));
}

/**
 * Return a duration as a clock shows it: `4:09`, `1:04:09`.
 *
 * @param {number} seconds
 * @return {string}
 */
export function formatDuration(seconds) {
    const twoDigits = (number) => String(number).padStart(2, '0');
    const minutes = Math.floor(seconds / 60);
    const tail = twoDigits(seconds % 60);
    if (minutes < 60) {
        return `${minutes}:${tail}`;
    }
    return `${Math.floor(minutes / 60)}:${twoDigits(minutes % 60)}:${tail}`;
}
