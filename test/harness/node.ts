// A node under test: made from a lab machine, driven by verbs, waited for by state.

import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';

import type { LabMachine } from './lab.ts';
import type { RunningService } from './service.ts';

export type NodeView = {
  readonly uuid: string;
  readonly provision_state: string;
  readonly target_provision_state: string | null;
  readonly power_state: string | null;
  readonly target_power_state: string | null;
  readonly last_error: string | null;
  readonly maintenance: boolean;
  readonly fault: string | null;
  readonly properties: { readonly [key: string]: unknown };
  readonly driver_internal_info: { readonly [key: string]: unknown };
};

export type WhyView = {
  readonly step: string | null;
  readonly waitsFor: string | null;
  readonly remedy: string | null;
  readonly failure: { readonly code: string; readonly text: string } | null;
};

const LOOK_EACH_MS = 100;

export const makeNode = async (
  service: RunningService,
  machine: LabMachine,
  changes: { readonly [key: string]: unknown } = {},
): Promise<string> => {
  const made = await service.call('POST', '/v1/nodes', {
    name: machine.name,
    driver: machine.driver,
    driver_info: machine.driver_info,
    network_data: machine.network_data,
    ...changes,
  });
  assert.equal(made.status, 201, made.text);
  const { uuid } = made.body as { readonly uuid: string };
  const port = { node_uuid: uuid, address: machine.mac };
  const answer = await service.call('POST', '/v1/ports', port);
  assert.equal(answer.status, 201, answer.text);
  return uuid;
};

export const showNode = async (service: RunningService, uuid: string): Promise<NodeView> => {
  const answer = await service.call('GET', `/v1/nodes/${uuid}`);
  assert.equal(answer.status, 200, answer.text);
  return answer.body as NodeView;
};

export const why = async (service: RunningService, uuid: string): Promise<WhyView> => {
  const answer = await service.call('GET', `/bessemer/nodes/${uuid}/why`);
  assert.equal(answer.status, 200, answer.text);
  return answer.body as WhyView;
};

/** Waits until the node rests in one of `states`; any other resting state fails with the node's own words. */
export const waitForState = async (
  service: RunningService,
  uuid: string,
  states: readonly string[],
  limitMs: number,
): Promise<NodeView> => {
  const untilMs = performance.now() + limitMs;
  for (;;) {
    const node = await showNode(service, uuid);
    if (states.includes(node.provision_state)) return node;
    const isStuck = node.provision_state.endsWith(' failed') || node.provision_state === 'error';
    if (isStuck || performance.now() > untilMs) {
      const reason = JSON.stringify(await why(service, uuid));
      assert.fail(
        `${node.provision_state} instead of ${states.join('/')}: ${node.last_error} ${reason}`,
      );
    }
    await pause(LOOK_EACH_MS);
  }
};

export const askFor = async (
  service: RunningService,
  uuid: string,
  target: string,
  more: { readonly [key: string]: unknown } = {},
): Promise<void> => {
  const body = { target, ...more };
  const answer = await service.call('PUT', `/v1/nodes/${uuid}/states/provision`, body);
  assert.equal(answer.status, 202, answer.text);
};

export const patchNode = async (
  service: RunningService,
  uuid: string,
  values: { readonly [path: string]: unknown },
): Promise<void> => {
  const patch = Object.entries(values).map(([path, value]) => ({ op: 'add', path, value }));
  const answer = await service.call('PATCH', `/v1/nodes/${uuid}`, patch);
  assert.equal(answer.status, 200, answer.text);
};
