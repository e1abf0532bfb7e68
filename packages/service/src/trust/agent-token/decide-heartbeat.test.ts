import assert from 'node:assert/strict';
import { test } from 'node:test';

import { VECTOR_SESSION } from '@bessemer/protocol/agent/trust-vectors';

import {
  issueAgentCertificate,
  issueAuthorityCertificate,
} from '../certificate/issue-certificate.ts';
import { makePrivateKeyPem } from '../certificate/authority.ts';
import { pinOfCertificate } from '../certificate/pin.ts';
import {
  decideHeartbeat,
  type HeartbeatFacts,
  type HeartbeatRules,
  type SessionFacts,
} from './decide-heartbeat.ts';
import { deriveSessionKey } from './derived-keys.ts';
import { hashOfToken, makeToken } from './grant.ts';
import { signRequest } from './signed-request.ts';
import { Secret } from '../secret.ts';

const URL = 'https://10.99.0.51:9999';
const TOKEN = makeToken().token.reveal();
const NOW_MS = 1_800_000_000_000;
const RULES: HeartbeatRules = {
  allowedNetworks: [],
  isLoopbackAllowed: false,
  requireTls: true,
  nowMs: NOW_MS,
  clockSkewMs: 3_600_000,
  minTrustLevel: 1,
};
const VERSION = '11.9.0';

const makeCertificate = async (address = '10.99.0.51'): Promise<string> => {
  const keyPem = await makePrivateKeyPem();
  const certificatePem = await issueAuthorityCertificate(keyPem, NOW_MS);
  const authority = { keyPem, certificatePem, certificatePath: '' };
  const wanted = { commonName: 'agent', addresses: [address], nowMs: NOW_MS };
  return (await issueAgentCertificate(authority, wanted)).certificatePem;
};

const CERTIFICATE = await makeCertificate();
const SEALED: SessionFacts = {
  id: VECTOR_SESSION,
  state: 'SEALED',
  route: 'vmedia',
  trustLevel: 2,
  isSigning: false,
  sequence: 0,
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
  assert.deepEqual(decideHeartbeat(SEALED, GOOD, RULES), {
    kind: 'bind',
    address: '10.99.0.51',
    pin: SEALED.pin,
    trustLevel: 2,
    sequence: null,
  });
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
    assert.deepEqual(decision, {
      kind: 'refuse',
      status: 400,
      text: CHANGED_CALLBACK,
      event: CONFLICT,
    });
  }
  for (const callbackUrl of ['', 'x', 'https://']) {
    const decision = decideHeartbeat(BOUND, { ...GOOD, callbackUrl }, RULES);
    assert.deepEqual(decision, {
      kind: 'refuse',
      status: 400,
      text: BAD_CALLBACK,
      event: CONFLICT,
    });
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
    assert.deepEqual(refused, {
      kind: 'refuse',
      status: 400,
      text: BAD_CALLBACK,
      event: 'agent.source.denied',
    });
    assert.notEqual(outcome(session, { sourceAddress: '::ffff:10.99.0.51' }), BAD_CALLBACK);
  }
});

const GIVEN: SessionFacts = {
  ...SEALED,
  state: 'GIVEN',
  route: 'lookup',
  pin: null,
  trustLevel: 1,
};

test('the first key of a stock agent is pinned with its first heartbeat, if it can be one', async () => {
  const bound = decideHeartbeat(GIVEN, GOOD, RULES);
  const other = await makeCertificate('10.99.0.52');

  assert.equal(bound.kind === 'bind' && bound.pin, pinOfCertificate(CERTIFICATE));
  for (const certificatePem of [undefined, '', 'x', other, `${CERTIFICATE}\n${other}`]) {
    assert.match(outcome(GIVEN, { certificatePem }), /agent_verify_ca/);
  }
});

test('without TLS an agent reaches level 0, and only where the node takes that', () => {
  const plain = { callbackUrl: 'http://10.99.0.51:9999' };
  const rules = { ...RULES, requireTls: false };
  const low = decideHeartbeat(GIVEN, { ...GOOD, ...plain }, { ...rules, minTrustLevel: 0 });
  const refused = decideHeartbeat(GIVEN, { ...GOOD, ...plain }, rules);

  assert.deepEqual(low.kind === 'bind' && [low.trustLevel, low.pin], [0, null]);
  assert.equal(refused.kind === 'refuse' && refused.event, 'agent.trust.too_low');
  const high = decideHeartbeat(SEALED, GOOD, { ...RULES, minTrustLevel: 3 });
  assert.equal(high.kind === 'refuse' && high.event, 'agent.trust.too_low');
});

const signedWith = (sequence: string, token = TOKEN) => {
  const parts = { method: 'POST', path: '/v1/heartbeat/x', body: '{}', sequence };
  const key = deriveSessionKey(new Secret(token), VECTOR_SESSION, 'up');
  return { ...parts, signature: signRequest(key, parts) };
};

test('T-08: of a signing agent only what is signed, with a rising number, is its own', () => {
  const signing = { ...BOUND, isSigning: true, sequence: 7 };
  const good = decideHeartbeat(signing, { ...GOOD, signed: signedWith('8') }, RULES);

  assert.deepEqual(good, { kind: 'accept', sequence: 8 });
  for (const signed of [
    undefined,
    signedWith('7'),
    signedWith('6'),
    signedWith('08'),
    signedWith('-8'),
    signedWith('8e3'),
    signedWith(''),
    signedWith('99999999999999999999'),
    signedWith('8', makeToken().token.reveal()),
    { ...signedWith('8'), body: '{"x":1}' },
    { ...signedWith('8'), sequence: '9' },
    { ...signedWith('8'), path: '/v1/heartbeat/y' },
  ]) {
    const decision = decideHeartbeat(signing, { ...GOOD, signed }, RULES);
    assert.equal(decision.kind === 'refuse' && decision.event, 'agent.replay');
  }
});

test('an agent that signs once is held to it; a wrong signature is never overlooked', () => {
  assert.deepEqual(decideHeartbeat(BOUND, { ...GOOD, signed: signedWith('1') }, RULES), {
    kind: 'accept',
    sequence: 1,
  });
  const wrong = { ...signedWith('1'), signature: 'x' };
  const decision = decideHeartbeat(BOUND, { ...GOOD, signed: wrong }, RULES);
  assert.equal(decision.kind === 'refuse' && decision.event, 'agent.replay');
});

test('a polled agent that calls is refused with 403, whatever it shows', () => {
  const decision = decideHeartbeat({ ...BOUND, route: 'poll' }, GOOD, RULES);

  assert.deepEqual(decision.kind === 'refuse' && [decision.status, decision.event], [
    403,
    'agent.unexpected_heartbeat',
  ]);
});
