import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AgentTrust } from './agent-trust.ts';
import { parseBessemerConfig } from './bessemer-config.ts';

const SEALED = { key: 'k', nonce: 'n', ciphertext: 'c', tag: 't' };

test('what a service of ours says is read, whatever else is there', () => {
  const config = parseBessemerConfig({
    session: 's',
    boot_number: 2,
    trust: { signatures: true, later: 1 },
    sealed_token: { ...SEALED, later: 1 },
    later: {},
  });

  assert.deepEqual(config, {
    session: 's',
    boot_number: 2,
    trust: { signatures: true, client_certificate: false },
    sealed_token: SEALED,
  });
});

test('a stock service says nothing of the kind', () => {
  for (const value of [undefined, null, 'x', [], {}, { session: 1 }]) {
    assert.equal(parseBessemerConfig(value), null);
  }
});

test('a sealed token with a part missing is none', () => {
  const config = parseBessemerConfig({ session: 's', sealed_token: { key: 'k' } });

  assert.equal(config?.sealed_token, undefined);
});

test('signatures that were asked for once are asked for until the end of the boot', () => {
  const trust = new AgentTrust({ session: 's', requiresSignatures: false });
  const config = { session: 's', boot_number: 1 };
  const never = { signatures: false, client_certificate: false };

  trust.learn({ ...config, trust: never });
  assert.equal(trust.mustCommandsBeSigned, false);
  trust.learn({ ...config, trust: { ...never, signatures: true } });
  trust.learn({ ...config, trust: never });

  assert.ok(trust.mustCommandsBeSigned && trust.signsHeartbeats);
});

test('node info cannot move an agent to another session', () => {
  const trust = new AgentTrust({ session: 'of the medium', requiresSignatures: true });

  trust.learn({
    session: 'other',
    boot_number: 1,
    trust: { signatures: true, client_certificate: true },
  });

  assert.equal(trust.session, 'of the medium');
});
