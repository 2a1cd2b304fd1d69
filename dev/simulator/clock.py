"""The ways QPay writes a time."""
from datetime import UTC, datetime, timedelta, timezone

#: Mongolia has had no daylight saving time since 2017.
ULAANBAATAR = timezone(timedelta(hours=8))


def iso(timestamp):
    """Write Unix seconds as QPay's JSON does: ``2022-03-11T06:23:48.586Z``."""
    text = datetime.fromtimestamp(timestamp, UTC).isoformat(timespec='milliseconds')
    return text.replace('+00:00', 'Z')


def parse_moment(text):
    """Read ``YYYY-MM-DD HH:mm:ss`` or ISO 8601; without a zone it is Ulaanbaatar's time."""
    if not isinstance(text, str):
        raise ValueError('not a text')
    moment = datetime.fromisoformat(text.strip())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ULAANBAATAR)
    return moment.timestamp()
