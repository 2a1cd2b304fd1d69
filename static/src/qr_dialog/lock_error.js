import { WarningDialog } from '@web/core/errors/error_dialogs';
import { registry } from '@web/core/registry';

// Odoo's own code says so of records that somebody else is at, but shows it as a fault.
const errorDialogs = registry.category('error_dialogs');
if (!errorDialogs.contains('odoo.exceptions.LockError')) {
    errorDialogs.add('odoo.exceptions.LockError', WarningDialog);
}
