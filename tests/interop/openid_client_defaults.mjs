// openid-client with nothing but an issuer, an id and a secret: it sends the secret in the form. Both sides have their
// defaults, the registration by command too.

import * as openid from 'openid-client';

import { client, issuer } from './application.mjs';
import { authorize } from './browser.mjs';
import { assert, rejects, step } from './harness.mjs';

const redirectUri = 'http://127.0.0.1/callback';
const user = { username: process.env.USERNAME, password: process.env.PASSWORD, redirectUri };

const shop = await step('registration', () =>
  client('shop', '--redirect-uri', redirectUri, '--grant', 'authorization_code', '--grant', 'refresh_token'),
);
const config = await step('discovery', () =>
  openid.discovery(new URL(issuer), shop.id, shop.secret, undefined, { execute: [openid.allowInsecureRequests] }),
);

/** Goes through an authorization request; the checks are the library's arguments for the callback. */
async function visit(parameters) {
  const url = openid.buildAuthorizationUrl(config, { redirect_uri: redirectUri, ...parameters });
  return new URL(await authorize(url, user));
}

const tokens = await step('sign-in with a challenge', async () => {
  const verifier = openid.randomPKCECodeVerifier();
  const callback = await visit({
    scope: 'openid profile email offline_access',
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  });
  return openid.authorizationCodeGrant(config, callback, { pkceCodeVerifier: verifier });
});
await step('sign-in with a nonce', async () => {
  const nonce = openid.randomNonce();
  const callback = await visit({ scope: 'openid', nonce });
  const signedIn = await openid.authorizationCodeGrant(config, callback, { expectedNonce: nonce });
  assert.equal(signedIn.claims().sub, tokens.claims().sub);
});
await step('neither is refused', async () => {
  const callback = await visit({ scope: 'openid' });
  await rejects(
    () => openid.authorizationCodeGrant(config, callback),
    (error) => assert.match(error.error_description, /code_challenge/),
  );
});
await step('a scope of other clients is left out, and the answer says so', async () => {
  const nonce = openid.randomNonce();
  const callback = await visit({ scope: 'openid profile groups', nonce });
  const { scope } = await openid.authorizationCodeGrant(config, callback, { expectedNonce: nonce });
  assert.equal(scope, 'openid profile');
});
await step('userinfo', async () => {
  const person = await openid.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
  assert.equal(person.email, `${process.env.USERNAME}@example.org`);
});
const refreshed = await step('refresh', () => openid.refreshTokenGrant(config, tokens.refresh_token));
await step('introspection', async () => {
  const { active } = await openid.tokenIntrospection(config, refreshed.access_token);
  assert.equal(active, true);
});
await step('revocation', () => openid.tokenRevocation(config, refreshed.refresh_token));
process.exit(0);
