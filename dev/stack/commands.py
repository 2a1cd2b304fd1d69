"""The commands behind the Makefile."""

import contextlib
import os
import shlex
import shutil
import sys

from . import (
    benchmarks,
    console,
    core_tests,
    demo,
    module_sets,
    paths,
    postgres,
    testing,
    translations,
    verify,
    wing,
)
from .console import Failure, say
from .databases import Databases
from .setup import ready


def setup():
    """Make all ready that demo and tests need, and build the databases."""
    made = ready(for_tests=True)
    with postgres.serving():
        Databases(made).base()
    say('Everything is set up.')


def test():
    """Run the tests."""
    return testing.test(ready(for_tests=True))


def test_core():
    """Run Odoo's own tests with the addon and without it."""
    core_tests.test(ready(for_tests=True))


def test_without_ebarimt():
    """Run the tests of the addon without VAT receipts."""
    wing.test()


def lint():
    """Run the linters."""
    testing.lint(ready())


def environment():
    """Print the variables of the environment for a person's shell; PostgreSQL is left running."""
    with _quiet():
        made = ready(for_tests=True)
        postgres.keep()
        variables = made.variables() | testing.test_variables('invoicing')
    for name, value in variables.items():
        say(f'export {name}={shlex.quote(value)}')


def scratch():
    """Create a database with the addon as it stands, named by the variable ``DB``."""
    name = os.environ.get('DB')
    if not name:
        raise Failure('Name the database: make scratch DB=name.')
    made = ready()
    postgres.keep()
    databases = Databases(made)
    databases.copy(databases.with_addon(), name)
    say(f'The database {name} is ready.')


def template():
    """Print the name of the database that tests with real server processes copy."""
    with _quiet():
        made = ready(for_tests=True)
        with postgres.serving():
            name = Databases(made, module_sets.chosen(testing.TEMPLATE_MODULES)).with_demo_data()
    say(name)


def translate():
    """Bring the translations up to date with the code."""
    made = ready()
    with postgres.serving():
        return translations.update(made)


def shell():
    """Open Odoo's shell on the demonstration's database."""
    made = _ready_for_demo()
    with postgres.serving():
        if not Databases(made).exists(demo.database()):
            raise Failure('There is no demonstration yet: run "make demo" first.')
        return made.call_odoo('shell', '--database', demo.database(), '--no-http')


def stop():
    """Stop the demonstration and PostgreSQL."""
    demo.stop()
    postgres.stop()


def clean():
    """Delete this checkout's work folder with its databases; downloads are kept."""
    stop()
    shutil.rmtree(paths.CHECKOUT, ignore_errors=True)


def bench():
    """Run the benchmarks on a database of their own."""
    made = ready()
    with postgres.serving():
        return benchmarks.run(made)


def _ready_for_demo(for_tests=False):
    """Make everything ready that the demonstration needs, with the addons of others in it."""
    return ready(for_tests=for_tests).beside(demo.modules().packages)


COMMANDS = {
    'setup': setup,
    'demo': lambda: demo.run(_ready_for_demo()),
    'demo-reset': lambda: demo.reset(_ready_for_demo()),
    'pictures': lambda: demo.take_pictures(_ready_for_demo(for_tests=True)),
    'verify': verify.verify,
    'verify-live': lambda: demo.check(ready()),
    'stop': stop,
    'test': test,
    'test-core': test_core,
    'test-without-ebarimt': test_without_ebarimt,
    'lint': lint,
    'shell': shell,
    'translations': translate,
    'env': environment,
    'scratch': scratch,
    'bench': bench,
    'template': template,
    'clean': clean,
}


def _quiet():
    """Send what is shown to standard error: standard output is read by a program."""
    return contextlib.redirect_stdout(sys.stderr)


def main():
    """Run the command that was named, and return the exit status."""
    if len(sys.argv) != 2 or sys.argv[1] not in COMMANDS:
        return f'usage: python3 -m dev.stack {{{",".join(COMMANDS)}}}'
    return console.main(COMMANDS[sys.argv[1]])
