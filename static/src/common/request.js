import { browser } from '@web/core/browser/browser';
import { rpc } from '@web/core/network/rpc';

/**
 * Ask Odoo, but not for ever: a request that the network has swallowed would never end.
 *
 * @param {string} route
 * @param {Object} params
 * @param {number} timeLimit - Milliseconds.
 * @return {Promise<Object>} The answer; its method `abort(isRejected = true)` drops the request.
 */
export function sendRequest(route, params, timeLimit) {
    const request = rpc(route, params, { silent: true });
    const limitTimer = browser.setTimeout(() => request.abort(), timeLimit);
    const answer = request.finally(() => browser.clearTimeout(limitTimer));
    answer.abort = (isRejected) => {
        browser.clearTimeout(limitTimer);
        request.abort(isRejected);
    };
    return answer;
}
