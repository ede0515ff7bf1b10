// A real identity provider: the npm package samlp behind node's own server.
// Arguments: port, folder of node_modules, folder with idp.key, idp.crt (its own), sp.crt and sp.pub (the service provider's), and where responses go
// when the address does not say it.
'use strict';
const fs = require('fs');
const http = require('http');
const path = require('path');
const [port, modules, keys, consumer] = process.argv.slice(2);
const samlp = require(path.join(modules, 'samlp'));
const read = name => fs.readFileSync(path.join(keys, name));
const origin = `http://127.0.0.1:${port}`;
const issuer = 'urn:samlp:idp';
const user = { id: 'ada', displayName: 'Ada Lovelace', emails: [{ value: 'ada@example.com' }], name: { givenName: 'Ada', familyName: 'Lovelace' }, groups: ['developers', 'R&D <core>'] };

function options(query) {
  const acs = query.acs || query.acsUrl || consumer;
  return {
    issuer, cert: read('idp.crt'), key: read('idp.key'), getUserFromRequest: () => user, getPostURL: (audience, request, req, done) => done(null, acs),
    destination: acs, recipient: acs, sessionIndex: '_session1', lifetimeInSeconds: 300,
    signAssertion: query.sign !== 'response', signResponse: query.sign !== 'assertion',
    ...(query.sha1 ? { signatureAlgorithm: 'rsa-sha1', digestAlgorithm: 'sha1' } : {}),
    ...(query.encrypt ? { encryptionCert: read('sp.crt'), encryptionPublicKey: read('sp.pub') } : {}),
    ...(query.signed ? { signingCert: read('sp.crt').toString() } : {}),
    ...(query.idp ? { audience: query.idp } : {}),
  };
}

http.createServer((req, res) => {
  const url = new URL(req.url, origin);
  let body = '';
  req.on('data', chunk => { body += chunk; });
  req.on('end', () => {
    // What samlp asks of express.
    req.query = Object.fromEntries(url.searchParams);
    req.body = Object.fromEntries(new URLSearchParams(body));
    req.protocol = 'http';
    req.originalUrl = url.pathname;
    res.set = (name, value) => res.setHeader(name, value);
    res.send = (status, text) => { if (typeof status === 'number') res.statusCode = status; res.end(String(text ?? status)); };
    const failed = error => { res.statusCode = 500; res.end(String(error && error.stack)); };
    try {
      if (url.pathname.endsWith('FederationMetadata.xml')) samlp.metadata({ issuer, cert: read('idp.crt'), redirectEndpointPath: '/sso', postEndpointPath: '/sso' })(req, res);
      else samlp.auth(options(req.query))(req, res, failed);
    } catch (error) {
      failed(error);
    }
  });
}).listen(Number(port), '127.0.0.1');
