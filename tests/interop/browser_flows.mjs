// What comes through the browser (OpenID Connect Core §3.2, §3.3): the hybrid and the implicit flow of openid-client,
// which checks nonce, c_hash and signatures; then HS256, pairwise subjects and the claims parameter.

import * as jose from 'jose';
import * as client from 'openid-client';

import { configure, login, visit } from './flow.mjs';
import { assert, environment, header, register, rejects, step } from './harness.mjs';

const REDIRECT = 'https://rp.example/cb'; // nothing listens there, and https since tokens come with it

const env = environment();

function metadata(responseType, more = {}) {
  return {
    redirect_uris: [REDIRECT],
    grant_types: ['authorization_code', 'implicit'],
    response_types: [responseType],
    ...more,
  };
}

const code = await step('code flow', async () => {
  const { config } = await configure({ redirect_uris: [REDIRECT] });
  return (await login(config)).claims();
});

for (const alg of ['RS256', 'ES256']) {
  const more = { id_token_signed_response_alg: alg };

  await step(`hybrid flow ${alg}`, async () => {
    const { config } = await configure(metadata('code id_token', more), undefined, client.useCodeIdTokenResponseType);
    const { callback, answer, checks } = await visit(config);
    assert.equal(header(answer.get('id_token')).alg, alg, 'alg');
    const tokens = await client.authorizationCodeGrant(config, callback, checks);
    assert.equal(tokens.claims().sub, code.sub, 'sub');
  });

  await step(`implicit flow ${alg}`, async () => {
    const { config } = await configure(metadata('id_token', more), undefined, client.useIdTokenResponseType);
    const { callback, checks } = await visit(config);
    const claims = await client.implicitAuthentication(config, callback, checks.expectedNonce, checks);
    assert.equal(claims.sub, code.sub, 'sub');
    assert.equal(claims.at_hash, undefined, 'at_hash without an access token');
    assert.equal(claims.email, `${env.username}@example.org`, 'OpenID Connect Core §5.4: no access token, so claims here');
  });
}

await step('a code that another ID token came with is refused', async () => {
  const { config } = await configure(metadata('code id_token'), undefined, client.useCodeIdTokenResponseType);
  const [first, second] = [await visit(config), await visit(config)];
  first.answer.set('code', second.answer.get('code'));
  first.callback.hash = first.answer.toString();
  await rejects(
    () => client.authorizationCodeGrant(config, first.callback, first.checks),
    (error) => assert.match(`${error.message} ${error.cause?.message}`, /c_hash/),
  );
});

await step('an ID token for another nonce is refused', async () => {
  const { config } = await configure(metadata('id_token'), undefined, client.useIdTokenResponseType);
  const { callback, checks } = await visit(config);
  await rejects(
    () => client.implicitAuthentication(config, callback, client.randomNonce(), checks),
    (error) => assert.match(`${error.message} ${error.cause?.message}`, /nonce/),
  );
});

await step('ID tokens signed with the secret', async () => {
  const registered = await register({ redirect_uris: [REDIRECT], id_token_signed_response_alg: 'HS256' });
  const secret = client.ClientSecretBasic(registered.client_secret);
  // The library checks alg and claims, but leaves this signature to TLS (OpenID Connect Core §3.1.3.7, 6).
  const execute = [client.allowInsecureRequests];
  const config = await client.discovery(new URL(env.issuer), registered.client_id, registered, secret, { execute });
  const tokens = await login(config);
  assert.equal(tokens.claims().sub, code.sub, 'sub');
  const key = new TextEncoder().encode(registered.client_secret);
  await jose.jwtVerify(tokens.id_token, key, { algorithms: ['HS256'], audience: registered.client_id });
});

await step('pairwise subjects', async () => {
  const subject = async (uri) => {
    const { config } = await configure({ redirect_uris: [uri], subject_type: 'pairwise' });
    const tokens = await login(config);
    const { sub } = tokens.claims();
    await client.fetchUserInfo(config, tokens.access_token, sub);
    return sub;
  };
  const [one, same, other] = [await subject(REDIRECT), await subject(REDIRECT), await subject('https://b.example/cb')];
  assert.equal(one, same, 'sub in one sector');
  assert.notEqual(one, other, 'sub in two sectors');
  assert.notEqual(one, code.sub, 'sub of the public');
});

await step('the claims parameter', async () => {
  const { config } = await configure({ redirect_uris: [REDIRECT] });
  const asked = {
    id_token: { given_name: { essential: true }, auth_time: null },
    userinfo: { email: null, zoneinfo: null },
  };
  const tokens = await login(config, { scope: 'openid', claims: JSON.stringify(asked), max_age: '3600' });
  assert.equal(tokens.claims().given_name, env.username, 'given_name in the ID token');
  assert.equal(typeof tokens.claims().auth_time, 'number', 'auth_time');
  const info = await client.fetchUserInfo(config, tokens.access_token, code.sub);
  assert.equal(info.email, `${env.username}@example.org`, 'email in userinfo');
  assert.ok(info.zoneinfo, 'zoneinfo in userinfo');
  assert.equal(info.given_name, undefined, 'given_name in userinfo');
});
