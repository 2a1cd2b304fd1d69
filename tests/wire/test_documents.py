"""The documents name what there is: files, tests, sections of the contract, names, links."""

import re
from pathlib import Path

from odoo.tests import BaseCase, tagged

ADDON = Path(__file__).parents[2]
MAP = 'ARCHITECTURE.md'
CONTRACT = 'docs/qpay_api.md'
# All of their Python files are on the map.
MAPPED = ('models', 'documents', 'controllers', 'wizards')
# Where sections of the contract may be cited.
TEXTS = {'.css', '.html', '.js', '.md', '.py', '.scss', '.sql', '.toml', '.txt', '.xml'}

# What stands in backticks, perhaps over the end of a line; blocks of code are left out.
QUOTED = re.compile(r'`((?:[^`\n]|\n(?!\n))+)`')
BLOCK = re.compile(r'^```.*?^```$', re.DOTALL | re.MULTILINE)
FILE = re.compile(r'[\w./-]+\.(?:css|csv|html|js|md|po|pot|py|scss|sql|toml|txt|xml)')
FOLDER = re.compile(r'[\w-]+(?:/[\w-]+)*/')
TEST = re.compile(r'(?:\w+/)*test_\w+|Test[A-Z]\w+')
CONSTANT = re.compile(r'const\.([A-Z]\w+)')
CAPITALS = re.compile(r'[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+')
# Other standards have sections, too.
CITED = re.compile(r'(?<!\w)(RFC \d+ )?§\s?(\d+(?:\.\d+)*)')
HEADING = re.compile(r'^#+ (\d+(?:\.\d+)*)\.? ', re.MULTILINE)
# A step of the way from a call to the books: the model, and the method.
STEP = re.compile(r'`((?:qpay|payment)\.\w+)\.(_\w+)`')
LINK = re.compile(r'\]\(([^)\s#]+)(?:#[^)\s]*)?\)')


def _read(path):
    return path.read_text(encoding='utf-8')


def _find_files(*suffixes):
    """Return the addon's own files by their paths from the addon's folder, hidden ones left out."""
    folders = [ADDON, *(
        path for path in ADDON.iterdir() if path.is_dir() and not path.name.startswith('.')
    )]
    return {
        path.relative_to(ADDON).as_posix(): path
        for folder in folders for path in folder.glob('*' if folder == ADDON else '**/*')
        if path.suffix in suffixes and path.is_file()
    }


@tagged('post_install', '-at_install')
class TestDocuments(BaseCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.documents = {name: _read(path) for name, path in _find_files('.md').items()}
        cls.texts = {name: _read(path) for name, path in _find_files(*TEXTS).items()}
        cls.quoted = {
            name: set(QUOTED.findall(BLOCK.sub('', text))) for name, text in cls.documents.items()
        }

    def _find_quoted(self, pattern):
        """Return what matches in backticks, with the documents that it stands in."""
        return [
            (name, match) for name, quoted in self.quoted.items() for text in sorted(quoted)
            if (match := pattern.fullmatch(text))
        ]

    def _assert_none(self, missing, what):
        if missing:
            self.fail('\n'.join([what, *sorted(set(missing))]))

    def test_every_file_is_on_the_map(self):
        files = {
            name for name in self.texts
            if name.split('/')[0] in MAPPED and name.endswith('.py')
            and not name.endswith('/__init__.py')
        }
        self.assertTrue(files)
        self._assert_none(
            files - self.quoted[MAP],
            f"{MAP} has no line about these files (name them `folder/file.py`):",
        )

    def test_every_step_of_a_payment_is_a_method_of_its_model(self):
        way = self.documents[MAP].split('## Laws')[0]
        steps = STEP.findall(way)
        self.assertGreaterEqual(len(steps), 10)
        for model, method in steps:
            files = f'models/{model.replace(".", "_")}'
            self.assertTrue(any(
                f'def {method}(' in text for name, text in self.texts.items()
                if name.startswith(files)
            ), f'{model}.{method}')

    def test_every_file_that_is_named_exists(self):
        files = {f'/{name}' for name in _find_files(*TEXTS, '.csv', '.po', '.pot')}
        missing = [
            f'{name}: {match[0]}' for name, match in self._find_quoted(FILE)
            # Some are named without their folder.
            if not any(file.endswith(f'/{match[0].lstrip("./")}') for file in files)
        ] + [
            f'{name}: {match[0]}' for name, match in self._find_quoted(FOLDER)
            if name == MAP and not (ADDON / match[0]).is_dir()
        ]
        self._assert_none(missing, "These are named in documents and do not exist:")

    def test_every_test_that_is_named_exists(self):
        names = set()
        for path, text in self.texts.items():
            if path.startswith('tests/') and path.endswith('.py'):
                module = path.removeprefix('tests/').removesuffix('.py')
                names |= {module, module.rpartition('/')[2]}
                names.update(re.findall(r'^ *(?:def|class) (\w+)', text, re.MULTILINE))
        self._assert_none([
            f'{name}: {match[0]}' for name, match in self._find_quoted(TEST)
            if match[0] not in names
        ], "These tests are named in documents and are not in tests/:")

    def test_every_section_that_is_cited_exists(self):
        sections = HEADING.findall(self.documents[CONTRACT])
        self.assertEqual(len(sections), len(set(sections)), f"{CONTRACT} has a number twice.")
        cited = [
            (name, section) for name, text in self.texts.items()
            for other, section in CITED.findall(text) if not other
        ]
        self.assertTrue(cited)
        self._assert_none(
            [f'{name}: §{section}' for name, section in cited if section not in sections],
            f"{CONTRACT} has no heading with the number of these sections:",
        )

    def test_every_decision_that_is_cited_exists(self):
        decisions = re.findall(r'^(\d+)\. ', self.documents['docs/decisions.md'], re.MULTILINE)
        self.assertEqual(
            decisions, [str(number + 1) for number in range(len(decisions))],
            "docs/decisions.md has numbers twice, or leaves some out.",
        )
        cited = re.findall(r'\((\d+(?:, \d+)*)(?:, [^)]*)?\)', self.documents[MAP])
        self.assertTrue(cited)
        self._assert_none(
            [number for group in cited for number in group.split(', ') if number not in decisions],
            f"{MAP} cites decisions that docs/decisions.md does not have:",
        )

    def test_every_name_in_capitals_exists(self):
        constants = re.findall(r'^([A-Z]\w+) = ', self.texts['const.py'], re.MULTILINE)
        code = '\n'.join(
            text for name, text in self.texts.items()
            if name.endswith('.py') and not name.startswith('tests/')
        )
        words = set(re.findall(r'\w+', code))
        missing = [
            f'{name}: {match[0]}' for name, match in self._find_quoted(CONSTANT)
            if match[1] not in constants
        ] + [
            f'{name}: {match[0]}' for name, match in self._find_quoted(CAPITALS)
            if match[0] not in words
        ]
        self._assert_none(missing, "These names are in documents, and not in the code:")

    def test_every_link_leads_to_a_file(self):
        links = [
            (name, target) for name, text in self.documents.items()
            for target in LINK.findall(text) if ':' not in target
        ]
        self.assertTrue(links)
        self._assert_none([
            f'{name}: {target}' for name, target in links
            if not (ADDON / name).parent.joinpath(target).exists()
        ], "These links of documents lead nowhere:")
