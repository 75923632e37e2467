// A client's server that hears of logouts: the logout token is verified with jose, step by step as OpenID Connect
// Back-Channel Logout §2.6 says.

import { createServer } from 'node:http';

import * as jose from 'jose';
import * as client from 'openid-client';

import { logout } from './browser.mjs';
import { configure, login } from './flow.mjs';
import { assert, environment, rejects, step } from './harness.mjs';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const PATIENCE_MS = 15_000;

const env = environment();

/** The logout endpoint of the client: keeps what comes, and answers as §2.8 says. */
async function listen() {
  const arrivals = [];
  let arrived = () => {};
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    response.writeHead(200, { 'cache-control': 'no-store' }).end();
    arrivals.push({ method: request.method, type: request.headers['content-type'], body: new URLSearchParams(body) });
    arrived();
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const first = async () => {
    if (arrivals.length === 0) {
      await new Promise((resolve, reject) => {
        arrived = resolve;
        setTimeout(() => reject(new Error('no logout token has come')), PATIENCE_MS).unref();
      });
    }
    return arrivals[0];
  };
  return { url: `http://127.0.0.1:${server.address().port}/logout`, arrivals, first, close: () => server.close() };
}

/** OpenID Connect Back-Channel Logout §2.6, with its numbers. */
async function verify(token, { server, rp, jwks, session, seen }) {
  // 1: it is not encrypted, since the client has not asked for that.
  assert.equal(token.split('.').length, 3, 'parts of the logout token');
  // 2: signature and alg as of ID tokens, and typ of its own. 3: iss, aud, iat, exp.
  const { payload, protectedHeader } = await jose.jwtVerify(token, jwks, {
    issuer: server.issuer,
    audience: rp.client_id,
    algorithms: [rp.id_token_signed_response_alg],
    typ: 'logout+jwt',
    requiredClaims: ['iat', 'exp', 'jti'],
    maxTokenAge: '2 minutes',
  });
  assert.notEqual(protectedHeader.alg, 'none', 'alg');
  // 4: sub or sid. Here both, since the client needs to be told which session.
  assert.ok(payload.sub || payload.sid, 'neither sub nor sid');
  // 5: the event, whose value is an object, best an empty one.
  assert.deepEqual(payload.events, { [EVENT]: {} }, 'events');
  // 6: no nonce.
  assert.ok(!('nonce' in payload), 'there is a nonce');
  // 7: not seen before.
  assert.ok(!seen.has(payload.jti), 'jti was seen before');
  seen.add(payload.jti);
  // 8, 9, 10: issuer, subject and session are those of the login.
  assert.equal(payload.iss, session.iss, 'iss');
  assert.equal(payload.sub, session.sub, 'sub');
  assert.equal(payload.sid, session.sid, 'sid');
  return payload;
}

const receiver = await step('a receiver', listen);
const bystander = await listen();

const metadata = (url) => ({
  backchannel_logout_uri: url,
  backchannel_logout_session_required: true,
  post_logout_redirect_uris: [env.postLogoutRedirectUri],
});

const { config, registered } = await step('registration', async () => {
  await configure(metadata(bystander.url));
  return configure(metadata(receiver.url));
});

await step('what discovery says', () => {
  const server = config.serverMetadata();
  assert.equal(server.backchannel_logout_supported, true, 'backchannel_logout_supported');
  assert.equal(server.backchannel_logout_session_supported, true, 'backchannel_logout_session_supported');
});

await step('what was registered', () => {
  assert.equal(registered.backchannel_logout_uri, receiver.url, 'backchannel_logout_uri');
  assert.equal(registered.backchannel_logout_session_required, true, 'backchannel_logout_session_required');
});

const tokens = await step('login', () => login(config));

await step('the ID token names the session', () => assert.ok(tokens.claims().sid, 'no sid'));

await step('logout by the client', async () => {
  const state = client.randomState();
  const url = client.buildEndSessionUrl(config, {
    id_token_hint: tokens.id_token,
    post_logout_redirect_uri: env.postLogoutRedirectUri,
    state,
  });
  const expected = new URL(env.postLogoutRedirectUri);
  expected.searchParams.append('state', state);
  assert.equal(await logout(url, env), expected.href, 'where the logout ended');
});

const arrival = await step('a logout token comes', receiver.first);

await step('the request is a form with one member', () => {
  assert.equal(arrival.method, 'POST', 'method');
  assert.equal(arrival.type, 'application/x-www-form-urlencoded', 'type');
  assert.deepEqual([...arrival.body.keys()], ['logout_token'], 'members');
});

const facts = {
  server: config.serverMetadata(),
  rp: registered,
  jwks: jose.createRemoteJWKSet(new URL(config.serverMetadata().jwks_uri)),
  session: tokens.claims(),
  seen: new Set(),
};
const token = arrival.body.get('logout_token');

await step('the logout token is valid', () => verify(token, facts));

await step('it is no ID token, and an ID token is no logout token', async () => {
  assert.equal(jose.decodeJwt(token).nonce, undefined, 'nonce');
  await rejects(
    () => verify(tokens.id_token, facts),
    (error) => assert.equal(error.code, 'ERR_JWT_CLAIM_VALIDATION_FAILED', error.message),
  );
});

await step('it is valid once', () =>
  rejects(
    () => verify(token, facts),
    (error) => assert.match(error.message, /seen before/),
  ),
);

await step('nobody else was told, and nobody twice', () => {
  assert.equal(receiver.arrivals.length, 1, 'logout tokens for the client');
  assert.equal(bystander.arrivals.length, 0, 'logout tokens for another client');
  receiver.close();
  bystander.close();
});
