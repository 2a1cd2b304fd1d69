"""The tax office's public look-up: whose a company's register number is (QPay contract §12.1).

It is often out of reach, and what it answers is shown to people, so nothing of it is trusted.
"""

import ipaddress
import json
import re
import threading
import time
import unicodedata
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NoResult
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests

_PATH = '/api/info/check/'
_REGISTER = re.compile(r'[0-9]{7}')
_TIN = re.compile(r'[1-9][0-9]{6,13}')
_TRUTHS = {True: True, False: False, 'true': True, 'false': False}
# What it says of a number that nobody has; its other failures have the same form.
_UNKNOWN = 'олдсонгүй'
_MAX_BYTES = 16 * 1024
_MAX_NAME_LENGTH = 128


class TaxOfficeSilent(Exception):
    """The tax office did not answer in time, or not what it is known to answer."""


@dataclass(frozen=True)
class Taxpayer:
    """Whose a register number is."""

    name: str
    is_vat_payer: bool


def is_company_register(text):
    """Whether a text is the register number of a company. That of a person has letters, and is
    never looked up.

    :param str text: The text.
    :rtype: bool
    """
    return bool(_REGISTER.fullmatch(text))


def is_tax_office_address(address):
    """Whether register numbers may be sent to an address: encrypted, or to this very machine.

    :param str address: The address.
    :rtype: bool
    """
    try:
        parts = urlsplit(address)
        is_plain = not (parts.query or parts.fragment or parts.username or parts.password)
        is_safe = parts.scheme == 'https' or parts.scheme == 'http' and _is_own(parts.hostname)
        return bool(parts.hostname) and is_plain and is_safe and parts.port != 0
    except ValueError:
        return False


def find_taxpayer(address, register, timeout):
    """Ask whose a company's register number is.

    However slow the names of hosts, connections or answers are: nobody waits longer.

    :param str address: Where the look-up is, without its path.
    :param str register: The register number.
    :param float timeout: How many seconds to wait.
    :return: The company; None if the tax office knows none.
    :rtype: Taxpayer | None
    :raise TaxOfficeSilent: If it does not say.
    """
    answer = Future()
    deadline = time.monotonic() + timeout
    threading.Thread(
        target=_answer, args=(answer, address.rstrip('/') + _PATH, register, deadline), daemon=True
    ).start()
    try:
        return answer.result(timeout)
    except NoResult as error:
        raise TaxOfficeSilent from error


def _answer(answer, *question):
    try:
        answer.set_result(_find(*question))
    except Exception as error:  # noqa: BLE001 - whoever wants the answer is told
        answer.set_exception(error)


def _find(address, register, deadline):
    tin = _fetch(f'{address}getTinInfo', {'regNo': register}, deadline)
    if tin is None:
        return None
    if not _TIN.fullmatch(str(tin)):
        raise TaxOfficeSilent
    company = _fetch(f'{address}getInfo', {'tin': str(tin)}, deadline)
    if company is None:
        return None
    if not isinstance(company, dict):
        raise TaxOfficeSilent
    if _read_truth(company, 'found') is False:
        return None
    name, is_vat_payer = _clean(company.get('name')), _read_truth(company, 'vatPayer')
    if not name or is_vat_payer is None:
        raise TaxOfficeSilent
    return Taxpayer(name, is_vat_payer)


def _fetch(address, query, deadline):
    """Return the data of an answer; None if there is nobody."""
    body = b''
    try:
        with requests.get(
            address, query, timeout=max(deadline - time.monotonic(), .01), allow_redirects=False,
            stream=True,
        ) as response:
            for part in response.iter_content(64):
                body += part
                if len(body) > _MAX_BYTES or time.monotonic() > deadline:
                    raise TaxOfficeSilent
        envelope = json.loads(body)
    except (requests.RequestException, ValueError, RecursionError) as error:
        # The exceptions' own texts hold the number.
        raise TaxOfficeSilent from error
    if response.status_code != 200 or not isinstance(envelope, dict):
        raise TaxOfficeSilent
    data = envelope.get('data') or None
    is_answer = envelope.get('status') == 200 or _UNKNOWN in str(envelope.get('msg'))
    if data is None and not is_answer:
        raise TaxOfficeSilent
    return data


def _read_truth(company, key):
    value = company.get(key)
    return _TRUTHS.get(value) if isinstance(value, bool | str) else None


def _clean(name):
    """Return a name that can be shown in one line; '' if it is none."""
    text = name if isinstance(name, str) else ''
    # Controls, and what turns the direction of writing or cannot be seen.
    visible = ''.join(' ' if unicodedata.category(sign)[0] in 'CZ' else sign for sign in text)
    return ' '.join(visible.split())[:_MAX_NAME_LENGTH].strip()


def _is_own(host):
    return host == 'localhost' or bool(host) and ipaddress.ip_address(host).is_loopback
