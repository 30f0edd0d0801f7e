-- What the catalogue says about who may do what, a line a fact. Placeholders for the installation's
-- names are put in by the caller.
WITH
    kept_schema AS (SELECT 'public'::regnamespace AS oid),
    grantee AS (
        SELECT oid, rolname::text AS name FROM pg_roles
        UNION ALL SELECT 0, 'PUBLIC'
    ),
    tables AS (
        SELECT c.*, EXISTS (SELECT FROM pg_inherits WHERE inhrelid = c.oid) AS is_partition
        FROM pg_class c, kept_schema s
        WHERE c.relnamespace = s.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
    ),
    facts (line) AS (
        SELECT format('role %s: login=%s superuser=%s bypassrls=%s createrole=%s createdb=%s replication=%s',
            rolname, rolcanlogin, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication)
        FROM pg_roles WHERE rolname = ANY ($1)
        UNION ALL
        SELECT format('member: %s of %s', m.rolname, r.rolname)
        FROM pg_auth_members a JOIN pg_roles m ON m.oid = a.member JOIN pg_roles r ON r.oid = a.roleid
        WHERE m.rolname = ANY ($1)
        UNION ALL
        SELECT format('table %s: row security %s, forced %s', relname, relrowsecurity, relforcerowsecurity)
        FROM tables WHERE relkind IN ('r', 'p')
        UNION ALL
        SELECT format('policy %s on %s: for %s to %s using (%s) check (%s)', p.policyname, p.tablename,
            p.cmd, (SELECT string_agg(r, ', ' ORDER BY r) FROM unnest(p.roles::text[]) r), p.qual, p.with_check)
        FROM pg_policies p WHERE p.schemaname = 'public'
        UNION ALL
        SELECT format('grant on %s: %s to %s%s', t.relname, a.privilege_type, g.name,
            CASE WHEN a.is_grantable THEN ' with grant option' END)
        FROM tables t, aclexplode(coalesce(t.relacl, acldefault('r', t.relowner))) a
        JOIN grantee g ON g.oid = a.grantee
        WHERE a.grantee <> t.relowner
        UNION ALL
        SELECT format('grant on %s: %s (%s) to %s%s', t.relname, a.privilege_type,
            string_agg(c.attname, ', ' ORDER BY c.attname), g.name,
            CASE WHEN a.is_grantable THEN ' with grant option' END)
        FROM tables t JOIN pg_attribute c ON c.attrelid = t.oid, aclexplode(c.attacl) a
        JOIN grantee g ON g.oid = a.grantee
        WHERE a.grantee <> t.relowner
        GROUP BY t.relname, a.privilege_type, g.name, a.is_grantable
        UNION ALL
        SELECT format('function %s: security definer %s, %s', p.oid::regprocedure, p.prosecdef,
            array_to_string(p.proconfig, '; '))
        FROM pg_proc p, kept_schema s WHERE p.pronamespace = s.oid
        UNION ALL
        SELECT format('grant on %s: %s to %s', p.oid::regprocedure, a.privilege_type, g.name)
        FROM kept_schema s JOIN pg_proc p ON p.pronamespace = s.oid,
            aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
        JOIN grantee g ON g.oid = a.grantee
        WHERE a.grantee <> p.proowner
        UNION ALL
        SELECT format('grant on schema %s: %s to %s', n.nspname, a.privilege_type, g.name)
        FROM kept_schema s JOIN pg_namespace n ON n.oid = s.oid,
            aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a
        JOIN grantee g ON g.oid = a.grantee
        WHERE a.grantee <> n.nspowner
        UNION ALL
        SELECT format('grant on database: %s to %s', a.privilege_type, g.name)
        FROM pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
        JOIN grantee g ON g.oid = a.grantee
        WHERE d.datname = current_database() AND a.grantee <> d.datdba
        UNION ALL
        SELECT format('default grant: %s', d.defaclacl) FROM pg_default_acl d
        UNION ALL
        SELECT format('schema %s', nspname) FROM pg_namespace
        WHERE nspname NOT LIKE 'pg\_%' AND nspname <> 'information_schema'
    )
SELECT line FROM facts ORDER BY line COLLATE "C"
