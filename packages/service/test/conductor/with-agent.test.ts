// Commands to a bound agent: whom they go to, and by what the agent knows that they are ours.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterEach, before, beforeEach, test } from 'node:test';

import { withAgent } from '#conductor/agent-session/with-agent';
import type { Job } from '#conductor/workflow/step';
import { listAudit } from '#store/audit';
import { openStore, type Store } from '#store/database';
import { deriveSessionKey } from '#trust/agent-token/derived-keys';
import { makeToken } from '#trust/agent-token/grant';
import { isSignedBy } from '#trust/agent-token/signed-request';
import { makePrivateKeyPem } from '#trust/certificate/authority';
import {
  issueAgentCertificate,
  issueAuthorityCertificate,
  type IssuedCertificate,
} from '#trust/certificate/issue-certificate';
import { pinOfCertificate } from '#trust/certificate/pin';

import { makeHandClock } from '../drivers/hand-clock.ts';
import { bindAgent, FENCE } from './bound-agent.ts';
import { type FakeAgent, openFakeAgent } from './fake-agent.ts';

let certificates: readonly IssuedCertificate[];
let store: Store;
let agent: FakeAgent;
let job: Pick<Job, 'node' | 'parts' | 'fence'>;
let token: ReturnType<typeof makeToken>;
let sessionId: string;

const certificate = (index: number): IssuedCertificate => {
  const found = certificates[index];
  assert.ok(found);
  return found;
};

before(async () => {
  const nowMs = makeHandClock().wallMs();
  const keyPem = await makePrivateKeyPem();
  const certificatePem = await issueAuthorityCertificate(keyPem, nowMs);
  const authority = { keyPem, certificatePem, certificatePath: '' };
  const issue = () => issueAgentCertificate(authority, { commonName: 'a', addresses: [], nowMs });
  certificates = [await issue(), await issue()];
});

const bindTo = async (place: FakeAgent, pin: string): Promise<void> => {
  job = await bindAgent({ store, sessionId, token, place, pin });
};

beforeEach(async () => {
  store = await openStore({ engine: 'sqlite', path: ':memory:' });
  token = makeToken();
  sessionId = randomUUID();
  agent = await openFakeAgent({
    address: '127.0.0.1',
    port: 0,
    certificate: certificate(0),
    token: token.token.reveal(),
    sessionId,
    startedAtMs: 0,
    macs: ['52:54:00:00:00:01'],
  });
});

afterEach(async () => {
  await agent.close();
  await store.close();
});

const askHardware = () =>
  withAgent(job, (client) => client.send('poll.get_hardware_info', {}, { isWaiting: true }));

test('T-07: somebody with another key in the place of the agent gets no byte, and that is told', async () => {
  await bindTo(agent, pinOfCertificate(certificate(1).certificatePem));

  await assert.rejects(askHardware(), { code: 'agent.key-mismatch', isRetryable: false });

  assert.equal(agent.bytes(), 0);
  const audit = await listAudit(store.db, { afterSeq: 0, limit: 10 });
  assert.deepEqual(
    audit.map(({ event, source }) => [event, source]),
    [['agent.pin_mismatch', '127.0.0.1']],
  );
});

test('each command is signed over its own words, with a number that rises under the fence', async () => {
  await bindTo(agent, agent.pin);

  await askHardware();
  await askHardware();

  const key = deriveSessionKey(token.token, sessionId, 'down');
  const [first, second] = agent.posts();
  assert.ok(first && second);
  for (const { path, body, headers } of [first, second]) {
    const parts = { method: 'POST', path, body, sequence: headers['x-bessemer-sequence'] ?? '' };
    assert.ok(isSignedBy(key, parts, headers['x-bessemer-signature'] ?? ''));
    assert.equal(headers['x-bessemer-fence'], String(FENCE));
  }
  const numbers = [first, second].map(({ headers }) =>
    (headers['x-bessemer-sequence'] ?? '').split('.').map(Number),
  );
  assert.deepEqual([numbers[0]?.[0], numbers[1]?.[0]], [FENCE, FENCE]);
  assert.ok((numbers[1]?.[1] ?? 0) > (numbers[0]?.[1] ?? 0));
});
