import ast
import io
import re

from lxml import etree

from odoo.tests import BaseCase, tagged
from odoo.tools.translate import code_translations, trans_export

from odoo.addons.payment_qpay.dev.i18n import FOLDER, LANGUAGES, TEMPLATE
from odoo.addons.payment_qpay.dev.i18n.catalog import find_problems, merge, read, read_template
from odoo.addons.payment_qpay.tests.cases.common import QPayCommon

MODULE = 'payment_qpay'
LANGUAGE = 'mn_MN'
COMMAND = 'Run "make translations" and fill in what it names.'
# A text of at least two words that begins like a sentence or a label.
SENTENCE = re.compile(r"[A-Z][a-z']*(?: [\w'’%()-]+)+[.,:;!?…]?(?: |$)")
CYRILLIC = re.compile(r'[Ѐ-ӿ]')
# What only QPay reads, and addresses of what only programs read.
NOT_FOR_PEOPLE = {'Connection test', 'Not Found', 'This browser has no bus:'}


def mongolian():
    """Return the Mongolian translation of each term."""
    return {entry.msgid: entry.msgstr for entry in read(FOLDER / 'mn.po')}


@tagged('post_install', '-at_install')
class TestTranslations(QPayCommon):
    """The translations fit the code, and people read them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.accountant.lang = LANGUAGE
        cls.mongolian = mongolian()

    def test_template_is_current(self):
        """The template is what Odoo exports from the code as it stands."""
        exported = io.BytesIO()
        trans_export(None, [MODULE], exported, 'po', self.env)
        template = read_template(exported.getvalue().decode())
        current, known = (
            {str(entry) for entry in catalog} for catalog in (template, read(TEMPLATE))
        )
        self.assertEqual(sorted(current - known), [], f'These are not in the template. {COMMAND}')
        self.assertEqual(sorted(known - current), [], f'The template has others. {COMMAND}')

    def test_only_the_addon_has_terms(self):
        """Neither the tests nor the development tools have terms to translate."""
        places = {place for entry in read(TEMPLATE) for place, _line in entry.occurrences}
        self.assertFalse({
            place for place in places
            if place.startswith('code:')
            and not re.match(r'code:addons/payment_qpay/(documents|models|controllers|wizards)/'
                             r'|code:addons/payment_qpay/static/src/'
                             r'|code:addons/payment_qpay/\w+\.py$', place)
        })

    def test_error_of_a_paid_invoice(self):
        """A Mongolian accountant reads in Mongolian why an invoice cannot be paid."""
        invoice = self._create_invoice()
        self._pay_and_settle(self._create_intent(invoice))
        _result, message = self._call_kw(invoice, 'action_qpay_qr')
        self.assertEqual(message, 'Нэхэмжлэл аль хэдийн төлөгдсөн байна.')

    def test_error_with_a_figure(self):
        """An amount stands where it belongs in the sentence."""
        invoice = self._create_invoice(15000)
        _result, message = self._call_kw(invoice, 'qpay_create_intent', 15001)
        template = self.mongolian['The amount must not be more than the unpaid %s.']
        unpaid = invoice.currency_id.with_context(lang=LANGUAGE).format(15000)
        self.assertEqual(message, template % unpaid)

    def test_labels_of_views(self):
        """Buttons and fields have their Mongolian labels."""
        invoice_form = self._get_view('account.move', 'account.view_move_form')
        [button] = invoice_form.xpath('//button[@name="action_qpay_qr"]')
        self.assertEqual(button.get('string'), 'QPay QR код')
        dialog = self._get_view('qpay.qr.wizard', 'payment_qpay.qpay_qr_wizard_view_form')
        [button] = dialog.xpath('//button[@name="action_generate"]')
        self.assertEqual(button.get('string'), 'QR код үүсгэх')
        fields = self.env['qpay.payment'].with_user(self.accountant).with_context(
            lang=LANGUAGE
        ).fields_get(['fee', 'state'])
        self.assertEqual(fields['fee']['string'], 'Шимтгэл')
        self.assertEqual(dict(fields['state']['selection'])['to_settle'], 'Бүртгээгүй')

    def test_browser_gets_translations(self):
        """Every term of the scripts and their templates reaches the browser in Mongolian."""
        messages = code_translations.get_web_translations(MODULE, LANGUAGE)['messages']
        translations = {message['id']: message['string'] for message in messages}
        terms = {
            entry.msgid for entry in read(TEMPLATE) if 'odoo-javascript' in entry.comment
        }
        self.assertTrue(terms)
        # Odoo's own terms that it has no Mongolian for come with ours.
        added = {
            entry.msgid: entry.msgstr for entry in read(FOLDER.with_name('i18n_extra') / 'mn.po')
            if 'odoo-javascript' in entry.comment
        }
        self.assertEqual(translations, added | {term: self.mongolian[term] for term in terms})

    def test_pay_page(self):
        """A payer reads no English sentence, whatever has become of the QR."""
        intent = self._create_intent(self._create_invoice())
        self.opener.cookies['frontend_lang'] = LANGUAGE
        page = self._read_pay_page(intent)
        for term in ('To pay', 'Scan the QR with a bank app', 'Paid. Thank you!'):
            self.assertIn(self.mongolian[term], page)
        known = ' '.join((intent.company_id.name, intent.document_name, *(
            bank['description'] for bank in intent.deeplinks
        )))
        self.assertFalse([
            line for line in page.split('\n') if SENTENCE.search(line)
            and not CYRILLIC.search(line) and line not in known
        ])

    def test_provider_messages(self):
        """The shop's messages after a payment have both languages, whoever installed the addon."""
        provider = self.env.ref('payment_qpay.payment_provider_qpay').sudo()
        for name in ('pending_msg', 'done_msg', 'cancel_msg'):
            source = provider.with_context(lang='en_US')[name].striptags()
            self.assertFalse(CYRILLIC.search(source), name)
            self.assertEqual(
                provider.with_context(lang=LANGUAGE)[name].striptags(), self.mongolian[source]
            )

    def _get_view(self, model, view):
        model = self.env[model].with_user(self.accountant).with_context(lang=LANGUAGE)
        return etree.fromstring(model.get_view(self.env.ref(view).id, 'form')['arch'])

    def _read_pay_page(self, intent):
        """Return the texts of the payer's page without its list of languages, a line each."""
        response = self.url_open(f'/payment/qpay/pay/{intent.id}/{intent.access_token}')
        self.assertEqual(response.status_code, 200)
        [page] = etree.HTML(response.text).xpath('//*[contains(@class, "o_qpay_card")]')
        texts = page.xpath('.//text()[normalize-space()]')
        return '\n'.join(' '.join(text.split()) for text in texts)


