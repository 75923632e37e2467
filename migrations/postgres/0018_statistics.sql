-- What a withdrawn consent takes from requests that wait.
CREATE INDEX authorization_requests_consented ON authorization_requests (consented_by) WHERE consented_by IS NOT NULL;
