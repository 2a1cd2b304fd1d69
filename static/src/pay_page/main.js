import { QPayBankApps } from '@payment_qpay/pay_page/bank_apps';
import { QPayPage } from '@payment_qpay/pay_page/pay_page';
import { QPayPicture } from '@payment_qpay/pay_page/qr_picture';
import { QPayRenewal } from '@payment_qpay/pay_page/renewal';
import { QPayShare } from '@payment_qpay/pay_page/share';

// All that the page does; Odoo's own scripts, which are a hundred times as large, are not on it.
const pageEl = document.querySelector('.o_qpay_page');
if (pageEl) {
    const parts = [new QPayRenewal(pageEl), new QPayPage(pageEl)];
    if (pageEl.querySelector('.o_qpay_bank')) {
        parts.push(new QPayBankApps(pageEl));
    }
    if (pageEl.querySelector('.o_qpay_save')) {
        parts.push(new QPayPicture(pageEl));
    }
    if (pageEl.querySelector('.o_qpay_in_app')) {
        parts.push(new QPayShare(pageEl));
    }
    for (const part of parts) {
        part.start();
    }
}
