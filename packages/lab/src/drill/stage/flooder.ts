// Who floods: a process of its own, so that what it costs is not taken for what the product costs. Sends heartbeats
// with wrong tokens from several addresses as fast as they are answered, until it is ended. Says `{}` when the first
// was answered, and at the end how many were, by status.

import { request } from 'node:https';

const [url = '', node = '', sources = ''] = process.argv.slice(2);
/** As many as one address may hold. */
const CONNECTIONS = 8;
const AFTER_ERROR_MS = 5;

let sent = 0;
const statuses: { [status: string]: number } = {};

const count = (what: string): void => {
  if (sent === 0) process.stdout.write('{}\n');
  sent += 1;
  statuses[what] = (statuses[what] ?? 0) + 1;
};

const body = (): string =>
  JSON.stringify({
    callback_url: 'https://127.0.0.1:9999',
    agent_version: '11.0.0',
    agent_token: `${sent}`.padEnd(43, 'F'),
  });

const flood = (from: string): void => {
  const text = body();
  const outgoing = request(`${url}/v1/heartbeat/${node}`, {
    method: 'POST',
    agent: false,
    localAddress: from,
    rejectUnauthorized: false,
    headers: {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
      'x-openstack-ironic-api-version': '1.68',
    },
  });
  outgoing.on('response', (response) => {
    count(String(response.statusCode));
    response.resume();
    response.on('close', () => flood(from));
  });
  outgoing.on('error', () => {
    count('closed');
    setTimeout(() => flood(from), AFTER_ERROR_MS);
  });
  outgoing.end(text);
};

for (const from of sources.split(',')) {
  for (let index = 0; index < CONNECTIONS; index += 1) flood(from);
}

process.on('SIGTERM', () => {
  process.stdout.write(`${JSON.stringify(statuses)}\n`, () => process.exit(0));
});
