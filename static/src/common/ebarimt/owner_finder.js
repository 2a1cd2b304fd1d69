// Nobody is asked about each key that is pressed.
const DELAY = 400;

/** Tells whose a company's register number is, once one is typed. Nothing waits for it. */
export class OwnerFinder {
    /**
     * @param {(register: string) => Promise<string|null>} ask - It never fails.
     * @param {(text: string) => void} show
     */
    constructor(ask, show) {
        this.ask = ask;
        this.show = show;
        this.register = '';
    }

    /** @param {string} text - What is typed; '' where no company's number is. */
    follow(text) {
        const typed = text.replace(/[\s-]/g, '');
        const register = /^\d{7}$/.test(typed) ? typed : '';
        if (register !== this.register) {
            this.stop();
            this.register = register;
            this.show('');
            this.timer = register && setTimeout(() => this.find(register), DELAY);
        }
    }

    stop() {
        clearTimeout(this.timer);
    }

    async find(register) {
        const text = await this.ask(register);
        if (register === this.register) {
            this.show(text || '');
        }
    }
}
