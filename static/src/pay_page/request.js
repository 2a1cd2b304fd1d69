/**
 * Ask Odoo, but not for ever: a request that the network has swallowed would never end.
 *
 * @param {string} route
 * @param {Object} params
 * @param {number} timeLimit - Milliseconds.
 * @return {Promise<Object>} The answer; its method `abort` drops the request.
 */
export function sendRequest(route, params, timeLimit) {
    const controller = new AbortController();
    const limitTimer = setTimeout(() => controller.abort(), timeLimit);
    const answer = receive(route, params, controller.signal).finally(
        () => clearTimeout(limitTimer)
    );
    answer.abort = () => controller.abort();
    return answer;
}

/**
 * The same, where it does not matter why there is no answer.
 *
 * @return {Promise<Object|null>} The answer, if there is one.
 */
export async function tryRequest(...args) {
    try {
        return await sendRequest(...args);
    } catch (error) {
        console.info('payment_qpay:', error);
        return null;
    }
}

async function receive(route, params, signal) {
    const response = await fetch(route, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', method: 'call', params }),
        signal,
    });
    const { result, error } = await response.json();
    if (error) {
        throw new Error(error.message);
    }
    return result;
}