@tagged('post_install', '-at_install')
class TestCatalogs(BaseCase):
    """The catalogs are complete and sound, and the tool that keeps them so works."""

    def test_translations_are_complete(self):
        """Every language has every term, with its placeholders and tags, and nothing else."""
        for language in LANGUAGES:
            problems = find_problems(read(TEMPLATE), read(FOLDER / f'{language}.po'))
            self.assertEqual(problems, [], COMMAND)

    def test_files_are_the_same_everywhere(self):
        """No day, machine or path is in the files; merging again changes nothing."""
        for path in (TEMPLATE, *(FOLDER / f'{language}.po' for language in LANGUAGES)):
            text = path.read_text(encoding='utf-8')
            self.assertNotRegex(text, r'(?m)^"POT?-(Creation|Revision)-Date|^#: (code:)?/')
            self.assertNotIn(str(FOLDER.parent), text)
        translated = read(FOLDER / 'mn.po')
        merged = merge(read(TEMPLATE), translated, 'mn')
        self.assertEqual(str(merged.catalog), str(translated))
        self.assertFalse(merged.dropped)

    def test_merge(self):
        """Merging keeps what fits, adds what is new and drops what is gone."""
        template = self._catalog({'Kept text': '', 'Indented\n    anew': '', 'New text': ''})
        translated = self._catalog({
            'Kept text': 'Хэвээр', 'Indented anew': 'Догол мөр', 'Gone text': 'Байхгүй',
        })
        merged = merge(template, translated, 'mn')
        self.assertEqual(
            {entry.msgid: entry.msgstr for entry in merged.catalog},
            {'Kept text': 'Хэвээр', 'Indented\n    anew': 'Догол мөр', 'New text': ''},
        )
        self.assertEqual([entry.msgid for entry in merged.dropped], ['Gone text'])

    def test_problems(self):
        """What is wrong with a translation is found."""
        for source, translation, problem in (
            ('Pay %s now', '', 'no translation'),
            ('Pay now', 'Pay now', 'its source'),
            ('Pay %s now', 'Одоо төлөх', 'placeholders'),
            ('Pay %(amount)s now', '%(sum)s төлөх', 'placeholders'),
            ('Pay {{ amount }}', '{{ sum }} төлөх', 'placeholders'),
            ('Pay <b>now</b>', 'Одоо төлөх', 'tags'),
            ('Pay <b class="a"/>', 'Төлөх <b class="b"/>', 'tags'),
            ('Pay now', 'Одоо төлөх button', 'words in its translation'),
            ('Pay now', 'Одоо тoлөх', 'Latin letters within'),
        ):
            with self.subTest(source=source, translation=translation):
                problems = self._find_problems({source: ''}, {source: translation})
                self.assertIn(problem, '\n'.join(problems))
        self.assertIn('missing', self._find_problems({'Pay': ''}, {})[0])
        self.assertIn('no term', self._find_problems({}, {'Pay': 'Төлөх'})[0])
        self.assertFalse(self._find_problems(
            {'Pay <i title="Bank"/> %s': ''}, {'Pay <i title="Bank"/> %s': '%s <i title="Банк"/>'},
        ))

    def test_fuzzy_is_a_problem(self):
        """A translation that somebody marked as doubtful does not count."""
        translated = self._catalog({'Pay': 'Төлөх'})
        translated[0].flags.append('fuzzy')
        self.assertIn('fuzzy', find_problems(self._catalog({'Pay': ''}), translated)[0])

    @staticmethod
    def _catalog(translations):
        lines = ['msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n']
        for source, translation in translations.items():
            quoted = [
                text.replace('\\', r'\\').replace('"', r'\"').replace('\n', r'\n')
                for text in (source, translation)
            ]
            lines.append('msgid "{}"\nmsgstr "{}"\n'.format(*quoted))
        return read_template('\n'.join(lines))

    def _find_problems(self, terms, translations):
        return find_problems(self._catalog(terms), self._catalog(translations))


