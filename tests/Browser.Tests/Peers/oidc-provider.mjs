// A real OpenID Connect provider: the npm package oidc-provider with its own login pages.
// Arguments: port, folder of node_modules, the client's secret, the client's redirect address.
import path from 'node:path';

const [port, modules, secret, redirect] = process.argv.slice(2);
const { default: Provider } = await import(path.join(modules, 'oidc-provider', 'lib', 'index.js'));
const groups = { grace: ['engineering', 'cn=release,dc=example'], linus: [] };

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{ client_id: 'prts', client_secret: secret, redirect_uris: [redirect], grant_types: ['authorization_code'], response_types: ['code'] }],
  claims: { openid: ['sub'], profile: ['name', 'preferred_username', 'groups'], email: ['email'] },
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, name: `${id} of the company`, preferred_username: id, email: `${id}@example.com`, groups: groups[id] ?? [] }) }),
});
// Without this the pages of the package would say that they are for development only, on every request.
console.info = console.warn = () => {};
provider.listen(Number(port), '127.0.0.1');
