/** @return {'ios'|'android'|''} The phone's system, as far as it is one. */
export function getSystem() {
    const { userAgent, maxTouchPoints } = navigator;
    // Apple's tablets say that they are computers.
    if (/iPad|iPhone|iPod/.test(userAgent) || (userAgent.includes('Mac') && maxTouchPoints > 1)) {
        return 'ios';
    }
    return userAgent.includes('Android') ? 'android' : '';
}
