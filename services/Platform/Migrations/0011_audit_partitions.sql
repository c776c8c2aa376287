-- The audit trail is partitioned by month, so that the newest month's indexes stay in memory and an old month is dropped at once. The ids of its events begin
-- with their time (UUID, version 7), so they are what it is partitioned by: the primary key stays as it is, and whoever looks for an id looks in one partition.

-- The least id of a month.
CREATE FUNCTION first_id_of(month date) RETURNS uuid LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN
    (lpad(to_hex((extract(epoch FROM month) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid;

-- Partitions are reached through the trail alone, whose privileges and policy then hold; nobody but their owner may read or change one by itself.
CREATE FUNCTION hide_audit_partition(part regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE somebody name;
BEGIN
    IF NOT (SELECT relrowsecurity FROM pg_class WHERE oid = part) THEN PERFORM seal(part); END IF;
    FOR somebody IN SELECT DISTINCT r.rolname FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a JOIN pg_roles r ON r.oid = a.grantee
        WHERE c.oid = part AND a.grantee <> c.relowner
    LOOP
        EXECUTE format('REVOKE ALL ON %s FROM %I', part, somebody);
    END LOOP;
END $$;

-- Adds the partitions of this month and of the next three, and drops those of months that ended so many years ago: six at least, whoever asks for less. The
-- service calls it every hour, with the owner's rights. It waits for nobody: what it cannot do at once, it does an hour later.
CREATE FUNCTION keep_audit_partitions(years integer) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp SET lock_timeout = '500ms' AS $$
DECLARE
    this_month date := date_trunc('month', now() AT TIME ZONE 'UTC')::date;
    month date;
    following date;
    part text;
BEGIN
    -- Another replica is at it.
    IF NOT pg_try_advisory_xact_lock(hashtext('medcor.audit.partitions')) THEN RETURN; END IF;
    FOR n IN 0..3 LOOP
        month := (this_month + make_interval(months => n))::date;
        part := 'audit_events_' || to_char(month, 'YYYY_MM');
        following := (month + interval '1 month')::date;
        -- Where a month has begun without its partition, its events stay where they are.
        CONTINUE WHEN to_regclass(part) IS NOT NULL
            OR EXISTS (SELECT FROM audit_events_default e WHERE e.id >= first_id_of(month) AND e.id < first_id_of(following));
        EXECUTE format('CREATE TABLE %I PARTITION OF audit_events FOR VALUES FROM (%L) TO (%L)', part, first_id_of(month), first_id_of(following));
        PERFORM hide_audit_partition(part::regclass);
    END LOOP;

    FOR part IN SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'audit_events'::regclass AND c.relname ~ '^audit_events_[0-9]{4}_[0-9]{2}$'
            AND to_date(right(c.relname::text, 7), 'YYYY_MM') + interval '1 month' <= this_month - make_interval(years => greatest(years, 6))
    LOOP
        EXECUTE format('DROP TABLE %I', part);
    END LOOP;
END $$;

-- Makes the trail a partitioned table, once. What was recorded until now becomes the partition up to the end of this month: no row is copied, and no id, hash
-- or link changes. PostgreSQL reads the ids of all rows once to be sure of them, unless a constraint says it already: docs/operations.md has it for a large
-- trail.
CREATE FUNCTION partition_audit_events() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    this_month date := date_trunc('month', now() AT TIME ZONE 'UTC')::date;
    former text := 'audit_events_' || to_char(this_month, 'YYYY_MM');
    definition text;
    somebody name;
BEGIN
    EXECUTE format('ALTER TABLE audit_events RENAME TO %I', former);
    EXECUTE format('DROP TRIGGER await_link ON %I', former);
    EXECUTE format('CREATE TABLE audit_events (LIKE %I INCLUDING DEFAULTS, CONSTRAINT all_audit_events_pkey PRIMARY KEY (hospital_id, id)) '
        || 'PARTITION BY RANGE (id)', former);
    PERFORM seal('audit_events'::regclass);
    FOR somebody IN SELECT DISTINCT r.rolname FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a JOIN pg_roles r ON r.oid = a.grantee
        WHERE c.oid = 'audit_events'::regclass AND a.grantee <> c.relowner
    LOOP
        EXECUTE format('REVOKE UPDATE, DELETE ON audit_events FROM %I', somebody);
    END LOOP;
    -- Attaching finds the indexes that the former table has already, and builds none.
    FOR definition IN SELECT replace(replace(indexdef, ' INDEX audit_events_', ' INDEX all_audit_events_'),
            format(' ON public.%I USING', former), ' ON public.audit_events USING')
        FROM pg_indexes WHERE schemaname = 'public' AND tablename = former AND indexname <> 'audit_events_pkey'
    LOOP
        EXECUTE definition;
    END LOOP;
    EXECUTE format('ALTER TABLE audit_events ATTACH PARTITION %I FOR VALUES FROM (MINVALUE) TO (%L)',
        former, first_id_of((this_month + interval '1 month')::date));
    PERFORM hide_audit_partition(former::regclass);
    -- For an id of another version, and should no partition have been added for months: whatever happens, an event is recorded.
    CREATE TABLE audit_events_default PARTITION OF audit_events DEFAULT;
    PERFORM hide_audit_partition('audit_events_default'::regclass);
    CREATE TRIGGER await_link AFTER INSERT ON audit_events REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION await_link();
    PERFORM keep_audit_partitions(100);
END $$;
