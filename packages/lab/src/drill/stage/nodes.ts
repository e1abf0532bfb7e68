// Nodes of a drill: made from lab machines through the public API, as an operator makes them.

import { isJsonObject, type JsonObject } from '@bessemer/protocol/json';

import { pause, systemClock } from '../../clock.ts';
import { LabFailure } from '../../lab-failure.ts';
import type { DrillMachine } from './labs.ts';
import type { Product } from './product.ts';
import { shown } from './shown.ts';

const LOOK_EACH_MS = 50;
const STATE_MS_MAX = 60_000;
const SESSION_MS_MAX = 30_000;

export type DrillNode = { readonly uuid: string; readonly machine: DrillMachine };

const required = (what: string, answer: { readonly status: number; readonly text: string }) => {
  if (answer.status >= 300) {
    throw new LabFailure(`${what} answered ${answer.status}: ${answer.text.slice(0, 500)}`);
  }
};

export const enrol = async (
  product: Product,
  machine: DrillMachine,
  more: { readonly [field: string]: unknown } = {},
): Promise<DrillNode> => {
  const { driver_info: driverInfo, ...fields } = more;
  const made = await product.api('POST', '/v1/nodes', {
    name: machine.name,
    driver: 'redfish',
    driver_info: { ...machine.driverInfo, ...(driverInfo as JsonObject | undefined) },
    network_data: machine.networkData,
    ...fields,
  });
  required('POST /v1/nodes', made);
  const uuid = isJsonObject(made.body) ? shown(made.body['uuid']) : '';
  const port = { node_uuid: uuid, address: machine.mac };
  required('POST /v1/ports', await product.api('POST', '/v1/ports', port));
  await askFor(product, uuid, 'manage');
  await waitForState(product, uuid, ['manageable']);
  return { uuid, machine };
};

export const askFor = async (
  product: Product,
  uuid: string,
  target: string,
  more: { readonly [field: string]: unknown } = {},
): Promise<void> => {
  const path = `/v1/nodes/${uuid}/states/provision`;
  required(`asking for ${target}`, await product.api('PUT', path, { target, ...more }));
};

export const showNode = async (product: Product, uuid: string): Promise<JsonObject> => {
  const answer = await product.api('GET', `/v1/nodes/${uuid}`);
  required(`GET /v1/nodes/${uuid}`, answer);
  if (!isJsonObject(answer.body)) throw new LabFailure('a node is not an object');
  return answer.body;
};

export const patchNode = async (
  product: Product,
  uuid: string,
  values: { readonly [path: string]: unknown },
): Promise<void> => {
  const patch = Object.entries(values).map(([path, value]) => ({ op: 'add', path, value }));
  required('PATCH', await product.api('PATCH', `/v1/nodes/${uuid}`, patch));
};

/** Whatever it came to: the state in which the node rests, or the one that it is in when the time is over. */
export const restingState = async (
  product: Product,
  uuid: string,
  restless: readonly string[],
): Promise<JsonObject> => {
  const untilMs = systemClock.monotonicMs() + STATE_MS_MAX;
  for (;;) {
    const node = await showNode(product, uuid);
    if (!restless.includes(shown(node['provision_state']))) return node;
    if (systemClock.monotonicMs() > untilMs) return node;
    await pause(systemClock, LOOK_EACH_MS);
  }
};

export const waitForState = async (
  product: Product,
  uuid: string,
  states: readonly string[],
  limitMs = STATE_MS_MAX,
): Promise<JsonObject> => {
  const untilMs = systemClock.monotonicMs() + limitMs;
  for (;;) {
    const node = await showNode(product, uuid);
    const state = shown(node['provision_state']);
    if (states.includes(state)) return node;
    const isStuck = state.endsWith(' failed') || state === 'error';
    if (isStuck || systemClock.monotonicMs() > untilMs) {
      throw new LabFailure(
        `the node is ${state} instead of ${states.join(' or ')}: ${shown(node['last_error'])}`,
      );
    }
    await pause(systemClock, LOOK_EACH_MS);
  }
};

/** The boot is over: nobody can be believed as its agent any more. False when that took too long. */
export const sessionEnds = async (product: Product, uuid: string): Promise<boolean> => {
  const untilMs = systemClock.monotonicMs() + SESSION_MS_MAX;
  while (Object.keys(await sessionOf(product, uuid)).length > 0) {
    if (systemClock.monotonicMs() > untilMs) return false;
    await pause(systemClock, LOOK_EACH_MS);
  }
  return true;
};

/** What an attack must not change; what time alone changes is left out. */
export const factsOf = async (product: Product, uuid: string): Promise<string> => {
  const node = await showNode(product, uuid);
  const internal = isJsonObject(node['driver_internal_info']) ? node['driver_internal_info'] : {};
  const session = isJsonObject(internal['agent_session']) ? internal['agent_session'] : {};
  const { last_seen: _lastSeen, ...kept } = session;
  const names = [
    'provision_state',
    'power_state',
    'last_error',
    'maintenance',
    'fault',
    'driver_info',
    'instance_info',
    'properties',
  ];
  const facts = names.map((name) => [name, node[name]]);
  return JSON.stringify({
    ...(Object.fromEntries(facts) as JsonObject),
    session: kept,
    agent_url: internal['agent_url'] ?? null,
  });
};

export const sessionOf = async (product: Product, uuid: string): Promise<JsonObject> => {
  const { driver_internal_info: internal } = await showNode(product, uuid);
  const session = isJsonObject(internal) ? internal['agent_session'] : undefined;
  return isJsonObject(session) ? session : {};
};
