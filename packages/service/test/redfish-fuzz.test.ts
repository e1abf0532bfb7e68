// Whatever a BMC answers, a call of the driver ends in a result or in a failure that can be stored: never in a
// defect, never in a wait without end. (That links stay with the BMC is checked beside links.ts.)

import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import type { NodeDriver } from '#drivers/driver';

import { Failure } from '@bessemer/protocol/errors/failure';
import { isJsonObject, type JsonObject, type JsonValue } from '@bessemer/protocol/json';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import { withBmc } from './drivers/with-bmc.ts';

const RUNS = 250;
/** Answers are given at once, so whatever takes longer waits for nothing. */
const OPERATION_MS_MAX = 400;

const SYSTEM = '/redfish/v1/Systems/1';
const LINKS = ['/redfish/v1/Systems/1', '/redfish/v1/Managers/1', '//evil.example/x', '/', '', 'x'];
const KEYS = [
  '@odata.id',
  '@odata.etag',
  'Actions',
  'AllowableValues',
  'Boot',
  'BootSourceOverrideEnabled',
  'BootSourceOverrideMode',
  'BootSourceOverrideTarget',
  'Image',
  'Inserted',
  'Links',
  'ManagedBy',
  'MediaTypes',
  'Members',
  'PowerState',
  'SecureBoot',
  'SecureBootEnable',
  'SessionService',
  'Sessions',
  'Systems',
  'TaskState',
  'UUID',
  'VirtualMedia',
  '#ComputerSystem.Reset',
  '#VirtualMedia.InsertMedia',
  '@Redfish.ActionInfo',
  'target',
  'error',
  '@Message.ExtendedInfo',
  'MessageId',
  'MessageArgs',
  '__proto__',
];

const value = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom<JsonValue>(...LINKS, 'On', 'Off', 'CD', 'Once', 'UEFI', 'Running', 'Completed'),
    fc.constantFrom<JsonValue>(null, true, false, 0, -1),
    fc.array(tie('value'), { maxLength: 3 }),
    fc
      .array(fc.tuple(fc.constantFrom(...KEYS), tie('value')), { maxLength: 6 })
      .map((pairs) => Object.fromEntries(pairs)),
  ),
})).value;

const reply = fc.record({
  status: fc.constantFrom(200, 200, 200, 201, 202, 204, 400, 403, 404, 409, 412, 428, 500),
  body: value,
  headers: fc.constantFrom<{ [name: string]: string }>(
    {},
    { location: '/redfish/v1/TaskService/TaskMonitors/1', 'retry-after': '0' },
    { location: 'https://evil.example/x' },
    { etag: 'not an etag' },
    { 'retry-after': 'soon' },
  ),
});

/** Which requests are answered oddly: those whose path holds the text. */
const part = fc.constantFrom(
  '/v1/',
  '/Systems',
  SYSTEM,
  'Managers',
  'VirtualMedia',
  '/Cd',
  'SecureBoot',
  'Actions',
);

/** Changes to honest answers: the member with this number, in the order of a walk, becomes something else. */
const changes = fc.array(fc.record({ at: fc.nat(60), to: fc.option(value, { nil: undefined }) }), {
  minLength: 1,
  maxLength: 4,
});

type Change = { readonly at: number; readonly to: JsonValue | undefined };

const changed = (body: JsonValue, { at, to }: Change): JsonValue => {
  const copy = structuredClone(body);
  const members: { readonly holder: JsonObject; readonly key: string }[] = [];
  const walk = (holder: JsonValue): void => {
    if (!isJsonObject(holder)) return;
    for (const key of Object.keys(holder)) {
      members.push({ holder, key });
      walk(holder[key] ?? null);
    }
  };
  walk(copy);
  const member = members[at % Math.max(1, members.length)];
  if (member === undefined) return copy;
  if (to === undefined) delete member.holder[member.key];
  else member.holder[member.key] = to;
  return copy;
};

const CALLS: readonly ((driver: NodeDriver, node: NodeRecord) => Promise<unknown>)[] = [
  (driver, node) => driver.power.fetchState(node),
  (driver, node) => driver.power.setState(node, 'rebooting', { timeoutMs: 50 }),
  (driver, node) => driver.management.fetchIdentity(node),
  (driver, node) => driver.management.setBootMode(node, 'bios'),
  (driver, node) => driver.management.setSecureBoot(node, true),
  (driver, node) =>
    driver.boot.prepareRamdisk(node, { transport: 'vmedia', url: 'https://10.0.0.1/boot.iso' }),
  (driver, node) => driver.boot.cleanUpRamdisk(node),
  (driver, node) => driver.boot.fetchMedia(node),
];

const LIMITS = {
  operationTimeoutMs: OPERATION_MS_MAX,
  requestTimeoutMs: OPERATION_MS_MAX,
  mediaTimeoutMs: 10,
  settingTimeoutMs: 10,
  retryAfterMsMax: 5,
};

const requireResultOrFailure = async (work: Promise<unknown>): Promise<void> => {
  const [outcome] = await Promise.allSettled([work]);
  if (outcome.status === 'rejected') assert.ok(outcome.reason instanceof Failure, outcome.reason);
};

test('answers of another kind end in a result or in a failure that can be stored', async (context) => {
  const { bmc, driver, node } = await withBmc(context, LIMITS);
  const replies = fc.array(reply, { minLength: 1, maxLength: 4 });

  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...CALLS), part, replies, async (call, where, odd) => {
      let next = 0;
      bmc.habits.override = (path) => {
        if (!path.includes(where) || path.includes('Session')) return undefined;
        next += 1;
        return odd[(next - 1) % odd.length];
      };

      await requireResultOrFailure(call(driver, node));
    }),
    { numRuns: RUNS },
  );
});

test('answers with wrong members end in a result or in a failure that can be stored', async (context) => {
  const { bmc, driver, node } = await withBmc(context, LIMITS);

  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...CALLS), part, changes, async (call, where, distortions) => {
      bmc.habits.distort = (path, honest) =>
        honest.body === undefined || !path.includes(where) || path.includes('Session')
          ? honest
          : { ...honest, body: distortions.reduce(changed, honest.body) };

      await requireResultOrFailure(call(driver, node));
    }),
    { numRuns: 2 * RUNS },
  );
});
