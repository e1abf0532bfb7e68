import assert from 'node:assert/strict';
import { test } from 'node:test';

import { failureWith, withBmc } from './drivers/with-bmc.ts';

const SIGNATURE = 'c2lnbmF0dXJlLW9mLXRoZS1tZWRpdW0tMDE';
const URL_1 = `https://10.0.0.1:6387/media/8d0c7a5e/${SIGNATURE}/1795000000/boot.iso?x=1`;

for (const mediaDialect of ['action', 'patch'] as const) {
  for (const mediaHome of ['system', 'manager'] as const) {
    test(`a medium goes in and out: ${mediaDialect} dialect, drive of the ${mediaHome}`, async (context) => {
      const { bmc, driver, node } = await withBmc(context);
      Object.assign(bmc.habits, { mediaDialect, mediaHome });

      await driver.boot.prepareRamdisk(node, { transport: 'vmedia', url: URL_1 });
      const inserted = bmc.machine.image;
      await driver.boot.cleanUpRamdisk(node);

      assert.equal(inserted, URL_1);
      assert.equal(bmc.machine.image, null);
      assert.equal(bmc.machine.boot['BootSourceOverrideTarget'], 'Cd');
      assert.equal(bmc.machine.boot['BootSourceOverrideEnabled'], 'Once');
    });
  }
}

test('a foreign medium is thrown out first', async (context) => {
  const { bmc, driver, node } = await withBmc(context);
  bmc.machine.image = 'http://elsewhere/tenant.iso';

  await driver.boot.prepareRamdisk(node, { transport: 'vmedia', url: URL_1 });

  assert.equal(bmc.machine.image, URL_1);
});

test('the same medium is not inserted twice', async (context) => {
  const { bmc, driver, node } = await withBmc(context);

  await driver.boot.prepareRamdisk(node, { transport: 'vmedia', url: URL_1 });
  await driver.boot.prepareRamdisk(node, { transport: 'vmedia', url: URL_1 });

  const inserts = bmc.requests.filter((each) => each.path.endsWith('InsertMedia'));
  assert.equal(inserts.length, 1);
});

for (const mediaDialect of ['action', 'patch'] as const) {
  test(`an insertion whose answer is lost is settled by reading back: ${mediaDialect} dialect`, async (context) => {
    const { bmc, driver, node } = await withBmc(context);
    bmc.habits.mediaDialect = mediaDialect;
    bmc.habits.cutTimes = 1;

    await driver.boot.prepareRamdisk(node, { transport: 'vmedia', url: URL_1 });

    const inserts = bmc.requests.filter((each) => each.body['Image'] === URL_1);
    assert.equal(bmc.machine.image, URL_1);
    assert.equal(inserts.length, 1);
  });
}

test('a parameter that the BMC demands is added', async (context) => {
  const { bmc, driver, node } = await withBmc(context);
  bmc.habits.demandedParameter = 'TransferProtocolType';

  await driver.boot.prepareRamdisk(node, { transport: 'vmedia', url: URL_1 });

  const last = bmc.requests.findLast((each) => each.path.endsWith('InsertMedia'));
  assert.equal(last?.body['TransferProtocolType'], 'HTTPS');
});

test('a parameter that the BMC does not know is dropped', async (context) => {
  const { bmc, driver, node } = await withBmc(context);
  bmc.habits.unknownParameter = 'WriteProtected';

  await driver.boot.prepareRamdisk(node, { transport: 'vmedia', url: URL_1 });

  assert.equal(bmc.machine.image, URL_1);
});

test('a refused medium is told without its address, which holds a signature', async (context) => {
  const { bmc, driver, node } = await withBmc(context);
  bmc.habits.override = (path) =>
    path.endsWith('InsertMedia')
      ? { status: 400, body: { error: { message: `Cannot fetch ${URL_1}.` } } }
      : undefined;

  await assert.rejects(
    driver.boot.prepareRamdisk(node, { transport: 'vmedia', url: URL_1 }),
    failureWith('bmc.refused', 'Cannot fetch ***', [SIGNATURE]),
  );
});

