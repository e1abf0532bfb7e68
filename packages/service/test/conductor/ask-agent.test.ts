// One question over real TLS.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { after, before, test } from 'node:test';

import { systemClock } from '#clock';
import { askAgent } from '#conductor/agent-session/ask-agent';
import { makePrivateKeyPem } from '#trust/certificate/authority';
import {
  issueAgentCertificate,
  issueAuthorityCertificate,
} from '#trust/certificate/issue-certificate';
import { pinOfCertificate } from '#trust/certificate/pin';

import { Failure } from '@bessemer/protocol/errors/failure';

type Agent = {
  readonly url: string;
  readonly pin: string;
  /** Everything that was sent to it behind the handshake. */
  readonly heard: () => string;
  readonly close: () => Promise<void>;
};

const authority = await (async () => {
  const keyPem = await makePrivateKeyPem();
  const nowMs = systemClock.wallMs();
  const certificatePem = await issueAuthorityCertificate(keyPem, nowMs);
  return { keyPem, certificatePem, certificatePath: '' };
})();

const startAgent = async (answer: (socket: TLSSocket) => void): Promise<Agent> => {
  const { certificatePem, keyPem } = await issueAgentCertificate(authority, {
    commonName: 'agent',
    addresses: ['127.0.0.1'],
    nowMs: systemClock.wallMs(),
  });
  let heard = '';
  const sockets = new Set<TLSSocket>();
  const server: Server = createServer({ cert: certificatePem, key: keyPem.reveal() }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (bytes: Buffer) => {
      heard += bytes.toString();
      answer(socket);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    pin: pinOfCertificate(certificatePem),
    heard: () => heard,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
};

const answering = (socket: TLSSocket): void => {
  socket.end('HTTP/1.1 200 OK\r\ncontent-length: 15\r\n\r\n{"commands":[]}');
};

const ask = (agent: Agent, more: { readonly pin?: string; readonly answerMsMax?: number } = {}) =>
  askAgent({
    callbackUrl: agent.url,
    pin: agent.pin,
    identity: undefined,
    clock: systemClock,
    answerMsMax: 10_000,
    answerBytesMax: 1_000,
    target: '/v1/commands/?agent_token=t',
    ...more,
  });

const failsWith = (code: string) => (error: unknown) =>
  error instanceof Failure && error.code === code;

let honest: Agent;
before(async () => {
  honest = await startAgent(answering);
});
after(() => honest.close());

test('the question is asked and the answer comes back', async () => {
  const answer = await ask(honest);

  assert.deepEqual(answer, { status: 200, text: '{"commands":[]}' });
  assert.match(honest.heard(), /^GET \/v1\/commands\/\?agent_token=t HTTP\/1\.1\r\n/);
});

test('T-12: who has another key hears nothing', async () => {
  const rogue = await startAgent(answering);

  await assert.rejects(ask(rogue, { pin: honest.pin }), failsWith('agent.key-mismatch'));

  await rogue.close();
  assert.equal(rogue.heard(), '');
});

test('an agent that takes the question and says nothing is out of reach', async () => {
  const silent = await startAgent(() => undefined);

  await assert.rejects(ask(silent, { answerMsMax: 50 }), failsWith('agent.unreachable'));

  await silent.close();
});

test('an agent that answers without an end costs no more than the limit', async () => {
  const endless = await startAgent((socket) => {
    socket.write(`HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(64_000)}`);
  });

  await assert.rejects(ask(endless), failsWith('agent.protocol'));

  await endless.close();
});

test('an agent that hangs up in the middle is out of reach or no agent, never an answer', async () => {
  const half = await startAgent((socket) => {
    socket.end('HTTP/1.1 200 OK\r\ncontent-length: 15\r\n\r\n{"comm');
  });

  await assert.rejects(ask(half), failsWith('agent.protocol'));

  await half.close();
});

test('nobody there is out of reach, and may be asked again', async () => {
  const gone = await startAgent(answering);
  await gone.close();

  await assert.rejects(
    ask(gone),
    (error) => error instanceof Failure && error.code === 'agent.unreachable' && error.isRetryable,
  );
});
