SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE public._sqlx_migrations (
    version bigint NOT NULL,
    description text NOT NULL,
    installed_on timestamp with time zone DEFAULT now() NOT NULL,
    success boolean NOT NULL,
    checksum bytea NOT NULL,
    execution_time bigint NOT NULL
);
CREATE TABLE public.address_blocks (
    realm_id text NOT NULL,
    network text NOT NULL,
    reach text NOT NULL,
    reason text NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    CONSTRAINT address_blocks_reach_check CHECK ((reach = ANY (ARRAY['everything'::text, 'sign-in'::text])))
);
CREATE TABLE public.audit_chains (
    realm_id text NOT NULL,
    seq bigint NOT NULL,
    hash bytea,
    CONSTRAINT audit_chains_hash_check CHECK ((length(hash) = 32)),
    CONSTRAINT audit_chains_seq_check CHECK ((seq >= 0))
);
CREATE TABLE public.audit_checkpoints (
    realm_id text NOT NULL,
    number bigint NOT NULL,
    seq bigint NOT NULL,
    hash bytea NOT NULL,
    at bigint NOT NULL,
    signed text NOT NULL,
    CONSTRAINT audit_checkpoints_hash_check CHECK ((length(hash) = 32))
);
CREATE TABLE public.audit_events (
    id text NOT NULL,
    realm_id text NOT NULL,
    at bigint NOT NULL,
    event text NOT NULL,
    outcome text NOT NULL,
    actor text NOT NULL,
    user_id text,
    client_id text,
    session_id text,
    address text NOT NULL,
    user_agent text NOT NULL,
    request_id text NOT NULL,
    reason text NOT NULL,
    seq bigint,
    hash bytea,
    CONSTRAINT audit_events_outcome_check CHECK ((outcome = ANY (ARRAY['success'::text, 'failure'::text])))
);
CREATE TABLE public.authorization_codes (
    digest bytea NOT NULL,
    realm_id text NOT NULL,
    client_id text NOT NULL,
    user_id text NOT NULL,
    session_id text NOT NULL,
    family_id text NOT NULL,
    redirect_uri text NOT NULL,
    redirect_uri_named bigint NOT NULL,
    scope text NOT NULL,
    extensions text NOT NULL,
    auth_time bigint NOT NULL,
    methods text NOT NULL,
    expires_at bigint NOT NULL,
    redeemed_at bigint,
    CONSTRAINT authorization_codes_digest_check CHECK ((length(digest) = 32)),
    CONSTRAINT authorization_codes_redirect_uri_named_check CHECK ((redirect_uri_named = ANY (ARRAY[(0)::bigint, (1)::bigint])))
);
CREATE TABLE public.authorization_requests (
    realm_id text NOT NULL,
    id text NOT NULL,
    client_id text NOT NULL,
    browser bytea NOT NULL,
    request text NOT NULL,
    arrived_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    consented_at bigint,
    consented_by text,
    closed_at bigint,
    CONSTRAINT authorization_requests_browser_check CHECK ((length(browser) = 32))
);
CREATE TABLE public.change_counter (
    id bigint NOT NULL,
    value bigint NOT NULL,
    CONSTRAINT change_counter_id_check CHECK ((id = 1))
);
CREATE TABLE public.changes (
    seq bigint NOT NULL,
    realm_id text NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    at bigint NOT NULL,
    CONSTRAINT changes_kind_check CHECK ((kind = ANY (ARRAY['client'::text, 'user'::text, 'key'::text, 'revocation'::text, 'mapper'::text, 'block'::text])))
);
CREATE TABLE public.claim_mappers (
    realm_id text NOT NULL,
    id text NOT NULL,
    client_id text,
    definition text NOT NULL,
    created_at bigint NOT NULL
);
CREATE TABLE public.client_logos (
    realm_id text NOT NULL,
    client_id text NOT NULL,
    media_type text NOT NULL,
    image bytea NOT NULL,
    updated_at bigint NOT NULL
);
CREATE TABLE public.client_origins (
    realm_id text NOT NULL,
    origin text NOT NULL,
    client_id text NOT NULL
);
CREATE TABLE public.client_registrations (
    realm_id text NOT NULL,
    client_id text NOT NULL,
    token bytea NOT NULL,
    created_at bigint NOT NULL,
    last_used_at bigint NOT NULL,
    expires_at bigint,
    CONSTRAINT client_registrations_token_check CHECK ((length(token) = 32))
);
CREATE TABLE public.client_secrets (
    realm_id text NOT NULL,
    client_id text NOT NULL,
    digest bytea NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint,
    sealed bytea,
    CONSTRAINT client_secrets_digest_check CHECK ((length(digest) = 32))
);
CREATE TABLE public.clients (
    realm_id text NOT NULL,
    id text NOT NULL,
    metadata text NOT NULL,
    enabled bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    CONSTRAINT clients_enabled_check CHECK ((enabled = ANY (ARRAY[(0)::bigint, (1)::bigint])))
);
CREATE TABLE public.consents (
    realm_id text NOT NULL,
    user_id text NOT NULL,
    client_id text NOT NULL,
    scope text NOT NULL,
    granted_at bigint NOT NULL,
    claims text DEFAULT ''::text NOT NULL
);
CREATE TABLE public.dead_letters (
    realm_id text NOT NULL,
    webhook_id text NOT NULL,
    event_id text NOT NULL,
    attempts bigint NOT NULL,
    reason text NOT NULL,
    died_at bigint NOT NULL
);
CREATE TABLE public.failed_accounts (
    realm_id text NOT NULL,
    network text NOT NULL,
    subject bytea NOT NULL,
    expires_at bigint NOT NULL,
    CONSTRAINT failed_accounts_subject_check CHECK ((length(subject) = 32))
);
CREATE TABLE public.initial_access_tokens (
    digest bytea NOT NULL,
    realm_id text NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    uses_left bigint NOT NULL,
    CONSTRAINT initial_access_tokens_digest_check CHECK ((length(digest) = 32)),
    CONSTRAINT initial_access_tokens_uses_left_check CHECK ((uses_left >= 0))
);
CREATE TABLE public.known_devices (
    realm_id text NOT NULL,
    digest bytea NOT NULL,
    user_id text NOT NULL,
    last_used_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    CONSTRAINT known_devices_digest_check CHECK ((length(digest) = 32))
);
CREATE TABLE public.leases (
    name text NOT NULL,
    holder text NOT NULL,
    expires_at bigint NOT NULL
);
CREATE TABLE public.login_failures (
    realm_id text NOT NULL,
    kind text NOT NULL,
    subject bytea NOT NULL,
    drained_at bigint NOT NULL,
    locked_until bigint NOT NULL,
    CONSTRAINT login_failures_kind_check CHECK ((kind = ANY (ARRAY['account'::text, 'device'::text, 'address'::text, 'realm'::text]))),
    CONSTRAINT login_failures_subject_check CHECK ((length(subject) = 32))
);
CREATE TABLE public.opaque_access_tokens (
    digest bytea NOT NULL,
    realm_id text NOT NULL,
    client_id text NOT NULL,
    claims text NOT NULL,
    expires_at bigint NOT NULL,
    CONSTRAINT opaque_access_tokens_digest_check CHECK ((length(digest) = 32))
);
CREATE TABLE public.outbox (
    id text NOT NULL,
    realm_id text NOT NULL,
    kind text NOT NULL,
    client_id text NOT NULL,
    session_id text NOT NULL,
    user_id text NOT NULL,
    attempts bigint NOT NULL,
    next_at bigint NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    event_id text,
    webhook_id text,
    CONSTRAINT outbox_attempts_check CHECK ((attempts >= 0))
);
CREATE TABLE public.passwords (
    realm_id text NOT NULL,
    user_id text NOT NULL,
    hash text NOT NULL,
    updated_at bigint NOT NULL
);
CREATE TABLE public.pushed_requests (
    digest bytea NOT NULL,
    realm_id text NOT NULL,
    client_id text NOT NULL,
    params text NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    kept_until bigint NOT NULL,
    used_at bigint,
    CONSTRAINT pushed_requests_digest_check CHECK ((length(digest) = 32))
);
CREATE TABLE public.realms (
    id text NOT NULL,
    name text NOT NULL,
    created_at bigint NOT NULL,
    valid_from bigint DEFAULT 0 NOT NULL
);
CREATE TABLE public.restore_epochs (
    realm_id text NOT NULL,
    epoch bigint NOT NULL,
    at bigint NOT NULL,
    backup_at bigint
);
CREATE TABLE public.revocations (
    realm_id text NOT NULL,
    target text NOT NULL,
    subject text NOT NULL,
    not_before bigint NOT NULL,
    expires_at bigint NOT NULL,
    reason text NOT NULL,
    CONSTRAINT all_revocations_target_check CHECK ((target = ANY (ARRAY['token'::text, 'family'::text, 'session'::text, 'consent'::text, 'user'::text, 'client'::text, 'realm'::text])))
);
CREATE TABLE public.session_clients (
    realm_id text NOT NULL,
    session_id text NOT NULL,
    client_id text NOT NULL
);
CREATE TABLE public.sessions (
    realm_id text NOT NULL,
    id text NOT NULL,
    digest bytea NOT NULL,
    user_id text NOT NULL,
    auth_time bigint NOT NULL,
    methods text NOT NULL,
    created_at bigint NOT NULL,
    last_seen_at bigint NOT NULL,
    idle_expires_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    remembered bigint NOT NULL,
    ended_at bigint,
    address text NOT NULL,
    user_agent text NOT NULL,
    CONSTRAINT sessions_digest_check CHECK ((length(digest) = 32)),
    CONSTRAINT sessions_remembered_check CHECK ((remembered = ANY (ARRAY[(0)::bigint, (1)::bigint])))
);
CREATE TABLE public.signing_keys (
    realm_id text NOT NULL,
    kid text NOT NULL,
    algorithm text NOT NULL,
    generation bigint NOT NULL,
    sealed bytea NOT NULL,
    announced_at bigint NOT NULL,
    activates_at bigint NOT NULL,
    dropped_at bigint,
    seen_active_at bigint
);
CREATE TABLE public.token_families (
    realm_id text NOT NULL,
    id text NOT NULL,
    client_id text NOT NULL,
    user_id text NOT NULL,
    session_id text NOT NULL,
    offline bigint NOT NULL,
    scope text NOT NULL,
    resources text NOT NULL,
    auth_time bigint NOT NULL,
    methods text NOT NULL,
    generation bigint NOT NULL,
    leaf bytea NOT NULL,
    created_at bigint NOT NULL,
    rotated_at bigint,
    idle_expires_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    revoked_at bigint,
    revoked_because text,
    claims text DEFAULT ''::text NOT NULL,
    CONSTRAINT token_families_check CHECK (((revoked_at IS NULL) = (revoked_because IS NULL))),
    CONSTRAINT token_families_generation_check CHECK ((generation >= 0)),
    CONSTRAINT token_families_leaf_check CHECK ((length(leaf) = 32)),
    CONSTRAINT token_families_offline_check CHECK ((offline = ANY (ARRAY[(0)::bigint, (1)::bigint])))
);
CREATE TABLE public.used_once (
    purpose text NOT NULL,
    digest bytea NOT NULL,
    expires_at bigint NOT NULL,
    CONSTRAINT used_once_digest_check CHECK ((length(digest) = 32))
);
CREATE TABLE public.user_roles (
    realm_id text NOT NULL,
    user_id text NOT NULL,
    role text NOT NULL
);
CREATE TABLE public.users (
    realm_id text NOT NULL,
    id text NOT NULL,
    username text NOT NULL,
    username_key text NOT NULL,
    email text,
    email_key text,
    email_verified bigint NOT NULL,
    claims text NOT NULL,
    salt bytea NOT NULL,
    enabled bigint NOT NULL,
    valid_from bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    attributes text DEFAULT '{}'::text NOT NULL,
    CONSTRAINT users_email_verified_check CHECK ((email_verified = ANY (ARRAY[(0)::bigint, (1)::bigint]))),
    CONSTRAINT users_enabled_check CHECK ((enabled = ANY (ARRAY[(0)::bigint, (1)::bigint]))),
    CONSTRAINT users_salt_check CHECK ((length(salt) >= 16))
);
CREATE TABLE public.webhooks (
    realm_id text NOT NULL,
    id text NOT NULL,
    url text NOT NULL,
    audience text NOT NULL,
    events text NOT NULL,
    enabled bigint NOT NULL,
    told_up_to bigint NOT NULL,
    created_at bigint NOT NULL,
    CONSTRAINT webhooks_enabled_check CHECK ((enabled = ANY (ARRAY[(0)::bigint, (1)::bigint])))
);
INSERT INTO public._sqlx_migrations VALUES (1, 'house', '2026-11-30 07:44:49.9361+00', true, '\xa05d38f09179cf7ddb015a15f0774ddeb08fef707ce8d4cdb66aef66d03433b0d00cb759a90c6c15cf23049b3b396bb5', 62137138);
INSERT INTO public._sqlx_migrations VALUES (2, 'openid', '2026-11-30 07:44:49.999401+00', true, '\x8d526819d0f1ab92b4524ad06c84a34d3bd6fb5e5f2a2221ec3b7d3c0af5f1c3890ff2f4416a9e2241fc2ef800839962', 23836362);
INSERT INTO public._sqlx_migrations VALUES (3, 'limits', '2026-11-30 07:44:50.023606+00', true, '\x04ff5e5b0e9b77fdae566eab5ef8b67ba98248c1e523b3ac3f37a4f2f84225a4f3c852b15a6650f5bdac15d3a044b4ec', 16187148);
INSERT INTO public._sqlx_migrations VALUES (4, 'trust', '2026-11-30 07:44:50.040153+00', true, '\xecc0e61f3b2846bba7c53403daa95c47d26ebbec6c7ece83fb2d2c93c875843b09da2317f79c19a13d5779ded6f80a8e', 8449433);
INSERT INTO public._sqlx_migrations VALUES (5, 'revocation', '2026-11-30 07:44:50.048892+00', true, '\x0fac1503aea935d8887e7fc931e0469c67c225caa10cc56c6ef95bd84ccb94e7f20e8fe4f5efd1da8f09fdd6064c48c7', 8099754);
INSERT INTO public._sqlx_migrations VALUES (6, 'mail', '2026-11-30 07:44:50.057267+00', true, '\xc56602a9594e769ac03c4b2ab1e5e84959c091c5d8bde217389fa6760fab1934c918cb006466348ae0b3d36aef4307a0', 2737651);
INSERT INTO public._sqlx_migrations VALUES (7, 'webhooks', '2026-11-30 07:44:50.060344+00', true, '\x086e71c38f54120f2efd28c5b478f2644d2573268901cb67d03beca274d5210465a21b8104630204010cf448e8cd7ca7', 12518183);
INSERT INTO public._sqlx_migrations VALUES (8, 'opaque tokens by client', '2026-11-30 07:44:50.073134+00', true, '\xe10f77fcce3dd9059d5e14ccc3b1be6ae0981a02c71d5f638728343d6f9e85b6d06fe4d97ea00353b2c9e71bcfd227d4', 841441);
INSERT INTO public.address_blocks VALUES ('default', '192.0.2.0/24', 'everything', 'flood', 1796024696060, 1796067896060);
INSERT INTO public.audit_chains VALUES ('default', 56, '\x372229d174daff82848977049e142cc670f0962c4ef018b7a42816149bd61fd1');
INSERT INTO public.audit_checkpoints VALUES ('default', 1, 2, '\xf3b5bbb588bf13334fb19d8f80d6fe878a6c3f57f8c6df9740504549ae46ee13', 1796024690840, 'eyJ0eXAiOiJhdWRpdC1jaGVja3BvaW50K2p3dCIsImFsZyI6IkVTMjU2Iiwia2lkIjoid0l6enpXUW9JOGpCUVNIY1hEU3pWekRPSTJtZ2RzM05DVllxV2VCTS1sOCJ9.eyJyZWFsbSI6ImRlZmF1bHQiLCJhdCI6MTc5NjAyNDY5MDg0MCwiZmlyc3QiOnsic2VxIjowLCJoYXNoIjoiQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQSJ9LCJsYXN0Ijp7InNlcSI6MiwiaGFzaCI6Ijg3Vzd0WWlfRXpOUHNaMlBnTmItaDRwc1AxZjR4dC1YUUZCRlNhNUc3aE0ifSwidW5jaGFpbmVkIjowfQ.11R1Zq99wDJ-a9OtYRz7JjgNtQnSfkirB8JS-0xeXPLf2YB8ObtyyBB4IvHRkM3qGGN4IsNG6WI_fdJZE0EO-Q');
INSERT INTO public.audit_events VALUES ('key.announced-wIzzzWQoI8jBQSHcXDSzVzDOI2mgds3NCVYqWeBM-l8-1796024690105', 'default', 1796024690105, 'key.announced', 'success', 'system', NULL, NULL, NULL, '', '', '', 'wIzzzWQoI8jBQSHcXDSzVzDOI2mgds3NCVYqWeBM-l8', 1, '\x615c45c12ea46a5c625ebde438c6cd9dda06df7fa19f3e8bed54010e0acb5cef');
INSERT INTO public.audit_events VALUES ('key.announced-yzY91wpfgZz7gGMg4uAiumV-nhUUNqbtoQxaH27w1L8-1796024690105', 'default', 1796024690105, 'key.announced', 'success', 'system', NULL, NULL, NULL, '', '', '', 'yzY91wpfgZz7gGMg4uAiumV-nhUUNqbtoQxaH27w1L8', 2, '\xf3b5bbb588bf13334fb19d8f80d6fe878a6c3f57f8c6df9740504549ae46ee13');
INSERT INTO public.audit_events VALUES ('key.announced-uhxUUiGJaRyL4peNiR00mUDr7dRsL2FBSqJWokRS9Hw-1796024690988', 'default', 1796024690988, 'key.announced', 'success', 'system', NULL, NULL, NULL, '', '', '', 'uhxUUiGJaRyL4peNiR00mUDr7dRsL2FBSqJWokRS9Hw', 3, '\x771e8f3efa73cc928c9ae0e4e6579ae68afce7efaef4a2a1dc8271fa3f2f65a5');
INSERT INTO public.audit_events VALUES ('key.announced-3r_e42r2Oz4c8kFFyXSFx2-e2EPCNzCKh-ifLqZiHKY-1796024690988', 'default', 1796024690988, 'key.announced', 'success', 'system', NULL, NULL, NULL, '', '', '', '3r_e42r2Oz4c8kFFyXSFx2-e2EPCNzCKh-ifLqZiHKY', 4, '\x995a94f057e1101dde6a6e8d417ec12d2272b7955b80e3e159a4856c168ab1dc');
INSERT INTO public.audit_events VALUES ('nMeDxTE_So8KuxECq4-R4w', 'default', 1796024691059, 'user.added', 'success', 'command', 'D3GrIIYqRzLKvWebeoxH8Q', NULL, NULL, '', '', '', '', 5, '\x04f2076ec5673e384d4e167e0a067e6b51fdbacb1f60cbab5f4b11f0edc04e9e');
INSERT INTO public.audit_events VALUES ('vVj3SEOlGle5D1DhjrnUGg', 'default', 1796024691688, 'user.added', 'success', 'command', 'uRjdU6qhNs9z9sV-g8YFYQ', NULL, NULL, '', '', '', '', 6, '\xf9064864869641b3702c153f750f7a1b5ba7678e3b8fa1f48ee3ee26b14f7457');
INSERT INTO public.audit_events VALUES ('tUZvDkMB8DgEfUgcWwumPA', 'default', 1796024692227, 'user.added', 'success', 'command', 'mmcjH2-gc_VpBwT_jH9foQ', NULL, NULL, '', '', '', '', 7, '\x2cfd3843247303941fcf1140fc713bb5c0ed11cf5b7dd9dbeffde0ef4d70bef5');
INSERT INTO public.audit_events VALUES ('key.announced-Z-QnCN0UgB0bfKeIaLE_dRHNMDsZpycJiBrr1FTNWN8-1796024690988', 'default', 1796024690988, 'key.announced', 'success', 'system', NULL, NULL, NULL, '', '', '', 'Z-QnCN0UgB0bfKeIaLE_dRHNMDsZpycJiBrr1FTNWN8', 8, '\x59b4e73d5eaae5be392fb5bd944027b8c5cfa28d532676e1581a5aa7c9a9cc30');
INSERT INTO public.audit_events VALUES ('TYPWJffSKy6LKLX6-Llr6Q', 'default', 1796024692702, 'user.added', 'success', 'command', 'M0FsW3FPAHNU6ulSV9Marg', NULL, NULL, '', '', '', '', 9, '\x250967acc91f690216afc1e84e8ba21c469327a252f512a2b35604f9ef226908');
INSERT INTO public.audit_events VALUES ('n3RvB0Q_6GH3OmZ5PGcZUw', 'default', 1796024693132, 'client.added', 'success', 'command', NULL, 'web', NULL, '', '', '', '', 10, '\x5516d3d15484c09e70169dc7c1ad46912404ff26a04b31380d25c6c0acbdc773');
INSERT INTO public.audit_events VALUES ('3RadMbZCUegx7frduQBakg', 'default', 1796024693521, 'client.added', 'success', 'command', NULL, 'first-party', NULL, '', '', '', '', 11, '\xbbdd5754b2d786a1cc81b101810d85f70d469057191e6bbb5bbab54bd8d17713');
INSERT INTO public.audit_events VALUES ('c4zuEjymELJRhOBlCQ9Mgg', 'default', 1796024693993, 'client.added', 'success', 'command', NULL, 'spa', NULL, '', '', '', '', 12, '\x29b4d621f566d3f8498a6bb79d6c0f016b2198e57c47cf91b98b951c8a3024ed');
INSERT INTO public.audit_events VALUES ('Yg6HUl8rpLZzo-8HQQKcDA', 'default', 1796024694333, 'client.added', 'success', 'command', NULL, 'service', NULL, '', '', '', '', 13, '\xbdf6037959d6ae7b8ba14a187f5cfbd47d84a316f52cde7bbc6d10e0304a1fb0');
INSERT INTO public.audit_events VALUES ('g3thhQ9vprbNA0cMclQbkw', 'default', 1796024694773, 'client.added', 'success', 'command', NULL, 'opaque', NULL, '', '', '', '', 14, '\x92155b780fcb818fb1de63d2028b2ba6d210530527f0698de77076d53b195ec0');
INSERT INTO public.audit_events VALUES ('IfErsh9CaQWnrQaa6MZ3xA', 'default', 1796024695127, 'client.added', 'success', 'command', NULL, 'pairwise', NULL, '', '', '', '', 15, '\x8b8c07cef1586bc7593a51576e8c42b53358b8d3c37a8ca647d3ee221bae0c66');
INSERT INTO public.audit_events VALUES ('iU8tP0c4N9MHmpooI_d3Sw', 'default', 1796024695619, 'client.added', 'success', 'command', NULL, 'gone', NULL, '', '', '', '', 16, '\xb0c8a185af2dd9619fc9f1d11f96c0cba9e5289766656068369b733cf461cddf');
INSERT INTO public.audit_events VALUES ('emcSAT_oi2eKJoGsJ2R-Vw', 'default', 1796024695764, 'claim_mapper.added', 'success', 'command', NULL, NULL, NULL, '', '', '', '', 17, '\xe83ab7543aa7f9a7b7e520f0b598fa44deee15d8132eaf20852b1ec6c01e0852');
INSERT INTO public.audit_events VALUES ('kx1tBIdNSJLtpVYR_SQuMA', 'default', 1796024696060, 'address.blocked', 'success', 'command', NULL, NULL, NULL, '', '', '', '192.0.2.0/24: flood', 18, '\xf00580f7b9ddbe89c8c88b12455c64908f80f00b3edfee85c473e0eda6edd69f');
INSERT INTO public.audit_events VALUES ('Nz_p3HcQGpXx2k0zite2iQ', 'default', 1796024696321, 'webhook.added', 'success', 'command', NULL, NULL, NULL, '', '', '', 'siem', 19, '\xe80b316ea48296afb354df89be771e3e6d51c1831abb83a9b3440dd8eccf105e');
INSERT INTO public.audit_events VALUES ('fw9otYu8Bkg2u3dYM1d-dQ', 'default', 1796024696643, 'initial_token.made', 'success', 'command', NULL, NULL, NULL, '', '', '', '', 20, '\x9389499e5d37aaa9f7baf94837bb59e3f229976ac1f5b28dbf32b0c0e529dabc');
INSERT INTO public.audit_events VALUES ('LZkAgeZtUn7XPHT4Ayr7kw', 'default', 1796024696917, 'client.added', 'success', 'client', NULL, '8BS80othBsx1hUwotDd4Fg', NULL, '127.0.0.1', 'Python-urllib/3.11', 'dW19WYFwm_pc', 'registration', 21, '\xf8acdf011e6d3ab6556c5e038c00b255997f754045b5e55f7a657ea895b3aada');
INSERT INTO public.audit_events VALUES ('QW8khVbiQpXjSLc32PLrVQ', 'default', 1796024697062, 'login', 'success', 'user', 'D3GrIIYqRzLKvWebeoxH8Q', NULL, 'tewIOozOORmbIdenGC9wiw', '127.0.0.1', 'Python-urllib/3.11', 'ikZHKOPyJ7it', 'password', 22, '\x5c613a22db9e58f1c6decac8c68233d53f3ac6e23444b4388e5fb2b7d0db392f');
INSERT INTO public.audit_events VALUES ('-BOXGNAbbB1JwvTC-TaLRg', 'default', 1796024697062, 'login.new_device', 'success', 'user', 'D3GrIIYqRzLKvWebeoxH8Q', NULL, 'tewIOozOORmbIdenGC9wiw', '127.0.0.1', 'Python-urllib/3.11', 'ikZHKOPyJ7it', '', 23, '\xa9c3c89944c8d6f566b170a5506d5aec08909fc3418b10b83e80b695444667b8');
INSERT INTO public.audit_events VALUES ('KtulHlyukPQZzSeklhrOMg', 'default', 1796024697237, 'consent', 'success', 'user', 'D3GrIIYqRzLKvWebeoxH8Q', 'web', 'tewIOozOORmbIdenGC9wiw', '127.0.0.1', 'Python-urllib/3.11', '8GDATpsqGFy4', 'openid email offline_access', 24, '\x1f599981e020006b66776bd7dffed115a59ed5c8f196a3f1f4da1feb5032bb78');
INSERT INTO public.audit_events VALUES ('SlbP1z9qCyrSXsW_tygWSQ', 'default', 1796024697509, 'login', 'success', 'user', 'D3GrIIYqRzLKvWebeoxH8Q', NULL, 'wGZ87WybHmp_z1nb35DUYw', '127.0.0.1', 'Python-urllib/3.11', 'TzHMmP-x_rm6', 'password', 25, '\xa2e8dc410bc6f5c3fe42b463a1f86688462ff5512715d6782d17ed72d1a8470f');
INSERT INTO public.audit_events VALUES ('Sv1T-TJalMWCmgiOrPBS4Q', 'default', 1796024697509, 'login.new_device', 'success', 'user', 'D3GrIIYqRzLKvWebeoxH8Q', NULL, 'wGZ87WybHmp_z1nb35DUYw', '127.0.0.1', 'Python-urllib/3.11', 'TzHMmP-x_rm6', '', 26, '\xd5b0f7352b76e050508e894765ec732b91f53faec913c4345337ae60002119bf');
INSERT INTO public.audit_events VALUES ('NaeR01ar9h0LfcJ9jIL43w', 'default', 1796024697671, 'login', 'success', 'user', 'D3GrIIYqRzLKvWebeoxH8Q', NULL, '0cg_Axl953QTffJpRYKLcw', '127.0.0.1', 'Python-urllib/3.11', '44ER_LZzZh3H', 'password', 27, '\x440d3f46cbc0214217bfc6fc03c61b9254cdb95e9a4d584401406ddd95e28cd7');
INSERT INTO public.audit_events VALUES ('cZhxu68XvZa_I8E6FE74gg', 'default', 1796024697671, 'login.new_device', 'success', 'user', 'D3GrIIYqRzLKvWebeoxH8Q', NULL, '0cg_Axl953QTffJpRYKLcw', '127.0.0.1', 'Python-urllib/3.11', '44ER_LZzZh3H', '', 28, '\x07499f02d8c39bf7d18bc2396683f4c0f62f4daccd1dd302a67912d76025d060');
INSERT INTO public.audit_events VALUES ('W7rQ0cBn4kWKJ5MrTrW2MA', 'default', 1796024697725, 'consent', 'success', 'user', 'D3GrIIYqRzLKvWebeoxH8Q', 'spa', '0cg_Axl953QTffJpRYKLcw', '127.0.0.1', 'Python-urllib/3.11', 'Zl3rl7iw4SNP', 'openid email offline_access', 29, '\xdcfb6e6cb3036046d55e0e68cbb8f75597e7bdd8db0a7523957e0f3da7230d91');
INSERT INTO public.audit_events VALUES ('peVXow_Bxcz90CQYwNNyHA', 'default', 1796024697813, 'login', 'success', 'user', 'D3GrIIYqRzLKvWebeoxH8Q', NULL, 'trCd1XVsRfKVaR1Zj1_jJQ', '127.0.0.1', 'Python-urllib/3.11', 'Yc43xKp9E7Ta', 'password', 30, '\x30f62bf8a8e2af33f5ada5f4a9c046b1522c134809c7dbbf76823d3861bcefcf');
INSERT INTO public.audit_events VALUES ('3pHQxPxaQeNgSyStWTctPQ', 'default', 1796024697813, 'login.new_device', 'success', 'user', 'D3GrIIYqRzLKvWebeoxH8Q', NULL, 'trCd1XVsRfKVaR1Zj1_jJQ', '127.0.0.1', 'Python-urllib/3.11', 'Yc43xKp9E7Ta', '', 31, '\x643c6dce0598d66b0df84cf5268fcbc540e01b784978c045b395e1abdcec3f36');
INSERT INTO public.audit_events VALUES ('whdnVpEgRxwNMJsIOUwEBA', 'default', 1796024697834, 'consent', 'success', 'user', 'D3GrIIYqRzLKvWebeoxH8Q', 'opaque', 'trCd1XVsRfKVaR1Zj1_jJQ', '127.0.0.1', 'Python-urllib/3.11', '81h2pZKhCNKN', 'openid offline_access', 32, '\xcb6d378db0e21a4312dc022b41c45e6e5b2a72edf1a5eb0d0c0244530596b0ae');
INSERT INTO public.audit_events VALUES ('hFux0u3ktyeMkGRrrtS_rw', 'default', 1796024697929, 'login', 'success', 'user', 'D3GrIIYqRzLKvWebeoxH8Q', NULL, '0lOs_cFs3jO3l3d-kmndPg', '127.0.0.1', 'Python-urllib/3.11', 'gzvsC9lYMagN', 'password', 33, '\x86afcba160cafdb5f40fe3df89800e11ce4496fcedbdc6c0ab137a87face12e9');
INSERT INTO public.audit_events VALUES ('8ROExqql88u_hBHWE64oeg', 'default', 1796024697929, 'login.new_device', 'success', 'user', 'D3GrIIYqRzLKvWebeoxH8Q', NULL, '0lOs_cFs3jO3l3d-kmndPg', '127.0.0.1', 'Python-urllib/3.11', 'gzvsC9lYMagN', '', 34, '\xea76d40314bc519025388a4398ecb58f72f470e3ce5ee4633119331ddb5a0300');
INSERT INTO public.audit_events VALUES ('kSY0dHJZsxPEM1tEHhdjrw', 'default', 1796024698022, 'consent', 'success', 'user', 'D3GrIIYqRzLKvWebeoxH8Q', 'pairwise', '0lOs_cFs3jO3l3d-kmndPg', '127.0.0.1', 'Python-urllib/3.11', 'rD6l1lQLP6ao', 'openid email offline_access', 35, '\x33113744aee9b8c3431b7d05230642a827f474d6be4ce7427d7575663820293a');
INSERT INTO public.audit_events VALUES ('IDfqyUc2SSWtT59FwmdF9w', 'default', 1796024698236, 'login', 'success', 'user', 'D3GrIIYqRzLKvWebeoxH8Q', NULL, 'OUpt20Q28GeaUr-Jjah6nQ', '127.0.0.1', 'Python-urllib/3.11', 'KXlT1OJdhraf', 'password', 36, '\x1e15e6e92e627bb224039424a9ac5558302f9c30bf2f4cce50b6ffb596950b33');
INSERT INTO public.audit_events VALUES ('ugDFiCK3EYYBaNJvC1BT7w', 'default', 1796024698236, 'login.new_device', 'success', 'user', 'D3GrIIYqRzLKvWebeoxH8Q', NULL, 'OUpt20Q28GeaUr-Jjah6nQ', '127.0.0.1', 'Python-urllib/3.11', 'KXlT1OJdhraf', '', 37, '\x18e0552f68f5c3b334e6bfb2ad0dcfa676443b6ebca1e5cb698e2db4cb975b7c');
INSERT INTO public.audit_events VALUES ('5T7Lw_EVZwic_Mx5giFBgw', 'default', 1796024698263, 'token.revoked', 'success', 'client', 'D3GrIIYqRzLKvWebeoxH8Q', 'first-party', NULL, '127.0.0.1', 'Python-urllib/3.11', 'I9LFLDMDG5fX', 'AaIragV8BqTP7yf6c8mtfQ', 38, '\x326c8e0b121b42c02c026eaa4f50cb93d298a86e075f963ece3d0d0cb8b9d9c5');
INSERT INTO public.audit_events VALUES ('QGaRCQz4_khpH4uQPGkGIQ', 'default', 1796024698292, 'login', 'success', 'user', 'D3GrIIYqRzLKvWebeoxH8Q', NULL, 'HHPdqxthIvDgbwJ0JxbhqA', '127.0.0.1', 'Python-urllib/3.11', '8O-V6D8K2bvx', 'password', 39, '\xfb4ab52457a5a9f87134b3d7688e0ef25523fd38dbb2ec009af5cb680552c5fe');
INSERT INTO public.audit_events VALUES ('BLmjmsTzbF0801WQv60BHQ', 'default', 1796024698292, 'login.new_device', 'success', 'user', 'D3GrIIYqRzLKvWebeoxH8Q', NULL, 'HHPdqxthIvDgbwJ0JxbhqA', '127.0.0.1', 'Python-urllib/3.11', '8O-V6D8K2bvx', '', 40, '\x8cbead7d8d8398b8f8b3682909e3ad395a887fcfa36575d021398ef26443871a');
INSERT INTO public.audit_events VALUES ('vjCcdbhJql8RmYnnd0R-MA', 'default', 1796024698326, 'token.revoked', 'success', 'client', 'D3GrIIYqRzLKvWebeoxH8Q', 'first-party', NULL, '127.0.0.1', 'Python-urllib/3.11', 'IsGYdc3aoUq1', 'AAABoitqBcgWH_J2ihsu2ZCB1ZIwNydA', 41, '\xd8be25aef2086584a088b606aea7db5d579537b80a7352dbc306c750df353a1c');
INSERT INTO public.audit_events VALUES ('PmZiyndQyK7Od3XY1U0DrA', 'default', 1796024698387, 'login', 'success', 'user', 'D3GrIIYqRzLKvWebeoxH8Q', NULL, 'fzNs3vE9EoqQMsuw-OhZlg', '127.0.0.1', 'Python-urllib/3.11', 'secvq7k_tmTc', 'password', 42, '\x014f6b88af45738f2ed6c6104f1bf281139ffa7ab44f1f986aaeb10826618e68');
INSERT INTO public.audit_events VALUES ('r_Z_F08Cco7q9viKApb31Q', 'default', 1796024698387, 'login.new_device', 'success', 'user', 'D3GrIIYqRzLKvWebeoxH8Q', NULL, 'fzNs3vE9EoqQMsuw-OhZlg', '127.0.0.1', 'Python-urllib/3.11', 'secvq7k_tmTc', '', 43, '\x8bbe5fce565aebb033e7f46fb77c17777a6c11da29416e5ac59d6f91941fd88d');
INSERT INTO public.audit_events VALUES ('0UMLMfSC1qrJZ6og1Zo1YA', 'default', 1796024698425, 'login', 'failure', 'user', 'uRjdU6qhNs9z9sV-g8YFYQ', NULL, NULL, '127.0.0.1', 'Python-urllib/3.11', 'ReoXGPBj_ffT', 'wrong credentials', 44, '\x87e577bbc045bdfd96a41c138396d57ff1d24746b6408d13b5ccf4c2ebe809bb');
INSERT INTO public.audit_events VALUES ('0CQeAg6R37wOJoTzMmjc8Q', 'default', 1796024698446, 'login', 'success', 'user', 'uRjdU6qhNs9z9sV-g8YFYQ', NULL, 'jXQQF2A7eA3dMyRRhNTf1Q', '127.0.0.1', 'Python-urllib/3.11', 'b6WH0CpLVyUb', 'password', 45, '\x69db279908a1d00313b70603e145508408ccbbf228bf6cd149255cc2d4b2f42c');
INSERT INTO public.audit_events VALUES ('GxxWPeaKJPSmyiacLVZ1Kg', 'default', 1796024698446, 'login.new_device', 'success', 'user', 'uRjdU6qhNs9z9sV-g8YFYQ', NULL, 'jXQQF2A7eA3dMyRRhNTf1Q', '127.0.0.1', 'Python-urllib/3.11', 'b6WH0CpLVyUb', '', 46, '\x040f4c9b59c0e04116eb60292f54b8cbfbbfe793c86e9a6f5b2cac2e67add025');
INSERT INTO public.audit_events VALUES ('Y1Ffdf-ebhtt5Cdd8Mp0mg', 'default', 1796024698629, 'login', 'success', 'user', 'mmcjH2-gc_VpBwT_jH9foQ', NULL, '2ioTo-MtyXOrwEg9f0mXDQ', '127.0.0.1', 'Python-urllib/3.11', 'c1GwbKCajUhE', 'password', 47, '\x0efbd6df80fa3c20f0ff3f88624634dd06cd67b72019713cd50b5781d247020c');
INSERT INTO public.audit_events VALUES ('e5htY_qIvvsKCmWOodDqjA', 'default', 1796024698629, 'login.new_device', 'success', 'user', 'mmcjH2-gc_VpBwT_jH9foQ', NULL, '2ioTo-MtyXOrwEg9f0mXDQ', '127.0.0.1', 'Python-urllib/3.11', 'c1GwbKCajUhE', '', 48, '\xf55229f0b5531693d1a42d35544ddf98862fe34de470bbfa79d20355f863a117');
INSERT INTO public.audit_events VALUES ('JonHlyDMyGhcmtIljc9OZQ', 'default', 1796024699003, 'user.disabled', 'success', 'command', 'uRjdU6qhNs9z9sV-g8YFYQ', NULL, NULL, '', '', '', '', 49, '\x98b9b7e9039055c0087cf5c2a6e7013d8a076fbc6ec23a591273fa1210ee4c7a');
INSERT INTO public.audit_events VALUES ('0v8D1WHnbscnburTRRtxaA', 'default', 1796024699503, 'user.signed_out', 'success', 'command', 'mmcjH2-gc_VpBwT_jH9foQ', NULL, NULL, '', '', '', 'signed out: lost', 50, '\xaf8f396b58617af5305051cc84500ce3061b38070249335c1e668490bbbb4bc6');
INSERT INTO public.audit_events VALUES ('BGqgXtduIAPRQpfjx_8lZg', 'default', 1796024699803, 'client.disabled', 'success', 'command', NULL, 'gone', NULL, '', '', '', '', 51, '\xe69c5509e39c9c2d5d54abcb0f3ee6260f11c1d95a20b5b827175166a996c192');
INSERT INTO public.audit_events VALUES ('key.announced-_HUSsgoJqPgygRlxrfDLu0As8uvGCS534caESinK1M4-1796024700102', 'default', 1796024700102, 'key.announced', 'success', 'system', NULL, NULL, NULL, '', '', '', '_HUSsgoJqPgygRlxrfDLu0As8uvGCS534caESinK1M4', 52, '\x632c4fd6a413b20f0c407273395706023e6b3bfd26476203f5fa275bfa377346');
INSERT INTO public.audit_events VALUES ('key.announced-pzoff_jT1Fm15p255qwMllEw22pEPgkw2LvSmn3T3DY-1796024700102', 'default', 1796024700102, 'key.announced', 'success', 'system', NULL, NULL, NULL, '', '', '', 'pzoff_jT1Fm15p255qwMllEw22pEPgkw2LvSmn3T3DY', 53, '\xb2186d9327005242529f11acbf7481ff54df462cc7b7fd43b20838e937a13925');
INSERT INTO public.audit_events VALUES ('key.announced-bahsqPORqBkjAh6qEliUyyDFeS5q1rW317ZP_77ntEA-1796024700102', 'default', 1796024700102, 'key.announced', 'success', 'system', NULL, NULL, NULL, '', '', '', 'bahsqPORqBkjAh6qEliUyyDFeS5q1rW317ZP_77ntEA', 54, '\x879cf5752dcd0c719585f546502c570e8075baa7be0340d32ceb867114ce34e7');
INSERT INTO public.audit_events VALUES ('key.announced-ABzZ88g9hFXPQ4nNqf71rhqkGhBtvAkn5e5GTgoPPJg-1796024700102', 'default', 1796024700102, 'key.announced', 'success', 'system', NULL, NULL, NULL, '', '', '', 'ABzZ88g9hFXPQ4nNqf71rhqkGhBtvAkn5e5GTgoPPJg', 55, '\x0d75f5827d734243108808bdec857dcb57877e05c7ea603869f97b4b0fa0313c');
INSERT INTO public.audit_events VALUES ('key.announced-tDDlFTn8ciVHuPSDDY04lhrypBeSvUSSr-qTw_uEU9E-1796024700102', 'default', 1796024700102, 'key.announced', 'success', 'system', NULL, NULL, NULL, '', '', '', 'tDDlFTn8ciVHuPSDDY04lhrypBeSvUSSr-qTw_uEU9E', 56, '\x372229d174daff82848977049e142cc670f0962c4ef018b7a42816149bd61fd1');
INSERT INTO public.authorization_codes VALUES ('\x01a22b6a0195f75f26bf40c00560d8f8863c59f6958361780ee7efd6a8996bad', 'default', 'web', 'D3GrIIYqRzLKvWebeoxH8Q', 'tewIOozOORmbIdenGC9wiw', 'AaIragGVN80GM7X2F_UExw', 'https://rp.example/cb', 1, 'openid email offline_access', '{"nonce":"n","pkce":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMS"}', 1796024697062, '["pwd"]', 1796024757237, 1796024697373);
INSERT INTO public.authorization_codes VALUES ('\x01a22b6a02a533c66c13c50f8f7765aca8ed4cf35b978249578a10ef66d080bf', 'default', 'first-party', 'D3GrIIYqRzLKvWebeoxH8Q', 'wGZ87WybHmp_z1nb35DUYw', 'AaIragKlZx7ElP3JejcVfw', 'https://rp.example/cb', 1, 'openid email offline_access', '{"nonce":"n","pkce":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMS"}', 1796024697509, '["pwd"]', 1796024757509, 1796024697582);
INSERT INTO public.authorization_codes VALUES ('\x01a22b6a037db4fb53bf867626b81e59c09cbc03fe96459fc8579dc48f514136', 'default', 'spa', 'D3GrIIYqRzLKvWebeoxH8Q', '0cg_Axl953QTffJpRYKLcw', 'AaIragN9DVl83wkUHJnTeg', 'https://rp.example/cb', 1, 'openid email offline_access', '{"nonce":"n","pkce":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMS"}', 1796024697671, '["pwd"]', 1796024757725, 1796024697745);
INSERT INTO public.authorization_codes VALUES ('\x01a22b6a03eac29e422a0beb38a8de49ddb8e6cf9f32aea9a1644bbc9f085605', 'default', 'opaque', 'D3GrIIYqRzLKvWebeoxH8Q', 'trCd1XVsRfKVaR1Zj1_jJQ', 'AaIragPqyr73sYml9ocunA', 'https://rp.example/cb', 1, 'openid offline_access', '{"nonce":"n","pkce":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMS"}', 1796024697813, '["pwd"]', 1796024757834, 1796024697895);
INSERT INTO public.authorization_codes VALUES ('\x01a22b6a04a6f556ad25ad8af1f9e04b694db114dacf44875ce56eb2e22b4d4e', 'default', 'pairwise', 'D3GrIIYqRzLKvWebeoxH8Q', '0lOs_cFs3jO3l3d-kmndPg', 'AaIragSm-LqqthFxVH5d8Q', 'https://rp.example/cb', 1, 'openid email offline_access', '{"nonce":"n","pkce":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMS"}', 1796024697929, '["pwd"]', 1796024758022, 1796024698116);
INSERT INTO public.authorization_codes VALUES ('\x01a22b6a057c97ce1cc8f506e6151adc1ee47fc96e81fc39f14741b243a08217', 'default', 'first-party', 'D3GrIIYqRzLKvWebeoxH8Q', 'OUpt20Q28GeaUr-Jjah6nQ', 'AaIragV8BqTP7yf6c8mtfQ', 'https://rp.example/cb', 1, 'openid profile email offline_access', '{"nonce":"n","pkce":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMS"}', 1796024698236, '["pwd"]', 1796024758236, 1796024698258);
INSERT INTO public.authorization_codes VALUES ('\x01a22b6a05b4565be17c71155947137c98daba02e2b0f89cf413aec4b34db58b', 'default', 'first-party', 'D3GrIIYqRzLKvWebeoxH8Q', 'HHPdqxthIvDgbwJ0JxbhqA', 'AaIragW0OlkQ-9DvXoVz7w', 'https://rp.example/cb', 1, 'openid profile email offline_access', '{"nonce":"n","pkce":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMS"}', 1796024698292, '["pwd"]', 1796024758292, 1796024698312);
INSERT INTO public.authorization_codes VALUES ('\x01a22b6a06136ebc5ce7f9403cdfa85d3ec5c745e7278753655edad9284097a1', 'default', 'first-party', 'D3GrIIYqRzLKvWebeoxH8Q', 'fzNs3vE9EoqQMsuw-OhZlg', 'AaIragYTIk0hg28OD9zIPA', 'https://rp.example/cb', 1, 'openid profile email offline_access', '{"nonce":"n","pkce":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMS"}', 1796024698387, '["pwd"]', 1796024758387, NULL);
INSERT INTO public.authorization_codes VALUES ('\x01a22b6a064e1cceb41caea46049a2a4ca5f0e09e3d9479d268cd0fd4bfdba95', 'default', 'first-party', 'uRjdU6qhNs9z9sV-g8YFYQ', 'jXQQF2A7eA3dMyRRhNTf1Q', 'AaIragZOlOnqbwYA570MYg', 'https://rp.example/cb', 1, 'openid profile email offline_access', '{"nonce":"n","pkce":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMS"}', 1796024698446, '["pwd"]', 1796024758446, 1796024698454);
INSERT INTO public.authorization_codes VALUES ('\x01a22b6a070509b89e2ed2ebf8ee3379f51a944149d7613351aa7e41ff508382', 'default', 'first-party', 'mmcjH2-gc_VpBwT_jH9foQ', '2ioTo-MtyXOrwEg9f0mXDQ', 'AaIragcFxfMGSziQlA5S_w', 'https://rp.example/cb', 1, 'openid profile email offline_access', '{"nonce":"n","pkce":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMS"}', 1796024698629, '["pwd"]', 1796024758629, 1796024698763);
INSERT INTO public.authorization_requests VALUES ('default', 'p0T3JGBB6Gh4tkSqS4znOQ', 'first-party', '\x9415bf7831359b806f0bfc60736e426539962b5315caeb86ee1acd5837ec3fe9', '{"client_id":"first-party","redirect_uri":"https://rp.example/cb","redirect_uri_named":true,"response_type":"code","response_mode":"query","scope":"openid profile email offline_access","state":"s","prompts":[],"max_age":null,"login_hint":null,"hinted_subject":null,"ui_locales":null,"claims":{},"pushed":null,"extensions":{"nonce":"n","pkce":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMS"}}', 1796024698178, 1796026498178, NULL, NULL, 1796024698236);
INSERT INTO public.authorization_requests VALUES ('default', 'nDhfiNHjEHBXUUhmmCyPeQ', 'web', '\x7b31b19aaa40c152e43f549f47438abb976c5bd5312cd8f68827511945b4fce6', '{"client_id":"web","redirect_uri":"https://rp.example/cb","redirect_uri_named":true,"response_type":"code","response_mode":"query","scope":"openid email offline_access","state":"s","prompts":[],"max_age":null,"login_hint":null,"hinted_subject":null,"ui_locales":null,"claims":{},"pushed":null,"extensions":{"nonce":"n","pkce":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMS"}}', 1796024696984, 1796026496984, 1796024697237, 'D3GrIIYqRzLKvWebeoxH8Q', 1796024697237);
INSERT INTO public.authorization_requests VALUES ('default', '429pOF52G6rGjpgpWjiPNw', 'first-party', '\x320b8de3bd2f4c4d78304f9f531eefe49dc08de53fbc6a713a04b03d51f52fe3', '{"client_id":"first-party","redirect_uri":"https://rp.example/cb","redirect_uri_named":true,"response_type":"code","response_mode":"query","scope":"openid email offline_access","state":"s","prompts":[],"max_age":null,"login_hint":null,"hinted_subject":null,"ui_locales":null,"claims":{},"pushed":null,"extensions":{"nonce":"n","pkce":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMS"}}', 1796024697387, 1796026497387, NULL, NULL, 1796024697509);
INSERT INTO public.authorization_requests VALUES ('default', 'sa3VWMhf7Boqipe-FMWsAQ', 'spa', '\xbf3c3bcd22ed970587d5a043d047bb02b5b1bc25a81cfc75bcd781a7b749a6ff', '{"client_id":"spa","redirect_uri":"https://rp.example/cb","redirect_uri_named":true,"response_type":"code","response_mode":"query","scope":"openid email offline_access","state":"s","prompts":[],"max_age":null,"login_hint":null,"hinted_subject":null,"ui_locales":null,"claims":{},"pushed":null,"extensions":{"nonce":"n","pkce":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMS"}}', 1796024697648, 1796026497648, 1796024697725, 'D3GrIIYqRzLKvWebeoxH8Q', 1796024697725);
INSERT INTO public.authorization_requests VALUES ('default', 'FQDrmai-P1mkA7dR4GA8Fw', 'first-party', '\x356621e254166b8a3d4ab32084bc40b725c84c3f314dd824398ab3e028c87f58', '{"client_id":"first-party","redirect_uri":"https://rp.example/cb","redirect_uri_named":true,"response_type":"code","response_mode":"query","scope":"openid profile email offline_access","state":"s","prompts":[],"max_age":null,"login_hint":null,"hinted_subject":null,"ui_locales":null,"claims":{},"pushed":null,"extensions":{"nonce":"n","pkce":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMS"}}', 1796024698273, 1796026498273, NULL, NULL, 1796024698292);
INSERT INTO public.authorization_requests VALUES ('default', 'BsbL6dqYa5T-M1aCiNnNSg', 'opaque', '\x47ac8fe097d9c144724f8d828539d8a5633100904a045531b5d3f28e84331f95', '{"client_id":"opaque","redirect_uri":"https://rp.example/cb","redirect_uri_named":true,"response_type":"code","response_mode":"query","scope":"openid offline_access","state":"s","prompts":[],"max_age":null,"login_hint":null,"hinted_subject":null,"ui_locales":null,"claims":{},"pushed":null,"extensions":{"nonce":"n","pkce":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMS"}}', 1796024697765, 1796026497765, 1796024697834, 'D3GrIIYqRzLKvWebeoxH8Q', 1796024697834);
INSERT INTO public.authorization_requests VALUES ('default', 'SMUyRMUvYyNYtZWphDYVvw', 'pairwise', '\xe28601643c6d6cb8d95072037beeaa79f93675329ba104d9a6d9ed7b09e4c3d1', '{"client_id":"pairwise","redirect_uri":"https://rp.example/cb","redirect_uri_named":true,"response_type":"code","response_mode":"query","scope":"openid email offline_access","state":"s","prompts":[],"max_age":null,"login_hint":null,"hinted_subject":null,"ui_locales":null,"claims":{},"pushed":null,"extensions":{"nonce":"n","pkce":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMS"}}', 1796024697911, 1796026497911, 1796024698022, 'D3GrIIYqRzLKvWebeoxH8Q', 1796024698022);
INSERT INTO public.authorization_requests VALUES ('default', '_izUsf79oh_-bdT2auQTag', 'first-party', '\xa7b809bb64ac558001a91912187a95bff9cc4cd7f588ffad292048da983f4584', '{"client_id":"first-party","redirect_uri":"https://rp.example/cb","redirect_uri_named":true,"response_type":"code","response_mode":"query","scope":"openid profile email offline_access","state":"s","prompts":[],"max_age":null,"login_hint":null,"hinted_subject":null,"ui_locales":null,"claims":{},"pushed":null,"extensions":{"nonce":"n","pkce":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMS"}}', 1796024698374, 1796026498374, NULL, NULL, 1796024698387);
INSERT INTO public.authorization_requests VALUES ('default', 'gkzauAjOoZUEhOujCK-9iw', 'web', '\xc7f7d31c5fb1b062e643c803f3384138944ee9d9e7e97288fecd14adf03564be', '{"client_id":"web","redirect_uri":"https://rp.example/cb","redirect_uri_named":true,"response_type":"code","response_mode":"query","scope":"openid profile email offline_access","state":"s","prompts":[],"max_age":null,"login_hint":null,"hinted_subject":null,"ui_locales":null,"claims":{},"pushed":null,"extensions":{"nonce":"n","pkce":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMS"}}', 1796024698411, 1796026498411, NULL, NULL, NULL);
INSERT INTO public.authorization_requests VALUES ('default', 'L5f86wrmIAG6x7ZBFY4U4w', 'web', '\x3dcede36e458be8cb411bccc39d6f6a6a3e4c6b2b51b3286a121d315fd2487ad', '{"client_id":"web","redirect_uri":"https://rp.example/cb","redirect_uri_named":true,"response_type":"code","response_mode":"query","scope":"openid profile email offline_access","state":"s","prompts":[],"max_age":null,"login_hint":null,"hinted_subject":null,"ui_locales":null,"claims":{},"pushed":null,"extensions":{"nonce":"n","pkce":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMS"}}', 1796024698421, 1796026498421, NULL, NULL, NULL);
INSERT INTO public.authorization_requests VALUES ('default', 'lg9PudF5HIwoQHpgg36aDQ', 'first-party', '\xbe3e4f311a6bb7dd80ab5159939a97b0bac7c1dd4c681c22966e6c5a1c84c330', '{"client_id":"first-party","redirect_uri":"https://rp.example/cb","redirect_uri_named":true,"response_type":"code","response_mode":"query","scope":"openid profile email offline_access","state":"s","prompts":[],"max_age":null,"login_hint":null,"hinted_subject":null,"ui_locales":null,"claims":{},"pushed":null,"extensions":{"nonce":"n","pkce":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMS"}}', 1796024698441, 1796026498441, NULL, NULL, 1796024698446);
INSERT INTO public.authorization_requests VALUES ('default', 'whjt71gfNk0vbLhEyqNDPA', 'first-party', '\xcfef044bcf8b52f0cb8a03d7bc8384a206bd01b0113b864900660dbec65d798a', '{"client_id":"first-party","redirect_uri":"https://rp.example/cb","redirect_uri_named":true,"response_type":"code","response_mode":"query","scope":"openid profile email offline_access","state":"s","prompts":[],"max_age":null,"login_hint":null,"hinted_subject":null,"ui_locales":null,"claims":{},"pushed":null,"extensions":{"nonce":"n","pkce":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMS"}}', 1796024698517, 1796026498517, NULL, NULL, 1796024698629);
INSERT INTO public.change_counter VALUES (1, 28);
INSERT INTO public.changes VALUES (1, 'default', 'key', '', 1796024690105);
INSERT INTO public.changes VALUES (2, 'default', 'key', '', 1796024690105);
INSERT INTO public.changes VALUES (3, 'default', 'key', '', 1796024690988);
INSERT INTO public.changes VALUES (4, 'default', 'key', '', 1796024690988);
INSERT INTO public.changes VALUES (5, 'default', 'key', '', 1796024690988);
INSERT INTO public.changes VALUES (6, 'default', 'client', 'web', 1796024693132);
INSERT INTO public.changes VALUES (7, 'default', 'client', 'first-party', 1796024693521);
INSERT INTO public.changes VALUES (8, 'default', 'client', 'spa', 1796024693993);
INSERT INTO public.changes VALUES (9, 'default', 'client', 'service', 1796024694333);
INSERT INTO public.changes VALUES (10, 'default', 'client', 'opaque', 1796024694773);
INSERT INTO public.changes VALUES (11, 'default', 'client', 'pairwise', 1796024695127);
INSERT INTO public.changes VALUES (12, 'default', 'client', 'gone', 1796024695619);
INSERT INTO public.changes VALUES (13, 'default', 'mapper', 'tier', 1796024695764);
INSERT INTO public.changes VALUES (14, 'default', 'block', '192.0.2.0/24', 1796024696060);
INSERT INTO public.changes VALUES (15, 'default', 'client', '8BS80othBsx1hUwotDd4Fg', 1796024696917);
INSERT INTO public.changes VALUES (16, 'default', 'revocation', 'family:AaIragV8BqTP7yf6c8mtfQ', 1796024698263);
INSERT INTO public.changes VALUES (17, 'default', 'revocation', 'token:AAABoitqBcgWH_J2ihsu2ZCB1ZIwNydA', 1796024698326);
INSERT INTO public.changes VALUES (18, 'default', 'revocation', 'user:uRjdU6qhNs9z9sV-g8YFYQ', 1796024699003);
INSERT INTO public.changes VALUES (19, 'default', 'user', 'uRjdU6qhNs9z9sV-g8YFYQ', 1796024699003);
INSERT INTO public.changes VALUES (20, 'default', 'revocation', 'user:mmcjH2-gc_VpBwT_jH9foQ', 1796024699503);
INSERT INTO public.changes VALUES (21, 'default', 'user', 'mmcjH2-gc_VpBwT_jH9foQ', 1796024699503);
INSERT INTO public.changes VALUES (22, 'default', 'revocation', 'client:gone', 1796024699803);
INSERT INTO public.changes VALUES (23, 'default', 'client', 'gone', 1796024699803);
INSERT INTO public.changes VALUES (24, 'default', 'key', '', 1796024700102);
INSERT INTO public.changes VALUES (25, 'default', 'key', '', 1796024700102);
INSERT INTO public.changes VALUES (26, 'default', 'key', '', 1796024700102);
INSERT INTO public.changes VALUES (27, 'default', 'key', '', 1796024700102);
INSERT INTO public.changes VALUES (28, 'default', 'key', '', 1796024700102);
INSERT INTO public.claim_mappers VALUES ('default', 'tier', NULL, '{"claim":"tier","source":{"attribute":"tier"},"targets":["userinfo","id_token"]}', 1796024695764);
INSERT INTO public.client_registrations VALUES ('default', '8BS80othBsx1hUwotDd4Fg', '\x3248878efae997ae9e71acba29adaf74d5875f7bb167633c340c24ccb45c1b83', 1796024696917, 1796024696917, 1798616696917);
INSERT INTO public.client_secrets VALUES ('default', 'web', '\xd7bd0051544d04b4f2e3a23c2365c0f7eec07aa8b39d1b464af785704ddc94e4', 1796024693132, NULL, NULL);
INSERT INTO public.client_secrets VALUES ('default', 'first-party', '\xd7bd0051544d04b4f2e3a23c2365c0f7eec07aa8b39d1b464af785704ddc94e4', 1796024693521, NULL, NULL);
INSERT INTO public.client_secrets VALUES ('default', 'service', '\xd7bd0051544d04b4f2e3a23c2365c0f7eec07aa8b39d1b464af785704ddc94e4', 1796024694333, NULL, NULL);
INSERT INTO public.client_secrets VALUES ('default', 'opaque', '\xd7bd0051544d04b4f2e3a23c2365c0f7eec07aa8b39d1b464af785704ddc94e4', 1796024694773, NULL, NULL);
INSERT INTO public.client_secrets VALUES ('default', 'pairwise', '\xd7bd0051544d04b4f2e3a23c2365c0f7eec07aa8b39d1b464af785704ddc94e4', 1796024695127, NULL, NULL);
INSERT INTO public.client_secrets VALUES ('default', 'gone', '\xd7bd0051544d04b4f2e3a23c2365c0f7eec07aa8b39d1b464af785704ddc94e4', 1796024695619, NULL, NULL);
INSERT INTO public.client_secrets VALUES ('default', '8BS80othBsx1hUwotDd4Fg', '\xd33580ad496574ebad189e958eebd84512a0196b1848f95de9ff8ad43817b048', 1796024696917, NULL, NULL);
INSERT INTO public.clients VALUES ('default', 'web', '{"client_name":"","application_type":"web","redirect_uris":["https://rp.example/cb"],"post_logout_redirect_uris":[],"grant_types":["authorization_code","refresh_token"],"response_types":["code"],"scope":"openid profile email offline_access","token_endpoint_auth_method":"client_secret_basic","subject_type":"public","id_token_signed_response_alg":"RS256","request_uris":[],"require_signed_request_object":false,"require_pushed_authorization_requests":false,"require_auth_time":false,"default_acr_values":[],"backchannel_logout_session_required":false,"frontchannel_logout_session_required":false,"contacts":[],"profile":"oauth21","skip_consent":false,"cors_origins":[],"audiences":[],"access_token_format":"jwt"}', 1, 1796024693132, 1796024693132);
INSERT INTO public.clients VALUES ('default', 'first-party', '{"client_name":"","application_type":"web","redirect_uris":["https://rp.example/cb"],"post_logout_redirect_uris":[],"grant_types":["authorization_code","refresh_token"],"response_types":["code"],"scope":"openid profile email offline_access","token_endpoint_auth_method":"client_secret_basic","subject_type":"public","id_token_signed_response_alg":"RS256","request_uris":[],"require_signed_request_object":false,"require_pushed_authorization_requests":false,"require_auth_time":false,"default_acr_values":[],"backchannel_logout_session_required":false,"frontchannel_logout_session_required":false,"contacts":[],"profile":"oauth21","skip_consent":true,"cors_origins":[],"audiences":[],"access_token_format":"jwt"}', 1, 1796024693521, 1796024693521);
INSERT INTO public.clients VALUES ('default', 'spa', '{"client_name":"","application_type":"web","redirect_uris":["https://rp.example/cb"],"post_logout_redirect_uris":[],"grant_types":["authorization_code","refresh_token"],"response_types":["code"],"scope":"openid profile email offline_access","token_endpoint_auth_method":"none","subject_type":"public","id_token_signed_response_alg":"RS256","request_uris":[],"require_signed_request_object":false,"require_pushed_authorization_requests":false,"require_auth_time":false,"default_acr_values":[],"backchannel_logout_session_required":false,"frontchannel_logout_session_required":false,"contacts":[],"profile":"oauth21","skip_consent":false,"cors_origins":[],"audiences":[],"access_token_format":"jwt"}', 1, 1796024693993, 1796024693993);
INSERT INTO public.clients VALUES ('default', 'service', '{"client_name":"","application_type":"web","redirect_uris":[],"post_logout_redirect_uris":[],"grant_types":["client_credentials"],"response_types":["code"],"scope":"api","token_endpoint_auth_method":"client_secret_basic","subject_type":"public","id_token_signed_response_alg":"RS256","request_uris":[],"require_signed_request_object":false,"require_pushed_authorization_requests":false,"require_auth_time":false,"default_acr_values":[],"backchannel_logout_session_required":false,"frontchannel_logout_session_required":false,"contacts":[],"profile":"oauth21","skip_consent":false,"cors_origins":[],"audiences":[],"access_token_format":"jwt"}', 1, 1796024694333, 1796024694333);
INSERT INTO public.clients VALUES ('default', 'opaque', '{"client_name":"Opaque","application_type":"web","redirect_uris":["https://rp.example/cb"],"post_logout_redirect_uris":[],"grant_types":["authorization_code","refresh_token"],"response_types":["code"],"scope":"openid offline_access","token_endpoint_auth_method":"client_secret_basic","subject_type":"public","id_token_signed_response_alg":"RS256","request_uris":[],"require_signed_request_object":false,"require_pushed_authorization_requests":false,"require_auth_time":false,"default_acr_values":[],"backchannel_logout_session_required":false,"frontchannel_logout_session_required":false,"contacts":[],"profile":"oauth21","skip_consent":false,"cors_origins":[],"audiences":[],"access_token_format":"opaque"}', 1, 1796024694773, 1796024694773);
INSERT INTO public.clients VALUES ('default', 'pairwise', '{"client_name":"Pairwise","application_type":"web","redirect_uris":["https://rp.example/cb"],"post_logout_redirect_uris":["https://rp.example/bye"],"grant_types":["authorization_code","refresh_token"],"response_types":["code"],"scope":"openid email offline_access","token_endpoint_auth_method":"client_secret_basic","subject_type":"pairwise","id_token_signed_response_alg":"RS256","request_uris":[],"require_signed_request_object":false,"require_pushed_authorization_requests":false,"require_auth_time":false,"default_acr_values":[],"backchannel_logout_uri":"http://127.0.0.1:9/never","backchannel_logout_session_required":false,"frontchannel_logout_session_required":false,"contacts":[],"profile":"oauth21","skip_consent":false,"cors_origins":[],"audiences":[],"access_token_format":"jwt"}', 1, 1796024695127, 1796024695127);
INSERT INTO public.clients VALUES ('default', '8BS80othBsx1hUwotDd4Fg', '{"client_name":"Registered","application_type":"web","redirect_uris":["https://rp.example/cb"],"post_logout_redirect_uris":[],"grant_types":["authorization_code"],"response_types":["code"],"scope":"openid profile email address phone offline_access","token_endpoint_auth_method":"client_secret_basic","subject_type":"public","id_token_signed_response_alg":"RS256","request_uris":[],"require_signed_request_object":false,"require_pushed_authorization_requests":false,"require_auth_time":false,"default_acr_values":[],"backchannel_logout_session_required":false,"frontchannel_logout_session_required":false,"contacts":[],"profile":"oauth21","skip_consent":false,"cors_origins":[],"audiences":[],"access_token_format":"jwt"}', 1, 1796024696917, 1796024696917);
INSERT INTO public.clients VALUES ('default', 'gone', '{"client_name":"","application_type":"web","redirect_uris":[],"post_logout_redirect_uris":[],"grant_types":["client_credentials"],"response_types":["code"],"scope":"api","token_endpoint_auth_method":"client_secret_basic","subject_type":"public","id_token_signed_response_alg":"RS256","request_uris":[],"require_signed_request_object":false,"require_pushed_authorization_requests":false,"require_auth_time":false,"default_acr_values":[],"backchannel_logout_session_required":false,"frontchannel_logout_session_required":false,"contacts":[],"profile":"oauth21","skip_consent":false,"cors_origins":[],"audiences":[],"access_token_format":"jwt"}', 0, 1796024695619, 1796024699803);
INSERT INTO public.consents VALUES ('default', 'D3GrIIYqRzLKvWebeoxH8Q', 'web', 'openid email offline_access', 1796024697237, '');
INSERT INTO public.consents VALUES ('default', 'D3GrIIYqRzLKvWebeoxH8Q', 'spa', 'openid email offline_access', 1796024697725, '');
INSERT INTO public.consents VALUES ('default', 'D3GrIIYqRzLKvWebeoxH8Q', 'opaque', 'openid offline_access', 1796024697834, '');
INSERT INTO public.consents VALUES ('default', 'D3GrIIYqRzLKvWebeoxH8Q', 'pairwise', 'openid email offline_access', 1796024698022, '');
INSERT INTO public.initial_access_tokens VALUES ('\x53ecd95430c8f2f3cece91ad2ef21cc22cae1e0d78a320749faeac33052f69ee', 'default', 1796024696643, 1796629496643, 1);
INSERT INTO public.known_devices VALUES ('default', '\x8636ca8f3e7385a2b37d68fbf05e9a30630149d20c3977ce294c89585cb4e5cc', 'D3GrIIYqRzLKvWebeoxH8Q', 1796024697062, 1811576697062);
INSERT INTO public.known_devices VALUES ('default', '\xaf52934f2a97c6864f07314f9d0350b9016aae045bf0c0fa634c99d71ceb020d', 'D3GrIIYqRzLKvWebeoxH8Q', 1796024697509, 1811576697509);
INSERT INTO public.known_devices VALUES ('default', '\x0200d20b07d4c2a6ece4f40b7ed0a9668a96527af26f61979d888029c998df7b', 'D3GrIIYqRzLKvWebeoxH8Q', 1796024697671, 1811576697671);
INSERT INTO public.known_devices VALUES ('default', '\xb630a678c52c3ae6064b271f2bbb065a03fb3608edcc20876124937916fa22df', 'D3GrIIYqRzLKvWebeoxH8Q', 1796024697813, 1811576697813);
INSERT INTO public.known_devices VALUES ('default', '\xb2cd9f8f01f7a7f4f8910c4103f42dc4075797dfcd15bd85c68fddf41cdb1886', 'D3GrIIYqRzLKvWebeoxH8Q', 1796024697929, 1811576697929);
INSERT INTO public.known_devices VALUES ('default', '\xb0be3c6d46d03a94c4105aed989c49799cb3b265fda0ef9622780503e31d0eb7', 'D3GrIIYqRzLKvWebeoxH8Q', 1796024698236, 1811576698236);
INSERT INTO public.known_devices VALUES ('default', '\x822b8b0c397cd1a322963538270796d71992d753370870e95eb095846708c7bb', 'D3GrIIYqRzLKvWebeoxH8Q', 1796024698292, 1811576698292);
INSERT INTO public.known_devices VALUES ('default', '\x153db1cae5dada8cdc24de4c697e996ffa7fe78c441ad63165ae2fbb43f7b596', 'D3GrIIYqRzLKvWebeoxH8Q', 1796024698387, 1811576698387);
INSERT INTO public.known_devices VALUES ('default', '\xa515a652358b21e7c5b1e3371c87d4f7ac3987bda33a7deea74df3d98a17fd5b', 'uRjdU6qhNs9z9sV-g8YFYQ', 1796024698446, 1811576698446);
INSERT INTO public.known_devices VALUES ('default', '\xd5baf711cf70ec436dd18853b031617e84a0471b16b188dd4a2c85be10e1343a', 'mmcjH2-gc_VpBwT_jH9foQ', 1796024698629, 1811576698629);
INSERT INTO public.leases VALUES ('upkeep', '[ec, e8, 88, 7e, 8b, f8, 44, 6f, f1, ec, 23, 0b, 2f, 51, b1, c6]', 1796024870840);
INSERT INTO public.leases VALUES ('clock seen', '', 1796024690840);
INSERT INTO public.opaque_access_tokens VALUES ('\x01a22b6a0427512462d8a3ed7ceb82da3efcf4273a724c58e6bc450c194c4ad1', 'default', 'opaque', '{"iss":"http://127.0.0.1:41417","sub":"D3GrIIYqRzLKvWebeoxH8Q","aud":"http://127.0.0.1:41417","exp":1796025297,"nbf":1796024697,"iat":1796024697,"jti":"AAABoitqBCcw2w_XXn8zwMRPStc33-zZ","client_id":"opaque","scope":"openid offline_access","auth_time":1796024697,"sid":"trCd1XVsRfKVaR1Zj1_jJQ","grant_id":"AaIragPqyr73sYml9ocunA"}', 1796025297000);
INSERT INTO public.outbox VALUES ('default 0v8D1WHnbscnburTRRtxaA siem', 'default', 'webhook', '', '', '', 2, 1796024707000, 1796024699904, 1796111099904, '0v8D1WHnbscnburTRRtxaA', 'siem');
INSERT INTO public.outbox VALUES ('default JonHlyDMyGhcmtIljc9OZQ siem', 'default', 'webhook', '', '', '', 2, 1796024706999, 1796024699904, 1796111099904, 'JonHlyDMyGhcmtIljc9OZQ', 'siem');
INSERT INTO public.passwords VALUES ('default', 'D3GrIIYqRzLKvWebeoxH8Q', '$argon2id$v=19$m=64,t=1,p=1$66DrcNpGjjO+4BqnGJ50VQ$iVM0+p1qGBiwnPfbgCRIraDgYxJw8eb2Pl6WIuk7idg', 1796024691059);
INSERT INTO public.passwords VALUES ('default', 'uRjdU6qhNs9z9sV-g8YFYQ', '$argon2id$v=19$m=64,t=1,p=1$4j47TXKEqGnlHzIeR/NDVw$M76+gq4NXk3q78T8zyHSJVs1/mI3Paj0WCo8QuU4TKw', 1796024691688);
INSERT INTO public.passwords VALUES ('default', 'mmcjH2-gc_VpBwT_jH9foQ', '$argon2id$v=19$m=64,t=1,p=1$UD+RyiMwbTsi8sAdUrdh4A$PYicsmUBT0DQAxIqyhIkZWhFfs5e8yyKeQcaYVzSaL8', 1796024692227);
INSERT INTO public.passwords VALUES ('default', 'M0FsW3FPAHNU6ulSV9Marg', '$argon2id$v=19$m=64,t=1,p=1$Fi4RlrgouF+O2nXxFlasKA$ap/WasPkixAzqM7D1T261GYMyEijotiOcz30DsiWn+s', 1796024692702);
INSERT INTO public.pushed_requests VALUES ('\xfaa1e7f5d247f85dcdc92f3a377d4890cc16cd7980db3b0fa4b269e835e56ccb', 'default', 'web', 'response_type=code&redirect_uri=https%3A%2F%2Frp.example%2Fcb&scope=openid&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256&client_id=web', 1796024698837, 1796024758837, 1796024758837, NULL);
INSERT INTO public.realms VALUES ('default', 'default', 1796024690105, 0);
INSERT INTO public.revocations VALUES ('default', 'family', 'AaIragV8BqTP7yf6c8mtfQ', 1796024698263, 1796111158263, 'token.revoked');
INSERT INTO public.revocations VALUES ('default', 'token', 'AAABoitqBcgWH_J2ihsu2ZCB1ZIwNydA', 1796024698326, 1796025358000, 'revoked');
INSERT INTO public.revocations VALUES ('default', 'user', 'uRjdU6qhNs9z9sV-g8YFYQ', 1796024699003, 1796111159003, 'cut off');
INSERT INTO public.revocations VALUES ('default', 'user', 'mmcjH2-gc_VpBwT_jH9foQ', 1796024699503, 1796111159503, 'cut off');
INSERT INTO public.revocations VALUES ('default', 'client', 'gone', 1796024699803, 1796111159803, 'cut off');
INSERT INTO public.session_clients VALUES ('default', '0lOs_cFs3jO3l3d-kmndPg', 'pairwise');
INSERT INTO public.sessions VALUES ('default', 'tewIOozOORmbIdenGC9wiw', '\x33c30ebba6d378919f1e68de3020bc2763bb0ae21a38e347eb29d98dab2597fe', 'D3GrIIYqRzLKvWebeoxH8Q', 1796024697062, '["pwd"]', 1796024697062, 1796024697062, 1796028297062, 1796111097062, 0, NULL, '127.0.0.1', 'Python-urllib/3.11');
INSERT INTO public.sessions VALUES ('default', 'wGZ87WybHmp_z1nb35DUYw', '\x0581a9400164101e30b4cb19f9589ab930d13798ed98372f513b4c590bd72942', 'D3GrIIYqRzLKvWebeoxH8Q', 1796024697509, '["pwd"]', 1796024697509, 1796024697509, 1796028297509, 1796111097509, 0, NULL, '127.0.0.1', 'Python-urllib/3.11');
INSERT INTO public.sessions VALUES ('default', '0cg_Axl953QTffJpRYKLcw', '\xac64b97cfd5e4e550d7f481c6c3ac76872ced5e6fec3dbf19871ad8613c8c173', 'D3GrIIYqRzLKvWebeoxH8Q', 1796024697671, '["pwd"]', 1796024697671, 1796024697671, 1796028297671, 1796111097671, 0, NULL, '127.0.0.1', 'Python-urllib/3.11');
INSERT INTO public.sessions VALUES ('default', 'trCd1XVsRfKVaR1Zj1_jJQ', '\xd15d36b907146bd1caf8a690323cd2d5866edc5584716982f96b258366d47f14', 'D3GrIIYqRzLKvWebeoxH8Q', 1796024697813, '["pwd"]', 1796024697813, 1796024697813, 1796028297813, 1796111097813, 0, NULL, '127.0.0.1', 'Python-urllib/3.11');
INSERT INTO public.sessions VALUES ('default', '0lOs_cFs3jO3l3d-kmndPg', '\xb1d01f1068845441cfabfc295a05aced9186d799f0050db1e9e49d4d5d3c4632', 'D3GrIIYqRzLKvWebeoxH8Q', 1796024697929, '["pwd"]', 1796024697929, 1796024697929, 1796028297929, 1796111097929, 0, NULL, '127.0.0.1', 'Python-urllib/3.11');
INSERT INTO public.sessions VALUES ('default', 'OUpt20Q28GeaUr-Jjah6nQ', '\xa1431d8776ff6d6b511988d0f749f45670953edfafbb11f29d3514a4876dccb8', 'D3GrIIYqRzLKvWebeoxH8Q', 1796024698236, '["pwd"]', 1796024698236, 1796024698236, 1796028298236, 1796111098236, 0, NULL, '127.0.0.1', 'Python-urllib/3.11');
INSERT INTO public.sessions VALUES ('default', 'HHPdqxthIvDgbwJ0JxbhqA', '\x81c1a320f18a8aebc6a986f59fc38b2735c1bf4ff5067cac684dae104617298a', 'D3GrIIYqRzLKvWebeoxH8Q', 1796024698292, '["pwd"]', 1796024698292, 1796024698292, 1796028298292, 1796111098292, 0, NULL, '127.0.0.1', 'Python-urllib/3.11');
INSERT INTO public.sessions VALUES ('default', 'fzNs3vE9EoqQMsuw-OhZlg', '\x59cc938a54c2804169843cb4b6ad8f0480b6a4fec3292d00c989dea65a5ff7ed', 'D3GrIIYqRzLKvWebeoxH8Q', 1796024698387, '["pwd"]', 1796024698387, 1796024698387, 1796028298387, 1796111098387, 0, NULL, '127.0.0.1', 'Python-urllib/3.11');
INSERT INTO public.sessions VALUES ('default', 'jXQQF2A7eA3dMyRRhNTf1Q', '\xdb7c60f88c376b55f72d0febfdbe4ed7b0028c42acadf73abcf1e1753c6f84ac', 'uRjdU6qhNs9z9sV-g8YFYQ', 1796024698446, '["pwd"]', 1796024698446, 1796024698446, 1796028298446, 1796111098446, 0, 1796024699003, '127.0.0.1', 'Python-urllib/3.11');
INSERT INTO public.sessions VALUES ('default', '2ioTo-MtyXOrwEg9f0mXDQ', '\xcfd7c52d1c9a2e71296eb7ddb804d7768a45bdfbfa5d330607085de1010b4ee2', 'mmcjH2-gc_VpBwT_jH9foQ', 1796024698629, '["pwd"]', 1796024698629, 1796024698629, 1796028298629, 1796111098629, 0, 1796024699503, '127.0.0.1', 'Python-urllib/3.11');
INSERT INTO public.signing_keys VALUES ('default', 'yzY91wpfgZz7gGMg4uAiumV-nhUUNqbtoQxaH27w1L8', 'RS256', 1, '\x5c0ffcce05711ef353897ae50a8a2805aa0bb66adfe6c9c4fb8591a1a4b39e797aed38917eb54e353e64c624f97dfa6e377df381d5b0565c74139e8a8b01a7a4f6ff533fce4cb044b809d4e71cfc8a3da0425cbb8c1e16618ba0a1cb08e260615eae2c06091e72f589c2ab4e7593bbf7d07e6d9fae2d5f7790096a4543c2e7a3fde8cf4d7c7f346dc500710117d3ffaef01efe0509fd6f14536bc15f49e2ad98544a87a872e3254fe015860902d8ed605e17f85922947316013f168242ead73abddedacc606740bdc19a4dd8a1a14d6a89942fadac239db910300e98aae56456acbe5cfb5f3dc5b02ab02e1d3eba73d023326f9248a613984280ed016df61c82cde78561a59d41fd671c35986a538b2e53d097323f0bc64dbb9f87423766491fb29dc27284b542d065ccfa881d300c7cf6c1026bfc3b4cab58e7cfd056e031a4b4b6d480573f43b447083b265643946a77482da41a5abfe6352dbc6ba758a4978dd3ee5bfd85c89b69c35427658c47cd90abe2cb4827c3c4fb87cefb38a302ab90e833700f89bc6b6c7351a52dc66f25c79f000579c3baee2e1c56ed2c6893bf9666555a493df814c42c2745903e29fa37be749fc87dc641d0c360ca11cf2086200c56f92ab001de38b82beb92799b6156afe447eca42798d0ddc822092dfbb9a00546278d84069009aa5bbcb0ffa7bb99ac4cb22286c223140045956ebff3028cda4835e216d48999966dabf4f00ac5f4d13c8c9daf79b3a2ebd45c3ed3b951131098d998ca9f93631ae630068808b039af6f565f01225f8ee890593cceb60a0bb66dfeafd8d4b8e964191c1517381c043910f2b26720dfd67ce4bceff7edb3d942aa14af343dac15efc441fc0aa4d7f60ad14e6a0f5ac4a053678dc25afd6aa4298fa8e63a8f044de666f1412449e578b82c17f7df44d59a530901594b1048fd0393a4cf7744bae1c4987b5f44997cf5e79ec08176742fd361d1e71396acbd1adae52832fe9c6a2f4297b592d94ad06868284d3f7bb12b0212e019ab7e5c94fe982c45f52c81f5f902be2fa64f3711088e7c39d45426480c45e6bc4db36df3d65ddad25445f4cad34fe499c7aa6097835bbed6477bbde70ed51197c07ab8f2bcb2908abf181992f11e98f3d1ccc4a95d26025051e45fb7297d8ec41b564236b08afde16f8125e8c933eb3569a034e6cc1bf1a967fe5ba062bda2e2ef156c87c71e23729a6aafd661fe9a202fdc90148af217933c390e4ee7fe176bc34826cbf2933cc647abbbaf9ac76835d72a19db4edcd3526ab1fca4f3ef55814966b36e18c2dcf556381280662df6d07813fb3517eaddd2c26a01becdc75398b2b483186621e0968599a622bc7c66fd296a1f2e5b21b2c19d935701a71d6f4b9d67228917cd392890efbda8d4104cb2bc40d6aa4826348d4506425001cee8236535561460849b0e10172d8f75a8e6cd7cac72b4c925c2d4231072f31b892052d8c7cf7acb25bbdff1987bdd270e17ce566efff6f87e6c07620da1ef27ebfcba5f6393c9117502929cca0feb075c1ae8c3a51b00799831a653a7dd9bcc5ff8e14401a818e3e319cd8c29058c472a0b7ffffcd3b2855f0a80670e2fbbceae733349a5386133d2b35b93acf24521bb5bdd83cf2ffd55a302a4f404c89924337b07e9083c81b0dc1891a1755294f5f4b95f899223ebb09a847f450bc2601e7d5d161cae69f596eeab8e46f5fd8a4c2c329a0acaae749819cf03247db69f043f7a4f630c7e5d0633e17ec1c9c6520bbdf2fa6e303b9e04193cbc98ae54f192985b0d522bf9c6b62affe084e9284056a89ec0531be311d054f2811a3f6125a5f6674f858938f0c53125c3ef68ef492b334470c8b8d38fa192ef6d1618a89e52e0520ffe6486143806655841f9c533ea39eaa2f8b53ddea880655faf0beb8c67d5dee2f157d2facea4f151ecd26403c477d1667cf78f7474b941f7fc8f9c71be858cf5d950b2f79e01bdc5992cf1b1f10d978d73eca81d0318d357efbfabd99fdded718e56cbd2c12597e2831ad2525d677b786275f55412c5c1328a8331b7ca980a6e68838dff9d6c3b06b9481b7e1b5491dd4990fb63ed38c64b62a36bf47c4969bc9a7922b7648d02f51a163e6671c287aa979e15afee9f3fb09177df2e9bcbe2571e90f0c543d5e6807f6399f0775399de76a888c541faa40dd45d19e85c2e17dedcb41738443489b5f7e25879d3219c9776ea5bacd97a473acd7b6694557c994bc2a8679e92f0415d9ca811eb60d954bc9d60aca3ad40378fe80b365c699575fa5aef0fb8831439af1abd632b56435c368f4c2cdebb21dff42cdeea7e44ff22ca4e548e58719fd103256dd18756407a77eeb0cbe673540a02538900542f5c0f47e068f996dfba949967460be67493f24ec348233d6bdb1c40d19500c69b4f1118925a1e18ea8f882da83044d12a99759123219689e90de04381f79d84b4dd1776e6e7b0967cc604d0732a31687cf4b11da261bf34f7dc81f6d4c0c409cb86238f8559c94859e14cc7ce16f16d134bcc869d79b6ab08a85f8989d8462db2be2da877', 1796024690105, 1796024690105, NULL, 1796024690105);
INSERT INTO public.signing_keys VALUES ('default', 'wIzzzWQoI8jBQSHcXDSzVzDOI2mgds3NCVYqWeBM-l8', 'ES256', 1, '\xa79c43c72755435b531c8b831a5e994f0a968cec10cdb17d25772b30422abf503a0101ab3c1eb9d04148eaa8bef432ad6c11ced8376ab4fa0b87e12b1f2fc138e75370c02ab577dfc2feaca8491657723cdcf1e91890d3394ee234bd0df43b1e677a174d9281aac1dddb3ea127bd1e969dea517928c0d3afbe177d5d46e7a9f748f301432d70c1a58bff636785faec0332590414e6c299ce318d1882a99f45546ec89c830145', 1796024690105, 1796024690105, NULL, 1796024690105);
INSERT INTO public.signing_keys VALUES ('default', 'uhxUUiGJaRyL4peNiR00mUDr7dRsL2FBSqJWokRS9Hw', 'ECDH-ES', 1, '\x265ef8211baaa064a5864e6f848aee7ead526fb4749d4095f96ca231de6c0aaba3eb7cec17cca2edc89fa83805153a367e5fd1ef6f189cb47233674e91277ba6efd2da934cc96b60ce3b321a175f3a89a8afd4c652b036f13dc1c092a7a921b9b442305e6e82cdc2c9c54ceb4653d66c9a452b3100c4cdac1119727277d342edbd9dbdda0db6b281b06a3e77d64dda004c895fee449c60ba27a02d762f5566e93883f10e4bb0', 1796024690988, 1796024690988, NULL, 1796024690988);
INSERT INTO public.signing_keys VALUES ('default', '3r_e42r2Oz4c8kFFyXSFx2-e2EPCNzCKh-ifLqZiHKY', 'ECDH-ES+A256KW', 1, '\xa5cad7d2ee17ff0e50f8d640fcb0e97fbeb312bad531bfadc22116c4d735ffe35f9f5781bbefb9512bfe1db7602d7491ea5d4fd19332373b3c21ffe15df6f527083b674c8960c960c1b91f9b3b17879b8d2e9528049f7b5acfb6295e9b22b75c562a1d5b5fc0cef7efa85fbc0dc000fc123cb899642256c33cce96304608e47400bfd4153cad64f988a811d6f1c9608e7e17c5dc749d039f55873314c3cd16a6b0c4489f1554', 1796024690988, 1796024690988, NULL, 1796024690988);
INSERT INTO public.signing_keys VALUES ('default', 'Z-QnCN0UgB0bfKeIaLE_dRHNMDsZpycJiBrr1FTNWN8', 'RSA-OAEP-256', 1, '\x7114072b65f4b59a548eede69339c859c4bfa18f173a9af725f5d95e5f7e6da4d4f9a135494a82a880f2fe92517104b74f85bd1ef6a6c6ee0a87ee5a541dc87918e182757b1bb8e6fc22b99b6bf0afe4890d4b44f6e3ca4359d9743469134ddd2d558f96741f0a1b7ef2eac4a246899479286c19190dba66c2031f37b740b581c9af61aec5248d6557af87fc0f90b574e1a808885d24bd77369294979c4a035e506486e4db4a69827763b3d3e331bcb0c9bccfb0ad77452db0756d28884d660c882a344b43f72215a43a6b4f5aa8a84ba366ad9080062ed139dbe68c38937326be2cbc5e33eacc5e85e35b3692170c579cb01d66524d5040896280db568178c35f7ea7a68dc40075efd4d96d1bbafad311daafda68f0896a9210a833f914550c2e982c2036fe46b13b9a5037fe6e5461162dd57085ef56f7199c437445f5c925453be3f7c7011451c99e95d79c40447449849d9a3a3c8f7be252afe49fd7753cd0c0de3944033098145d368b69fb4d6cb5b64940fad60ce59388f9be7150303735c2df47833f0f700fb2a8c8eaf67b061fb01a418198e34032989af4f70bf45e2667d92dc590664e7525d89bbf37ed4c15b6b3a84130b004f1c88cf39efe89dd27ed2053a1bb180cf7a001020e27a52a8c9576f74dec0410cf009b1c45409a9bc1b260a7b317ad06b5bf3d5dc9a57bb61cb3ad578770c81303ea4be89cf59e08ef8582d6f380ac5b59ca92c4691a8da2d6bf053d2f2ed95c8389b8ec68b0d00b0797b4da3bb2da52442c291891b26851bff1ab46208017d8c9c6194273ba873ab6488531fb5c4b3a5e990c61e832be188e36d3ab00dbe9992fb05051c7be06691155f3c2db3e21d2bfe2ee2f65a78b75b94cc6ff9732c80d03b08ed5375ee99b8a1388bbf1215571c7bdd6c2ea02e46abe9510bf8c09e1d546b6d2b05de7ab39d5c1b9e969ea653e479ca169324547b9cdb10cc26b28a0eae7018d4b27e14cbfbda1de9b8eb3328cc4e07d67f6375b28c355c1b85cd7b0778ce594958bb962725779318f5877e0937eb31f7664dee1fac79f7b190abc198888e8d328cb35052d3f0a7ea9a306895604e029001300aadb20c03a0624a05b87f996507b28f5c16fe8805c27e48bb0116dbc65f89fce4fade3120fa92fce4b7852385b995b8f6e8002c48bce6bc071df2eb13af13cc54c9e7bb589dbc9975b956610b2ec8808c20c524eda7bca387bf212e2a4fb5540fcaf251d32d488bcbfb19e48ef8abbeea647937f2442a3c68514db3ebcccae28d74a7f651b49c8b9ad2c6d4eaab94818883be292801d0d1e884e5d4b6ab3c5a86ba22a2b9affc704bde15aca21c81cbbbf0f259ec61d6da146cc22bd6036fceab695eba72ed53355489827b2b32cc74463e5a3bf6e7e91875db66b2ec2f8eb39557ffaddb287fb7c2084e63c1f35e88cac60cc8a09958f44d12b9514b45b30d19c7108a9daa57b744bd1998246f393ecbf1c44e191fc2575a0c6dbe9de2253144ab34528965687243e0bddf887c8e4886835e640e3e024a81d90023e9625b7f9852111dbd95e9842813c16ac88fccf40ddaf52d846a86565de657b3619ee7ab66ff182e7ba21c17921bbf740d45161c0f0fbf9987b6ff83ac1178385554efa1687674d76bc888cbccd71f0a46d4e24fca44e92cc3d04995a253323883ab5a74fed85d33858ef893351589e44ac3dd148fd4f5f2689c7a05bd2d580eddb9012a8b5282f854ed28e608751972dbaa02ee67aa0a2adca569c7a13ad07fc8a792610c7fe74ce3e43a02e36067dea7d5879dd8b0ce3b49fdbe287531b2b78e48480ac339ac143a5e2aa0b33b26cd795f31a8fe3267c901000d688e0a171cd79f59741a9a8cc28e05c3ec3cafec31e11010c394902a7d9fb70cd8da22edc3860ad7cad72b4b14e8831e38dce78e33b79fa10cd1d9c44f0650e6ae06931200fac72851debb3eea2542a58df0709ccd320df3e5a49518dbd59cc0253408cba2e550ee708905c27e7c0be7d0728950c965cb0de4fb08dc8d8ccc55706be8322b162547d213ac27b78632ae20a3d0db9b11212cde53fc511e635fd11451274565053ec82c1afcbaa45c488a337240941eb540e2a34d1d8f4307ef26ce490d6743e3100d56d3480714ec090cb3d8d07ccf5471eacf46674d86c381c59bda7f241150e1867c82263b02ac8ac310bc2aa1fae04e9947169be107f71d3e723a85535ec0202e97a7b9aab8b972f9a1b72f55a220913ff1995e5a8b7d121074ac187e9f26a67992c0f52ee89a5ee786f4a03862f4e67d7caaec55cbd5a1137c86bab392500f8cc9681f8d64b298ab709fb2e8fad19cda9833358e7b23e7cdfc7142ab4fe9b999ca7eff9cb07b3ab5e9cb5234fc3f65e717a0424309692fbdb33923ff9ef9a371f447784eeeb8a326dc6b3fa77d1f6ad30e60bc37b362646042c5a73639343f2364c9535924aeae2785e2198819a8b6613d48f69ccaa727aa4cb107319e125b60dcd521f11c188f622b3f2964aa3dbd5426efe68d3139ce8f4048ac441f0995fc44192dab0a5da315394cfc30b607b1f5825', 1796024690988, 1796024690988, NULL, 1796024690988);
INSERT INTO public.signing_keys VALUES ('default', '_HUSsgoJqPgygRlxrfDLu0As8uvGCS534caESinK1M4', 'RS256', 2, '\x660b8dd3614bbf7331cb217a0d37e28b5f0f0a2f6156e14134bcd00a869161cb22cda24981391b54220192087352cec8652e2e7dcfa655bb5a0bbabb9353875ddf36a4d75469b912313e7ddf6b0f4e172123e63b1d3b1039688335d70c572732d07249b77d72879632acae9706bc8d5492604bef7581a5d8284db088324cdaa2961b93dd57b0f02ddeab04e7a3c6d0e2edb2e18f8624be5c2303c2a136c7e49cd65b2162d503c5d6c8cc8eff5c3492bd02137cf2c586f52489b4feab1ac094c2d62c9df5bdcf6341f766b7c842d3d1a167735f32f1c8541d726fe51e8701251fcf295575d6a8d0e6cf36de020bc6f2ad190b817c9f14ea74741e7ef4d1b1380b02bb72ad22d769046d93e45a5ad5e7f1ee0b15e28dec3329a6ee8d0d623cc275cde60a995bdf123c6bc87a0c9df1051001f637fa1aafe544c52c435cd1c207bdd80c28601769ae010af00883c28d267f2561443a2e03f246d3462423cb26b25fa081a47a920f28217adf7c7b6be716a1844c657888bd9529bf22c00104595a9ee17efaf293fa1b03631672f21790a932c0affc131a33128bc119dd3d76d32097ad76da90e3992798dc51388d650b26d87b2c4b0dd2497fceb1fa756f5516722ac2520b22d5d50fff086fb5ecd3dc7fe2698ae4031b912cd509c53d6c9f89880dbb50fd3daa576b64ae0408cb6b44fd31e4563779d991d7b28943a471aa105dd3384d130d3ede601b70f2e33722e224b83dd9159dd9df63243fbbe6afe5452286d2be51662014f9b93060bd037e64d7e3ea61bcccfb7a7da120cdeb2fc17f288bffd1cd4ca3bbf27c340b696be3f8e3fbd13d6789d6280d7a8c38469d27a44ba0ba7bb582779fc71cb859616a1d919ea119f785ba786417f6e5ad74682e8d27a43979c685d8739f341faca8e33dc257b29967fa94422164b41db111ec782b82720deb9f98dacb66334541bba90e1a55cb20434f4cb4108b7105eb42eb4efa581ad3ac9faf726b598087e1c8b178155b869abce5d527253cf314f020383d0e47cdc3e82eb93c1050c67dbc95ca9df2a385e46cb7f5af8c8b9ca3227c8e722c270c6b85673151575350afb3a54cdd539a269338471597fa4dddddc82678ee1eff72a33319e5d86daba8d8ac61ebc38e2066e6bfcea299935ff7ffbab6d9d52c5f1d4e1a9300a149f2b95d64b560bfe20f2cb14e47d3c2f8f26d0d0e0e2f873478e0dd1e28fc0f5c7496a5034fbe676d4b096eabe0ef8cef2b9f6712ceab54f94facc01850b2905aab8bc8545589fb670f5bd5eae0ec55a3e8aeb8ff5ad0f1e546f244f3d43496ac0552432aa8a8b71c39f7ee953318bd8e31963f5133f2b37863d89eac2f791277e68a5fd5b23701f3075c12dd39b85eba0861797b82b0ed8775549d6c7b0c46b79e955fc02fe7141c0be35327be3cf70b921b37dd52925aef734f821a3b4773c1323df6f2650b9efe10112532d4feb24cf9128919114c77609bead74b6c52874e3a0234bf7641095024b37d1c8e1b354fd45b6fe3c2f34447cc73db73953ff3a6c780dba8ce87c7ab0ce7aa771f84d91267eba37ace3724272d95ccc9340c8e2b66240311b225b8ec8beeb46bad7f7e601dae0edbbd238ccc81ae7578996963b839f750abf321aab48cc1facbe8131579c24934038c58833542a4c117436839c6ec7a1878f41abbcced0c0b7bb67c85fd8d2e5e503b16f0126913760e0336da742c80c52a107fba2605e643d0a59847ac2e7719a72a1e42c734b66ce0185a291518994074b5abf1192ef85c9c80af0c8c8a2892fdbc838e700a350367b07c6601763264152ab2035ffc3404fda67372c9efb340690197a5c9ee562f8eded8724477de3aa3974dccfbf50d6ad54df895d9c9045e497c970311c914358b5db09d6ccac58081f5bee31d16eaf6bceac656372a9f974f5cfaeb17fc3ee84532de39afbc43da1bd24d855c023eb41502c800c6f3c6325835142de02e05fc5d836a85f8798ca65e518716b7063cedc4accb5b2dc425d0a6ddbbe5212742d5e19157fb6083f36f11f9b223403dd4061d4002c0808e02db88289f088d375bade2eaa24c6c664957e6afaa1938f0a708bc7fae0c7c36f54130a4c8f87c93d521fc025c61fe4cb53a8405027d77c685b1916c726244e5db7679b697d85607615f7d04eaa9f4583a09e7fc361fa80ce46e454f9bedd36f6da01001aae4d97eae264df07984171668fca7af27f43500795bc748b0805180a6cdef638b67d63d8958177d0356e68512e597b106f7382eab2770152df4f646f9e6e526922004adb8a411f1b23b19c80e93e44cea673fd7a9be62b258eba7730ef6f6838df784403b420022ef4d355b84a88ccdf4074faa27316bd44105c7fa9b621d9a55a4a1ecb663d15f598444d3aca2b6a73d895bd2f485b2acbfc417f5066c2b2ad038aa60d1f74de839505d9e9643f58fefe7ca417dee81bd7617baa5dbecb70e4f412fd9c1b62368772129e51a9f3ef4007fb84b0c4db69eae595f447cf1a7d03b2e48278f770e58eab8ca41c4a0960d9a834f964f85e35ae36094a5037576eb21bfaa', 1796024700102, 1796028300102, NULL, NULL);
INSERT INTO public.signing_keys VALUES ('default', 'pzoff_jT1Fm15p255qwMllEw22pEPgkw2LvSmn3T3DY', 'ES256', 2, '\x3d66a31192e097dca6ecebd56a36c49d919854395904a328ed2baffadc7aea168fb583bea0fae2c8208a8e60b78fe78b8b1520259e2fee0b049e0aa0bc06b05b8f668fb1711379a55aa30b2e07828994ddf2042dd1bfde0062b9817842f1534e50131aa56e3545a79d6a879da7d0e62abd29abbb7213159003815fdbbabf681bdfc35202eea9de9fe270e9e2ca0f60e4b1e67ce2290df32fa7d7206acaade5b85e2c5f4d2bde', 1796024700102, 1796028300102, NULL, NULL);
INSERT INTO public.signing_keys VALUES ('default', 'bahsqPORqBkjAh6qEliUyyDFeS5q1rW317ZP_77ntEA', 'RSA-OAEP-256', 2, '\xf796f32b45bc4b01ed68da9b3079230bfa19e37e899546b6f880d3cd4f326424d671c22b6e3826b37be9c5514224fd86e1c6d7c087e3b6500594f488a0c040ea2ab0efed950faea05a93b51e3f0df6ca7dbe9a125f101419500337cea6d4a45dacd0bda33a5e3bf4fc5add730b83fdd376bf284997e18259723c71e5795087d028ce5f97ffe55fa8ab9082da2ae27e0c3adad8b27536e045cf2c27f94108d4e5a4787756f8e42df419d80ff5a27b6f690408ed78c7d9db6bf2011517095e7abd24147a762ef46b9fc744d2091d673e2df23f5c003c462bab1a3ec9e026fbad1e308b2a2a73cdf0bb68691095d022d43acaccff2be7fedde039412cdaffca8976cea91e6098bc8a6028be8f61c5b22767b7c9a4030a49e718d233057e0e024e1aa4173716a9365542f17e715f856eceea5d6def17ab46e90b76b8d1994c60131aed50859fb1431b73afc71c18b46a11735db46d9a2f4ecd5d68e90dd63e00f2a365ffb329df322d9923039e1f5f79da6959abbf657786a02b6a75d5dfcb69d561447b2a7d30c059fe5554c6ebb73138aa523783cb433a7d4ba0e2c29a7031ab3cc55dece5c0eefb0a3a536afbd46f61a6fc769c834848b16c3cb9dd632b4032e17085338de707c2ca5ce22765066c7523390cde3def0f46e013c6a62151c7f2204999a8e6ac1d82f621fbf2956f00c0008fd999ba0633491186a63c4e9a148761b72d332305fe9e2ed1a32dfeed99223a2a7c73d8a778afb18abf2e5130774c29b17f475afc7089a748ab283d9b875b2bf3b9bacfefa8760eb54cfbb675945a722d97876f9852be0860ec866b927fd36b47dd4b667c8c595d7be531ddef182b3cff04a56b609475d2ac8640a81096e20e3a0047f21c8ac1f1bbb5e0980cf2bdd886c9a03bb93f2f3fbf63b72a596188bf547d93e028b264e071280ec6025aa7fe51d19b6e2021c82b449703cecc3a26d4644730439a28575be80e15f9e932e0e6087c7797613071705c99c53a2014e163c9c7f9e08f65ac4dacef855a8c96372d8aa99412e30994dca5fb3a96d08003714eedf20e179196d0263350e87770b268829304184a95fe28454b911e846581c2f05934733c3ff97985ba0f3cf471746fb768ceef5518ea170ccdee88f1d06c47f0355a056b564d9044dae3fbbfdb0ec2d728b120a45b14c6c655c29e7765970934b81db1e3955b6d5f328e1198deef0a1231232967760ac2f05d32ada22b3bb17ad602e41e55ff0e5764e04f02e7dcde1a9870fbe940453f6109f3fcab674de176a076dce8292ee7c94a723919168d4edb106ea17aea83432e8d092bc2b6977fea028f8c546eac19dc3518e139a0985bb9db8b2611c10753cf28dbb85e5f3ad0f6e31af13866609bbe47204ed92aae9aa0ec0e0e5a090b0909421f685d13bf716f214f1ece927b9893a847c97247228b239b18fe770bce4096814eb6de37c9ac3d94d6fe40ee69098e77f792ca0166c0891535731b16377d4547868434abfe71a27473986c35af8011acfbf4bdbf1164e470768421f65c2b3c1bdad6e321111eab31bef07929e9023bf9c9df43d2698f8ad24ee4175e33368ca7ad43100cce27e8b47e47f803d3b90b6056d1c530c523c05b537c9f19319398a946372be46dcc09e87072a955a816d38f11cb423f2040462a52cf8fe98f8dfdc68d0f13d27a19baa2e114c6b37e72a662a16224fe1f3f05a2bcc40029fbfef5cc11090a86c53bb6f05c1fddcd56866ebb6d9b93fcf07f208709a1104f2e7ca0f85e399a568848a8493fd8819b633006abf0da326bf9a757814528e9127486bb6cd9c257b8c24559367c27c856e23f4acfc0b515381d82eee37a7ce31ddddf693fec5a1d3320c2398fafee42f7bdb1569874ab4dbdbc493691f8ea364fe4c67c84c0a454f47e06952c39a5ee56d78a0c38ab932ff74e9b34f540b4b21c909d63dc7db9d6ca0447c03a9fd5d3b3e4188212f4ae18cf6e5e4c51782f99478f6d931e7f22e16de57d41ad17e35ba07f54756a0c732ff03c6eff6610dc4995dc394af759f424e6dd40d065e43c85fa7f2bdae5affeb0c918ebeb68c5c3d04c77538dd92b9e71c2cc9c008abad829a8f5ae1680ebdf582517aca5da982a5820e692e8423c527dc431229cfc8c02c4d1c661bb9ee9a8589d75ae6b4ac2f71b35ee2168293253792225ae8f22de84bab0ff648271b3658d9e9329559d8e13627f41aec1c24d805977b394899bdadbdf229ed28216b9788605b922ab98a4ad08e4809aee43e81c4456e4afd10d375033ed61fcc5812aa34d85538e472d8db088c7588b4e15b283f963cea9884581b152fc9a96f414b4c1ea5060518b1aca66a51f33812909bc61dc10f2d88934d5e3d378ebb062ad59eafa3af9f98015d4515a532ff87ef2858a394f27fbdbf48339852645c15330c8ce2ef445be64dba5f64520c69fcdecf132299f9a687058e06eded3b70002aa509b11c1a46118b24ff14180f1c3b42b0119ba9e269a08003714883e242a514ddd4375a78952fdac603f417db13e3d86eb2e6068c1f4434b45f5444f5ddc3fcf4969fa', 1796024700102, 1796028300102, NULL, NULL);
INSERT INTO public.signing_keys VALUES ('default', 'ABzZ88g9hFXPQ4nNqf71rhqkGhBtvAkn5e5GTgoPPJg', 'ECDH-ES', 2, '\x24b2e959734e9db7d22d33d62621629ca31885ecee0c8ddf7355b188270fc7e14e8988f5e48fbef29c7a1ff4941b1b67f0d265fe59dc93ed0fba3c9f4eeb122b977d62140e0d8106e794bec72279eff690efefcedfb5a1f140476d6893e226abe82065a1e7ab2dddbee26dd7b504a5117c7460ffd0020edce6ed6767380e4f7813abfff63330f5daa3080d0573cc0e86a333950ed3f7ac44ae44b99d54ef2bbfed16bb93b1f2', 1796024700102, 1796028300102, NULL, NULL);
INSERT INTO public.signing_keys VALUES ('default', 'tDDlFTn8ciVHuPSDDY04lhrypBeSvUSSr-qTw_uEU9E', 'ECDH-ES+A256KW', 2, '\x62da955c5621a19d3c1e8f1e6b657872c0370f73603ef183cc0f7469f1dff37e0a735dbb08b9aeabebf760293a1bd9eebdb86bb2fbab5d0c714832ca2b7d3a06daf722875a27f88081f418afbf50189351c526d54fb358fdb1d602c8d7917f458d2de72fa251c4c353ca1c0e85a6afa1dc8fb4c314e4014b53bb920444893209048be907a83a78c42bd58832c09b503c67a3d8306389049e677cf5e0b1b182e1df6dd861f5f9', 1796024700102, 1796028300102, NULL, NULL);
INSERT INTO public.token_families VALUES ('default', 'AaIragKlZx7ElP3JejcVfw', 'first-party', 'D3GrIIYqRzLKvWebeoxH8Q', 'wGZ87WybHmp_z1nb35DUYw', 1, 'openid email offline_access', '[]', 1796024697509, '["pwd"]', 0, '\xd72580b240afcf7cb18e20831f3d784a6365b044cd92e64bc3e7d588c8bedaae', 1796024697582, NULL, 1796629497582, 1798616697509, NULL, NULL, '');
INSERT INTO public.token_families VALUES ('default', 'AaIragN9DVl83wkUHJnTeg', 'spa', 'D3GrIIYqRzLKvWebeoxH8Q', '0cg_Axl953QTffJpRYKLcw', 1, 'openid email offline_access', '[]', 1796024697671, '["pwd"]', 0, '\x718831c372ca6ec5012f9379c5fed2fdc8f099ca7655c9f1241fb240ce94ae9f', 1796024697745, NULL, 1796629497745, 1798616697671, NULL, NULL, '');
INSERT INTO public.token_families VALUES ('default', 'AaIragPqyr73sYml9ocunA', 'opaque', 'D3GrIIYqRzLKvWebeoxH8Q', 'trCd1XVsRfKVaR1Zj1_jJQ', 1, 'openid offline_access', '[]', 1796024697813, '["pwd"]', 0, '\xe88309cc2289ea62939ddbfd4130bbe1a333010bd68e1fbb969324081ee9db40', 1796024697895, NULL, 1796629497895, 1798616697813, NULL, NULL, '');
INSERT INTO public.token_families VALUES ('default', 'AaIragSm-LqqthFxVH5d8Q', 'pairwise', 'D3GrIIYqRzLKvWebeoxH8Q', '0lOs_cFs3jO3l3d-kmndPg', 1, 'openid email offline_access', '[]', 1796024697929, '["pwd"]', 0, '\x3d76437c25456fdc8afce1855aac24666c87f14ddfcbb9b603950ab36913ceb0', 1796024698116, NULL, 1796629498116, 1798616697929, NULL, NULL, '');
INSERT INTO public.token_families VALUES ('default', 'AaIragGVN80GM7X2F_UExw', 'web', 'D3GrIIYqRzLKvWebeoxH8Q', 'tewIOozOORmbIdenGC9wiw', 1, 'openid email offline_access', '[]', 1796024697062, '["pwd"]', 1, '\x7ef292fc53be7670100beaf34e088971bc194e46dcde03c139debab9c9b94f39', 1796024697373, 1796024698139, 1796629498139, 1798616697062, NULL, NULL, '');
INSERT INTO public.token_families VALUES ('default', 'AaIragV8BqTP7yf6c8mtfQ', 'first-party', 'D3GrIIYqRzLKvWebeoxH8Q', 'OUpt20Q28GeaUr-Jjah6nQ', 1, 'openid profile email offline_access', '[]', 1796024698236, '["pwd"]', 0, '\xd89c4e697a825131dd092869be0c263fec3f7e77b432529aeb4be432b8c1ba70', 1796024698258, NULL, 1796629498258, 1798616698236, 1796024698263, 'token.revoked', '');
INSERT INTO public.token_families VALUES ('default', 'AaIragW0OlkQ-9DvXoVz7w', 'first-party', 'D3GrIIYqRzLKvWebeoxH8Q', 'HHPdqxthIvDgbwJ0JxbhqA', 1, 'openid profile email offline_access', '[]', 1796024698292, '["pwd"]', 0, '\x7104f7d6e95ce79fb4d790a923dd28dc32966ab2688705ccd14a2ec2de01b6fb', 1796024698312, NULL, 1796629498312, 1798616698292, NULL, NULL, '');
INSERT INTO public.token_families VALUES ('default', 'AaIragZOlOnqbwYA570MYg', 'first-party', 'uRjdU6qhNs9z9sV-g8YFYQ', 'jXQQF2A7eA3dMyRRhNTf1Q', 1, 'openid profile email offline_access', '[]', 1796024698446, '["pwd"]', 0, '\x874cf9aa376870c727c9d8fb5b4c9217949f12a12a486a1a641de1f62dc0348d', 1796024698454, NULL, 1796629498454, 1798616698446, 1796024699003, 'user disabled', '');
INSERT INTO public.token_families VALUES ('default', 'AaIragcFxfMGSziQlA5S_w', 'first-party', 'mmcjH2-gc_VpBwT_jH9foQ', '2ioTo-MtyXOrwEg9f0mXDQ', 1, 'openid profile email offline_access', '[]', 1796024698629, '["pwd"]', 0, '\x132c503cec6adbc0481a1c1d2d9f23d38d0cdd31a3f4398674126b563749d3a7', 1796024698763, NULL, 1796629498763, 1798616698629, 1796024699503, 'user signed out', '');
INSERT INTO public.used_once VALUES ('registration:default', '\x3a3fe8f3ff2eea265c64d8da593c405f5fc843226d85d2acacfe9735bfd32a0b', 1796028296917);
INSERT INTO public.user_roles VALUES ('default', 'D3GrIIYqRzLKvWebeoxH8Q', 'editor');
INSERT INTO public.users VALUES ('default', 'D3GrIIYqRzLKvWebeoxH8Q', 'alice', 'alice', 'alice@example.org', 'alice@example.org', 1, '{"address":{"country":"DE"},"locale":"en-GB","name":"Alice Example"}', '\xf99c268f194d99d60d9fb863b6b6d89e', 1, 0, 1796024691059, 1796024691059, '{"tier":"gold"}');
INSERT INTO public.users VALUES ('default', 'M0FsW3FPAHNU6ulSV9Marg', 'dave', 'dave', 'dave@example.org', 'dave@example.org', 0, '{}', '\x468f7f7a60406518cde0492830bd9b93', 1, 0, 1796024692702, 1796024692702, '{}');
INSERT INTO public.users VALUES ('default', 'uRjdU6qhNs9z9sV-g8YFYQ', 'bob', 'bob', 'bob@example.org', 'bob@example.org', 0, '{}', '\x63c2dac35e3a209a6d2a4e9f10e1bc34', 0, 1796024699003, 1796024691688, 1796024699003, '{}');
INSERT INTO public.users VALUES ('default', 'mmcjH2-gc_VpBwT_jH9foQ', 'carol', 'carol', 'carol@example.org', 'carol@example.org', 0, '{}', '\x7893fd8080aa6d937ffc32eab672a697', 1, 1796024699503, 1796024692227, 1796024692227, '{}');
INSERT INTO public.webhooks VALUES ('default', 'siem', 'https://siem.example/events', 'https://siem.example/events', 'user.*', 1, 56, 1796024696321);
ALTER TABLE ONLY public._sqlx_migrations
    ADD CONSTRAINT _sqlx_migrations_pkey PRIMARY KEY (version);
