"""The made-up company's logo: a sun over hills under a blue sky."""

import base64
import io

from PIL import Image, ImageDraw

SIZE = 256
SKY, SUN, FAR_HILL, NEAR_HILL = '#1f6feb', '#ffd34d', '#0b4fb3', '#083a85'


def draw():
    """Draw the logo.

    :return: a PNG as Odoo stores pictures
    """
    # Drawn four times as large: Pillow has no smooth edges of its own.
    large = 4 * SIZE
    picture = Image.new('RGBA', (large, large), SKY)
    pen = ImageDraw.Draw(picture)
    pen.ellipse((large * 0.52, large * 0.18, large * 0.80, large * 0.46), fill=SUN)
    pen.ellipse((-large * 0.35, large * 0.56, large * 0.85, large * 1.75), fill=FAR_HILL)
    pen.ellipse((large * 0.20, large * 0.68, large * 1.50, large * 1.95), fill=NEAR_HILL)
    outline = Image.new('L', (large, large), 0)
    ImageDraw.Draw(outline).rounded_rectangle((0, 0, large - 1, large - 1), large // 5, fill=255)
    picture.putalpha(outline)
    buffer = io.BytesIO()
    picture.resize((SIZE, SIZE), Image.Resampling.LANCZOS).save(buffer, 'PNG')
    return base64.b64encode(buffer.getvalue())
