"""The bank applications that QPay lists with an invoice, and the wallets that pay.

QPay contract §2.6, §4.1 and §9.4.
"""

_LOGOS = 'https://qpay.mn/q/logo/'

#: (name, description, scheme of the link, logo): the sandbox's 16 of January 2025 in QPay's order,
#: and those that production has beside them since 2026, whose names, order and logos are assumed.
BANK_APPS = (
    ('qPay wallet', 'qPay хэтэвч', 'qpaywallet', 'https://s3.qpay.mn/p/qpay-wallet.png'),
    ('Khan bank', 'Хаан банк', 'khanbank', _LOGOS + 'khanbank.png'),
    ('State bank 3.0', 'Төрийн банк 3.0', 'statebankmongolia', _LOGOS + 'state_3.png'),
    ('Xac bank', 'Хас банк', 'xacbank', _LOGOS + 'xacbank.png'),
    ('Trade and Development bank', 'TDB online', 'tdbbank', _LOGOS + 'tdbbank.png'),
    ('Social Pay', 'Голомт банк', 'socialpay-payment', _LOGOS + 'socialpay.png'),
    ('Most money', 'МОСТ мони', 'most', _LOGOS + 'most.png'),
    ('National investment bank', 'Үндэсний хөрөнгө оруулалтын банк', 'nibank',
     _LOGOS + 'nibank.jpeg'),
    ('Chinggis khaan bank', 'Чингис Хаан банк', 'ckbank', _LOGOS + 'ckbank.png'),
    ('Capitron bank', 'Капитрон банк', 'capitronbank', _LOGOS + 'capitronbank.png'),
    ('Bogd bank', 'Богд банк', 'bogdbank', _LOGOS + 'bogdbank.png'),
    ('Trans bank', 'Тээвэр хөгжлийн банк', 'transbank', _LOGOS + 'transbank.png'),
    ('M bank', 'М банк', 'mbank', _LOGOS + 'mbank.png'),
    ('Ard App', 'Ард Апп', 'ard', _LOGOS + 'ardapp.png'),
    ('Arig bank', 'Ариг банк', 'arig', _LOGOS + 'arig.png'),
    ('Monpay', 'Мон Пэй', 'monpay', _LOGOS + 'monpay.png'),
    ('Toki', 'Токи', 'toki', _LOGOS + 'toki.png'),
    ('HiPay', 'ХайПэй', 'hipay', _LOGOS + 'hipay.png'),
    ('Happy Pay by TDB', 'Happy Pay by TDB', 'tdbwallet', _LOGOS + 'tdbwallet.png'),
    ('Sono', 'Соно', 'sono', _LOGOS + 'sono.png'),
    ('PayOn', 'ПэйОн', 'payon', _LOGOS + 'payon.png'),
    ('Tino', 'Тино', 'tino', _LOGOS + 'tino.png'),
    ('Pass', 'Пасс', 'pass', _LOGOS + 'pass.png'),
)

#: Where the money of a transfer comes from: wallet as *check* names it, its id as *get* does,
#: code and name of the bank (QPay contract §4.1, §4.2, §9.4).
P2P_WALLET = ('Хаан банк апп', '0fc9b71c-cd87-4ffd-9cac-2279ebd9deb0', '050000', 'Хаан банк')
#: The same for a card.
CARD_WALLET = ('qPay wallet', 'KKTT', None, None)


def deep_links(qr_text, with_logos=True):
    """Return the ``urls`` of an invoice; the QR text is not URL-encoded in them."""
    return [
        {'name': name, 'description': description, 'logo': logo if with_logos else None,
         'link': f'{scheme}://q?qPay_QRcode={qr_text}'}
        for name, description, scheme, logo in BANK_APPS
    ]
