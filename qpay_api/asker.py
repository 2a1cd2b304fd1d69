"""Questions to QPay that wait for their answers side by side.

Each waits in a thread of its own, which makes calls and does nothing else: the token and the
outage of an account are kept by whoever asks, in `Asker.ask` and `Asker.wait`.
"""

from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from http.cookiejar import DefaultCookiePolicy
from operator import methodcaller

import requests
from requests.adapters import HTTPAdapter

from .breaker import Breaker, Turn
from .errors import QPayUnauthorized


class Question:
    """Something that QPay is asked, in one or several calls.

    What QPay has answered is kept: asked once more, with another token, it goes on where it was.
    """

    #: Whether others can do without its answer: it waits for no turn, and that it gets none ends
    #: nothing.
    is_optional = False

    def __init__(self):
        #: What kept it from being answered, if something did.
        self.error = None
        #: Whether QPay was not asked, because there is no time left for it.
        self.is_left = False
        self.is_repeated = False

    def ask(self, client):
        """Make the calls.

        :param QPayClient client: The client of the account.
        :raise QPayError: See `errors`.
        """
        raise NotImplementedError

    def must_be_answered(self):
        """Make sure that there is an answer.

        :raise Exception: What kept it from coming.
        """
        if self.error:
            raise self.error


class Asker:
    """Asks several questions at once, and hands out those that are answered.

    :param int at_once: How many questions may be under way at once for one account.
    """

    def __init__(self, at_once):
        self._at_once = at_once
        self._desks = {}
        self._under_way = {}
        self._answered = []
        # Where many are answered at once, whoever takes them is not to begin with all of them.
        self._portion = 1

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        self.stop()
        for desk in self._desks.values():
            desk.close()

    def ask(self, question, client):
        """Begin to ask a question.

        :param Question question: The question.
        :param QPayClient client: The client of the account that it is about; None if there is
            nothing to ask, or no way to.
        """
        if not client:
            self._answered.append(question)
            return
        desk = self._desks.get(client.account)
        if not desk:
            desk = self._desks[client.account] = _Desk(self._at_once, client.breaker)
        self._begin(desk, question, client)

    def wait(self, seconds=None):
        """Wait until a question is answered.

        :param float seconds: For how long at most; by default as long as it takes.
        :return: Some of the questions that are, the first asked first: each time more.
        :rtype: list[Question]
        """
        if self._under_way and not self._answered:
            wait(self._under_way, seconds, return_when=FIRST_COMPLETED)
        for future in [future for future in self._under_way if future.done()]:
            self._end(future, *self._under_way.pop(future))
        answered = self._answered[:self._portion]
        del self._answered[:self._portion]
        self._portion = min(2 * self._portion, 2 * self._at_once)
        return answered

    def stop(self):
        """Ask nothing that is not under way yet: those questions are handed out as left."""
        for desk in self._desks.values():
            desk.stop()

    def _begin(self, desk, question, client):
        try:
            future, note = desk.begin(question, client)
        except Exception as error:  # noqa: BLE001 - whoever wants the answer is told
            question.error = error
            self._answered.append(question)
        else:
            self._under_way[future] = desk, question, client, note

    def _end(self, future, desk, question, client, note):
        if not (question.is_optional and future.exception()):
            client.note_outage(note.last)
        try:
            future.result()
        except _TokenRejected as rejection:
            if not question.is_repeated:
                question.is_repeated = True
                desk.drop_token(rejection)
                self._begin(desk, question, client)
                return
            question.error = QPayUnauthorized(status=401)
        except Exception as error:  # noqa: BLE001 - whoever wants the answer is told
            question.error = error
        self._answered.append(question)


class _Desk:
    """An account that is asked: its token, its connections, and the threads that wait.

    :param int at_once: How many threads there are.
    :param Breaker breaker: The breaker of the run, if there is one.
    """

    def __init__(self, at_once, breaker):
        self._breaker = breaker or Breaker(at_once)
        # One more than take turns: what is optional is in nobody's way.
        self._session = _create_session(at_once + 1)
        self._threads = ThreadPoolExecutor(at_once + 1, thread_name_prefix='qpay')
        self._token = None
        self._rejected = ''
        self._is_wanted = True

    def begin(self, question, client):
        """Have a question asked by a thread.

        :return: The future, and the note of what becomes of the account meanwhile.
        :raise QPayError: If it cannot be asked.
        """
        client.check_outage()
        if not self._token:
            self._token = client.get_token(self._rejected)
        note = _Note()
        aside = client.aside(
            session=self._session, tokens=_LentToken(self._token), outage=note,
            breaker=None if question.is_optional else Turn(self._breaker),
        )
        return self._threads.submit(self._ask, question, aside), note

    def drop_token(self, rejection):
        """Have another token fetched, unless that was done since the rejected one was lent."""
        if self._token and self._token.access_token == rejection.access_token:
            self._token, self._rejected = None, rejection.access_token

    def stop(self):
        """Begin no further question."""
        self._is_wanted = False
        self._breaker.wake()

    def close(self):
        """Wait for the questions that are under way, and hang up."""
        self._threads.shutdown()
        self._session.close()

    def _ask(self, question, client):
        if question.is_optional:
            self._breaker.check()
            question.ask(client)
            return
        with self._breaker.turn(lambda: self._is_wanted) as is_wanted:
            if is_wanted:
                question.ask(client)
            else:
                question.is_left = True


class _LentToken:
    """The token store of one question: it has the one token that the question was given."""

    def __init__(self, token):
        self._token = token

    def current(self, _log_in, rejected=''):
        if rejected == self._token.access_token:
            raise _TokenRejected(rejected)
        return self._token


class _TokenRejected(Exception):
    """QPay does not accept the token; whoever asks has to log in."""

    def __init__(self, access_token):
        super().__init__()
        self.access_token = access_token


class _Note:
    """The store of an outage for one question: it notes what is to be kept by whoever asks."""

    def __init__(self):
        #: What the store is to be told of the last call; None if there was none.
        self.last = None

    def check(self):
        """Let the question be asked: whoever asks has checked that."""

    def begin(self):
        self.last = methodcaller('begin')

    def end(self, failure=''):
        self.last = methodcaller('end', failure)

    def fail(self, failure):
        self.last = methodcaller('fail', failure)


def _create_session(connections):
    """Return a session that keeps so many connections, and nothing else, between calls."""
    session = requests.Session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
    for scheme in ('http://', 'https://'):
        session.mount(scheme, HTTPAdapter(pool_connections=1, pool_maxsize=connections))
    return session
