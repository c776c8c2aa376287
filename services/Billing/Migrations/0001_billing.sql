-- What can be subscribed to; amounts in minor units. The platform's, and everywhere the same: changed by migrations alone, so the ids are stable.
CREATE TABLE plans (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    plan_type text NOT NULL,
    description text NOT NULL,
    monthly bigint NOT NULL CHECK (monthly > 0),
    quarterly bigint NOT NULL CHECK (quarterly > 0),
    annual bigint NOT NULL CHECK (annual > 0),
    currency text NOT NULL,
    max_doctors integer,
    max_patients integer,
    features text[] NOT NULL,
    is_active boolean NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL);
REVOKE INSERT, UPDATE, DELETE ON plans FROM medcor_billing;

INSERT INTO plans VALUES
    ('01980000-0000-7000-9000-000000000001', 'Basic', 'BASIC', 'For a practice or a small clinic.', 19900, 56700, 214800, 'USD', 10, 5000,
        '{"Appointments and schedules","Medical records","Live updates","Support by e-mail"}', true, 1, '2026-01-01', '2026-01-01'),
    ('01980000-0000-7000-9000-000000000002', 'Professional', 'PROFESSIONAL', 'For a hospital with several departments.', 49900, 142200, 538800, 'USD', 50, 50000,
        '{"Everything in Basic","Guided prompts","Statistics and reports","AI chat","Support on workdays"}', true, 1, '2026-01-01', '2026-01-01'),
    ('01980000-0000-7000-9000-000000000003', 'Enterprise', 'ENTERPRISE', 'For a large hospital, without limits.', 149900, 427200, 1618800, 'USD', NULL, NULL,
        '{"Everything in Professional","Any number of doctors and patients","Support around the clock"}', true, 1, '2026-01-01', '2026-01-01');

CREATE TABLE subscriptions (
    hospital_id uuid NOT NULL,
    id uuid NOT NULL UNIQUE,
    plan_id uuid NOT NULL REFERENCES plans (id),
    start_date date NOT NULL,
    billing_cycle text NOT NULL,
    status text NOT NULL,
    auto_renew boolean NOT NULL,
    cancel_at_period_end boolean NOT NULL,
    cancellation_reason text,
    -- How many periods have been charged, and the day on which the next one is to be.
    periods integer NOT NULL,
    due_on date NOT NULL,
    price bigint NOT NULL,
    currency text NOT NULL,
    charged_by uuid,
    ended_on date,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (hospital_id, id));
CREATE UNIQUE INDEX one_active_subscription ON subscriptions (hospital_id) WHERE status = 'ACTIVE';
CREATE INDEX subscriptions_due ON subscriptions (due_on) WHERE status = 'ACTIVE';
SELECT seal('subscriptions');

-- The last number that a hospital's invoices have. Locked from taking a number to the end of the transaction: what is rolled back leaves no gap.
CREATE TABLE invoice_numbers (
    hospital_id uuid PRIMARY KEY,
    last bigint NOT NULL);
SELECT seal('invoice_numbers');

CREATE TABLE invoices (
    hospital_id uuid NOT NULL,
    id uuid NOT NULL UNIQUE,
    subscription_id uuid NOT NULL,
    number bigint NOT NULL,
    type text NOT NULL CHECK ((type = 'CREDIT_NOTE') = (total < 0)),
    issued_on date NOT NULL,
    -- The first day of the period that it charges as a whole; null for what is charged or credited within one.
    period_start date,
    total bigint NOT NULL,
    currency text NOT NULL,
    lines jsonb NOT NULL,
    corrects_invoice_id uuid,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (hospital_id, id),
    FOREIGN KEY (hospital_id, subscription_id) REFERENCES subscriptions (hospital_id, id),
    CONSTRAINT invoices_numbered_once UNIQUE (hospital_id, number),
    CONSTRAINT periods_charged_once UNIQUE (hospital_id, subscription_id, period_start));
SELECT seal('invoices');

-- An issued invoice never changes.
REVOKE UPDATE, DELETE ON invoices FROM medcor_billing;
