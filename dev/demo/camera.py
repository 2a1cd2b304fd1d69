"""A browser that signs in to the demonstration, takes pictures and saves them."""

import io
from base64 import b64encode

from PIL import Image
from playwright.sync_api import expect

DESKTOP = {'width': 1280, 'height': 760}
MAX_HEIGHT = 1400
PATIENCE_MILLISECONDS = 60_000
COLOURS = 128
# How much of what a form or a page shows does not fit in its window.
MISSING_HEIGHT = """
    () => Math.max(0, ...[...document.querySelectorAll(
        'html, .o_content, .o_form_sheet_bg'
    )].map((element) => element.scrollHeight - element.clientHeight))
"""
# Lazy ones further down are never fetched.
DRAWN = """
    () => document.fonts.status === 'loaded'
        && [...document.images].every((image) => image.complete || image.loading === 'lazy')
"""


class Camera:
    """Takes pictures of pages of one Odoo.

    :param browser: Playwright's browser.
    :param str odoo: The address of Odoo.
    :param Path folder: Where the pictures are put.
    """

    def __init__(self, browser, odoo, folder):
        self._browser = browser
        expect.set_options(timeout=PATIENCE_MILLISECONDS)
        self._odoo = odoo
        self._folder = folder

    def new_page(self, language, viewport=DESKTOP, session_id=None, **options):
        """Return an empty page of a browser of its own.

        :param str session_id: Whose it is; None for somebody who is not signed in.
        """
        context = self._browser.new_context(
            viewport=viewport, locale=language.replace('_', '-'), **options
        )
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        cookies = {'frontend_lang': language}
        if session_id:
            cookies['session_id'] = session_id
        context.add_cookies([
            {'name': name, 'value': value, 'url': self._odoo} for name, value in cookies.items()
        ])
        return context.new_page()

    def open(self, page, path, sight):
        """Go to one of Odoo's pages, and wait until something of it is seen."""
        page.set_viewport_size(DESKTOP)
        page.goto(f'{self._odoo}{path}')
        self.wait(page, sight)

    @staticmethod
    def wait(page, sight):
        """Wait until something is seen, with all pictures and letters."""
        expect(page.locator(sight).first).to_be_visible()
        page.wait_for_function(DRAWN)

    def take_whole(self, page, name):
        """Take a picture of all that is to see, with nothing cut off at the bottom."""
        height = page.viewport_size['height'] + page.evaluate(MISSING_HEIGHT)
        page.set_viewport_size({**DESKTOP, 'height': min(height, MAX_HEIGHT)})
        page.mouse.move(0, 0)
        self.save(page.screenshot(animations='disabled'), name)

    def save(self, picture, name):
        """Save a picture with few colours, which is a third as large."""
        path = self._folder / f'{name}.png'
        path.parent.mkdir(parents=True, exist_ok=True)
        few = Image.open(io.BytesIO(picture)).convert('RGB').quantize(COLOURS, dither=0)
        few.save(path, optimize=True)
        print(f'  {name}: {path.stat().st_size // 1024} kB')

    def embed(self, name):
        """Return a picture that was saved as the address of an image."""
        picture = (self._folder / f'{name}.png').read_bytes()
        return f'data:image/png;base64,{b64encode(picture).decode()}'
