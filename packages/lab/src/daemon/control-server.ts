// The lab's own entrance, beside Redfish: a unix socket in the lab's directory, for its command line and for
// tests. Here faults are switched, and power is seen as it is, not as a lying BMC shows it.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { rm } from 'node:fs/promises';
import { isJsonObject, type JsonObject, type JsonValue } from '@bessemer/protocol/json';
import type { Lab, LabMachine } from '../lab.ts';
import { LabFailure } from '../lab-failure.ts';

const BODY_BYTES_MAX = 64 * 1024;
const POWER_ACTIONS = ['on', 'off', 'reset', 'soft-off'] as const;

export type ControlServer = { readonly close: () => Promise<void> };

export const startControlServer = async (
  lab: Lab,
  path: string,
  onShutdown: () => void,
): Promise<ControlServer> => {
  await rm(path, { force: true });
  const server = createServer((request, response) => {
    void answer(lab, request, onShutdown).then(
      (body) => send(response, 200, body),
      (error: unknown) =>
        send(response, error instanceof LabFailure ? 400 : 500, {
          error: error instanceof Error ? error.message : String(error),
        }),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
  };
};

const send = (response: ServerResponse, status: number, body: JsonValue): void => {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(text)),
    connection: 'close',
  });
  response.end(text);
};

const answer = async (
  lab: Lab,
  request: IncomingMessage,
  onShutdown: () => void,
): Promise<JsonValue> => {
  const [area, name, what] = (request.url ?? '').split('/').slice(1);
  const body = request.method === 'POST' ? await readBody(request) : {};
  if (area === 'shutdown' && request.method === 'POST') {
    onShutdown();
    return {};
  }
  if (area !== 'machines') throw new LabFailure(`nothing at ${request.url}`);
  if (name === undefined) return lab.machines.map(statusOf);
  const machine = lab.machines.find((each) => each.spec.facts.name === name);
  if (machine === undefined) throw new LabFailure(`the lab has no machine ${name}`);
  if (what === 'power') await changePower(machine, body);
  else if (what === 'boot') changeBoot(machine, body);
  else if (what === 'medium') await changeMedium(machine, body);
  else if (what === 'fault') changeFault(machine, body);
  else if (what === 'drop-sessions') machine.bmc.dropSessions();
  else if (what !== undefined) throw new LabFailure(`nothing at ${request.url}`);
  return statusOf(machine);
};

const statusOf = ({ spec, machine, bmc }: LabMachine): JsonObject => ({
  name: spec.facts.name,
  power: machine.isOn() ? 'on' : 'off',
  boot_override: machine.bootPlan.override?.source ?? null,
  faults: bmc.faults(),
  counters: bmc.counters(),
});

const changePower = async ({ machine }: LabMachine, body: JsonObject): Promise<void> => {
  const action = POWER_ACTIONS.find((each) => each === body['action']);
  switch (action) {
    case 'on':
      return machine.powerOn();
    case 'off':
      return machine.powerOff();
    case 'reset':
      return machine.reset();
    case 'soft-off':
      return machine.softOff();
    case undefined:
      throw new LabFailure(`power actions are ${POWER_ACTIONS.join(', ')}`);
  }
};

/** For the next start; null: from the disk. */
const changeBoot = ({ machine }: LabMachine, { source }: JsonObject): void => {
  if (source === null) machine.bootPlan.override = null;
  else if (source === 'network' || source === 'cdrom' || source === 'firmware') {
    machine.bootPlan.override = { source, isPersistent: false };
  } else throw new LabFailure('boot sources are null, network, cdrom and firmware');
};

/** For the next start; null: the drive is empty. */
const changeMedium = async ({ machine }: LabMachine, { path }: JsonObject): Promise<void> => {
  if (typeof path !== 'string') return machine.ejectMedia();
  await machine.insertMedia(path);
  machine.bootPlan.override = { source: 'cdrom', isPersistent: false };
};

const changeFault = ({ bmc }: LabMachine, body: JsonObject): void => {
  const { fault, on, value } = body;
  if (typeof fault !== 'string' || !bmc.faultNames.includes(fault)) {
    const known = bmc.faultNames.join(', ');
    throw new LabFailure(known === '' ? 'this BMC has no faults' : `faults are ${known}`);
  }
  if (on === false) bmc.clearFault(fault);
  else bmc.setFault(fault, typeof value === 'number' ? value : null);
};

const readBody = async (request: IncomingMessage): Promise<JsonObject> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    length += chunk.length;
    if (length > BODY_BYTES_MAX) throw new LabFailure('the request is too large');
    chunks.push(chunk);
  }
  if (length === 0) return {};
  const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  return isJsonObject(body) ? body : {};
};
