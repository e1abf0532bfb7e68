// Meeting a service of our own over TLS: the agent proves its key, takes the token sealed, signs its heartbeats.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { X509Certificate } from 'node:crypto';
import { VECTOR_SEAL } from '@bessemer/protocol/agent/trust-vectors';
import type { AgentConfiguration } from '../src/configuration.ts';
import { type LookupService, type Seen, startLookupService } from './lookup-service.ts';
import { numberOfHeartbeat, provedCertificate, sealTokenTo, SESSION } from './service-half.ts';
import { startTestAgent, type TestAgent } from './simulated-agent.ts';
import { makeTestAuthority, type TestAuthority } from './test-authority.ts';

const GIVEN = 'G'.repeat(43);

let authority: TestAuthority;
let service: LookupService;
let agent: TestAgent | undefined;

const bessemer = (more: object = {}, signatures = true) => ({
  session: SESSION,
  boot_number: 1,
  trust: { signatures, client_certificate: false },
  ...more,
});

const sealed = ({ headers }: Seen) => ({
  agent_token: '******',
  bessemer: bessemer({
    sealed_token: { ...sealTokenTo(String(headers['x-bessemer-agent-seal-key']), GIVEN) },
  }),
});

const start = async (configuration: Partial<AgentConfiguration> = {}): Promise<TestAgent> => {
  agent = await startTestAgent({
    configuration: {
      apiUrls: [service.url],
      authorityPem: authority.certificatePem,
      token: null,
      isOwnService: true,
      session: SESSION,
      ...configuration,
    },
  });
  return agent;
};

before(async () => {
  authority = await makeTestAuthority('authority of this test');
});
beforeEach(async () => {
  service = await startLookupService(authority);
});
afterEach(async () => {
  await agent?.close();
  agent = undefined;
  service.close();
});
after(() => service.close());

test('the key that a lookup proves is the key that the agent serves', async () => {
  service.config = sealed;
  await start();

  const [lookup] = service.lookups();
  const [beat] = await service.heartbeats(1);

  assert.ok(lookup && beat);
  const proved = provedCertificate(lookup.headers, lookup.target);
  assert.ok(proved);
  assert.equal(JSON.parse(beat.body)['agent_verify_ca'], proved);
  const key = new X509Certificate(proved).publicKey;
  assert.equal(key.asymmetricKeyDetails?.namedCurve, 'prime256v1');
});

test('a proof is worth nothing for another host, target, date or seal key', async () => {
  service.config = sealed;
  await start();

  const [lookup] = service.lookups();

  assert.ok(lookup);
  const { headers, target } = lookup;
  assert.equal(provedCertificate(headers, `${target}&node_uuid=x`), undefined);
  for (const changed of [
    { host: '192.0.2.1' },
    { 'x-bessemer-agent-date': '1' },
    { 'x-bessemer-agent-seal-key': 'A'.repeat(43) },
  ]) {
    assert.equal(provedCertificate({ ...headers, ...changed }, target), undefined);
  }
});

test('a sealed token is taken before a plain one, and heartbeats carry it', async () => {
  service.config = (lookup) => ({ ...sealed(lookup), agent_token: 'P'.repeat(43) });
  await start();

  const [beat] = await service.heartbeats(1);

  assert.equal(JSON.parse(beat?.body ?? '')['agent_token'], GIVEN);
});

test('T-13: a mask with a sealed token that does not open locks the machine down', async () => {
  service.config = (lookup) => {
    const { bessemer: own } = sealed(lookup);
    return {
      agent_token: '******',
      bessemer: { ...own, sealed_token: { ...sealTokenTo(VECTOR_SEAL.agentPublic, GIVEN) } },
    };
  };

  const { callbackUrl, lines } = await start();

  assert.equal(callbackUrl, null);
  assert.ok(lines().some((line) => line.includes('locked down')));
});

test('T-08: heartbeats are signed, and no number comes twice', async () => {
  service.config = sealed;
  const { callbackUrl, close } = await start();
  assert.ok(callbackUrl);
  const [first] = await service.heartbeats(1);
  await close();
  await start();

  const [, second] = await service.heartbeats(2);

  assert.ok(first && second);
  const numbers = [first, second].map((beat) => numberOfHeartbeat(GIVEN, beat));
  assert.ok((numbers[0] ?? Infinity) < (numbers[1] ?? 0));
  assert.equal(numberOfHeartbeat(GIVEN, { ...first, body: `${first.body} ` }), undefined);
  assert.equal(numberOfHeartbeat('X'.repeat(43), first), undefined);
});

test('heartbeats are not signed for a service that did not say that it looks', async () => {
  service.config = () => ({ agent_token: GIVEN, bessemer: bessemer({}, false) });
  await start();

  const [beat] = await service.heartbeats(1);

  assert.equal(beat?.headers['x-bessemer-signature'], undefined);
});

test('a stock service gets no header of ours, and its plain token is taken', async () => {
  service.config = () => ({ agent_token: GIVEN });
  await start({ isOwnService: false, session: null });

  const [lookup] = service.lookups();
  const [beat] = await service.heartbeats(1);

  const names = [...Object.keys(lookup?.headers ?? {}), ...Object.keys(beat?.headers ?? {})];
  assert.deepEqual(
    names.filter((name) => name.startsWith('x-bessemer')),
    [],
  );
  assert.equal(JSON.parse(beat?.body ?? '')['agent_token'], GIVEN);
});

test('T-06: a service with a certificate of another authority is asked nothing', async () => {
  const other = await makeTestAuthority('somebody else');

  await assert.rejects(
    start({ authorityPem: other.certificatePem, lookupTimeoutMs: 1, lookupIntervalMs: 1 }),
    /did not say within/,
  );

  assert.deepEqual(service.seen, []);
});

test('neither token nor query of a lookup stand in the log', async () => {
  service.config = sealed;
  const { lines } = await start();
  await service.heartbeats(1);

  const text = lines().join('\n');
  assert.equal(text.includes(GIVEN), false);
  assert.equal(text.includes('addresses='), false);
});
