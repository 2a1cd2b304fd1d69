"""What the conformance scripts have in common.

Standard library only, as each script runs in the environment of its client.
"""

import base64
import sys
from pathlib import Path
from types import FunctionType

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from simulator.control import SimulatorControl

USERNAME, PASSWORD = 'TEST_MERCHANT', '123456'
#: Nobody listens there: the scripts pay without a callback.
CALLBACK_URL = 'http://127.0.0.1:9/payment?ref=conformance'
INVOICE = {
    'invoice_code': 'TEST_INVOICE',
    'invoice_receiver_code': 'terminal',
    'invoice_description': 'Туршилтын нэхэмжлэл',
    'callback_url': CALLBACK_URL,
}


class Conversation:
    """Steps with a client: its public methods in their order; later ones use what earlier made."""

    #: The client's exception, and its attribute that holds QPay's key.
    error, key_name = Exception, ''

    def __init__(self, client, simulator):
        self._client = client
        self._simulator = simulator
        self._invoice = self._payment = None

    def _run(self):
        """Run the steps, print a line for each and the sum, and return the exit code."""
        steps = [
            name for name, step in vars(type(self)).items()
            if isinstance(step, FunctionType) and not name.startswith('_')
        ]
        failed = 0
        for name in steps:
            try:
                getattr(self, name)()
            except Exception as error:  # noqa: BLE001 - any failure of a client is a finding
                failed += 1
                print(f'FAILED {name}: {type(error).__name__}: {error}', flush=True)
            else:
                print(f'ok {name}', flush=True)
        print(f'{len(steps) - failed} of {len(steps)} steps')
        return 1 if failed else 0

    def _pay(self, invoice, **options):
        """Let money arrive for an invoice and return the payment."""
        return self._simulator.pay(invoice.invoice_id, callback=False, **options)

    def _refused(self, status, key, action, *arguments):
        """Expect that QPay refuses what the client asks for."""
        try:
            action(*arguments)
        except self.error as error:
            answer = (error.status_code, getattr(error, self.key_name))
            expect(refusal=(answer, (status, key)))
        else:
            raise AssertionError(f'accepted instead of {key}')


def expect(**pairs):
    """Compare pairs of what there is and what there should be.

    :raise AssertionError: when they differ.
    """
    for what, (actual, wanted) in pairs.items():
        if actual != wanted:
            raise AssertionError(f'{what} is {actual!r} instead of {wanted!r}')


def expect_qr(invoice):
    """Look at what all clients read of an invoice that was created."""
    expect(
        length_of_id=(len(invoice.invoice_id), 36),
        start_of_picture=(base64.b64decode(invoice.qr_image)[:8], b'\x89PNG\r\n\x1a\n'),
        number_of_apps=(len(invoice.urls), 23),
        qr_text_in_link=(invoice.qr_text in invoice.urls[0].link, True),
    )


def converse(conversation, new_client):
    """Run a conversation with the simulator whose URL is the script's argument.

    :param type conversation: a kind of :class:`Conversation`.
    :param new_client: makes the client of a simulator's base URL.
    """
    if len(sys.argv) != 2:
        sys.exit(f'usage: {sys.argv[0]} URL-OF-THE-SIMULATOR')
    simulator = SimulatorControl(sys.argv[1])
    simulator.reset()
    with new_client(simulator.base_url) as client:
        sys.exit(conversation(client, simulator)._run())
