import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  issueAgentCertificate,
  issueAuthorityCertificate,
} from '../certificate/issue-certificate.ts';
import { makePrivateKeyPem } from '../certificate/authority.ts';
import { pinOfCertificate } from '../certificate/pin.ts';
import { decideHeartbeat, type HeartbeatFacts, type SessionFacts } from './decide-heartbeat.ts';
import { hashOfToken, makeToken } from './grant.ts';

const URL = 'https://10.99.0.51:9999';
const RULES = { allowedNetworks: [], isLoopbackAllowed: false, requireTls: true };
const TOKEN = makeToken().token.reveal();
const NOW_MS = 1_800_000_000_000;
const VERSION = '11.9.0';

const makeCertificate = async (): Promise<string> => {
  const keyPem = await makePrivateKeyPem();
  const certificatePem = await issueAuthorityCertificate(keyPem, NOW_MS);
  const authority = { keyPem, certificatePem, certificatePath: '' };
  const wanted = { commonName: 'agent', addresses: ['10.99.0.51'], nowMs: NOW_MS };
  return (await issueAgentCertificate(authority, wanted)).certificatePem;
};

const CERTIFICATE = await makeCertificate();
const SEALED: SessionFacts = {
  state: 'SEALED',
  tokenHash: hashOfToken(TOKEN),
  pin: pinOfCertificate(CERTIFICATE),
  callbackUrl: null,
  address: null,
};
const BOUND: SessionFacts = { ...SEALED, state: 'BOUND', callbackUrl: URL, address: '10.99.0.51' };
const GOOD: HeartbeatFacts = {
  callbackUrl: URL,
  token: TOKEN,
  agentVersion: VERSION,
  certificatePem: CERTIFICATE,
  status: undefined,
  sourceAddress: '10.99.0.51',
};

const outcome = (
  session: SessionFacts | undefined,
  change: Partial<HeartbeatFacts> = {},
): string => {
  const decision = decideHeartbeat(session, { ...GOOD, ...change }, RULES);
  return decision.kind === 'refuse' ? decision.text : decision.kind;
};

const BAD_TOKEN = 'Invalid or missing agent token received.';
const CHANGED_CALLBACK = 'Detected change in ramdisk provided "callback_url"';
const CONFLICT = 'agent.binding.conflict';
const BAD_CALLBACK = 'An issue with the supplied "callback_url" has been detected.';

test('the first good heartbeat binds the address, later ones are taken', () => {
  assert.deepEqual(decideHeartbeat(SEALED, GOOD, RULES), { kind: 'bind', address: '10.99.0.51' });
  assert.equal(outcome(BOUND), 'accept');
  assert.equal(outcome(BOUND, { certificatePem: `\n${CERTIFICATE}\n` }), 'accept');
});

test('without the right token nothing else is looked at', () => {
  const wrong = { callbackUrl: 'x', certificatePem: 'x', sourceAddress: '192.0.2.66' };

  assert.equal(
    outcome(BOUND, { ...wrong, token: undefined }),
    'Agent token is required for heartbeat processing.',
  );
  for (const token of ['', TOKEN.slice(1), `${TOKEN}x`, makeToken().token.reveal(), '******']) {
    assert.equal(outcome(BOUND, { ...wrong, token }), BAD_TOKEN);
  }
  assert.equal(outcome(undefined, wrong), BAD_TOKEN);
});

test('a session that is over, suspect or without a token takes nothing', () => {
  for (const state of ['OPEN', 'SUSPECT', 'REVOKED', 'CLOSED']) {
    assert.equal(outcome({ ...BOUND, state }), BAD_TOKEN, state);
  }
  assert.equal(outcome({ ...BOUND, tokenHash: null }), BAD_TOKEN);
});

test('an agent without a version is told to be updated', () => {
  assert.match(outcome(BOUND, { agentVersion: undefined }), /did not transmit a version/);
});

test('a bound address does not move, not even by a slash', () => {
  for (const callbackUrl of [
    `${URL}/`,
    'https://10.99.0.52:9999',
    'https://10.99.0.51:9998',
    'http://10.99.0.51:9999',
    'https://user@10.99.0.51:9999',
  ]) {
    const decision = decideHeartbeat(BOUND, { ...GOOD, callbackUrl }, RULES);
    assert.deepEqual(decision, { kind: 'refuse', text: CHANGED_CALLBACK, event: CONFLICT });
  }
  for (const callbackUrl of ['', 'x', 'https://']) {
    const decision = decideHeartbeat(BOUND, { ...GOOD, callbackUrl }, RULES);
    assert.deepEqual(decision, { kind: 'refuse', text: BAD_CALLBACK, event: CONFLICT });
  }
});

test('another key than the one that was made for this boot is refused', async () => {
  const other = await makeCertificate();

  for (const session of [SEALED, BOUND]) {
    for (const certificatePem of [other, 'no certificate', 'x'.repeat(20_000)]) {
      const text = outcome(session, { certificatePem });
      assert.equal(text, 'Detected change in ramdisk provided "agent_verify_ca"');
    }
  }
});

test('a first address must be one that machines can have, by TLS', () => {
  assert.equal(
    outcome(SEALED, { callbackUrl: 'http://10.99.0.51:9999' }),
    'TLS is required by configuration',
  );
  for (const callbackUrl of ['https://169.254.169.254:9999', 'https://a.example:9999', 'x']) {
    assert.equal(outcome(SEALED, { callbackUrl }), BAD_CALLBACK);
  }
});

/** Each has every fault of those below it too: the first one is told. */
const IN_ORDER = [
  ['no token', { token: undefined }, 'Agent token is required for heartbeat processing.'],
  [
    'a status word that is none',
    { status: 'happy' },
    'Agent status is invalid. Valid states are start,end,error.',
  ],
  [
    'no version',
    { agentVersion: undefined },
    'Agent did not transmit a version, and a version is required. Please update the agent being used.',
  ],
  ['a wrong token', { token: 'A'.repeat(43) }, BAD_TOKEN],
  ['a callback that is no URL', { callbackUrl: 'x' }, BAD_CALLBACK],
  ['plain HTTP', { callbackUrl: 'http://10.99.0.51:9999' }, 'TLS is required by configuration'],
  ['another key', { certificatePem: 'x' }, 'Detected change in ramdisk provided "agent_verify_ca"'],
  ['a callback by name', { callbackUrl: 'https://a.example:9999' }, BAD_CALLBACK],
  ['another source', { sourceAddress: '192.0.2.66' }, BAD_CALLBACK],
] as const;

test('of several faults the first one in the order of checks is told', () => {
  for (const [index, [what, , text]] of IN_ORDER.entries()) {
    const faults: Partial<HeartbeatFacts> = {};
    for (const [, change] of IN_ORDER.slice(index).toReversed()) Object.assign(faults, change);
    assert.equal(outcome(SEALED, faults), text, what);
  }
});

test('known status words are taken, with or without a version', () => {
  for (const status of ['start', 'end', 'error']) {
    assert.equal(outcome(BOUND, { status }), 'accept');
    assert.equal(outcome(BOUND, { status, agentVersion: undefined }), 'accept');
  }
});

test('a heartbeat comes from the address that it wants to be called back at', () => {
  for (const session of [SEALED, BOUND]) {
    const refused = decideHeartbeat(session, { ...GOOD, sourceAddress: '10.99.0.52' }, RULES);
    assert.deepEqual(refused, { kind: 'refuse', text: BAD_CALLBACK, event: 'agent.source.denied' });
    assert.notEqual(outcome(session, { sourceAddress: '::ffff:10.99.0.51' }), BAD_CALLBACK);
  }
});
