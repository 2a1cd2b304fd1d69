"""What the addon adds to the database and to the names that people read."""

from odoo.tests import TransactionCase, tagged

# Foreign keys of ours to big tables without an index that begins with them: to delete or merge a
# record there would read our whole table. What has few rows, or is never deleted, needs none.
MISSING_INDEXES = """
    SELECT own.relname, attribute.attname, other.relname
      FROM pg_constraint AS key
      JOIN pg_class AS own ON own.oid = key.conrelid
      JOIN pg_class AS other ON other.oid = key.confrelid
      JOIN pg_attribute AS attribute
        ON attribute.attrelid = own.oid AND attribute.attnum = key.conkey[1]
     WHERE key.contype = 'f'
       AND (own.relname, attribute.attname) IN %s
       AND other.relname NOT IN %s
       AND NOT EXISTS (
           SELECT FROM pg_index AS index
            WHERE index.indrelid = own.oid
              AND index.indkey[0] = attribute.attnum
              AND index.indisvalid
              AND coalesce(pg_get_expr(index.indpred, own.oid), '')
                  IN ('', '(' || attribute.attname || ' IS NOT NULL)')
       )
"""
SMALL_TABLES = (
    'account_account', 'payment_provider', 'res_company', 'res_currency', 'res_users',
)


@tagged('post_install', '-at_install')
class TestTables(TransactionCase):

    def _get_own_fields(self):
        """Return the fields that the addon has added, to models of its own and to others."""
        return [
            field
            for model in self.env.values() if not model._abstract
            for field in model._fields.values()
            if model._name.startswith('qpay.') or field._module == 'payment_qpay'
        ]

    def _get_key_columns(self):
        """Return the columns of ours that refer to other tables, but for those of dialogs."""
        for field in self._get_own_fields():
            model = self.env[field.model_name]
            if model._transient or not field.store:
                continue
            if field.type == 'many2one' and field.name not in ('create_uid', 'write_uid'):
                yield model._table, field.name
            elif field.type == 'many2many':
                yield field.relation, field.column1
                yield field.relation, field.column2

    def test_foreign_keys_to_big_tables_are_indexed(self):
        columns = tuple(self._get_key_columns())
        self.assertIn(('qpay_payment', 'assigned_partner_id'), columns)
        self.assertIn(('account_payment', 'qpay_paid_back_id'), columns)
        self.env.cr.execute(MISSING_INDEXES, [columns, SMALL_TABLES])
        self.assertEqual(self.env.cr.fetchall(), [])

    def test_no_two_fields_of_a_model_have_one_label(self):
        """Odoo warns of them at every installation and update."""
        own_models = {field.model_name for field in self._get_own_fields()}
        doubles = []
        for model in map(self.env.__getitem__, own_models):
            labels = {}
            for field in model._fields.values():
                labels.setdefault(field.string, []).append(field)
            doubles += [
                fields for fields in labels.values()
                if len(fields) > 1 and any(field._module == 'payment_qpay' for field in fields)
            ]
        self.assertEqual(doubles, [])
