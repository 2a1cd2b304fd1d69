"""The client for steering a running simulator; standard library only."""
import functools
import json
import urllib.error
import urllib.request


class SimulatorError(Exception):
    """The simulator refused a request or could not be reached; the message says why."""


class SimulatorControl:
    """Steers a simulator: it has the methods of :class:`~.steering.Steering`.

    All of them raise :class:`SimulatorError` for what does not exist, cannot be done or is wrong.
    """

    def __init__(self, base_url, timeout=90):
        """Remember where the simulator is.

        :param str base_url: such as ``http://127.0.0.1:8100``, without ``/v2``.
        :param float timeout: seconds for each request.
        """
        self.base_url = base_url.rstrip('/')
        self._timeout = timeout
        # The simulator is on this machine; a proxy of the environment must not come between.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def __getattr__(self, name):
        if name.startswith('_'):
            raise AttributeError(name)
        return functools.partial(self._call, name)

    def healthy(self):
        """Tell whether a simulator answers there."""
        try:
            return self._call('healthy')
        except SimulatorError:
            return False

    def _call(self, name, *arguments, **options):
        request = urllib.request.Request(
            f'{self.base_url}/control/{name}', method='POST',
            # Decimal is told as text, which keeps all its digits.
            data=json.dumps({'arguments': arguments, 'options': options}, default=str).encode(),
            headers={'Content-Type': 'application/json'},
        )
        try:
            with self._opener.open(request, timeout=self._timeout) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                raise SimulatorError(error.read().decode()) from error
        except (OSError, ValueError) as error:
            message = f'{self.base_url} does not answer as a simulator: {error}'
            raise SimulatorError(message) from error
