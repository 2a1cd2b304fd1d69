"""What can go wrong between us and QPay, told apart by what it means for the money."""


class QPayError(Exception):
    """Anything that kept a call to QPay from giving an answer that can be used.

    :param str key: QPay's error key (QPay contract §7.3), or '' where QPay gave none.
    :param int status: The HTTP status, or 0 where no answer came.
    :param str message: QPay's own sentence, or ours where no answer came.
    :param dict fields: QPay's keys by field name, for errors of validation (§7.2).
    """

    def __init__(self, key='', status=0, message='', fields=None):
        self.key = key
        self.status = status
        self.message = message
        self.fields = fields or {}
        super().__init__(' '.join(str(part) for part in (status or '', key, message) if part))


class QPayRefused(QPayError):
    """QPay understood the call and said no: nothing happened at QPay."""


class QPayUnauthorized(QPayRefused):
    """QPay does not accept our credentials or token (HTTP 401, §1.5)."""


class QPayUnavailable(QPayError):
    """QPay gave no answer that can be used; the same call may succeed later."""


class QPayUnreachable(QPayUnavailable):
    """The call was never sent: no connection could be made. Nothing happened at QPay."""


class QPayBusy(QPayUnavailable):
    """The tax system is busy (SYSTEM_BUSY, §5.4): the same call may be made again later."""


class QPayUnknownOutcome(QPayUnavailable):
    """The call was sent and no usable answer came back: QPay may or may not have acted."""
