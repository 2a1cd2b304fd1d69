"""The picture that QPay sends with an invoice: a PNG of 300 by 300 points."""
import base64
import io

import qrcode
from PIL import Image
from qrcode.constants import ERROR_CORRECT_M

SIZE = 300


def qr_png(text):
    """Draw a text as a QR code."""
    # A fixed mask: trying all eight takes most of the drawing time and every reader copes with any.
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=2, box_size=1, mask_pattern=2)
    code.add_data(text)
    code.make(fit=True)
    drawn = code.make_image().get_image().convert('L')
    scale = max(1, SIZE // drawn.width)
    drawn = drawn.resize((drawn.width * scale, drawn.height * scale), Image.Resampling.NEAREST)
    canvas = Image.new('L', (SIZE, SIZE), 255)
    canvas.paste(drawn, ((SIZE - drawn.width) // 2, (SIZE - drawn.height) // 2))
    file = io.BytesIO()
    canvas.save(file, 'PNG')
    return file.getvalue()


def qr_base64(text):
    """Return :func:`qr_png` in base64, without a ``data:`` prefix (QPay contract §2.5)."""
    return base64.b64encode(qr_png(text)).decode()
