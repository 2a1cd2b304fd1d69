"""A small client of Odoo: what a browser does, without the browser."""

import requests

TIMEOUT_SECONDS = 60


class OdooRefusal(Exception):
    """Odoo's answer is an error; the text is Odoo's own."""


class OdooClient:
    """A session with an Odoo server."""

    def __init__(self, url):
        self._url = url
        self._session = requests.Session()
        # The server is on this machine; a proxy of the environment must not come between.
        self._session.trust_env = False

    def log_in(self, database, login, password):
        """Sign in and return this client.

        :raise OdooRefusal: when the login or the password is wrong
        """
        self.post('/web/session/authenticate', db=database, login=login, password=password)
        return self

    @property
    def session_id(self):
        """What a browser must hold as a cookie to be in this session."""
        return self._session.cookies['session_id']

    def call(self, model, method, *arguments, **options):
        """Call a method of a model as the user, and return what it returns.

        :raise OdooRefusal: when it fails
        """
        return self.post(
            f'/web/dataset/call_kw/{model}/{method}',
            model=model, method=method, args=list(arguments), kwargs=options,
        )

    def post(self, path, **parameters):
        """Call a JSON-RPC route and return its result.

        :raise OdooRefusal: when the answer is an error
        :raise requests.RequestException: when the server does not answer
        """
        answer = self._session.post(f'{self._url}{path}', timeout=TIMEOUT_SECONDS, json={
            'jsonrpc': '2.0', 'id': 1, 'method': 'call', 'params': parameters,
        })
        answer.raise_for_status()
        content = answer.json()
        if error := content.get('error'):
            raise OdooRefusal(error.get('data', {}).get('message') or error['message'])
        return content.get('result')
