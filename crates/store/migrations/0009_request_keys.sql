-- The keys of items of a request, as event_keys are kept (0004): rows that need not be unique, because
-- who writes one holds the tenant's head and has looked; an index of eight bytes a row; and one
-- partition, which carries no policy, so that COPY can write it. A key that came again after 24 hours
-- stands there twice until the older is swept out; what is older than that is not looked at.
ALTER TABLE request_keys NO FORCE ROW LEVEL SECURITY;
ALTER TABLE request_keys RENAME TO request_keys_before;
CREATE TABLE request_keys (
    tenant_id uuid NOT NULL,
    id        uuid NOT NULL,
    key_hi    bigint NOT NULL,
    key_lo    bigint NOT NULL,
    fp8       bigint NOT NULL
) PARTITION BY RANGE (id);
CREATE TABLE request_keys_all PARTITION OF request_keys FOR VALUES FROM (MINVALUE) TO (MAXVALUE);
INSERT INTO request_keys (tenant_id, id, key_hi, key_lo, fp8)
SELECT tenant_id, id, key_hi, key_lo, fp8 FROM request_keys_before;
DROP TABLE request_keys_before;
CREATE INDEX request_keys_by_key ON request_keys (key_hi);
-- For the sweep; rows lie in about the order of their ids.
CREATE INDEX request_keys_by_age ON request_keys USING brin (id);

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
        PERFORM create_distributed_table('request_keys', 'tenant_id', colocate_with => 'heads');
    END IF;
END $$;
