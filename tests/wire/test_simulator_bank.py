"""The QPay simulator over real HTTP: the pages of the payer's bank."""

import http.client
import io
from datetime import datetime, timedelta, timezone
from urllib.parse import urlencode

from PIL import Image

from odoo.tests import tagged

from odoo.addons.payment_qpay.tests.cases.simulator_case import Shop, SimulatorCase
from odoo.addons.payment_qpay.tests.wire.test_simulator_invoices import SAMPLE_2025


@tagged('post_install', '-at_install')
class TestSimulatorBank(SimulatorCase):
    """The pages of the payer's bank."""

    def invoice(self, **fields):
        """Create an invoice and return its page's path."""
        return f'/bank/{self.api.invoice(**fields).json["invoice_id"]}'

    def page(self, path):
        """Return the text of a page."""
        answer = self.api.call('GET', path)
        self.assertEqual(answer.status, 200)
        return answer.text

    def submit(self, path, **fields):
        """Press a button and return the reason of a refusal, or None."""
        answer = self.api.form(f'{path}/pay', **fields)
        self.assertEqual(answer.status, 303)
        return answer.headers['Location'].partition('refused=')[2] or None

    def paid(self):
        """Return what was paid on the first invoice."""
        row = self.control.invoices()[0]
        return row['invoice_status'], [(item['amount'], item['method']) for item in row['payments']]

    def test_list(self):
        path = self.invoice(invoice_description='Ном <b>2</b> & дэвтэр', amount=12500)
        page = self.page('/')
        self.assertIn(f'href="{path}"', page)
        self.assertIn('Ном &lt;b&gt;2&lt;/b&gt; &amp; дэвтэр', page)
        self.assertIn('12,500\N{NO-BREAK SPACE}₮', page)
        self.assertNotIn('http://', page.replace(self.simulator.url, ''))

    def test_page(self):
        page = self.page(self.invoice(amount='99.50'))
        for wanted in (
            '99.50\N{NO-BREAK SPACE}₮',
            'TESTMERCHANT',
            'Захиалга S00042',
            'id="pay-full"',
            'id="pay-amount"',
            'id="pay-amount-input"',
            'id="pay-card"',
            'id="pay-twice"',
            'id="pay-after-cancel"',
        ):
            self.assertIn(wanted, page)

    def test_picture(self):
        connection = http.client.HTTPConnection(self.api.address.hostname, self.api.address.port)
        self.addCleanup(connection.close)
        connection.request('GET', f'{self.invoice()}/qr.png')
        answer = connection.getresponse()
        self.assertEqual(answer.headers['Content-Type'], 'image/png')
        self.assertEqual(Image.open(io.BytesIO(answer.read())).size, (300, 300))

    def test_unknown(self):
        for path in ('/bank/unknown', '/s/unknown', '/bank/unknown/qr.png'):
            self.assertEqual(self.api.call('GET', path).status, 404)

    def test_scan(self):
        path = self.invoice()
        qr_text = self.control.invoices()[0]['qr_text']
        for pasted in (qr_text, f' {qr_text}\n', f'khanbank://q?qPay_QRcode={qr_text}'):
            answer = self.api.call('GET', '/q?' + urlencode({'qPay_QRcode': pasted}))
            self.assertEqual((answer.status, answer.headers['Location']), (302, path))
        for pasted, reason in (
            (qr_text[:-1] + 'X', 'QR код буруу'),
            ('hello', 'QR код буруу'),
            (SAMPLE_2025, 'Ийм нэхэмжлэл олдсонгүй'),
        ):
            answer = self.api.call('GET', '/q?' + urlencode({'qPay_QRcode': pasted}))
            self.assertEqual(answer.status, 404)
            self.assertIn(reason, answer.text)

    def test_pay_full(self):
        with Shop() as shop:
            path = self.invoice(callback_url=f'{shop.url}/c')
            self.assertIsNone(self.submit(path, action='full'))
            self.control.wait_for_callbacks()
        self.assertEqual(self.paid(), ('CLOSED', [('100.00', 'P2P')]))
        self.assertEqual(len(shop.requests), 1)
        page = self.page(path)
        self.assertIn('Мэдэгдлийг хүлээн авсан', page)
        self.assertIn('200 · SUCCESS', page)
        self.assertEqual(self.submit(path, action='full'), 'closed')

    def test_pay_card(self):
        path = self.invoice()
        self.assertIsNone(self.submit(path, action='card'))
        self.assertEqual(self.paid(), ('CLOSED', [('100.00', 'CARD')]))

    def test_another_amount_refused(self):
        path = self.invoice()
        for amount, reason in (
            ('60', 'too_small'),
            ('100.01', 'too_large'),
            ('', 'amount'),
            ('0', 'amount'),
            ('x', 'amount'),
            ('1.001', 'amount'),
        ):
            self.assertEqual(self.submit(path, action='amount', amount=amount), reason)
        self.assertEqual(self.paid(), ('OPEN', []))
        self.assertIn('хэсэгчлэн төлөх боломжгүй', self.page(f'{path}?refused=too_small'))

    def test_another_amount_forced(self):
        path = self.invoice()
        self.assertIsNone(self.submit(path, action='amount', amount='60', force='1'))
        self.assertEqual(self.submit(path, action='amount', amount='-1', force='1'), 'amount')
        self.assertEqual(self.paid(), ('OPEN', [('60.00', 'P2P')]))
        self.assertIsNone(self.submit(path, action='full'))
        self.assertEqual(self.paid(), ('CLOSED', [('60.00', 'P2P'), ('40.00', 'P2P')]))

    def test_partial_and_exceeding(self):
        path = self.invoice(amount=1000, allow_partial=True, minimum_amount=100)
        self.assertEqual(self.submit(path, action='amount', amount='99'), 'minimum')
        self.assertIsNone(self.submit(path, action='amount', amount='400'))
        self.assertEqual(self.submit(path, action='amount', amount='601'), 'too_large')
        self.control.reset()
        self.api.log_in()
        path = self.invoice(amount=1000, allow_exceed=True, maximum_amount='1500')
        self.assertEqual(self.submit(path, action='amount', amount='999'), 'too_small')
        self.assertEqual(self.submit(path, action='amount', amount='1,500.01'), 'maximum')
        self.assertIsNone(self.submit(path, action='amount', amount='1 500'))
        self.assertEqual(self.paid(), ('CLOSED', [('1500.00', 'P2P')]))

    def test_twice(self):
        path = self.invoice()
        self.assertIsNone(self.submit(path, action='twice'))
        self.assertEqual(self.paid(), ('CLOSED', [('100.00', 'P2P')] * 2))
        self.assertIsNone(self.submit(path, action='twice'))
        self.assertEqual(len(self.paid()[1]), 3)

    def test_after_cancelling(self):
        path = self.invoice()
        self.api.call('DELETE', f'/v2/invoice/{path.rpartition("/")[2]}')
        self.assertEqual(self.submit(path, action='full'), 'cancelled')
        self.assertIsNone(self.submit(path, action='after-cancel'))
        self.assertEqual(self.paid(), ('CANCELED', [('100.00', 'P2P')]))

    def test_after_cancelling_an_open_one(self):
        path = self.invoice()
        self.assertIsNone(self.submit(path, action='after-cancel'))
        self.assertEqual(self.paid(), ('CANCELED', [('100.00', 'P2P')]))
        self.control.reset()
        self.api.log_in()
        path = self.invoice()
        self.submit(path, action='full')
        self.assertEqual(self.submit(path, action='after-cancel'), 'not_cancelled')

    def test_expiry(self):
        past = (datetime.now(timezone.utc) - timedelta(minutes=1)).isoformat()
        path = self.invoice(enable_expiry=True, expiry_date=past)
        self.assertEqual(self.submit(path, action='full'), 'expired')
        self.assertIn('Хугацаа дууссан', self.page(path))
        for fields in ({'enable_expiry': 'false', 'expiry_date': past}, {'expiry_date': past}):
            self.assertIsNone(self.submit(self.invoice(**fields), action='full'))

    def test_expiry_by_setting(self):
        self.control.configure(invoice_lifetime=60)
        path = self.invoice()
        never = self.invoice(enable_expiry=False)
        self.control.configure(clock_skew=61)
        self.assertEqual(self.submit(path, action='full'), 'expired')
        self.assertIsNone(self.submit(never, action='full'))

    def test_unknown_button(self):
        self.assertEqual(self.api.form(f'{self.invoice()}/pay', action='steal').status, 400)
