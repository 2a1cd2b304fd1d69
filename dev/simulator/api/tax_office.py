"""The tax office's public look-up of register numbers (QPay contract §12.1)."""
from flask import Blueprint, request

from ..tax_invoices import is_unknown
from ..wire import json_answer
from .request import backend

blueprint = Blueprint('tax_office', __name__, url_prefix='/api/info/check')

NAMES = {
    '5123457': 'ХӨХ ТЭНГЭР', '5234568': 'ГОВИЙН НАРАН', '5345679': 'АЛТАН ТАЛ ТРЕЙД',
    '5456780': 'СЭЛЭНГЭ АГРО',
}


@blueprint.get('/getTinInfo')
def find_tin():
    """Answer the taxpayer's number of a register number."""
    register = request.args.get('regNo', '')
    return _answer(f'370{register}0' if _is_known(register) else None)


@blueprint.get('/getInfo')
def read():
    """Answer who has a taxpayer's number. Those whose register number ends in 0 pay no VAT."""
    register = request.args.get('tin', '')[3:-1]
    if not _is_known(register):
        return _answer(None)
    is_vat_payer = not register.endswith('0')
    return _answer({
        'name': NAMES.get(register, f'БАЙГУУЛЛАГА {register}'), 'freeProject': False,
        'cityPayer': False, 'vatPayer': is_vat_payer, 'found': True,
        'vatpayerRegisteredDate': '2019-02-16' if is_vat_payer else None, 'isGovernment': False,
    })


def _is_known(register):
    is_register = len(register) == 7 and register.isascii() and register.isdigit()
    return is_register and not is_unknown(register, backend().settings)


def _answer(data):
    if data is None:
        return json_answer({
            'msg': 'Хэрэглэгчийн мэдээлэл олдсонгүй.', 'status': 500, 'data': None,
        })
    return json_answer({'msg': 'Амжилттай', 'status': 200, 'data': data})