ALTER TABLE ONLY public.address_blocks
    ADD CONSTRAINT address_blocks_pkey PRIMARY KEY (realm_id, network);
ALTER TABLE ONLY public.revocations
    ADD CONSTRAINT all_revocations_pkey PRIMARY KEY (realm_id, target, subject);
ALTER TABLE ONLY public.audit_chains
    ADD CONSTRAINT audit_chains_pkey PRIMARY KEY (realm_id);
ALTER TABLE ONLY public.audit_checkpoints
    ADD CONSTRAINT audit_checkpoints_pkey PRIMARY KEY (realm_id, number);
ALTER TABLE ONLY public.audit_events
    ADD CONSTRAINT audit_events_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.authorization_codes
    ADD CONSTRAINT authorization_codes_pkey PRIMARY KEY (digest);
ALTER TABLE ONLY public.authorization_requests
    ADD CONSTRAINT authorization_requests_pkey PRIMARY KEY (realm_id, id);
ALTER TABLE ONLY public.change_counter
    ADD CONSTRAINT change_counter_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.changes
    ADD CONSTRAINT changes_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY public.claim_mappers
    ADD CONSTRAINT claim_mappers_pkey PRIMARY KEY (realm_id, id);
ALTER TABLE ONLY public.client_logos
    ADD CONSTRAINT client_logos_pkey PRIMARY KEY (realm_id, client_id);
