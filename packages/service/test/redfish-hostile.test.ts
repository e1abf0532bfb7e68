import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import type { Reply } from './drivers/fake-bmc-state.ts';
import { makeSelfSigned } from './drivers/self-signed.ts';
import { failureWith, withBmc } from './drivers/with-bmc.ts';

const SYSTEM = '/redfish/v1/Systems/1';

const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

const HOSTILE: { readonly [habit: string]: { readonly reply: Reply; readonly words: string } } = {
  'an answer over 4 MiB': {
    reply: { status: 200, text: `"${'x'.repeat(5 * 1_024 * 1_024)}"` },
    words: 'more than',
  },
  'JSON nested too deep': { reply: { status: 200, text: nested(26) }, words: 'nested' },
  'something that is not JSON': { reply: { status: 200, text: '<html>' }, words: 'not JSON' },
  'a list instead of a resource': {
    reply: { status: 200, text: '[]' },
    words: 'without an object',
  },
  'a redirect': {
    reply: { status: 307, headers: { location: 'https://elsewhere.example/redfish/v1/Systems/1' } },
    words: 'redirect',
  },
  'an unasked compression': {
    reply: { status: 200, text: '{}', headers: { 'content-encoding': 'gzip' } },
    words: 'compressed',
  },
};

for (const [habit, { reply, words }] of Object.entries(HOSTILE)) {
  test(`${habit} fails this node only`, async (context) => {
    const { bmc, driver, nodeWith } = await withBmc(context);
    const node = nodeWith({ redfish_system_id: SYSTEM });
    bmc.habits.override = (path) => (path === SYSTEM ? reply : undefined);

    await assert.rejects(driver.power.fetchState(node), failureWith('bmc.protocol', words));

    bmc.habits.override = () => undefined;
    assert.equal(await driver.power.fetchState(node), 'power off');
  });
}

for (const link of [
  'https://elsewhere.example/redfish/v1/Systems/1',
  '//elsewhere.example/redfish/v1/Systems/1',
  '/\\elsewhere.example/x',
  'https://admin:x@127.0.0.1/redfish',
]) {
  test(`a link to ${link} is not followed`, async (context) => {
    const { bmc, driver, node } = await withBmc(context);
    bmc.habits.override = (path) =>
      path === '/redfish/v1/Systems'
        ? { status: 200, body: { Members: [{ '@odata.id': link }] } }
        : undefined;

    await assert.rejects(driver.power.fetchState(node), failureWith('bmc.protocol', 'leaves it'));
  });
}

test('a list of more members than any chassis has is not read', async (context) => {
  const { bmc, driver, node } = await withBmc(context);
  const members = Array.from({ length: 300 }, (_, index) => ({
    '@odata.id': `/redfish/v1/Systems/${index}`,
  }));
  bmc.habits.override = (path) =>
    path === '/redfish/v1/Systems' ? { status: 200, body: { Members: members } } : undefined;

  await assert.rejects(driver.power.fetchState(node), failureWith('bmc.protocol', '300 members'));
});

test('an error text of the BMC is stored without control characters and not at length', async (context) => {
  const { bmc, driver, nodeWith } = await withBmc(context);
  const text = `\u001b[31mred${'x'.repeat(10_000)}`;
  bmc.habits.override = (path) =>
    path === SYSTEM ? { status: 400, body: { error: { message: text } } } : undefined;

  await assert.rejects(
    driver.power.fetchState(nodeWith({ redfish_system_id: SYSTEM })),
    (error: Error) => error.message.length < 600 && !error.message.includes('\u001b'),
  );
});

test('a BMC that never answers is given up after the limit', async (context) => {
  const { bmc, driver, node } = await withBmc(context, { requestTimeoutMs: 30, retryCountMax: 1 });
  bmc.habits.silentTimes = 99;

  await assert.rejects(
    driver.power.fetchState(node),
    failureWith('bmc.unreachable', 'did not answer within'),
  );
});

test('one unanswered question is asked again', async (context) => {
  const { bmc, driver, node } = await withBmc(context, { requestTimeoutMs: 500 });
  await driver.power.fetchState(node);
  bmc.habits.silentTimes = 1;

  assert.equal(await driver.power.fetchState(node), 'power off');
});

test('a busy BMC is asked again a few times, and then named as busy', async (context) => {
  const { bmc, driver, node } = await withBmc(context);
  await driver.power.fetchState(node);
  bmc.habits.busyTimes = 3;
  const state = await driver.power.fetchState(node);
  bmc.habits.busyTimes = 99;

  assert.equal(state, 'power off');
  await assert.rejects(driver.power.fetchState(node), failureWith('bmc.unreachable', '503'));
});

test('nothing that listens is told apart from a refusal', async (context) => {
  const { bmc, driver, node } = await withBmc(context, { retryCountMax: 0 });
  await bmc.close();

  await assert.rejects(
    driver.power.fetchState(node),
    failureWith('bmc.unreachable', 'ECONNREFUSED'),
  );
});

