import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';

import {
  AGENT_CERTIFICATE_HEADER,
  AGENT_DATE_HEADER,
  AGENT_PROOF_HEADER,
  AGENT_SEAL_KEY_HEADER,
  lookupProofText,
} from '@bessemer/protocol/agent/trust';

import type { KeyPairPem } from '#bmc/lab-authority';

import { systemClock } from '../../clock.ts';
import type { Drill } from '../drill.ts';
import { makeFindings } from '../findings.ts';
import { lookupPath, tokenIn, unknownMac } from '../stage/agent-words.ts';
import { auditEnd, expectEvent } from '../stage/audit-trail.ts';
import { forgedCertificate } from '../stage/foreign-key.ts';
import { sessionOf } from '../stage/nodes.ts';
import { bootForInspection } from '../stage/played-machine.ts';
import { shown } from '../stage/shown.ts';

const DAY_MS = 86_400_000;

type ProofWish = {
  readonly identity: KeyPairPem;
  readonly host: string;
  readonly target: string;
  readonly sealKey: string;
  readonly dateMs?: number;
};

const proofHeaders = (wish: ProofWish): { readonly [name: string]: string } => {
  const { identity, host, target, sealKey, dateMs = systemClock.wallMs() } = wish;
  const key = createPrivateKey(identity.key);
  const text = Buffer.from(lookupProofText({ host, target, dateMs, sealKey }));
  return {
    [AGENT_CERTIFICATE_HEADER]: Buffer.from(identity.certificate).toString('base64url'),
    [AGENT_DATE_HEADER]: String(dateMs),
    [AGENT_PROOF_HEADER]: sign('sha256', text, { key, dsaEncoding: 'ieee-p1363' }).toString(
      'base64url',
    ),
    [AGENT_SEAL_KEY_HEADER]: sealKey,
  };
};

const newSealKey = (): string =>
  String(generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' }).x);

export const strippedProof: Drill = {
  name: 'stripped-proof',
  threats: ['T-02', 'T-06'],
  attempt:
    'on the way of the first lookup of a node with agent_min_trust 2, the proof of the key is taken off, taken from another lookup, or sealed to another key',
  expected:
    '404 for each with one body, agent.trust.too_low or reason proof; the whole proof then gets the token, sealed',
  run: async (stage) => {
    const findings = makeFindings();
    const { product } = stage;
    const driver = { boot_interface: 'ipxe', driver_info: { agent_min_trust: 2 } };
    const victim = await bootForInspection(product, await stage.node(driver));
    const { mac, address } = victim.machine;
    const identity = await forgedCertificate(address);
    const { host } = new URL(product.agentUrl);
    const target = lookupPath({ macs: [mac] });
    const right: ProofWish = { identity, host, target, sealKey: newSealKey() };
    const other = await forgedCertificate(address);
    const attempts: readonly (readonly [string, { readonly [name: string]: string }])[] = [
      ['no proof', {}],
      [
        'for another question',
        proofHeaders({ ...right, target: lookupPath({ macs: [unknownMac(1)] }) }),
      ],
      ['for another host', proofHeaders({ ...right, host: '10.0.0.66:6386' })],
      [
        'relayed from another host',
        { ...proofHeaders({ ...right, host: '10.0.0.66:6386' }), host: '10.0.0.66:6386' },
      ],
      ['of last week', proofHeaders({ ...right, dateMs: systemClock.wallMs() - 7 * DAY_MS })],
      ['sealed to another key', { ...proofHeaders(right), [AGENT_SEAL_KEY_HEADER]: newSealKey() }],
      [
        'of another certificate',
        {
          ...proofHeaders(right),
          [AGENT_CERTIFICATE_HEADER]: Buffer.from(other.certificate).toString('base64url'),
        },
      ],
    ];
    const mark = await auditEnd(product);
    // Not limited by source: all of them come from the machine's address in truth.
    const from = '127.0.0.1';
    for (const [index, [what, headers]] of attempts.entries()) {
      const path = index === 0 ? `${target},${unknownMac(2)}` : target;
      const answer = await product.ramdisk(path, { from, headers });
      findings.saw(`${what}: ${answer.status}`);
      findings.check(answer.status === 404, `${what}: ${answer.status}`);
      findings.check(tokenIn(answer) === null, `${what}: a token was given`);
    }
    for (const wish of [
      { event: 'agent.trust.too_low', node: victim.uuid },
      { event: 'agent.lookup.denied', node: victim.uuid, reason: 'proof' },
    ]) {
      await expectEvent(product, findings, mark, wish);
    }
    const { state } = await sessionOf(product, victim.uuid);
    findings.check(state === 'OPEN', `the session is ${shown(state)}`);
    const whole = await product.ramdisk(target, { from: address, headers: proofHeaders(right) });
    const isSealed = whole.text.includes('"sealed_token"') && tokenIn(whole) === null;
    findings.saw(`the whole proof: ${whole.status}${isSealed ? ', sealed' : ''}`);
    findings.check(whole.status === 200 && isSealed, `the whole proof: ${whole.status}`);
    return findings.finding();
  },
};