ALTER TABLE ONLY public.client_origins
    ADD CONSTRAINT client_origins_pkey PRIMARY KEY (realm_id, origin, client_id);
ALTER TABLE ONLY public.client_registrations
    ADD CONSTRAINT client_registrations_pkey PRIMARY KEY (realm_id, client_id);
ALTER TABLE ONLY public.client_secrets
    ADD CONSTRAINT client_secrets_pkey PRIMARY KEY (realm_id, client_id, digest);
ALTER TABLE ONLY public.clients
    ADD CONSTRAINT clients_pkey PRIMARY KEY (realm_id, id);
ALTER TABLE ONLY public.consents
    ADD CONSTRAINT consents_pkey PRIMARY KEY (realm_id, user_id, client_id);
ALTER TABLE ONLY public.dead_letters
    ADD CONSTRAINT dead_letters_pkey PRIMARY KEY (realm_id, webhook_id, event_id);
ALTER TABLE ONLY public.failed_accounts
    ADD CONSTRAINT failed_accounts_pkey PRIMARY KEY (realm_id, network, subject);
ALTER TABLE ONLY public.initial_access_tokens
    ADD CONSTRAINT initial_access_tokens_pkey PRIMARY KEY (digest);
ALTER TABLE ONLY public.known_devices
    ADD CONSTRAINT known_devices_pkey PRIMARY KEY (realm_id, digest, user_id);
