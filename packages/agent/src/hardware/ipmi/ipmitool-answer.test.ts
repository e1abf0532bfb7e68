// What is parsed here was recorded from ipmitool 1.8.19.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRawAnswer, parseRawAnswers } from './ipmitool-answer.ts';

const printed = (stdout: string, stderr = '', status = 0) => ({ status, stdout, stderr });

test('an answer over two lines is one answer', () => {
  const found = parseRawAnswer(
    printed(' 52 62 6f 6f 74 73 74 72 61 70 30 30 31 00 00 00\n 00 41 42\n'),
  );

  assert.equal(found?.code, 0);
  assert.equal(found?.data.length, 19);
  assert.equal(found?.data.toString('latin1', 1, 13), 'bootstrap001');
});

test('a command that answers nothing but success answers no bytes', () => {
  assert.deepEqual(parseRawAnswer(printed('\n')), { code: 0, data: Buffer.alloc(0) });
});

test('a completion code is an answer', () => {
  const words =
    'Unable to send RAW command (channel=0x0 netfn=0x2c lun=0x0 cmd=0x2 rsp=0xc1): Invalid command\n';

  assert.deepEqual(parseRawAnswer(printed('', words, 1)), { code: 0xc1, data: Buffer.alloc(0) });
});

for (const [name, result] of [
  [
    'a missing device',
    printed(
      '',
      'Could not open device at /dev/ipmi0 or /dev/ipmi/0 or /dev/ipmidev/0: No such file or directory\n',
      1,
    ),
  ],
  [
    'a BMC that is silent',
    printed('', 'Unable to send RAW command (channel=0x0 netfn=0x6 lun=0x0 cmd=0x1)\n', 1),
  ],
  ['a message instead of bytes', printed('Command not supported in present state\n')],
] as const) {
  test(`${name} is no answer`, () => {
    assert.equal(parseRawAnswer(result), undefined);
  });
}

test('of a script each line is one answer, in the order of the commands', () => {
  const full = ` ${Array.from({ length: 16 }, () => '00').join(' ')}\n`;
  const found = parseRawAnswers(printed(` 3f 01 00 14\n${full} 0a\n`), 3);

  assert.deepEqual(
    found?.map(({ data }) => data.length),
    [4, 16, 1],
  );
});

for (const [name, result] of [
  ['one was refused', printed(' 3f 01 00 14\n', '... rsp=0xc9): Parameter out of range\n', 1)],
  ['a line is missing', printed(' 3f 01 00 14\n')],
  ['one answered no bytes', printed(' 3f 01 00 14\n\n')],
] as const) {
  test(`a script cannot be told apart when ${name}`, () => {
    assert.equal(parseRawAnswers(result, 2), undefined);
  });
}
