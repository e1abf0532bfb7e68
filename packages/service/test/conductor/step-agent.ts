// The agent of a machine that is being cleaned, serviced or deployed, over real TLS: offers steps, does each at once,
// and forgets all when its machine is started again. It takes the token of its present boot only.

import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';

import type { IssuedCertificate } from '#trust/certificate/issue-certificate';

import { isJsonObject, type JsonObject } from '@bessemer/protocol/json';

export type OfferedStep = {
  readonly step: string;
  readonly reboot_requested: boolean;
  readonly priority?: number;
  readonly abortable?: boolean;
  readonly argsinfo?: JsonObject;
};

export type AgentIdentity = { readonly certificatePem: string; readonly keyPem: string };

export type StepAgent = {
  readonly callbackUrl: string;
  /** Names of steps, in the order in which they were asked for, and `steps` for the question which there are. */
  readonly done: () => readonly string[];
  /** The step runs until `finish` is called. */
  readonly makeSlow: (step: string) => void;
  readonly finish: () => void;
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
  const slow = new Set<string>();
  const unfinished: JsonObject[] = [];
  let commands: JsonObject[] = [];
  let token: string | undefined;

  const perform = (name: string, params: JsonObject): JsonObject => {
    const [kind = ''] = name.split('.');
    if (name === `${kind}.get_${kind}_steps`) {
      done.push('steps');
      const steps = offered.map((step, index) => ({
        interface: 'deploy',
        priority: 100 - index,
        ...step,
      }));
      return result(`get_${kind}_steps`, { [`${kind}_steps`]: { Manager: steps } });
    }
    const { step } = params;
    if (!isJsonObject(step)) {
      done.push(name);
      return result(name.slice(kind.length + 1), {});
    }
    done.push(step['step'] as string);
    const performed = result(`execute_${kind}_step`, {
      [`${kind}_step`]: step,
      [`${kind}_result`]: {},
    });
    if (!slow.has(step['step'] as string)) return performed;
    unfinished.push(performed);
    return { ...performed, command_status: 'RUNNING', command_result: null };
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
    makeSlow: (step) => slow.add(step),
    finish: () => {
      const performed = unfinished.splice(0);
      commands = [...commands.slice(0, commands.length - performed.length), ...performed];
    },
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
