// Two conductors over one database: whoever takes a call, and whoever works on the node, it is one session.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { openStore } from '#store/database';

import { TOKEN_MASK, TOKEN_PATTERN } from '@bessemer/protocol/agent/token';

import { type PostgresServer, startPostgres } from '../postgres-server.ts';
import { type Ground, type Machine, makeGround, openMachine } from './with-machine.ts';

const LEASE_MS = 60_000;
const SETTLE_MS = 5_000;
const STEPS = [{ step: 'erase_devices', reboot_requested: false }];

let ground: Ground;
let server: PostgresServer;

before(async () => {
  ground = await makeGround();
  server = await startPostgres();
});
after(async () => {
  await server.stop();
  ground.remove();
});

const withMachine = async (work: (machine: Machine) => Promise<void>): Promise<void> => {
  const store = await openStore({ engine: 'postgres', url: await server.createDatabase() });
  const machine = await openMachine(ground, { route: 'network', steps: STEPS, store });
  try {
    await machine.conductor().requestProvision(machine.uuid, { verb: 'provide' });
    await machine.untilStep('wait_for_agent');
    await work(machine);
  } finally {
    await machine.close();
  }
};

const tokensIn = (answers: Awaited<ReturnType<Machine['lookup']>>[]): string[] =>
  answers
    .map((answer) => answer?.config['agent_token'])
    .filter((token): token is string => typeof token === 'string' && token !== TOKEN_MASK);

describe('two conductors', () => {
  test('give one token between them, however many ask both', async () => {
    await withMachine(async (machine) => {
      const first = await machine.addConductor('second');
      const request = {
        addresses: ['52:54:00:12:34:56'],
        nodeUuid: undefined,
        sourceAddress: '127.0.0.1',
        minor: 68,
      };

      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          index % 2 === 0 ? first.lookup(request) : machine.conductor().lookup(request),
        ),
      );

      const tokens = tokensIn(answers);
      assert.equal(tokens.length, 1);
      assert.match(tokens[0] ?? '', TOKEN_PATTERN);
      assert.equal(answers.length, 20);
      assert.equal((await machine.sessions()).length, 1);
    });
  });

  test('go on with the token that the other one gave, after that one is gone', async () => {
    await withMachine(async (machine) => {
      const [token = ''] = tokensIn([await machine.lookup()]);
      machine.agent.restart(token);
      const first = await machine.addConductor('second');
      await first.stop();

      await machine.heartbeat(token);
      machine.clock.advance(Math.max(LEASE_MS, SETTLE_MS));

      assert.equal((await machine.untilRest()).provisionState, 'available');
      assert.equal((await machine.sessions()).length, 1);
      assert.deepEqual(machine.agent.done(), ['steps', 'erase_devices']);
    });
  });
});
