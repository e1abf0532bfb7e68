// Bare TLS handshakes to the simulated agents, in a process of its own.

import { createHash, timingSafeEqual } from 'node:crypto';
import { connect, createSecureContext, type SecureContext } from 'node:tls';

import { AGENT_HOST } from './agent-certificates.ts';
import type { HandshakesWish } from './handshakes.ts';
import { addressOfAgent } from './simulated-agents.ts';
import { costOf } from './sweep-cost.ts';

const contextOf = ({ authority, client }: HandshakesWish): SecureContext =>
  createSecureContext({
    ca: authority === undefined ? [] : [authority],
    ...(client === undefined ? {} : { cert: client.certificatePem, key: client.keyPem }),
  });

const shakeHands = (wish: HandshakesWish, secureContext: SecureContext, index: number) =>
  new Promise<void>((resolve, reject) => {
    const place = index % wish.ports.length;
    const isChainVerified = wish.authority !== undefined;
    const socket = connect({
      host: addressOfAgent(index),
      port: wish.ports[place] ?? 0,
      secureContext,
      rejectUnauthorized: isChainVerified,
      servername: isChainVerified ? AGENT_HOST : '',
    });
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      if (!isChainVerified) {
        const key = socket.getPeerX509Certificate()?.publicKey;
        const der = key?.export({ type: 'spki', format: 'der' }) ?? Buffer.alloc(0);
        const pin = createHash('sha256').update(der).digest();
        if (!timingSafeEqual(pin, Buffer.from(wish.pins[place] ?? '', 'hex'))) {
          reject(new Error('another key'));
        }
      }
      // Said goodbye to, not dropped: the agent's half of the handshake must have come to its end too.
      socket.end();
    });
    socket.once('close', () => resolve());
  });

const sweep = async (wish: HandshakesWish): Promise<void> => {
  const context = contextOf(wish);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < wish.count) {
      const index = next;
      next += 1;
      await shakeHands(wish, context, index);
    }
  };
  await Promise.all(Array.from({ length: wish.concurrency }, worker));
};

process.on('message', (wish: HandshakesWish) => {
  void costOf(() => sweep(wish)).then((cost) => process.send?.(cost));
});
process.on('disconnect', () => process.exit(0));
