// A service's conductor as a process of its own, for tests that kill it: brings one node to a state, and dies by
// SIGKILL at the journal line that it was told. Started again it finds what the dead one left.
//
//   killable-service.ts DIRECTORY NODE VERB FROM [LINE before|after]
//
// Asks for VERB only while the node is in FROM. Prints the state in which the node came to rest.

import { join } from 'node:path';

import { systemClock } from '#clock';
import type { ProvisionRequest } from '#conductor/conductor';
import { DEFAULT_CONDUCTOR_OPTIONS } from '#conductor/conductor-parts';
import { startConductor } from '#conductor/start-conductor';
import { DEFAULT_DRIVER_OPTIONS, makeDriverRegistry } from '#drivers/registry';
import { makeLog } from '#observe/log';
import { openStore } from '#store/database';
import { findNode } from '#store/nodes';
import { findOpenWorkflow } from '#store/workflows';
import { openAuthority } from '#trust/certificate/authority';
import { openKeyRing } from '#trust/key-ring';
import { Secret } from '#trust/secret';

import type { ProvisionVerb } from '@bessemer/protocol/node/verbs';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import { recordingDrivers } from './recording-drivers.ts';

/** What some verbs need beside their name. */
const MORE: { readonly [verb: string]: Partial<ProvisionRequest> } = {
  rescue: { rescuePassword: new Secret('a password') },
  service: { steps: [{ interface: 'deploy', step: 'burnin_cpu', args: {} }] },
  clean: {
    steps: [
      { interface: 'deploy', step: 'wait', args: { seconds: 0.05 } },
      { interface: 'deploy', step: 'erase_devices', args: {} },
    ],
  },
};

const [directory = '', node = '', verb = '', from = '', line, when] = process.argv.slice(2);

const faultPoint = (at: number, side: 'before' | 'after'): void => {
  if (at === Number(line) && side === when) process.kill(process.pid, 'SIGKILL');
};

const clock = systemClock;
const log = makeLog({ level: 'warn' });
const store = await openStore({ engine: 'sqlite', path: join(directory, 'bessemer.sqlite') });
const drivers = makeDriverRegistry({
  options: { ...DEFAULT_DRIVER_OPTIONS, enabledHardwareTypes: ['fake-hardware'] },
  clock,
  log,
});
const conductor = await startConductor({
  store,
  drivers: recordingDrivers(drivers, join(directory, 'effects')),
  keys: await openKeyRing(join(directory, 'keys')),
  authority: await openAuthority(join(directory, 'ca'), clock.wallMs()),
  urls: { agentApi: 'https://127.0.0.1:1', boot: 'https://127.0.0.1:2' },
  clock,
  log,
  options: {
    ...DEFAULT_CONDUCTOR_OPTIONS,
    faultPoint: line === undefined ? undefined : faultPoint,
  },
});

const uuid = node as NodeUuid;
const found = await findNode(store.db, uuid);
if (found?.provisionState === from) {
  await conductor.requestProvision(uuid, { verb: verb as ProvisionVerb, ...MORE[verb] });
}
/** Timers of a service keep no process alive: its listeners do, and there are none here. */
const alive = setInterval(() => undefined, 1_000);
const isAtWork = async (): Promise<boolean> =>
  (await findOpenWorkflow(store.db, uuid)) !== undefined;
while (await isAtWork()) {
  await new Promise<void>((resolve) => {
    const stop = conductor.onJournal(uuid, () => {
      stop();
      resolve();
    });
    // The last line may have been written between the look and the listening.
    void isAtWork().then((still) => still || resolve());
  });
}
process.stdout.write(`${(await findNode(store.db, uuid))?.provisionState}\n`);
clearInterval(alive);
await conductor.stop();
await store.close();
