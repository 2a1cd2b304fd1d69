"""The tax office's public look-up, whatever it answers."""

import contextlib
import json
import socket
import threading

from odoo.tests import tagged

from odoo.addons.payment_qpay.qpay_api import (
    TaxOfficeSilent,
    Taxpayer,
    find_taxpayer,
    is_company_register,
    is_tax_office_address,
)
from odoo.addons.payment_qpay.tests.cases.simulator_case import Shop, SimulatorCase

TIN, INFO = 'GET /api/info/check/getTinInfo', 'GET /api/info/check/getInfo'
PATIENCE_SECONDS = 60
FOUND = {'name': 'АЛТАН ТАЛ', 'vatPayer': True, 'found': True}


def _envelope(data, status=200, msg='Амжилттай'):
    return 200, json.dumps({'msg': msg, 'status': status, 'data': data}).encode()


@contextlib.contextmanager
def _stuttering_server():
    """Serve the beginning of an answer, and never its end.

    :return: The address, and what is set when somebody has connected.
    """
    listener = socket.create_server(('127.0.0.1', 0))
    is_asked, is_over = threading.Event(), threading.Event()

    def serve():
        with contextlib.suppress(OSError):
            connection, _address = listener.accept()
            with connection:
                connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Len')
                is_asked.set()
                is_over.wait()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f'http://127.0.0.1:{listener.getsockname()[1]}', is_asked
    finally:
        is_over.set()
        listener.close()
        thread.join()


