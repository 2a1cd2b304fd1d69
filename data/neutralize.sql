-- a copy of the database must not collect money, nor end the QRs of the original
UPDATE payment_provider
   SET qpay_client_id = NULL,
       qpay_client_secret = NULL,
       qpay_invoice_code = NULL,
       qpay_callback_url = NULL,
       qpay_alert_email = NULL,
       qpay_ebarimt_mode = 'none',
       qpay_ebarimt_invoice_code = NULL;
UPDATE qpay_ebarimt
   SET next_attempt_at = NULL;
UPDATE qpay_payment
   SET email_due_at = NULL;
DELETE FROM qpay_receipt
 WHERE made_at IS NULL;
DELETE FROM qpay_token;
UPDATE qpay_callback
   SET state = 'ignored'
 WHERE state = 'received';
UPDATE payment_transaction
   SET state = 'cancel'
  FROM qpay_intent
 WHERE qpay_intent.transaction_id = payment_transaction.id
   AND qpay_intent.state = 'new'
   AND payment_transaction.state = 'draft';
UPDATE qpay_intent
   SET state = CASE state WHEN 'new' THEN 'cancelled' ELSE state END,
       recheck_at = NULL;
DELETE FROM qpay_intent_recheck;
DELETE FROM qpay_ebarimt_cancellation;
DELETE FROM qpay_outage;
DELETE FROM qpay_trial_call;