@tagged('post_install', '-at_install')
class TestNothingUntranslatable(BaseCase):
    """No English sentence is written where Odoo does not look for terms."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.terms = {' '.join(entry.msgid.split()) for entry in read(TEMPLATE)}

    def test_python(self):
        self._check(
            _python_texts, 'documents', 'models', 'controllers', 'wizards', suffix='.py'
        )

    def test_scripts(self):
        self._check(_script_texts, 'static/src', suffix='.js')

    def test_templates(self):
        self._check(_template_texts, 'static/src', 'views', suffix='.xml')

    def _check(self, read_texts, *folders, suffix):
        """Make sure that the sentences of some files are terms."""
        root = FOLDER.parent
        files = [path for folder in folders for path in (root / folder).rglob(f'*{suffix}')]
        self.assertTrue(files)
        sentences = {
            (str(path.relative_to(root)), ' '.join(text.split()))
            for path in files for text in read_texts(path) if SENTENCE.match(text)
        }
        self.assertEqual(sorted(
            (place, sentence) for place, sentence in sentences
            if sentence not in self.terms and sentence not in NOT_FOR_PEOPLE
        ), [])


def _python_texts(path):
    """Return the texts of Python code that a person might read: no docstrings, nothing logged."""
    tree = ast.parse(path.read_text(encoding='utf-8'))
    hidden = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
            hidden.update(map(id, ast.walk(node.body[0])) if ast.get_docstring(node) else ())
        elif isinstance(node, ast.Call) and ast.unparse(node.func).startswith('_logger.'):
            hidden.update(map(id, ast.walk(node)))
    return [
        node.value for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in hidden
    ]


def _script_texts(path):
    """Return the texts of a script, without its comments."""
    code = re.sub(
        r'/\*.*?\*/|(?<![:\'"])//[^\n]*', '', path.read_text(encoding='utf-8'), flags=re.DOTALL
    )
    return [text for _quote, text in re.findall(r'''(['"`])(.*?)\1''', code)]


def _template_texts(path):
    """Return the texts in the expressions of templates and views; Odoo finds all others."""
    values = etree.parse(str(path)).xpath('//@*')
    return [text for value in values for text in re.findall(r"'([^']*)'", value)]
