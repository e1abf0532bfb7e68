import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { RECORDED, RECORDED_ANSWERS } from '../../../test/drivers/ipmi-recording.ts';
import { CIPHER_SUITES } from './cipher-suites.ts';
import { IpmiFailure } from './failures.ts';
import { openSession, type Login } from './open-session.ts';
import type { SessionParts } from './session.ts';

const LOGIN: Login = {
  username: Buffer.from(RECORDED.username),
  password: Buffer.from(RECORDED.password),
  bmcKey: null,
  privilegeLevel: 4,
};
const ANSWERS = [RECORDED_ANSWERS.openSession, RECORDED_ANSWERS.rakp2, RECORDED_ANSWERS.rakp4];
/** Payload types of the questions to these answers. */
const QUESTIONS = [0x10, 0x12, 0x14];

/** The recorded BMC: it gives each question the recorded answer, and the console the recorded numbers. */
const recordedBmc = (answers: readonly Buffer[] = ANSWERS) => {
  const sent: Buffer[] = [];
  let hear: (datagram: Buffer) => void = () => undefined;
  const parts: SessionParts = {
    transport: {
      send: (datagram) => {
        sent.push(datagram);
        const answer = answers[QUESTIONS.indexOf(datagram[5] ?? 0)];
        if (answer !== undefined) hear(answer);
      },
      listen: (listener) => {
        hear = listener;
      },
      close: () => undefined,
    },
    clock: {
      wallMs: () => 0,
      monotonicMs: () => 0,
      after: (_delayMs, work) => {
        const timer = setImmediate(work);
        return () => clearImmediate(timer);
      },
    },
    random: (sizeBytes) => {
      if (sizeBytes === 1) return Buffer.from([RECORDED.tag]);
      if (sizeBytes === 4) return Buffer.from('a4a3a2a0', 'hex');
      return RECORDED.consoleNonce;
    },
    waitsMs: [1, 1],
  };
  return { parts, sent };
};

const open = (parts: SessionParts, login = LOGIN) => openSession(parts, [CIPHER_SUITES[3]], login);

const troubleOf = async (work: Promise<unknown>): Promise<string> => {
  const error: unknown = await work.then(
    () => 'none',
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof IpmiFailure, `failed with ${String(error)}`);
  return error.trouble;
};

const changedAnswer = (index: number, at: number, value: number): readonly Buffer[] =>
  ANSWERS.map((answer, each) => {
    if (each !== index) return answer;
    const changed = Buffer.from(answer);
    changed.writeUInt8(value, at);
    return changed;
  });

test('the recorded session opens, and RAKP 3 is the recorded one', async () => {
  const { parts, sent } = recordedBmc();

  const opened = await open(parts);

  assert.equal(opened.bmcSessionId, RECORDED.bmcSessionId);
  assert.deepEqual(sent[2]?.subarray(-20), RECORDED.consoleProof);
  assert.equal(sent.length, 3);
});

test('a wrong password is known before any proof of it has left', async () => {
  const { parts, sent } = recordedBmc();

  const trouble = await troubleOf(open(parts, { ...LOGIN, password: Buffer.from('other') }));

  assert.equal(trouble, 'wrong-password');
  // The last packet gives up: status 0x0f, and no proof behind it.
  assert.deepEqual(
    sent.map((each) => each[5]),
    QUESTIONS,
  );
  assert.equal(sent[2]?.subarray(16).toString('hex'), '000f000002030000');
});

test('a wrong key of the BMC is told from a wrong password', async () => {
  const { parts } = recordedBmc();

  assert.equal(
    await troubleOf(open(parts, { ...LOGIN, bmcKey: Buffer.from('kg') })),
    'wrong-bmc-key',
  );
});

/** Of the RMCP+ status in an answer. */
const STATUS_AT = 17;
for (const [status, trouble] of [
  [0x01, 'sessions-full'],
  [0x04, 'no-cipher-suite'],
  [0x09, 'privilege-too-low'],
  [0x0a, 'privilege-too-low'],
  [0x0d, 'wrong-user'],
  [0x0f, 'wrong-password'],
  [0x11, 'no-cipher-suite'],
  [0x02, 'no-answer'],
  [0x77, 'malformed'],
] as const) {
  test(`status ${status} of RAKP 2 is ${trouble}`, async () => {
    const { parts } = recordedBmc(changedAnswer(1, STATUS_AT, status));

    assert.equal(await troubleOf(open(parts)), trouble);
  });
}

for (const [what, at] of [
  ['authentication', 32],
  ['integrity', 40],
  ['encryption', 48],
] as const) {
  test(`a BMC that proposes no ${what} is not followed`, async () => {
    const { parts, sent } = recordedBmc(changedAnswer(0, at, 0));

    assert.equal(await troubleOf(open(parts)), 'no-cipher-suite');
    assert.equal(sent.length, 1);
  });
}

test('silence, and noise that is no IPMI, are told apart', async () => {
  assert.equal(await troubleOf(open(recordedBmc([]).parts)), 'no-answer');
  assert.equal(await troubleOf(open(recordedBmc([Buffer.from('HTTP/1.1 400')]).parts)), 'not-ipmi');
});

test('with any bit flipped on the way, it is the same session or none', async () => {
  const expected = await open(recordedBmc().parts);

  await fc.assert(
    fc.asyncProperty(fc.nat({ max: 2 }), fc.nat(), async (index, position) => {
      const answer = ANSWERS[index] ?? Buffer.alloc(0);
      const bit = position % (answer.length * 8);
      const value = (answer[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const { parts } = recordedBmc(changedAnswer(index, bit >> 3, value));

      const opened = await open(parts).catch((error: unknown) => {
        assert.ok(error instanceof IpmiFailure, String(error));
      });

      assert.deepEqual(opened ?? expected, expected);
    }),
    { numRuns: 400 },
  );
});

test('whatever answers, it ends in a failure of the driver', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 90 }), { maxLength: 3 }),
      fc.nat({ max: 20 }),
      async (noise, keptBytes) => {
        const answers = noise.map((bytes, at) =>
          Buffer.concat([(ANSWERS[at] ?? Buffer.alloc(0)).subarray(0, keptBytes), bytes]),
        );

        assert.notEqual(await troubleOf(open(recordedBmc(answers).parts)), '');
      },
    ),
  );
});
