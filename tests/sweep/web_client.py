"""Odoo's web client, operated by somebody who tries everything that can be clicked."""

import contextlib

from playwright.sync_api import Error

# A click is over when nothing has been asked of the server for some frames.
WATCH = """
(() => {
    const watch = window.sweepWatch = { pending: 0, quietFrames: 0 };
    const end = () => { watch.pending--; };
    const { fetch } = window;
    window.fetch = (...args) => {
        watch.pending++;
        return fetch(...args).finally(end);
    };
    const { send } = XMLHttpRequest.prototype;
    XMLHttpRequest.prototype.send = function (...args) {
        watch.pending++;
        this.addEventListener("loadend", end);
        return send.apply(this, args);
    };
    const count = () => {
        watch.quietFrames = watch.pending ? 0 : watch.quietFrames + 1;
        requestAnimationFrame(count);
    };
    requestAnimationFrame(count);
})();
"""
IS_QUIET = "() => window.sweepWatch.quietFrames > 20 && !document.querySelector('.o_blockUI')"

GET_MENUS = """
(app) => {
    const { menu } = odoo.__WOWL_DEBUG__.root.env.services;
    const walk = (item) => [
        ...(item.actionID ? [{ id: item.id, name: item.name }] : []),
        ...item.childrenTree.flatMap(walk),
    ];
    const root = menu.getApps().find((item) => item.xmlid === app);
    return root ? walk(menu.getMenuAsTree(root.id)) : [];
}
"""
# What these return is not waited for, so that what fails is shown as it is to people.
SELECT_MENU = '(id) => { odoo.__WOWL_DEBUG__.root.env.services.menu.selectMenu(id); }'
DO_ACTION = """
(action) => {
    const { env } = odoo.__WOWL_DEBUG__.root;
    env.services.action.doAction(action, { clearBreadcrumbs: true });
}
"""

BUTTONS = '.o_action_manager button[name]:visible:enabled'
TABS = '.o_action_manager .o_notebook_headers .nav-link:visible'
TOGGLES = '.o_control_panel .o_cp_action_menus button:is(:has(.fa-cog), :has(.fa-print)):visible'
MENU_ENTRIES = ':is(.dropdown-item, .dropdown-toggle):not(.disabled):visible'
ERROR = '.modal .o_error_dialog'
CONFIRMATION = '.modal:not(:has(.o_form_view, .o_error_dialog)) .modal-footer .btn-primary:enabled'


