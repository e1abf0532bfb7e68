// Break-glass files and `age` itself: what the service seals, an operator opens with the program of the distribution
// and nothing of ours.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import { armor, Decrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';

import { readBreakGlassContent } from '@bessemer/protocol/bmc/break-glass-content';

import { parseRecipient, type Recipient } from '#trust/break-glass/recipient';
import { type BreakGlassLogin, sealLogin, type SealedForm } from '#trust/break-glass/seal';
import { Secret } from '#trust/secret';

const run = promisify(execFile);

const LOGIN: BreakGlassLogin = {
  node: { uuid: '11111111-1111-4111-8111-111111111111', name: null },
  addresses: { redfish: 'https://192.0.2.7', ipmi: '192.0.2.7:623' },
  protocols: ['redfish', 'ipmi'],
  username: 'bsmr-b',
  password: new Secret('Qx7hVmc3kRtpWz9b'),
  writeId: 'w-2',
  sealedAt: '2026-01-02T03:04:05Z',
};

const directory = mkdtempSync(join(tmpdir(), 'bessemer-age-'));
after(() => rmSync(directory, { recursive: true, force: true }));
const keyFile = join(directory, 'key');

let recipient: Recipient;

before(async () => {
  await run('age-keygen', ['-o', keyFile]);
  recipient = parseRecipient((await run('age-keygen', ['-y', keyFile])).stdout.trim());
});

for (const form of ['armored', 'binary'] satisfies SealedForm[]) {
  test(`age opens what is sealed, ${form}`, async () => {
    const file = join(directory, `${form}.age`);
    const other = parseRecipient(await identityToRecipient(await generateX25519Identity()));
    writeFileSync(file, await sealLogin(LOGIN, [other, recipient], form));

    const { stdout } = await run('age', ['-d', '-i', keyFile, file]);

    assert.deepEqual(readBreakGlassContent(stdout), {
      format: 'bessemer-break-glass/1',
      ...LOGIN,
      password: 'Qx7hVmc3kRtpWz9b',
    });
  });
}

test('age does not open what is sealed to somebody else', async () => {
  const file = join(directory, 'foreign.age');
  const other = parseRecipient(await identityToRecipient(await generateX25519Identity()));
  writeFileSync(file, await sealLogin(LOGIN, [other]));

  await assert.rejects(run('age', ['-d', '-i', keyFile, file]), /no identity matched/);
});

test('what age seals to a key of ours opens here', async () => {
  const identity = await generateX25519Identity();
  const [plain, file] = [join(directory, 'plain'), join(directory, 'by-age.age')];
  writeFileSync(plain, 'told by age');

  await run('age', ['-a', '-r', await identityToRecipient(identity), '-o', file, plain]);

  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  const sealed = armor.decode(readFileSync(file, 'latin1'));
  assert.equal(await decrypter.decrypt(sealed, 'text'), 'told by age');
});