ALTER TABLE ONLY public.leases
    ADD CONSTRAINT leases_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.login_failures
    ADD CONSTRAINT login_failures_pkey PRIMARY KEY (realm_id, kind, subject);
ALTER TABLE ONLY public.opaque_access_tokens
    ADD CONSTRAINT opaque_access_tokens_pkey PRIMARY KEY (digest);
ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.passwords
    ADD CONSTRAINT passwords_pkey PRIMARY KEY (realm_id, user_id);
ALTER TABLE ONLY public.pushed_requests
    ADD CONSTRAINT pushed_requests_pkey PRIMARY KEY (digest);
ALTER TABLE ONLY public.realms
    ADD CONSTRAINT realms_name_key UNIQUE (name);
ALTER TABLE ONLY public.realms
    ADD CONSTRAINT realms_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.restore_epochs
    ADD CONSTRAINT restore_epochs_pkey PRIMARY KEY (realm_id, epoch);
ALTER TABLE ONLY public.session_clients
    ADD CONSTRAINT session_clients_pkey PRIMARY KEY (realm_id, session_id, client_id);
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_digest_key UNIQUE (digest);
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (realm_id, id);
ALTER TABLE ONLY public.signing_keys
    ADD CONSTRAINT signing_keys_pkey PRIMARY KEY (realm_id, kid);
