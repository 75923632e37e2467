// zitadel/oidc as a relying party and as a resource server that asks about tokens. By default it sends neither a
// challenge nor a nonce.

import { built, call, client, freePort, isSignedOut, json, open, start } from './application.mjs';
import { assert, step } from './harness.mjs';

const port = await freePort();
const redirect = `http://127.0.0.1:${port}/callback`;

const shop = await step('registration', () =>
  client('zitadel', '--redirect-uri', redirect, '--grant', 'authorization_code', '--grant', 'refresh_token'),
);
const environment = { CLIENT_ID: shop.id, CLIENT_SECRET: shop.secret };
const command = [built('GO', 'applications'), 'zitadel'];

await step('without a challenge and a nonce it is refused, and says why', async () => {
  const plain = await start(await freePort(), command, environment);
  const page = await open(`${plain.base}/login`);
  plain.stop();
  assert.match(page.html, /code_challenge/);
});

const { base } = await step('discovery', () => start(port, command, { ...environment, PKCE: 'S256' }));
const person = await step('sign-in and userinfo', () => json(`${base}/login`));
await step('the claims of the person', () => {
  assert.equal(person.preferred_username, process.env.USERNAME);
  assert.equal(person.email, `${process.env.USERNAME}@example.org`);
});
const { sub, access_token: token } = await step('refresh', () => json(`${base}/refresh`));
await step('introspection', async () => {
  assert.equal(sub, person.sub);
  const { status, body } = await call(`${base}/introspected`, token);
  assert.equal(status, 200, body);
  assert.equal(JSON.parse(body).sub, person.sub);
});
await step('revocation', () => json(`${base}/revoke`));
await step('the access token of a revoked grant is not active', async () => {
  const { status, body } = await call(`${base}/introspected`, token);
  assert.equal(status, 401, body);
});
await step('sign-in again, without a page', () => json(`${base}/login`));
await step('logout by a call of the application', async () => {
  await json(`${base}/logout`);
  assert.ok(await isSignedOut(`${base}/login`), 'the session goes on');
});
process.exit(0);
