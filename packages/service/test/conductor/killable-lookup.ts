// A conductor as a process of its own that answers one lookup, for tests that kill it while it gives the token.
//
//   killable-lookup.ts DIRECTORY MAC [before|stored|committed]
//
// Prints the agent_token of the answer, or "none".

import { join } from 'node:path';

import { systemClock } from '#clock';
import { DEFAULT_CONDUCTOR_OPTIONS } from '#conductor/conductor-parts';
import { startConductor } from '#conductor/start-conductor';
import { DEFAULT_DRIVER_OPTIONS, makeDriverRegistry } from '#drivers/registry';
import { makeLog } from '#observe/log';
import { openStore } from '#store/database';
import { openAuthority } from '#trust/certificate/authority';
import { openKeyRing } from '#trust/key-ring';

const [directory = '', mac = '', dieAt] = process.argv.slice(2);

const clock = systemClock;
const log = makeLog({ level: 'error' });
const store = await openStore({ engine: 'sqlite', path: join(directory, 'bessemer.sqlite') });
const conductor = await startConductor({
  store,
  drivers: makeDriverRegistry({
    options: { ...DEFAULT_DRIVER_OPTIONS, enabledHardwareTypes: ['fake-hardware'] },
    clock,
    log,
  }),
  keys: await openKeyRing(join(directory, 'keys')),
  authority: await openAuthority(join(directory, 'ca'), clock.wallMs()),
  urls: { agentApi: 'https://127.0.0.1:1', boot: 'https://127.0.0.1:2' },
  clock,
  log,
  options: {
    ...DEFAULT_CONDUCTOR_OPTIONS,
    grantFaultPoint: (where) => {
      if (where === dieAt) process.kill(process.pid, 'SIGKILL');
    },
  },
});
const answer = await conductor.lookup({
  addresses: [mac],
  nodeUuid: undefined,
  sourceAddress: '192.0.2.10',
  minor: 62,
});
const told = answer?.config['agent_token'];
process.stdout.write(`${typeof told === 'string' ? told : 'none'}\n`);
process.exit(0);
