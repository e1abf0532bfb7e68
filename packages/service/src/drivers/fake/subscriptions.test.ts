import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { JsonObject, JsonValue } from '@bessemer/protocol/json';

import { makeHandClock } from '../../../test/drivers/hand-clock.ts';
import { nodeOf } from '../../../test/drivers/node-of.ts';
import { makeFakeParts } from './fake-parts.ts';
import { DEFAULT_FAKE_OPTIONS } from './options.ts';
import { fakeSubscriptions } from './subscriptions.ts';

const NODE = nodeOf({});
const WISH = { Destination: 'https://events.invalid/a', HttpHeaders: [{ Authorization: 'pw' }] };

const openMethods = () => {
  const methods = fakeSubscriptions(makeFakeParts(DEFAULT_FAKE_OPTIONS, makeHandClock()));
  return async (name: string, args: JsonObject = {}): Promise<JsonValue> => {
    const method = methods[name];
    assert.ok(method !== undefined, name);
    method.validate(NODE, args);
    return method.run(NODE, args);
  };
};

test('a subscription is kept and shown without its headers until it is deleted', async () => {
  const call = openMethods();

  const made = (await call('create_subscription', WISH)) as JsonObject;
  const id = made['Id'] as string;
  const one = await call('get_subscription', { id });
  const all = (await call('get_all_subscriptions')) as JsonObject;
  await call('delete_subscription', { id });

  const { Destination } = WISH;
  const rest = { Context: '', Protocol: 'Redfish', EventTypes: ['Alert'] };
  assert.deepEqual(made, { Id: id, Destination, ...rest });
  assert.deepEqual(one, made);
  assert.deepEqual(all['Members'], [
    { '@odata.id': `/redfish/v1/EventService/Subscriptions/${id}` },
  ]);
  assert.deepEqual(await call('get_all_subscriptions'), { Members: [] });
  await assert.rejects(call('delete_subscription', { id }), { status: 400 });
});

test('a subscription that no BMC would take is refused, and so is one too many', async () => {
  const call = openMethods();

  for (const args of [
    {},
    { Destination: 'events.invalid' },
    { Destination: 'file:///etc/passwd' },
    { ...WISH, Context: 7 },
    { ...WISH, EventTypes: ['Bang'] },
    { ...WISH, EventTypes: 'Alert' },
  ]) {
    await assert.rejects(call('create_subscription', args), { status: 400 }, JSON.stringify(args));
  }
  for (let count = 0; count < 20; count += 1) await call('create_subscription', WISH);
  await assert.rejects(call('create_subscription', WISH), { status: 400 });
});