ALTER TABLE ONLY public.signing_keys
    ADD CONSTRAINT signing_keys_realm_id_algorithm_generation_key UNIQUE (realm_id, algorithm, generation);
ALTER TABLE ONLY public.token_families
    ADD CONSTRAINT token_families_pkey PRIMARY KEY (realm_id, id);
ALTER TABLE ONLY public.used_once
    ADD CONSTRAINT used_once_pkey PRIMARY KEY (purpose, digest);
ALTER TABLE ONLY public.user_roles
    ADD CONSTRAINT user_roles_pkey PRIMARY KEY (realm_id, user_id, role);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (realm_id, id);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_realm_id_email_key_key UNIQUE (realm_id, email_key);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_realm_id_username_key_key UNIQUE (realm_id, username_key);
ALTER TABLE ONLY public.webhooks
    ADD CONSTRAINT webhooks_pkey PRIMARY KEY (realm_id, id);
CREATE INDEX address_blocks_by_expiry ON public.address_blocks USING btree (expires_at);
CREATE UNIQUE INDEX audit_events_by_seq ON public.audit_events USING btree (realm_id, seq);
CREATE INDEX audit_events_by_time ON public.audit_events USING btree (realm_id, at);
CREATE INDEX audit_events_of_soft_locks ON public.audit_events USING btree (realm_id, user_id, at) WHERE (event = 'account.soft_locked'::text);
CREATE INDEX authorization_codes_by_expiry ON public.authorization_codes USING btree (expires_at);
CREATE INDEX authorization_codes_by_user ON public.authorization_codes USING btree (realm_id, user_id);
CREATE INDEX authorization_requests_by_expiry ON public.authorization_requests USING btree (expires_at);
CREATE INDEX changes_by_time ON public.changes USING btree (at);
CREATE INDEX client_registrations_by_expiry ON public.client_registrations USING btree (expires_at);
CREATE INDEX client_registrations_by_time ON public.client_registrations USING btree (realm_id, created_at);
CREATE INDEX client_registrations_by_token ON public.client_registrations USING btree (realm_id, token);
CREATE INDEX consents_by_client ON public.consents USING btree (realm_id, client_id);
CREATE INDEX dead_letters_by_time ON public.dead_letters USING btree (died_at);
CREATE INDEX failed_accounts_by_expiry ON public.failed_accounts USING btree (expires_at);
CREATE INDEX initial_access_tokens_by_expiry ON public.initial_access_tokens USING btree (expires_at);
CREATE INDEX known_devices_by_expiry ON public.known_devices USING btree (expires_at);
CREATE INDEX known_devices_by_user ON public.known_devices USING btree (realm_id, user_id, last_used_at);
CREATE INDEX login_failures_by_end ON public.login_failures USING btree (drained_at);
CREATE INDEX opaque_access_tokens_by_client ON public.opaque_access_tokens USING btree (realm_id, client_id);
CREATE INDEX opaque_access_tokens_by_expiry ON public.opaque_access_tokens USING btree (expires_at);
CREATE INDEX outbox_by_turn ON public.outbox USING btree (realm_id, kind, next_at);
CREATE INDEX outbox_by_webhook ON public.outbox USING btree (realm_id, webhook_id) WHERE (webhook_id IS NOT NULL);
CREATE INDEX pushed_requests_by_client ON public.pushed_requests USING btree (realm_id, client_id, expires_at);
CREATE INDEX pushed_requests_by_end ON public.pushed_requests USING btree (kept_until);
CREATE INDEX revocations_by_expiry ON public.revocations USING btree (expires_at);
CREATE INDEX session_clients_by_client ON public.session_clients USING btree (realm_id, client_id);
CREATE INDEX sessions_by_expiry ON public.sessions USING btree (expires_at);
CREATE INDEX sessions_by_user ON public.sessions USING btree (realm_id, user_id);
CREATE INDEX token_families_by_client ON public.token_families USING btree (realm_id, client_id);
CREATE INDEX token_families_by_expiry ON public.token_families USING btree (expires_at);
CREATE INDEX token_families_by_session ON public.token_families USING btree (realm_id, session_id);
CREATE INDEX token_families_by_user ON public.token_families USING btree (realm_id, user_id, client_id);
CREATE INDEX used_once_by_expiry ON public.used_once USING btree (expires_at);
CREATE INDEX users_by_valid_from ON public.users USING btree (realm_id, valid_from);
ALTER TABLE ONLY public.address_blocks
    ADD CONSTRAINT address_blocks_realm_id_fkey FOREIGN KEY (realm_id) REFERENCES public.realms(id);
