import assert from 'node:assert/strict';
import { before, test } from 'node:test';

import { hash } from 'bcryptjs';

import { systemClock } from '#clock';

import { authenticateBasic } from './basic.ts';
import { EVERYBODY_ADMINISTERS } from './users.ts';

let digests: ReadonlyMap<string, string>;
before(async () => {
  digests = new Map([
    ['alice', await hash('of alice', 4)],
    ['bob', await hash('of bob', 5)],
  ]);
});

/** The status of each login, and whose digests were looked at on the way. */
const logins = async (
  known: ReadonlyMap<string, string>,
  ...pairs: readonly string[]
): Promise<{ readonly statuses: readonly number[]; readonly asked: readonly string[] }> => {
  const asked: string[] = [];
  const authenticate = authenticateBasic(
    {
      htpasswd: {
        users: () => [...known.keys()],
        digestOf: (user) => {
          asked.push(user);
          return known.get(user);
        },
        generation: () => '',
      },
      users: EVERYBODY_ADMINISTERS,
    },
    systemClock,
  );
  const statuses: number[] = [];
  for (const pair of pairs) {
    const authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
    const answer = await authenticate({ authorization });
    statuses.push(answer.outcome === 'accepted' ? 200 : answer.status);
  }
  return { statuses, asked };
};

test('an unknown user costs what one of the known users costs, and the same one each time', async () => {
  const { statuses, asked } = await logins(digests, 'mallory:x', 'mallory:y');

  assert.deepEqual(statuses, [401, 401]);
  const [, first = '', , second] = asked;
  assert.ok(digests.has(first));
  assert.equal(second, first);
});

test('an unknown user does not get in with the password of any known one', async () => {
  const names = Array.from({ length: 8 }, (_, index) => `stranger-${index}`);
  const pairs = names.flatMap((name) => [`${name}:of alice`, `${name}:of bob`]);

  const { statuses } = await logins(digests, ...pairs, 'alice:of alice', 'alice:of bob');

  assert.deepEqual([...new Set(statuses.slice(0, -2))], [401]);
  assert.deepEqual(statuses.slice(-2), [200, 401]);
});

test('where there are no users nobody gets in', async () => {
  assert.deepEqual((await logins(new Map(), 'admin:x', ':', 'admin:')).statuses, [401, 401, 401]);
});
