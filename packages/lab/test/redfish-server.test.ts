// The BMC simulator, asked by an HTTPS client that trusts only the lab's authority.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { Agent, request } from 'undici';
import { makeLabAuthority } from '../src/bmc/lab-authority.ts';
import type { Machine } from '../src/bmc/power-model.ts';
import { startRedfishBmc, type RedfishBmc } from '../src/bmc/redfish-server.ts';
import { systemClock } from '../src/clock.ts';

const SYSTEM = '/redfish/v1/Systems/1';
const CD = '/redfish/v1/Managers/1/VirtualMedia/Cd';
const BASIC = { authorization: `Basic ${Buffer.from('admin:right-password').toString('base64')}` };
const IMAGE = Buffer.alloc(9 * 1024 * 1024, 'bessemer');

let directory = '';
let bmc: RedfishBmc;
let client: Agent;
let machine: Machine & { medium: string | null };
let imageServer: Server;
let imageUrl = '';
let ranges: string[] = [];

const makeMachine = (): Machine & { medium: string | null } => {
  let isOn = false;
  const made: Machine & { medium: string | null } = {
    medium: null,
    facts: {
      name: 'm0',
      uuid: '11111111-2222-4333-8444-555555555555',
      serial: 'S0',
      manufacturer: 'Bessemer',
      model: 'Test',
      biosVersion: '1',
      macs: ['52:54:00:00:00:01'],
      cpuCount: 2,
      memoryMiB: 1024,
    },
    bootPlan: { override: null, mode: 'uefi', isSecureBootOn: false },
    serialLog: '',
    isOn: () => isOn,
    powerOn: async () => {
      isOn = true;
    },
    powerOff: async () => {
      isOn = false;
    },
    softOff: async () => {
      isOn = false;
    },
    reset: async () => undefined,
    insertMedia: async (path) => {
      made.medium = path;
    },
    ejectMedia: async () => {
      made.medium = null;
    },
    close: async () => undefined,
  };
  return made;
};

type Reply = {
  readonly status: number;
  readonly headers: { readonly [name: string]: string | string[] | undefined };
  // Free-form answers of a simulator under test.
  readonly body: { readonly [name: string]: unknown };
};

const call = async (
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  options: { body?: object; headers?: { [name: string]: string } } = {},
): Promise<Reply> => {
  const reply = await request(`${bmc.url}${path}`, {
    method,
    dispatcher: client,
    headers: { 'content-type': 'application/json', ...(options.headers ?? BASIC) },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
  });
  const text = await reply.body.text();
  return {
    status: reply.statusCode,
    headers: reply.headers,
    body: text.startsWith('{') ? JSON.parse(text) : {},
  };
};

const reset = (type: string): Promise<Reply> =>
  call('POST', `${SYSTEM}/Actions/ComputerSystem.Reset`, { body: { ResetType: type } });

