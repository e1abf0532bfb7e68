// The agent of a machine that is being cleaned, over real TLS: offers steps, does each at once, and forgets all when
// its machine is started again. It takes the token of its present boot only.

import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';

import type { IssuedCertificate } from '#trust/certificate/issue-certificate';

import type { JsonObject } from '@bessemer/protocol/json';

export type OfferedStep = { readonly step: string; readonly reboot_requested: boolean };

export type AgentIdentity = { readonly certificatePem: string; readonly keyPem: string };

export type StepAgent = {
  readonly callbackUrl: string;
  /** Names of steps, in the order in which they were asked for, and `steps` for the question which there are. */
  readonly done: () => readonly string[];
  /** A new boot: nothing is remembered, and another token is taken. */
  readonly restart: (token: string, identity?: AgentIdentity) => void;
  readonly close: () => Promise<void>;
};

const readBody = async (request: IncomingMessage): Promise<JsonObject> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return chunks.length === 0 ? {} : (JSON.parse(Buffer.concat(chunks).toString()) as JsonObject);
};

const result = (name: string, value: JsonObject): JsonObject => ({
  id: name,
  command_name: name,
  command_status: 'SUCCEEDED',
  command_error: null,
  command_result: value,
});

export const openStepAgent = async (
  certificate: IssuedCertificate,
  offered: readonly OfferedStep[],
): Promise<StepAgent> => {
  const done: string[] = [];
  let commands: JsonObject[] = [];
  let token: string | undefined;

  const perform = (name: string, params: JsonObject): JsonObject => {
    if (name === 'clean.get_clean_steps') {
      done.push('steps');
      const steps = offered.map((step, index) => ({
        interface: 'deploy',
        priority: 100 - index,
        ...step,
      }));
      return result('get_clean_steps', { clean_steps: { Manager: steps } });
    }
    const step = params['step'] as JsonObject;
    done.push(step['step'] as string);
    return result('execute_clean_step', { clean_step: step, clean_result: {} });
  };

  const server = createServer(
    { cert: certificate.certificatePem, key: certificate.keyPem.reveal() },
    (request, response) => {
      const answer = (status: number, body: JsonObject): void => {
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(JSON.stringify(body));
      };
      const offeredToken = new URL(request.url ?? '/', 'http://agent').searchParams;
      if (token === undefined || offeredToken.get('agent_token') !== token) {
        answer(401, { faultstring: 'Token invalid.' });
        return;
      }
      if (request.method === 'GET') {
        answer(200, { commands });
        return;
      }
      void readBody(request).then((body) => {
        const performed = perform(body['name'] as string, body['params'] as JsonObject);
        commands.push(performed);
        answer(200, performed);
      });
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    callbackUrl: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    done: () => done,
    restart: (next, identity) => {
      commands = [];
      if (identity !== undefined) {
        server.setSecureContext({ cert: identity.certificatePem, key: identity.keyPem });
      }
      token = next;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};