test('requests to one BMC never overlap', async (context) => {
  const { bmc, driver, node } = await withBmc(context);

  await Promise.all(Array.from({ length: 12 }, () => driver.power.fetchState(node)));

  assert.equal(bmc.concurrentMax, 1);
});

test('more requests than may wait for one BMC are refused', async (context) => {
  const { driver, node } = await withBmc(context, { queueLengthMax: 2, retryCountMax: 0 });

  const outcomes = await Promise.allSettled(
    Array.from({ length: 6 }, () => driver.power.fetchState(node)),
  );

  assert.ok(outcomes.some((each) => each.status === 'rejected'));
  assert.ok(outcomes.some((each) => each.status === 'fulfilled'));
});

test('a certificate of an unknown CA stops everything before the first request', async (context) => {
  const { bmc, driver, nodeWith } = await withBmc(context);

  await assert.rejects(
    driver.power.fetchState(nodeWith({ redfish_verify_ca: true })),
    failureWith('bmc.certificate', 'redfish_pin'),
  );
  assert.deepEqual(bmc.requests, []);
});

test('the certificate of another BMC stops everything before the first request', async (context) => {
  const { bmc, driver, nodeWith } = await withBmc(context);
  const other = await makeSelfSigned();

  await assert.rejects(
    driver.power.fetchState(nodeWith({ redfish_verify_ca: other.certificatePem })),
    failureWith('bmc.certificate'),
  );
  assert.deepEqual(bmc.requests, []);
});

test('a CA file is read when it is needed, and again after it was repaired', async (context) => {
  const { bmc, driver, nodeWith } = await withBmc(context);
  const directory = await mkdtemp(join(tmpdir(), 'bessemer-ca-'));
  context.after(() => rm(directory, { recursive: true }));
  const caFile = join(directory, 'bmc-ca.pem');
  const node = nodeWith({ redfish_verify_ca: caFile });

  await assert.rejects(driver.power.fetchState(node), failureWith('bmc.certificate', caFile));
  await writeFile(caFile, 'not a certificate');
  await assert.rejects(driver.power.fetchState(node), failureWith('bmc.certificate', 'no PEM'));
  await writeFile(caFile, bmc.certificatePem);

  assert.equal(await driver.power.fetchState(node), 'power off');
});

test('a CA path that is no file is refused without reading it', async (context) => {
  const { driver, nodeWith } = await withBmc(context);

  await assert.rejects(
    driver.power.fetchState(nodeWith({ redfish_verify_ca: '/dev/zero' })),
    failureWith('bmc.certificate', 'not a file'),
  );
});

test('a pinned key is enough, and another key sees no request', async (context) => {
  const { bmc, driver, nodeWith } = await withBmc(context);
  const other = await makeSelfSigned();

  await assert.rejects(
    driver.power.fetchState(nodeWith({ redfish_verify_ca: null, redfish_pin: other.pin })),
    failureWith('bmc.certificate', bmc.pin),
  );
  const requestsToStranger = bmc.requests.length;
  const state = await driver.power.fetchState(
    nodeWith({ redfish_verify_ca: null, redfish_pin: bmc.pin.toUpperCase() }),
  );

  assert.equal(requestsToStranger, 0);
  assert.equal(state, 'power off');
});

test('an unchecked certificate is used only on demand, and warned of', async (context) => {
  const { driver, nodeWith, warnings } = await withBmc(context);

  await driver.power.fetchState(nodeWith({ redfish_verify_ca: 'False' }));

  assert.deepEqual(
    warnings.map((each) => each['event']),
    ['bmc.tls.unverified'],
  );
});

test('a name that leads to a loopback address is refused after it is resolved', async (context) => {
  const allowedPorts: number[] = [];
  const { bmc, driver, nodeWith } = await withBmc(context, {
    isLoopbackAllowed: false,
    allowedPorts,
  });
  const { port } = new URL(bmc.origin);
  allowedPorts.push(Number(port));
  const named = nodeWith({ redfish_address: `https://localhost:${port}` });

  await assert.rejects(driver.power.fetchState(named), failureWith('node.invalid', 'loopback'));
  assert.deepEqual(bmc.requests, []);
});

test('several systems need a choice, and the failure lists them', async (context) => {
  const { bmc, driver, node } = await withBmc(context);
  bmc.habits.systemsCount = 3;

  await assert.rejects(
    driver.power.fetchState(node),
    failureWith('node.invalid', '/redfish/v1/Systems/2'),
  );
});

test('a system that does not exist is named with its key', async (context) => {
  const { driver, nodeWith } = await withBmc(context);

  await assert.rejects(
    driver.power.fetchState(nodeWith({ redfish_system_id: '/redfish/v1/Systems/9' })),
    failureWith('node.invalid', 'redfish_system_id'),
  );
});
