import { WarningDialog } from '@web/core/errors/error_dialogs';
import { registry } from '@web/core/registry';

// Odoo's own code says so of records that somebody else is at, but shows it as a fault.
registry.category('error_dialogs').add('odoo.exceptions.LockError', WarningDialog);
