// go-oidc with golang.org/x/oauth2, as an application and as an API, with the defaults of its own example.

import { API, built, call, client, freePort, json, serviceToken, start } from './application.mjs';
import { assert, step } from './harness.mjs';

const port = await freePort();
const redirect = `http://127.0.0.1:${port}/callback`;

const shop = await step('registration', () =>
  client('go-oidc', '--redirect-uri', redirect, '--grant', 'authorization_code', '--grant', 'refresh_token'),
);
const { base } = await step('discovery', () =>
  start(port, [built('GO', 'applications'), 'go-oidc'], { CLIENT_ID: shop.id, CLIENT_SECRET: shop.secret }),
);
const person = await step('sign-in and userinfo', () => json(`${base}/login`));
await step('the claims of the person', () => {
  assert.equal(person.preferred_username, process.env.USERNAME);
  assert.equal(person.email, `${process.env.USERNAME}@example.org`);
});
await step('sign-in again, without a page', () => json(`${base}/login`));
await step('refresh', async () => {
  const { sub } = await json(`${base}/refresh`);
  assert.equal(sub, person.sub);
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
process.exit(0);