@tagged('post_install', '-at_install')
class TestTaxOffice(SimulatorCase):

    def _find(self, register, timeout=PATIENCE_SECONDS):
        return find_taxpayer(self.simulator.url, register, timeout)

    def _find_in(self, *answers):
        """Ask a server that gives these answers."""
        with Shop(answers) as shop:
            return find_taxpayer(shop.url, '5234568', PATIENCE_SECONDS)

    def test_company_that_pays_vat_and_one_that_does_not(self):
        self.assertEqual(self._find('5234568'), Taxpayer('ГОВИЙН НАРАН', is_vat_payer=True))
        self.assertEqual(self._find('5456780'), Taxpayer('СЭЛЭНГЭ АГРО', is_vat_payer=False))
        self.assertEqual(self.control.calls(), {TIN: 2, INFO: 2, 'POST /v2/auth/token': 1})

    def test_number_that_nobody_has(self):
        self.assertIsNone(self._find('9999999'))
        self.assertEqual(self.control.calls()[TIN], 1)
        for answers in (
            [_envelope(None)], [_envelope(0)], [_envelope(61200064714), _envelope(None)],
            [_envelope('61200064714'), _envelope({**FOUND, 'found': False})],
        ):
            with self.subTest(answers=answers):
                self.assertIsNone(self._find_in(*answers))

    def test_what_it_is_not_known_to_answer_says_nothing(self):
        tin = _envelope('61200064714')
        for answers in (
            [(500, b'')], [(200, b'<html>')], [(200, b'[]')], [(200, b'{}')], [(200, b'"x"')],
            [(200, b'\xff')], [(200, b'[' * 9000)], [(200, b'{"data": ' + b'1' * 9000 + b'}')],
            [(404, tin[1])], [_envelope(None, status=500, msg='Internal error')],
            [(302, b'', ('Location', '/elsewhere')), tin, _envelope(FOUND)],
            [_envelope('../getInfo?tin=1')], [_envelope({'tin': 1})], [_envelope(True)],
            [_envelope('٦١٢٠٠٠٦٤٧١٤')],
            [tin, (502, b'')], [tin, _envelope([1])], [tin, _envelope({**FOUND, 'name': None})],
            [tin, _envelope({**FOUND, 'name': ' \u200b\n'})],
            [tin, _envelope({**FOUND, 'name': {'mn': 'X'}})],
            [tin, _envelope({**FOUND, 'vatPayer': None})],
            [tin, _envelope({**FOUND, 'vatPayer': [1]})],
            [tin, (200, b' ' * 20000 + _envelope(FOUND)[1])],
        ):
            with self.subTest(answers=answers), self.assertRaises(TaxOfficeSilent):
                self._find_in(*answers)

    def test_name_is_one_line_of_visible_signs(self):
        for name, shown in (
            ('  Алтан\n\tтал  ', 'Алтан тал'),
            ('Алтан\u202eтал\x00', 'Алтан тал'),
            ('<b>Алтан & тал</b>', '<b>Алтан & тал</b>'),
            ('А' * 500, 'А' * 128),
        ):
            with self.subTest(name=name):
                answers = _envelope('61200064714'), _envelope({**FOUND, 'name': name})
                self.assertEqual(self._find_in(*answers).name, shown)

    def test_truths_that_are_texts(self):
        answers = _envelope('61200064714'), _envelope({**FOUND, 'vatPayer': 'false'})
        self.assertIs(self._find_in(*answers).is_vat_payer, False)

    def test_nobody_waits_for_it(self):
        for endpoint in (TIN, INFO):
            with self.subTest(endpoint=endpoint):
                self.control.inject(endpoint, 'hold', times=None)
                with self.assertRaises(TaxOfficeSilent):
                    self._find('5234568', timeout=.2)
                self.control.clear_faults()

    def test_nobody_waits_for_the_end_of_an_answer(self):
        with _stuttering_server() as (address, is_asked):
            with self.assertRaises(TaxOfficeSilent):
                find_taxpayer(address, '5234568', .5)
            self.assertTrue(is_asked.is_set())

    def test_connection_that_is_lost_or_refused(self):
        self.control.inject(TIN, 'drop')
        with self.assertRaises(TaxOfficeSilent):
            self._find('5234568')
        self.simulator.stop()
        self.addCleanup(self.simulator.start)
        with self.assertRaises(TaxOfficeSilent):
            self._find('5234568')

    def test_only_companies_have_such_numbers(self):
        self.assertTrue(is_company_register('5234568'))
        for text in ('', '523456', '52345678', 'УБ99112233', '٥٢٣٤٥٦٨', '5234568\n', '523456x'):
            with self.subTest(text=text):
                self.assertFalse(is_company_register(text))

    def test_numbers_are_sent_encrypted_or_nowhere_else(self):
        for address in ('https://api.ebarimt.mn', 'https://api.ebarimt.mn:8443/proxy/',
                        'http://127.0.0.1:8100', 'http://localhost', 'http://[::1]:80'):
            with self.subTest(address=address):
                self.assertTrue(is_tax_office_address(address))
        for address in (
            '', 'api.ebarimt.mn', 'http://api.ebarimt.mn', 'https://', 'ftp://127.0.0.1',
            'http://127.0.0.1.example.mn', 'https://u:p@api.ebarimt.mn', 'https://x.mn/?a=',
            'https://x.mn/#a', 'https://x.mn:99999', 'http://[::1', 'http://10.0.0.1',
        ):
            with self.subTest(address=address):
                self.assertFalse(is_tax_office_address(address))

    def test_simulator_answers_as_the_tax_office(self):
        answer = self.api.call('GET', '/api/info/check/getTinInfo?regNo=5234568')
        self.assertEqual(
            answer.json, {'msg': 'Амжилттай', 'status': 200, 'data': '37052345680'}
        )
        company = self.api.call('GET', '/api/info/check/getInfo?tin=37052345680').json['data']
        self.assertEqual(company['name'], 'ГОВИЙН НАРАН')
        unknown = {'msg': 'Хэрэглэгчийн мэдээлэл олдсонгүй.', 'status': 500, 'data': None}
        for path in ('getTinInfo?regNo=9999999', 'getTinInfo?regNo=x', 'getTinInfo', 'getInfo'):
            answer = self.api.call('GET', f'/api/info/check/{path}')
            self.assertEqual((answer.status, answer.json), (200, unknown), path)
        self.control.inject(INFO, 'garbage')
        answer = self.api.call('GET', '/api/info/check/getInfo?tin=37052345680')
        self.assertIn('It works!', answer.text)
