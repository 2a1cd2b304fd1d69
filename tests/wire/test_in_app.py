"""The user agents of browsers within other apps, and of those that are none."""

from odoo.tests import BaseCase, tagged

from odoo.addons.payment_qpay.controllers.in_app import find_app

_ANDROID = (
    'Mozilla/5.0 (Linux; Android 14; Pixel 7 Build/UP1A; wv) AppleWebKit/537.36 (KHTML, like Gecko)'
    ' Version/4.0 Chrome/125.0.0.0 Mobile Safari/537.36'
)
_IPHONE = (
    'Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like'
    ' Gecko) Mobile/15E148'
)
WITHIN = (
    (f'{_ANDROID} [FB_IAB/MESSENGER;FBAV/450.0.0.42.109;]', 'Messenger', 'android'),
    (f'{_ANDROID} [FB_IAB/Orca-Android;FBAV/450.0.0.42.109;]', 'Messenger', 'android'),
    (f'{_IPHONE} [FBAN/MessengerForiOS;FBAV/442.0.0.42.110;FBSN/iOS]', 'Messenger', 'ios'),
    (f'{_ANDROID} [FB_IAB/FB4A;FBAV/450.0.0.42.109;]', 'Facebook', 'android'),
    (f'{_IPHONE} [FBAN/FBIOS;FBAV/442.0.0.42.110;FBSN/iOS]', 'Facebook', 'ios'),
    (f'{_ANDROID} Instagram 280.0.0.18.114 Android', 'Instagram', 'android'),
    (f'{_IPHONE} Instagram 280.0.0.18.114 (iPhone12,1)', 'Instagram', 'ios'),
    (f'{_ANDROID} Viber/21.0.0.5', 'Viber', 'android'),
    (f'{_IPHONE} Safari/604.1 Line/13.1.0', 'LINE', 'ios'),
    (f'{_ANDROID} MicroMessenger/8.0.40', 'WeChat', 'android'),
    (f'{_IPHONE} BytedanceWebview/d8a21c6', 'TikTok', 'ios'),
    (_ANDROID, '', 'android'),
    (_IPHONE, '', 'ios'),
)
BROWSERS = (
    'Mozilla/5.0 (Linux; Android 14; Pixel 7) AppleWebKit/537.36 (KHTML, like Gecko)'
    ' Chrome/125.0.0.0 Mobile Safari/537.36',
    'Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko)'
    ' SamsungBrowser/24.0 Chrome/117.0.0.0 Mobile Safari/537.36',
    'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like'
    ' Gecko) Version/17.5 Mobile/15E148 Safari/604.1',
    'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like'
    ' Gecko) CriOS/125.0.0.0 Mobile/15E148 Safari/604.1',
    'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like'
    ' Gecko) FxiOS/126.0 Mobile/15E148 Safari/605.1.15',
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)'
    ' Chrome/125.0.0.0 Safari/537.36 Edg/125.0.0.0',
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:126.0) Gecko/20100101 Firefox/126.0',
    'curl/8.5.0',
    '',
)


@tagged('post_install', '-at_install')
class TestInApp(BaseCase):

    def test_browsers_within_apps_are_known(self):
        for user_agent, name, system in WITHIN:
            with self.subTest(user_agent=user_agent):
                self.assertEqual(find_app(user_agent), (name, system))

    def test_browsers_are_left_alone(self):
        for user_agent in BROWSERS:
            with self.subTest(user_agent=user_agent):
                self.assertIsNone(find_app(user_agent))

    def test_way_out_leads_to_the_very_page(self):
        self.assertEqual(
            find_app(_ANDROID).get_way_out('https://shop.example.mn/payment/qpay/pay/7/abc'),
            'intent://shop.example.mn/payment/qpay/pay/7/abc#Intent;scheme=https;'
            'action=android.intent.action.VIEW;category=android.intent.category.BROWSABLE;end',
        )
