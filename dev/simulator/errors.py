"""QPay's error answers (QPay contract §7)."""

#: Texts that QPay is known to send with a key; for every other key the message repeats it.
MESSAGES = {
    'AUTHENTICATION_FAILED': 'Нэвтрэх нэр, нууц үг буруу',
    'INVOICE_ALREADY_CANCELED': 'Нэхэмжлэл цуцлагдсан байна',
    'PAYMENT_NOT_PAID': 'Төлбөр төлөлт хийгдээгүй байна',
    'INVOICE_NOTFOUND': 'Нэхэмжлэл олдсонгүй',
    'INVOICE_CODE_INVALID': 'Нэхэмжлэлийн код буруу',
    'INVOICE_PAID': 'Нэхэмжлэл төлөгдсөн',
    'PAYMENT_NOTFOUND': 'Төлбөр олдсонгүй',
    'INVALID_AMOUNT': 'Үнийн дүн буруу',
    'INVALID_OBJECT_TYPE': 'object_type буруу',
    'PERMISSION_DENIED': 'Хандах эрх хүрэхгүй байна',
    'CUSTOMER_NOTFOUND': 'Харилцагч бүртгэгдээгүй байна!',
    'EBARIMT_NOT_REGISTERED': 'и-Баримт үүсээгүй байна.',
    'EBARIMT_CANCEL_NOTSUPPERDED': 'qPay үйлчилгээ и-баримтыг цуцлах боломжгүй байна.',
    'INVOICE_LINE_REQUIRED': 'Нэхэмжлэлийн мөр шаардлагатай',
    'TAX_LINE_REQUIRED': 'Татварын мөр шаардлагатай',
    'TAX_PRODUCT_CODE_REQUIRED': 'Татварын бүтээгдэхүүний код шаардлагатай',
}


class QPayRefusal(Exception):
    """An answer of the form ``{"error": KEY, "message": TEXT}``."""

    def __init__(self, key, status=400):
        super().__init__(key)
        self.key = key
        self.status = status

    def body(self):
        """Return the JSON body."""
        return {'error': self.key, 'message': MESSAGES.get(self.key, self.key)}


class TaxSystemBusy(QPayRefusal):
    """The answer of the tax system's overload, which has no ``message`` (QPay contract §5.4)."""

    def __init__(self):
        super().__init__('SYSTEM_BUSY', 500)

    def body(self):
        """Return the JSON body."""
        return {'error': self.key}


class FieldRefusal(QPayRefusal):
    """A validation answer, whose ``error`` is an object keyed by field (QPay contract §7.2)."""

    def __init__(self, problems):
        super().__init__('VALIDATION_ERROR', 400)
        self.problems = problems

    def body(self):
        """Return the JSON body."""
        return {'error': {
            name: {'type': kind, 'message': message}
            for name, (kind, message) in self.problems.items()
        }}


def not_found(key):
    """Return the refusal for something unknown: QPay answers 422, not 404."""
    return QPayRefusal(key, 422)