test('what is in the drives is shown without signatures', async (context) => {
  const { bmc, driver, node } = await withBmc(context);
  bmc.machine.image = URL_1;

  const media = await driver.boot.fetchMedia(node);

  assert.deepEqual(media, [
    { device: 'disk', isInserted: false, image: null },
    {
      device: 'cdrom',
      isInserted: true,
      image: 'https://10.0.0.1:6387/media/8d0c7a5e/***/1795000000/boot.iso',
    },
  ]);
});

test('an instance boots from disk from then on, with nothing in the drive', async (context) => {
  const { bmc, driver, node } = await withBmc(context);
  bmc.machine.image = URL_1;

  await driver.boot.prepareInstance(node);

  assert.equal(bmc.machine.image, null);
  assert.deepEqual(await driver.management.fetchBootDevice(node), {
    device: 'disk',
    isPersistent: true,
  });
});

test('the boot mode that the capabilities name goes along with the boot device', async (context) => {
  const { bmc, driver, nodeWith } = await withBmc(context);
  const node = nodeWith({}, { properties: { capabilities: 'disk_label:msdos,boot_mode:bios' } });

  await driver.management.setBootDevice(node, 'pxe', { isPersistent: false });

  assert.equal(bmc.machine.boot['BootSourceOverrideMode'], 'Legacy');
});

test('a boot setting that the BMC accepts and forgets is a failure', async (context) => {
  const { bmc, driver, node } = await withBmc(context);
  bmc.habits.isForgetfulAboutBoot = true;

  await assert.rejects(
    driver.management.setBootDevice(node, 'disk', { isPersistent: true }),
    failureWith('bmc.refused', 'did not keep it'),
  );
});

test('a boot device that the BMC does not offer is refused before anything is sent', async (context) => {
  const { bmc, driver, node } = await withBmc(context);

  await assert.rejects(
    driver.management.setBootDevice(node, 'floppy', { isPersistent: false }),
    failureWith('bmc.unsupported', 'floppy'),
  );
  assert.equal(
    bmc.requests.some((each) => each.method === 'PATCH'),
    false,
  );
});

test('boot mode and secure boot are set and read back', async (context) => {
  const { driver, node } = await withBmc(context);

  await driver.management.setBootMode(node, 'bios');
  await driver.management.setSecureBoot(node, true);

  assert.equal(await driver.management.fetchBootMode(node), 'bios');
  assert.equal(await driver.management.fetchSecureBoot(node), true);
});

test('a change that meets a newer version is read again and sent once more', async (context) => {
  const { bmc, driver, node } = await withBmc(context);
  bmc.habits.preconditionTimes = 1;

  await driver.management.setSecureBoot(node, true);

  assert.equal(bmc.machine.isSecureBootOn, true);
  const patches = bmc.requests.filter((each) => each.method === 'PATCH');
  assert.deepEqual(
    patches.map((each) => each.ifMatch),
    ['W/"1"', 'W/"2"'],
  );
});

test('a BMC that hands out weak tags and takes strong ones gets its way', async (context) => {
  const { bmc, driver, node } = await withBmc(context);
  bmc.habits.isEtagStrict = true;

  await driver.management.setSecureBoot(node, true);

  assert.equal(bmc.machine.isSecureBootOn, true);
});

test('the identity of a machine is cleaned text, and null where the BMC says nothing', async (context) => {
  const { driver, node } = await withBmc(context);

  assert.deepEqual(await driver.management.fetchIdentity(node), {
    systemUuid: '4c4c4544-0000-2010-8020-80c04f202020',
    serial: 'SN-1',
    manufacturer: 'Fake Works',
    model: 'F1',
    biosVersion: null,
  });
});
