// Quarkus as a web application and as a service, packaged. By default it sends neither a challenge nor a nonce.

import { API, built, call, client, freePort, JAVA, json, open, serviceToken, signOut, start } from './application.mjs';
import { assert, step } from './harness.mjs';

const jar = [...JAVA, built('JAVA', 'quarkus/target/quarkus-app/quarkus-run.jar')];
const port = await freePort();
const bye = `http://127.0.0.1:${port}/bye`;

const shop = await step('registration', () =>
  client(
    'quarkus',
    ...['--redirect-uri', 'http://127.0.0.1/', '--post-logout-redirect-uri', bye],
    ...['--grant', 'authorization_code', '--grant', 'refresh_token'],
  ),
);
const environment = {
  QUARKUS_HTTP_HOST: '127.0.0.1',
  QUARKUS_OIDC_AUTH_SERVER_URL: process.env.SIGNET_ISSUER,
};
const application = (port) => ({
  ...environment,
  QUARKUS_HTTP_PORT: String(port),
  QUARKUS_OIDC_APPLICATION_TYPE: 'web-app',
  QUARKUS_OIDC_CLIENT_ID: shop.id,
  QUARKUS_OIDC_CREDENTIALS_SECRET: shop.secret,
  QUARKUS_OIDC_AUTHENTICATION_SCOPES: 'profile,email,offline_access',
  QUARKUS_OIDC_AUTHENTICATION_REDIRECT_PATH: '/',
  QUARKUS_OIDC_LOGOUT_PATH: '/logout',
  QUARKUS_OIDC_LOGOUT_POST_LOGOUT_PATH: '/bye',
});

await step('without a challenge and a nonce it is refused, and says why', async () => {
  const port = await freePort();
  const plain = await start(port, jar, application(port));
  const page = await open(`${plain.base}/`);
  plain.stop();
  assert.equal(page.status, 401, page.html);
  assert.match(plain.said(), /code_challenge/);
});
const { base } = await step('the application starts', () =>
  start(port, jar, { ...application(port), QUARKUS_OIDC_AUTHENTICATION_PKCE_REQUIRED: 'true' }),
);
const person = await step('sign-in', () => json(`${base}/`));
await step('the claims of the person', () => {
  assert.equal(person.name, process.env.USERNAME);
  assert.equal(person.email, `${process.env.USERNAME}@example.org`);
});
await step('the tokens', async () => {
  const tokens = await json(`${base}/token`);
  assert.ok(tokens.access_token && tokens.has_refresh_token);
});
await step('logout', async () => {
  const end = new URL(await signOut(`${base}/logout`, bye));
  assert.equal(end.origin + end.pathname, bye);
});

const service = await step('registration of a service', () =>
  client('orders', '--grant', 'client_credentials', '--scope', 'orders:read', '--audience', API),
);
const api = await step('the API starts', async () => {
  const port = await freePort();
  return start(port, jar, {
    ...environment,
    QUARKUS_HTTP_PORT: String(port),
    QUARKUS_OIDC_APPLICATION_TYPE: 'service',
    QUARKUS_OIDC_AUTHENTICATION_USER_INFO_REQUIRED: 'false',
    QUARKUS_OIDC_TOKEN_AUDIENCE: API,
  });
});
await step('an access token for the API', async () => {
  const { status, body } = await call(`${api.base}/orders`, await serviceToken(service, { resource: API }));
  assert.equal(status, 200, body);
  assert.equal(JSON.parse(body).caller, service.id);
});
await step("another audience's token is refused", async () => {
  const { status } = await call(`${api.base}/orders`, await serviceToken(service, {}));
  assert.equal(status, 401);
});
process.exit(0);
