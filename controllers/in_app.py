"""The browsers within other apps, of which the payer's page tells the way out.

They are known by their user agents; docs/in_app_browsers.md says from where.
"""

import re
from typing import NamedTuple
from urllib.parse import urlsplit

# More than one may fit: Messenger's names Facebook, too.
_APPS = (
    ('Messenger', re.compile(r'FBAN/Messenger|FB_IAB/(?:MESSENGER|Orca)', re.IGNORECASE)),
    ('Instagram', re.compile(r'\bInstagram\b')),
    ('Facebook', re.compile(r'\b(?:FBAN|FBAV|FB_IAB)/')),
    ('Viber', re.compile(r'\bViber\b', re.IGNORECASE)),
    ('LINE', re.compile(r'\bLine/', re.IGNORECASE)),
    ('WeChat', re.compile(r'\bMicroMessenger/')),
    ('TikTok', re.compile(r'musical_ly|BytedanceWebview|TikTok')),
    ('KakaoTalk', re.compile(r'\bKAKAOTALK\b')),
    ('LinkedIn', re.compile(r'\bLinkedInApp\b')),
    ('Snapchat', re.compile(r'\bSnapchat\b')),
    ('X', re.compile(r'Twitter(?: for iPhone|Android)')),
    # Those of all other apps: Android marks them itself, and Apple's lack what all browsers have.
    ('', re.compile(r'; wv\)|\((?:iPhone|iPad|iPod)(?!.*\bSafari/).*\bAppleWebKit/')),
)


class InApp(NamedTuple):
    """An app that shows the page within itself."""

    name: str  # '' if it does not say.
    system: str  # 'android', 'ios' or ''.

    @staticmethod
    def get_way_out(url):
        """Return the link by which Android opens a page in the phone's own browser.

        :param str url: The page.
        :rtype: str
        """
        parts = urlsplit(url)
        return (
            f'intent://{parts.netloc}{parts.path}#Intent;scheme={parts.scheme};'
            'action=android.intent.action.VIEW;category=android.intent.category.BROWSABLE;end'
        )


def find_app(user_agent):
    """Return the app within which a page is opened.

    :param str user_agent: What the browser says of itself.
    :rtype: InApp | None
    """
    for name, pattern in _APPS:
        if pattern.search(user_agent):
            return InApp(name, _get_system(user_agent))
    return None


def _get_system(user_agent):
    if 'Android' in user_agent:
        return 'android'
    return 'ios' if re.search(r'iPhone|iPad|iPod', user_agent) else ''
