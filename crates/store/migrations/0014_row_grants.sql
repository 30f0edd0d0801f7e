-- Which entries an auditor may read: a query in the words of docs/query.md that all their reads are
-- AND-ed with.
-- Who may read and write what stands in access.sql, not here.

-- Null gives every entry.
ALTER TABLE memberships ADD COLUMN row_grant text CHECK (octet_length(row_grant) BETWEEN 1 AND 8192),
    ADD CONSTRAINT memberships_row_grants_are_auditors CHECK (row_grant IS NULL OR role = 'auditor');

-- What the membership will carry, so that nobody reads more between joining and being told less.
ALTER TABLE invitations ADD COLUMN row_grant text CHECK (octet_length(row_grant) BETWEEN 1 AND 8192),
    ADD CONSTRAINT invitations_row_grants_are_auditors CHECK (row_grant IS NULL OR role = 'auditor');

-- What who asked for the job might read then, which is what its files hold; null where everything.
ALTER TABLE jobs ADD COLUMN row_grant text;