ALTER TABLE ONLY public.revocations
    ADD CONSTRAINT all_revocations_realm_id_fkey FOREIGN KEY (realm_id) REFERENCES public.realms(id);
ALTER TABLE ONLY public.audit_chains
    ADD CONSTRAINT audit_chains_realm_id_fkey FOREIGN KEY (realm_id) REFERENCES public.realms(id);
ALTER TABLE ONLY public.audit_checkpoints
    ADD CONSTRAINT audit_checkpoints_realm_id_fkey FOREIGN KEY (realm_id) REFERENCES public.realms(id);
ALTER TABLE ONLY public.authorization_codes
    ADD CONSTRAINT authorization_codes_realm_id_client_id_fkey FOREIGN KEY (realm_id, client_id) REFERENCES public.clients(realm_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY public.authorization_codes
    ADD CONSTRAINT authorization_codes_realm_id_user_id_fkey FOREIGN KEY (realm_id, user_id) REFERENCES public.users(realm_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY public.authorization_requests
    ADD CONSTRAINT authorization_requests_realm_id_client_id_fkey FOREIGN KEY (realm_id, client_id) REFERENCES public.clients(realm_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY public.claim_mappers
    ADD CONSTRAINT claim_mappers_realm_id_client_id_fkey FOREIGN KEY (realm_id, client_id) REFERENCES public.clients(realm_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY public.claim_mappers
    ADD CONSTRAINT claim_mappers_realm_id_fkey FOREIGN KEY (realm_id) REFERENCES public.realms(id);
ALTER TABLE ONLY public.client_logos
    ADD CONSTRAINT client_logos_realm_id_client_id_fkey FOREIGN KEY (realm_id, client_id) REFERENCES public.clients(realm_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY public.client_origins
    ADD CONSTRAINT client_origins_realm_id_client_id_fkey FOREIGN KEY (realm_id, client_id) REFERENCES public.clients(realm_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY public.client_registrations
    ADD CONSTRAINT client_registrations_realm_id_client_id_fkey FOREIGN KEY (realm_id, client_id) REFERENCES public.clients(realm_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY public.client_secrets
    ADD CONSTRAINT client_secrets_realm_id_client_id_fkey FOREIGN KEY (realm_id, client_id) REFERENCES public.clients(realm_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY public.clients
    ADD CONSTRAINT clients_realm_id_fkey FOREIGN KEY (realm_id) REFERENCES public.realms(id);
ALTER TABLE ONLY public.consents
    ADD CONSTRAINT consents_realm_id_client_id_fkey FOREIGN KEY (realm_id, client_id) REFERENCES public.clients(realm_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY public.consents
    ADD CONSTRAINT consents_realm_id_user_id_fkey FOREIGN KEY (realm_id, user_id) REFERENCES public.users(realm_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY public.dead_letters
    ADD CONSTRAINT dead_letters_realm_id_webhook_id_fkey FOREIGN KEY (realm_id, webhook_id) REFERENCES public.webhooks(realm_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY public.failed_accounts
    ADD CONSTRAINT failed_accounts_realm_id_fkey FOREIGN KEY (realm_id) REFERENCES public.realms(id);
ALTER TABLE ONLY public.initial_access_tokens
    ADD CONSTRAINT initial_access_tokens_realm_id_fkey FOREIGN KEY (realm_id) REFERENCES public.realms(id);
ALTER TABLE ONLY public.known_devices
    ADD CONSTRAINT known_devices_realm_id_user_id_fkey FOREIGN KEY (realm_id, user_id) REFERENCES public.users(realm_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY public.login_failures
    ADD CONSTRAINT login_failures_realm_id_fkey FOREIGN KEY (realm_id) REFERENCES public.realms(id);
ALTER TABLE ONLY public.opaque_access_tokens
    ADD CONSTRAINT opaque_access_tokens_realm_id_client_id_fkey FOREIGN KEY (realm_id, client_id) REFERENCES public.clients(realm_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_realm_id_fkey FOREIGN KEY (realm_id) REFERENCES public.realms(id);
ALTER TABLE ONLY public.passwords
    ADD CONSTRAINT passwords_realm_id_user_id_fkey FOREIGN KEY (realm_id, user_id) REFERENCES public.users(realm_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY public.pushed_requests
    ADD CONSTRAINT pushed_requests_realm_id_client_id_fkey FOREIGN KEY (realm_id, client_id) REFERENCES public.clients(realm_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY public.restore_epochs
    ADD CONSTRAINT restore_epochs_realm_id_fkey FOREIGN KEY (realm_id) REFERENCES public.realms(id);
ALTER TABLE ONLY public.session_clients
    ADD CONSTRAINT session_clients_realm_id_client_id_fkey FOREIGN KEY (realm_id, client_id) REFERENCES public.clients(realm_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY public.session_clients
    ADD CONSTRAINT session_clients_realm_id_session_id_fkey FOREIGN KEY (realm_id, session_id) REFERENCES public.sessions(realm_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_realm_id_user_id_fkey FOREIGN KEY (realm_id, user_id) REFERENCES public.users(realm_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY public.signing_keys
    ADD CONSTRAINT signing_keys_realm_id_fkey FOREIGN KEY (realm_id) REFERENCES public.realms(id);
ALTER TABLE ONLY public.token_families
    ADD CONSTRAINT token_families_realm_id_client_id_fkey FOREIGN KEY (realm_id, client_id) REFERENCES public.clients(realm_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY public.token_families
    ADD CONSTRAINT token_families_realm_id_user_id_fkey FOREIGN KEY (realm_id, user_id) REFERENCES public.users(realm_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY public.user_roles
    ADD CONSTRAINT user_roles_realm_id_user_id_fkey FOREIGN KEY (realm_id, user_id) REFERENCES public.users(realm_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_realm_id_fkey FOREIGN KEY (realm_id) REFERENCES public.realms(id);
ALTER TABLE ONLY public.webhooks
    ADD CONSTRAINT webhooks_realm_id_fkey FOREIGN KEY (realm_id) REFERENCES public.realms(id);
