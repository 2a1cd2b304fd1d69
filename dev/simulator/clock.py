"""QPay's clock and the ways it writes a time."""
import time
from datetime import UTC, datetime, timedelta, timezone

#: Mongolia has had no daylight saving time since 2017.
ULAANBAATAR = timezone(timedelta(hours=8))


class Clock:
    """This machine's clock, moved by the setting ``clock_skew``."""

    def __init__(self, settings):
        self._settings = settings

    def now(self):
        """Return QPay's time, as Unix seconds."""
        return time.time() + self._settings.clock_skew


def iso(timestamp):
    """Write Unix seconds as QPay's JSON does: ``2022-03-11T06:23:48.586Z``."""
    text = datetime.fromtimestamp(timestamp, UTC).isoformat(timespec='milliseconds')
    return text.replace('+00:00', 'Z')


def parse_moment(text):
    """Read ``YYYY-MM-DD HH:mm:ss`` or ISO 8601; without a zone it is Ulaanbaatar's time.

    :param str text: the time as the merchant wrote it.
    :return: Unix seconds.
    :rtype: float
    :raise ValueError: when it is neither.
    """
    if not isinstance(text, str):
        raise ValueError('not a text')
    moment = datetime.fromisoformat(text.strip())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ULAANBAATAR)
    return moment.timestamp()
