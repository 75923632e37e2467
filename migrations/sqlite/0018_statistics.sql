-- Statistics for the query planner, which takes the rows of a realm for about ten without them, and so prefers reading all
-- of them to an index by two columns. They say what a large realm has; a small one is no slower for it.
ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('users', 'users', '1000000 1000000 1'),
    ('users', 'sqlite_autoindex_users_2', '1000000 1000000 1'),
    ('users', 'sqlite_autoindex_users_3', '1000000 1000000 1'),
    ('users', 'users_by_valid_from', '1000000 1000000 10'),
    ('consents', 'consents', '1000000 1000000 10 1'),
    ('consents', 'consents_by_client', '1000000 1000000 1000'),
    ('client_registrations', 'client_registrations', '10000 10000 1'),
    ('client_registrations', 'client_registrations_by_token', '10000 10000 1'),
    ('client_registrations', 'client_registrations_by_time', '10000 10000 2'),
    ('client_registrations', 'client_registrations_by_expiry', '10000 2'),
    ('known_devices', 'known_devices', '1000000 1000000 2 1'),
    ('known_devices', 'known_devices_by_user', '1000000 1000000 5 1'),
    ('known_devices', 'known_devices_by_network', '1000000 1000000 100 2'),
    ('known_devices', 'known_devices_by_expiry', '1000000 100');

-- What a withdrawn consent takes from requests that wait.
CREATE INDEX authorization_requests_consented ON authorization_requests (consented_by) WHERE consented_by IS NOT NULL;
