import { OutdatedPageWatcherService } from '@bus/outdated_page_watcher_service';
import { patch } from '@web/core/utils/patch';

/**
 * A payer who comes back from the bank's app has nothing to save: the page asks for its state by
 * itself as soon as the connection is back.
 */
patch(OutdatedPageWatcherService.prototype, {
    showOutdatedPageNotification() {
        if (!document.querySelector('.o_qpay_page')) {
            super.showOutdatedPageNotification();
        }
    },
});
