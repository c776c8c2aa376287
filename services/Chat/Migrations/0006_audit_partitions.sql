SELECT partition_audit_events();
