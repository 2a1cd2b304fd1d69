"""Text in the form that QPay accepts."""

import re

# The contract forbids special characters without listing the allowed ones (QPay contract §8.3);
# these are accepted by every account that was seen.
_FORBIDDEN = re.compile(r'[^\w \-/.]+')


def clean_text(text, max_length):
    """Return `text` without the characters that QPay refuses, cut to its limit.

    :param str text: The text of a person.
    :param int max_length: The most characters that QPay takes for the field (§2.1).
    :return: The text that can be sent; '' if nothing of it can.
    :rtype: str
    """
    return re.sub(r'\s+', ' ', _FORBIDDEN.sub(' ', text)).strip()[:max_length].rstrip()
