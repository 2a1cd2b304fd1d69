"""Pictures of QRs."""

import base64
import functools
import io

import qrcode


@functools.lru_cache(maxsize=128)
def draw_qr(text):
    """Return a QR as base64 PNG, with about 700 pixels so that it is sharp on any screen.

    :param str text: What it says.
    :rtype: bytes
    """
    picture = qrcode.make(text, box_size=10, border=4)
    buffer = io.BytesIO()
    picture.save(buffer, 'PNG')
    return base64.b64encode(buffer.getvalue())
