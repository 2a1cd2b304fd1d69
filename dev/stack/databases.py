"""The databases: templates that take long to build, and quick copies of them.

``base-…`` holds Odoo with what the addon depends on, ``addon-…`` the addon too; of that, ``test-…``
has the company of the tests as well, ``web-…`` the scripts and style sheets, ``dev-…`` with these
the demonstration's data. Each name ends in the fingerprint of all that went into it, so what is
current is never built again and what is outdated never used.
"""

import json
import subprocess

from . import odoo_source
from .console import Step, run
from .module_sets import INVOICING
from .paths import DEV, LOGS, MODULE, REPOSITORY, fingerprint, locked

# A test run may still be copying from a template when the next one builds its successor.
KEPT_OF_EACH_KIND = 3
# What the repository holds beside the addon, and so beside its database.
NOT_IN_DATABASE = {'deploy', 'dev', 'docs', 'tests', 'Makefile', 'pyproject.toml'}

# Attachments in the database make a copy of it whole: there is no filestore to copy with it.
# Loading a language at the installation leaves English switched off.
FINISH_BASE = """
env['res.lang']._activate_lang('en_US')
if 'website' in env:
    env['website'].search([]).language_ids = env['res.lang'].search([])
env['ir.config_parameter'].set_param('ir_attachment.location', 'db')
env['ir.attachment'].force_storage()
env.cr.commit()
"""
# Else the first page in every copy waits many seconds for its style sheets and scripts.
BUILD_ASSETS = """
env['ir.qweb']._pregenerate_assets_bundles()
env.cr.commit()
"""
# What the classes of tests start from: to make it takes each of them many seconds.
BUILD_TESTS = """
from odoo.addons.payment_qpay.tests.cases.company_case import CompanyCase
CompanyCase.build()
"""
SEED = """
from odoo.addons.payment_qpay.dev.demo.seed import seed
seed(env, simulator_url={simulator!r}, odoo_url={odoo!r})
env.cr.commit()
"""


