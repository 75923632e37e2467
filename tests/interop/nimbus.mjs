// The OAuth 2.0 SDK of Nimbus, as an application and as an API.

import { API, built, call, client, freePort, JAVA, json, serviceToken, signOut, start } from './application.mjs';
import { assert, step } from './harness.mjs';

const port = await freePort();
const redirect = `http://127.0.0.1:${port}/callback`;
const bye = `http://127.0.0.1:${port}/bye`;

const shop = await step('registration', () =>
  client(
    'nimbus',
    ...['--redirect-uri', redirect, '--post-logout-redirect-uri', bye],
    ...['--grant', 'authorization_code', '--grant', 'refresh_token'],
  ),
);
const { base } = await step('discovery', () =>
  start(port, [...JAVA, built('JAVA', 'nimbus/target/nimbus.jar')], { CLIENT_ID: shop.id, CLIENT_SECRET: shop.secret }),
);
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
});

const service = await step('registration of a service', () =>
  client('orders', '--grant', 'client_credentials', '--scope', 'orders:read', '--audience', API),
);
await step('an access token for the API', async () => {
  const { status, body } = await call(`${base}/orders`, await serviceToken(service, { resource: API }));
  assert.equal(status, 200, body);
  assert.equal(JSON.parse(body).client_id, service.id);
});
await step("another audience's token is refused", async () => {
  const { status, body } = await call(`${base}/orders`, await serviceToken(service, {}));
  assert.equal(status, 401, body);
});

await step('revocation', () => json(`${base}/revoke`));
await step('the access token of a revoked grant is not active', async () => {
  const { status, body } = await call(`${base}/introspected`, token);
  assert.equal(status, 401, body);
});
await step('logout', async () => {
  await json(`${base}/login`);
  const end = new URL(await signOut(`${base}/logout`, bye));
  assert.equal(end.origin + end.pathname, bye);
});
process.exit(0);