const insert = (image: string): Promise<Reply> =>
  call('POST', `${CD}/Actions/VirtualMedia.InsertMedia`, { body: { Image: image } });

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bessemer-bmc-'));
  imageServer = createServer((asked, answer) => {
    if (asked.url !== '/boot.iso') {
      answer.writeHead(404).end();
      return;
    }
    const range = /^bytes=(\d+)-(\d+)$/.exec(asked.headers.range ?? '');
    if (range === null) {
      answer.writeHead(200, { 'content-length': IMAGE.length, 'accept-ranges': 'bytes' });
      answer.end(asked.method === 'HEAD' ? undefined : IMAGE);
      return;
    }
    ranges.push(range[0]);
    const part = IMAGE.subarray(Number(range[1]), Number(range[2]) + 1);
    answer.writeHead(206, {
      'content-range': `bytes ${range[1]}-${range[2]}/${IMAGE.length}`,
      'content-length': part.length,
    });
    answer.end(part);
  });
  await new Promise<void>((resolve) => {
    imageServer.listen(0, '127.0.0.1', resolve);
  });
  const address = imageServer.address();
  imageUrl = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/boot.iso`;
});

beforeEach(async () => {
  await bmc?.close();
  await client?.destroy();
  const authority = await makeLabAuthority(systemClock);
  machine = makeMachine();
  ranges = [];
  bmc = await startRedfishBmc({
    machine,
    clock: systemClock,
    identity: await authority.issue('m0', '127.0.0.1'),
    host: '127.0.0.1',
    port: 0,
    accounts: [{ userName: 'admin', password: 'right-password' }],
    mediaDirectory: directory,
  });
  client = new Agent({ connect: { ca: authority.certificate } });
});

after(async () => {
  await bmc.close();
  await client.destroy();
  imageServer.close();
  imageServer.closeAllConnections();
  await rm(directory, { recursive: true });
});

test('the service root is open and everything else wants credentials', async () => {
  const root = await call('GET', '/redfish/v1/', { headers: {} });
  const system = await call('GET', SYSTEM, { headers: {} });
  const nowhere = await call('GET', '/redfish/v1/Nowhere');

  assert.equal(root.status, 200);
  assert.deepEqual(root.body['Systems'], { '@odata.id': '/redfish/v1/Systems' });
  assert.equal(system.status, 401);
  assert.equal(nowhere.status, 404);
});

test('a session is made with a password, used by its token, and ends when it is deleted', async () => {
  const made = await call('POST', '/redfish/v1/SessionService/Sessions', {
    body: { UserName: 'admin', Password: 'right-password' },
    headers: {},
  });
  const token = { 'x-auth-token': String(made.headers['x-auth-token']) };
  const used = await call('GET', SYSTEM, { headers: token });
  const ended = await call('DELETE', String(made.headers['location']), { headers: token });
  const unused = await call('GET', SYSTEM, { headers: token });

  assert.equal(made.status, 201);
  assert.equal(used.status, 200);
  assert.equal(ended.status, 204);
  assert.equal(unused.status, 401);
  assert.equal(bmc.counters.logins, 1);
});

test('after the wrong passwords of its limit an account refuses the right one too', async () => {
  bmc.faults.set('lockout', 2);
  const wrong = { authorization: `Basic ${Buffer.from('admin:wrong').toString('base64')}` };

  await call('GET', SYSTEM, { headers: wrong });
  await call('GET', SYSTEM, { headers: wrong });
  const right = await call('GET', SYSTEM);

  assert.equal(right.status, 401);
  assert.equal(bmc.counters.wrongPasswords, 3);
});

test('resets switch the machine and PowerState follows it', async () => {
  const on = await reset('On');
  const shownOn = await call('GET', SYSTEM);
  const off = await reset('ForceOff');
  const shownOff = await call('GET', SYSTEM);

  assert.equal(on.status, 204);
  assert.equal(shownOn.body['PowerState'], 'On');
  assert.equal(off.status, 204);
  assert.equal(shownOff.body['PowerState'], 'Off');
});

test('a reset type that is not in the allowable values is refused', async () => {
  const reply = await reset('Explode');

  assert.equal(reply.status, 400);
});

test('a boot override of Once is kept in the boot plan with its mode', async () => {
  const reply = await call('PATCH', SYSTEM, {
    body: {
      Boot: {
        BootSourceOverrideEnabled: 'Once',
        BootSourceOverrideTarget: 'Cd',
        BootSourceOverrideMode: 'Legacy',
      },
    },
  });

  assert.equal(reply.status, 200);
  assert.deepEqual(machine.bootPlan, {
    override: { source: 'cdrom', isPersistent: false },
    mode: 'bios',
    isSecureBootOn: false,
  });
});

test('a PATCH with the ETag of an older state is refused', async () => {
  const { headers } = await call('GET', SYSTEM);
  const etag = String(headers['etag']);
  const boot = { Boot: { BootSourceOverrideEnabled: 'Once', BootSourceOverrideTarget: 'Cd' } };
  const match = { ...BASIC, 'if-match': etag };

  const first = await call('PATCH', SYSTEM, { body: boot, headers: match });
  const second = await call('PATCH', SYSTEM, { body: boot, headers: match });

  assert.equal(first.status, 200);
  assert.equal(second.status, 412);
});

test('an inserted image is fetched by ranges, byte for byte, and deleted when it is ejected', async () => {
  const inserted = await insert(imageUrl);
  const held = machine.medium === null ? undefined : await readFile(machine.medium);
  const shown = await call('GET', CD);
  const second = await insert(imageUrl);
  const ejected = await call('POST', `${CD}/Actions/VirtualMedia.EjectMedia`, { body: {} });

  assert.equal(inserted.status, 204);
  assert.ok(held?.equals(IMAGE));
  assert.equal(ranges.length, 3);
  assert.equal(shown.body['Inserted'], true);
  assert.equal(shown.body['Image'], imageUrl);
  assert.equal(second.status, 409);
  assert.equal(ejected.status, 204);
  assert.equal(machine.medium, null);
  assert.deepEqual(await readdir(directory), []);
});

test('an image that cannot be fetched leaves the drive empty and says why', async () => {
  const reply = await insert(imageUrl.replace('boot.iso', 'gone.iso'));
  const shown = await call('GET', CD);

  assert.equal(reply.status, 500);
  assert.match(JSON.stringify(reply.body), /the server answered 404/);
  assert.equal(shown.body['Inserted'], false);
  assert.deepEqual(await readdir(directory), []);
});

test('the PATCH dialect shows no actions and inserts and ejects by PATCH', async () => {
  bmc.faults.set('patch-media');

  const shown = await call('GET', CD);
  const action = await insert(imageUrl);
  const inserted = await call('PATCH', CD, { body: { Image: imageUrl, Inserted: true } });
  const wasIn = machine.medium;
  const ejected = await call('PATCH', CD, { body: { Image: null, Inserted: false } });

  assert.equal(shown.body['Actions'], undefined);
  assert.equal(action.status, 404);
  assert.equal(inserted.status, 204);
  assert.notEqual(wasIn, null);
  assert.equal(ejected.status, 204);
  assert.equal(machine.medium, null);
});

test('a slow action answers with a task whose monitor ends with the outcome', async () => {
  bmc.faults.set('tasks', 1);

  const reply = await insert(imageUrl);
  const monitor = String(reply.headers['location']);
  let last = await call('GET', monitor);
  for (let look = 0; look < 500 && last.status === 202; look += 1) {
    last = await call('GET', monitor);
  }

  assert.equal(reply.status, 202);
  assert.equal(last.status, 200);
  assert.equal(last.body['TaskState'], 'Completed');
  assert.notEqual(machine.medium, null);
});

test('a changed password holds at once and ends the sessions of the old one', async () => {
  const session = await call('POST', '/redfish/v1/SessionService/Sessions', {
    body: { UserName: 'admin', Password: 'right-password' },
    headers: {},
  });
  const token = { 'x-auth-token': String(session.headers['x-auth-token']) };

  const changed = await call('PATCH', '/redfish/v1/AccountService/Accounts/1', {
    body: { Password: 'another-password' },
  });
  const bySession = await call('GET', SYSTEM, { headers: token });
  const byOldPassword = await call('GET', SYSTEM);

  assert.equal(changed.status, 200);
  assert.equal(bySession.status, 401);
  assert.equal(byOldPassword.status, 401);
});

const ONE_TIME_FAULTS = [
  { fault: 'unavailable', status: 503 },
  { fault: 'refuse-login', status: 401 },
  { fault: 'redirect', status: 302 },
] as const;

for (const { fault, status } of ONE_TIME_FAULTS) {
  test(`the fault ${fault} answers ${status} until it is over`, async () => {
    bmc.faults.set(fault, 1);

    const during = await call('GET', SYSTEM);
    bmc.faults.clear(fault);
    const afterwards = await call('GET', SYSTEM);

    assert.equal(during.status, status);
    assert.equal(afterwards.status, 200);
  });
}

test('stale power shows the old state so many times after a change', async () => {
  bmc.faults.set('stale-power', 2);
  await reset('On');

  const shown = [];
  for (let look = 0; look < 3; look += 1)
    shown.push((await call('GET', SYSTEM)).body['PowerState']);

  assert.deepEqual(shown, ['Off', 'Off', 'On']);
});

test('a cut connection reaches the client as an error, and the next request works', async () => {
  bmc.faults.set('drop-connection', 1);

  await assert.rejects(call('GET', SYSTEM));
  const next = await call('GET', SYSTEM);

  assert.equal(next.status, 200);
});

test('a session that the BMC loses is refused on its second request', async () => {
  const session = await call('POST', '/redfish/v1/SessionService/Sessions', {
    body: { UserName: 'admin', Password: 'right-password' },
    headers: {},
  });
  const token = { 'x-auth-token': String(session.headers['x-auth-token']) };
  bmc.faults.set('lost-sessions');

  const first = await call('GET', SYSTEM, { headers: token });
  const second = await call('GET', SYSTEM, { headers: token });

  assert.equal(first.status, 200);
  assert.equal(second.status, 401);
});
