"""Only few invoice lines and contracts have the new columns: they are filled after."""


def migrate(cr, version):
    cr.execute(
        """
        ALTER TABLE account_move_line
            ADD COLUMN IF NOT EXISTS service_pricing jsonb;
        ALTER TABLE service_contract
            ADD COLUMN IF NOT EXISTS credit_due_amount numeric DEFAULT 0;
        ALTER TABLE service_contract ALTER COLUMN credit_due_amount DROP DEFAULT;
        """
    )
