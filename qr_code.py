"""Pictures of QRs."""

import base64
import functools
import io

import qrcode
from PIL import Image, ImageDraw, ImageFont

from odoo.tools import file_open

_MARGIN = 40
_MAX_PIECES = 3


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


@functools.lru_cache(maxsize=128)
def draw_card(qr_text, amount, lines):
    """Return a QR with what it pays beneath, as base64 PNG: a picture that is kept says by itself
    what it is.

    :param str qr_text: What the QR says.
    :param str amount: The amount, for people.
    :param tuple[str] lines: What else is to be read.
    :rtype: bytes
    """
    code = Image.open(io.BytesIO(base64.b64decode(draw_qr(qr_text)))).convert('L')
    texts = [(amount, _get_font(48, 'Bold')), *((line, _get_font(30)) for line in lines)]
    width = code.width - 2 * _MARGIN
    writing = [(piece, font) for text, font in texts for piece in _wrap(text, font, width)]
    height = sum(_get_line_height(font) for _line, font in writing)
    card = Image.new('L', (code.width, code.height + height + _MARGIN), 255)
    card.paste(code, (0, 0))
    pen, top = ImageDraw.Draw(card), code.height
    for line, font in writing:
        pen.text((card.width / 2, top), line, fill=0, font=font, anchor='ma')
        top += _get_line_height(font)
    buffer = io.BytesIO()
    card.save(buffer, 'PNG', optimize=True)
    return base64.b64encode(buffer.getvalue())


@functools.lru_cache
def _get_font(size, weight='Regular'):
    # Odoo's own, which has the letters of Mongolian and the sign of the tögrög.
    with file_open(f'web/static/fonts/google/Roboto/Roboto-{weight}.ttf', 'rb') as file:
        return ImageFont.truetype(io.BytesIO(file.read()), size)


def _get_line_height(font):
    return round(font.size * 1.35)


def _wrap(text, font, width):
    """Return the pieces of a text that fit beside each other; what companies are called has no
    limit, but a picture has.
    """
    pieces = ['']
    for word in text.split():
        longer = f'{pieces[-1]} {word}'.strip()
        if font.getlength(longer) <= width or not pieces[-1]:
            pieces[-1] = longer
        else:
            pieces.append(word)
    return [piece for piece in pieces[:_MAX_PIECES] if piece]
