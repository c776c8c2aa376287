-- The audit trail of this service. It is listed by Clinical, which receives copies.
SELECT create_audit_trail('medcor_analytics');
