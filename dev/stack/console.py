"""What a person reads on the terminal: steps, results, and failures in one sentence."""

import contextlib
import subprocess
import sys
import threading
import time


class Failure(Exception):
    """Something a person has to put right; its text is one sentence that says what to do.

    :param str evidence: what a program printed, for the person who has to find out why
    """

    def __init__(self, sentence, evidence=''):
        super().__init__(sentence)
        self.evidence = evidence


def say(text=''):
    """Print one line at once, so that it keeps its place among the output of programs we start."""
    print(text, flush=True)


class Step:
    """One long step: its name at the start, a sign of life now and then, its duration at the end.

    Use it as a context manager. A step that fails prints nothing more: the failure speaks.
    """

    SIGN_OF_LIFE_SECONDS = 15

    def __init__(self, name):
        self.name = name
        self._over = threading.Event()

    def __enter__(self):
        self._began = time.monotonic()
        say(f'==> {self.name}')
        threading.Thread(target=self._show_life, daemon=True).start()
        return self

    def __exit__(self, kind, error, trace):
        self._over.set()
        if error is None:
            say(f'    done in {time.monotonic() - self._began:.0f} s')

    def _show_life(self):
        while not self._over.wait(self.SIGN_OF_LIFE_SECONDS):
            say(f'    ... {time.monotonic() - self._began:.0f} s')


def run(command, *, failure, log=None, **options):
    """Run a program to its end without showing its output.

    :param Path log: file that receives the output; without it the output is kept for the failure
    :return: what the program printed (empty when it went to the log)
    :raise Failure: when the program is missing or ends with an error
    """
    with open(log, 'ab') if log else contextlib.nullcontext(subprocess.PIPE) as output:
        try:
            done = subprocess.run(
                command, stdout=output, stderr=subprocess.STDOUT, text=True, errors='replace',
                **options,
            )
        except FileNotFoundError as error:
            raise Failure(f'{failure} (the program {error.filename} is missing)') from error
    if done.returncode:
        # Of all that was printed, its end says why.
        printed = log.read_text(encoding='utf-8', errors='replace') if log else done.stdout
        lines = [line for line in printed.splitlines() if line.strip()][-10:]
        evidence = ''.join(f'    | {line[:160]}\n' for line in lines)
        raise Failure(failure, evidence + (f'    (all of it: {log})\n' if log else ''))
    return done.stdout or ''


def main(function):
    """Run a command's function and turn a failure into its sentence and exit status 1."""
    try:
        return function() or 0
    except Failure as failure:
        sys.stdout.flush()
        # The sentence last: it is what the person sees.
        print(f'{failure.evidence}error: {failure}', file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        print('stopped', file=sys.stderr, flush=True)
        return 130
