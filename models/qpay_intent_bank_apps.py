from odoo import models

from odoo.addons.payment_qpay.qpay_api.parsing import is_app_link

# Whatever else QPay lists is a bank's own app. An app is known by its link's scheme: names vary
# with QPay's years, and every link holds the word "qPay".
_WALLET_SCHEMES = {
    'ard', 'ebarimt', 'hipay', 'monpay', 'most', 'pass', 'payon', 'qpaywallet', 'sono',
    'tdbwallet', 'tino', 'toki',
}
_WALLET_WORDS = ('wallet', 'хэтэвч')
_PAGE_SCHEMES = ('http', 'https')
# Where an app is to be had, by the schemes of those whose numbers are known (QPay contract §12).
_STORE_IDS = {
    'khanbank': ('1555908766', 'com.khanbank.retail'),
    'socialpay-payment': ('1152919460', 'mn.egolomt.socialpay'),
    'tdbbank': ('1458831706', 'mn.tdb.pay'),
}
# How many colours the letters have that stand in for logos.
_TONES = 6


class QPayIntent(models.Model):
    """What a QR can be paid with, as the payer's page offers it."""

    _inherit = 'qpay.intent'

    def _get_payment_apps(self):
        """Return the apps that QPay lists, in its order, by kind and in the user's language.

        :return: The apps of each kind that there is. Each app has a `key` that stays the same from
            one QR to the next, a `label`, a `tone` from 0 to 5, the `link` that opens it, whether
            that `is_page` on the web, the address of its `logo`, or '', and its pages in the
            `stores` by the system of the phone, as far as they are known.
        :rtype: dict[str, list[dict]]
        """
        self.ensure_one()
        apps = {'bank': [], 'wallet': []}
        for link in self.deeplinks or []:
            # Others were left out when they arrived; what is stored must not run a script either.
            if is_app_link(link['link']):
                scheme = link['link'].strip().partition(':')[0].lower()
                apps[_get_kind(scheme, link)].append(self._describe_app(scheme, link))
        return {kind: listed for kind, listed in apps.items() if listed}

    def _get_picture_name(self):
        """Return what the QR is called as a picture that the payer keeps.

        :rtype: str
        """
        self.ensure_one()
        return f'QPay {(self.document_name or self.name).replace("/", "-")}.png'

    def _describe_app(self, scheme, link):
        is_page = scheme in _PAGE_SCHEMES
        key = link['name'] if is_page else scheme
        # QPay names its banks in English and describes them in Mongolian.
        is_mongolian = (self.env.lang or '').startswith('mn')
        label = is_mongolian and link['description'] or link['name'] or link['description']
        return {
            'key': key,
            'label': label or scheme,
            'tone': sum(map(ord, key)) % _TONES,
            'link': link['link'],
            'is_page': is_page,
            'logo': link['logo'] if link['logo'].startswith('https://') else '',
            'stores': _get_stores(scheme),
        }


def _get_stores(scheme):
    if scheme not in _STORE_IDS:
        return {}
    apple_id, android_id = _STORE_IDS[scheme]
    return {
        'ios': f'https://apps.apple.com/app/id{apple_id}',
        'android': f'https://play.google.com/store/apps/details?id={android_id}',
    }


def _get_kind(scheme, link):
    names = f'{link["name"]} {link["description"]}'.lower()
    is_wallet = scheme in _WALLET_SCHEMES or any(word in names for word in _WALLET_WORDS)
    return 'wallet' if is_wallet else 'bank'