class Databases:
    """The databases of this checkout. PostgreSQL must be running.

    :param Setup setup: with what they are built
    :param ModuleSet modules: Odoo's own modules in them
    """

    def __init__(self, setup, modules=INVOICING):
        self.setup = setup.beside(modules.packages)
        self.modules = modules

    def base(self):
        """Odoo with its own modules and languages, without the addon.

        :return: the template's name
        :rtype: str
        """
        release = self.setup.odoo / 'odoo/release.py'
        key = fingerprint(
            str(self.setup.odoo), release.stat().st_mtime_ns, odoo_source.version(self.setup.odoo),
            self.modules, FINISH_BASE + self.modules.finish, *self.setup.python_path,
        )
        return self._template(
            'base', key, f'Odoo for {self.modules.purpose} (a minute or two, once)',
            self._build_base,
        )

    def without_addon(self):
        """The base with the scripts and style sheets of its pages.

        :return: the template's name
        :rtype: str
        """
        base = self.base()
        return self._template(
            'plain', fingerprint(base, BUILD_ASSETS), f'{self.modules.purpose} without the addon',
            lambda name: self._build_on(base, name, BUILD_ASSETS),
        )

    def with_addon(self):
        """The base with the addon as it stands in the repository.

        :return: the template's name
        :rtype: str
        """
        base = self.base()
        key = fingerprint(base, self.addon_key())
        return self._template(
            'addon', key, f'the addon as it stands for {self.modules.purpose}',
            lambda name: self._build_addon(base, name),
        )

    def with_tests_company(self):
        """The same with the company that the tests in transactions start from.

        :return: the template's name
        :rtype: str
        """
        addon = self.with_addon()
        key = fingerprint(addon, BUILD_TESTS, REPOSITORY / 'tests/cases/company_case.py')
        return self._template(
            'test', key, f"the tests' company for {self.modules.purpose}",
            lambda name: self._build_on(addon, name, BUILD_TESTS),
        )

    def with_assets(self):
        """The addon with the scripts and style sheets of its pages.

        :return: the template's name
        :rtype: str
        """
        addon = self.with_addon()
        return self._template(
            'web', fingerprint(addon, BUILD_ASSETS),
            f'scripts and style sheets for {self.modules.purpose}',
            lambda name: self._build_on(addon, name, BUILD_ASSETS),
        )

    @staticmethod
    def addon_key():
        """What tells one state of the addon from another, as far as databases are concerned.

        :rtype: str
        """
        return fingerprint(*_addon_files())

    def with_demo_data(self):
        """The same with the data of the demonstration.

        :return: the template's name
        :rtype: str
        """
        assets = self.with_assets()
        key = fingerprint(assets, SEED, *_files_under(DEV / 'demo'))
        return self._template(
            'dev', key, f"the demonstration's data for {self.modules.purpose}",
            # Each test puts in the addresses of the servers that it starts.
            lambda name: self._build_on(assets, name, SEED.format(
                odoo='http://127.0.0.1:8069', simulator='http://127.0.0.1:8065',
            )),
        )

    def create_demo(self, name, addresses):
        """Create the database of the demonstration.

        :param str name: its name
        :param dict addresses: the URLs of ``odoo`` and ``simulator``
        :raise Failure: when the data cannot be loaded
        """
        template = self.with_assets()
        with Step('Creating the demonstration: company, customers, invoices'):
            self.copy(template, f'{name}.new')
            self.seed(f'{name}.new', addresses)
            self._rename(f'{name}.new', name)

    def seed(self, name, addresses):
        """Load the demonstration's data, or give a database that has it other addresses.

        :param str name: the database
        :param dict addresses: the URLs of ``odoo`` and ``simulator``
        :raise Failure: when the data cannot be loaded
        """
        self._shell(name, SEED.format(**addresses), 'The data could not be loaded.')

    def update_addon(self, name):
        """Bring a database up to date with the addon as it stands.

        :param str name: the database
        :raise Failure: when the addon cannot be updated
        """
        self.setup.run_odoo(
            'server', '--database', name, '--update', MODULE, '--i18n-overwrite',
            '--stop-after-init', '--no-http',
            failure=f'{MODULE} could not be updated: put it right, or run "make demo-reset".',
            log=LOGS / 'database-update.log',
        )

    def note(self, name):
        """What was noted about a database with :meth:`set_note`.

        :param str name: the database
        :rtype: dict
        """
        text = self._sql(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database "
            f"WHERE datname = '{name}'"
        ).strip()
        return json.loads(text) if text else {}

    def set_note(self, name, values):
        """Note something about a database, in the database itself.

        :param str name: the database
        :param dict values: the note; quotes are not expected in it
        """
        self._sql(f'COMMENT ON DATABASE "{name}" IS \'{json.dumps(values)}\'')

    def copy(self, template, name):
        """Make a copy of a database under a new name, replacing what had it.

        :param str template: the original, which nobody may be connected to
        :param str name: the copy
        """
        self.drop(name)
        self._postgres('createdb', '--template', template, name)

    def drop(self, name):
        """Delete a database if it exists.

        :param str name: the database
        """
        self._postgres('dropdb', '--if-exists', '--force', name)

    def exists(self, name):
        """Whether a database exists.

        :param str name: the database
        :rtype: bool
        """
        return name in self.names()

    def names(self, prefix=''):
        """The databases of this checkout, oldest first.

        :param str prefix: how their names begin
        :rtype: list[str]
        """
        listed = self._sql('SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY oid')
        return [name for name in listed.split() if name.startswith(prefix)]

    def _template(self, kind, key, description, build):
        kind = f'{self.modules.prefix}{kind}'
        name = f'{kind}-{key}'
        with locked(kind, LOGS.parent):
            if not self.exists(name):
                with Step(f'Building the database of {description}'):
                    # Built under another name: half of it never looks like all of it.
                    self.drop(f'{name}.new')
                    build(f'{name}.new')
                    self._rename(f'{name}.new', name)
                for old in self.names(f'{kind}-')[:-KEPT_OF_EACH_KIND]:
                    self.drop(old)
        return name

    def _build_base(self, name):
        self.setup.run_odoo(
            'server', '--database', name, '--init', ','.join(self.modules.names),
            '--load-language', self.modules.language, '--stop-after-init', '--no-http',
            failure="Odoo's database could not be built.", log=self._log('base'),
        )
        self._shell(
            name, FINISH_BASE + self.modules.finish, "Odoo's database could not be built.",
        )

    def _build_addon(self, base, name):
        self.copy(base, name)
        self.setup.run_odoo(
            'server', '--database', name, '--init', MODULE, '--stop-after-init', '--no-http',
            failure=f'{MODULE} could not be installed.', log=self._log('addon'),
        )

    def _build_on(self, template, name, script):
        self.copy(template, name)
        self._shell(name, script, f'The database {name} could not be built.')

    def _log(self, kind):
        return LOGS / f'database-{self.modules.prefix}{kind}.log'

    def _shell(self, name, script, failure):
        self.setup.run_odoo(
            'shell', '--database', name, '--no-http', script=script, failure=failure,
            log=LOGS / f'shell-{name.partition("-")[0]}.log',
        )

    def _rename(self, name, new_name):
        self._sql(f'ALTER DATABASE "{name}" RENAME TO "{new_name}"')

    def _sql(self, statement):
        return self._postgres(
            'psql', '--no-psqlrc', '--tuples-only', '--no-align', '--dbname', 'postgres',
            '--command', statement,
        )

    def _postgres(self, program, *arguments):
        return run(
            [program, *arguments], env=self.setup.environment(),
            stdin=subprocess.DEVNULL,
            failure=f'PostgreSQL refused {program} {" ".join(arguments)}.',
        )


def _addon_files():
    """All files that go into a database in which the addon is installed."""
    for entry in sorted(REPOSITORY.iterdir()):
        beside = entry.name in NOT_IN_DATABASE or entry.suffix == '.md'
        if not beside and not entry.name.startswith('.'):
            yield from _files_under(entry)


def _files_under(place):
    """The files under a folder: for each its path and the file itself, for a fingerprint."""
    paths = sorted(place.rglob('*')) if place.is_dir() else [place]
    for path in paths:
        if path.is_file() and '__pycache__' not in path.parts:
            yield str(path.relative_to(REPOSITORY))
            yield path
