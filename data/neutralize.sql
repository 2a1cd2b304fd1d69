-- a copy of the database must not collect money, nor end the QRs of the original
UPDATE payment_provider
   SET qpay_client_id = NULL,
       qpay_client_secret = NULL,
       qpay_invoice_code = NULL,
       qpay_callback_url = NULL,
       qpay_ebarimt_mode = 'none',
       qpay_ebarimt_invoice_code = NULL;
UPDATE qpay_ebarimt
   SET next_attempt_at = NULL;
DELETE FROM qpay_token;
UPDATE qpay_callback
   SET state = 'ignored'
 WHERE state = 'received';
UPDATE qpay_intent
   SET next_look_at = NULL;
DELETE FROM qpay_look;