class WebClient:
    """The web client in a page whose window has :data:`WATCH` as a script.

    :param Page page: The page, in which somebody has signed in.
    :param str url: The server's address.
    """

    def __init__(self, page, url):
        self._page = page
        self._url = url

    def restart(self):
        """Load it anew, whatever the page shows."""
        self._page.goto(f'{self._url}/odoo/action-contacts.action_contacts')
        self._page.wait_for_function('() => window.odoo?.isReady')
        self.settle()

    def settle(self):
        """Wait until everything that was asked for is there."""
        # What leads to another page at this moment begins to count anew there.
        with contextlib.suppress(Error):
            self._page.evaluate('() => { window.sweepWatch.quietFrames = 0; }')
        self._page.wait_for_function(IS_QUIET)

    def get_menus(self, app):
        """Return the entries of an app's menu that open something, as this person has them.

        :param str app: The external id of its menu.
        :rtype: list[dict]
        """
        return self._page.evaluate(GET_MENUS, app)

    def open_menu(self, menu_id):
        """Choose an entry of the menu."""
        self._evaluate(SELECT_MENU, menu_id)

    def open_form(self, model, record_id):
        """Open a record's form."""
        self._evaluate(DO_ACTION, {
            'type': 'ir.actions.act_window', 'res_model': model, 'res_id': record_id,
            'views': [[False, 'form']],
        })

    def open_list(self, model, record_id):
        """Open a list that holds one record, and select it."""
        self._evaluate(DO_ACTION, {
            'type': 'ir.actions.act_window', 'res_model': model, 'name': model,
            'domain': [['id', '=', record_id]], 'context': {'active_test': False},
            'views': [[False, 'list'], [False, 'form']],
        })
        self._click(self._page.locator('tbody .o_list_record_selector input'))

    def open_views(self):
        """Open every kind of view that is offered beside the one that is shown."""
        views = self._page.locator('.o_cp_switch_buttons .o_switch_view:visible')
        for index in range(views.count()):
            self._click(views.nth(index))

    def get_buttons(self):
        """Return all buttons that are shown, those under tabs too, each as a path of clicks.

        :rtype: list[tuple[str, ...]]
        """
        paths = self._name_buttons()
        for tab in range(self._page.locator(TABS).count()):
            step = f'{TABS} >> nth={tab}'
            self._click(self._page.locator(step))
            paths |= {(step, *path): None for path in self._name_buttons() if path not in paths}
        return list(paths)

    def get_menu_entries(self):
        """Return the entries of all menus for what is opened or selected: ⚙, Action, Print.

        :return: Each as a path of clicks, beginning with the menu's own button.
        :rtype: list[tuple[str, ...]]
        """
        paths = []
        for index in range(self._page.locator(TOGGLES).count()):
            toggle = f'{TOGGLES} >> nth={index}'
            self._click(self._page.locator(toggle))
            paths += self._get_entries((toggle,), '.o-dropdown--menu')
            self._page.keyboard.press('Escape')
        return paths

    def follow(self, path):
        """Click on one thing after the other, and confirm what asks to be confirmed."""
        for step in path:
            self._click(self._page.locator(step))
        confirmation = self._page.locator(CONFIRMATION)
        if confirmation.count():
            self._click(confirmation.first)

    def name(self, path):
        """Return what a path is called, for people."""
        return ' > '.join(step.split('>> ')[-1] for step in path)

    def find_error(self):
        """Return the text of the error that is shown, if any, and whether it is Odoo's own fault.

        :return: The text, and whether it was no sentence that refuses something.
        :rtype: tuple[str, bool]
        """
        error = self._page.locator(ERROR).first
        if not error.count():
            return '', False
        details = error.locator('[role=alert] .btn-link')
        is_fault = bool(details.count())
        if is_fault and not error.locator('pre').count():
            details.first.click()
        return error.inner_text(), is_fault

    def read_dialogs(self):
        """Return what is said by the dialogs that lie above the view.

        :rtype: list[str]
        """
        return self._page.locator('.modal').all_inner_texts()

    def tidy_up(self):
        """Close what lies above the view; load the web client anew where that does not do."""
        with contextlib.suppress(Error):
            for _dialog in range(self._page.locator('.modal').count()):
                self._click(self._page.locator('.modal .btn-close').last)
        is_clean = self._page.evaluate(
            '() => Boolean(window.odoo?.isReady'
            " && document.querySelector('.o_web_client .o_action_manager')"
            " && !document.querySelector('.modal, .o-dropdown--menu'))"
        )
        if not is_clean:
            self.restart()

    def _name_buttons(self):
        names = self._page.locator(BUTTONS).evaluate_all('all => all.map((e) => e.name)')
        return {(f'{BUTTONS}[name="{name}"] >> nth=0',): None for name in names}

    def _get_entries(self, path, menu):
        """Return the paths of a menu's entries, and of those of the menus in it."""
        entries = self._page.locator(f'{menu} {MENU_ENTRIES}')
        paths = []
        for index in range(entries.count()):
            entry = entries.nth(index)
            step = f'{menu} {MENU_ENTRIES} >> nth={index} >> text={entry.inner_text().strip()}'
            if 'dropdown-toggle' not in entry.get_attribute('class'):
                paths.append((*path, step))
            elif menu.count('+') == 0:
                self._click(entry)
                paths += self._get_entries((*path, step), f'{menu} + .o-dropdown--menu')
        return paths

    def _click(self, target):
        target.click()
        self.settle()

    def _evaluate(self, script, argument):
        self._page.evaluate(script, argument)
        self.settle()
