import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { Failure } from '@bessemer/protocol/errors/failure';

import { makeAnswerReader, type RawAnswer } from './http-answer.ts';

const BODY = '{"commands":[{"name":"ä"}]}';
const BYTES_MAX = 1_000;

const withLength = `HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: ${Buffer.byteLength(BODY)}\r\n\r\n${BODY}`;
const chunked = (): string => {
  const bytes = Buffer.from(BODY);
  const [first, second] = [bytes.subarray(0, 7), bytes.subarray(7)].map(
    (part) => `${part.length.toString(16)};x=y\r\n${part.toString('latin1')}\r\n`,
  );
  return `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${first}${second}0\r\n\r\n`;
};

/** In pieces that end at `cuts`; then the end of the connection. */
const readAll = (bytes: Buffer, cuts: readonly number[]): RawAnswer => {
  const reader = makeAnswerReader(BYTES_MAX);
  const places = [...new Set([...cuts.map((cut) => cut % bytes.length), bytes.length])];
  let from = 0;
  for (const to of places.sort((a, b) => a - b)) {
    const answer = reader.push(bytes.subarray(from, to));
    if (answer !== undefined) return answer;
    from = to;
  }
  return reader.end();
};

const WHOLE: readonly (readonly [string, Buffer])[] = [
  ['with a length', Buffer.from(withLength)],
  ['in chunks', Buffer.from(chunked(), 'latin1')],
  ['until the end of the connection', Buffer.from(`HTTP/1.0 200 OK\r\n\r\n${BODY}`)],
];

for (const [what, bytes] of WHOLE) {
  test(`an answer ${what} is the same wherever the network cuts it`, () => {
    fc.assert(
      fc.property(fc.array(fc.nat()), (cuts) => {
        assert.deepEqual(readAll(bytes, cuts), { status: 200, text: BODY });
      }),
    );
  });
}

const BROKEN: readonly (readonly [string, string])[] = [
  ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
  ['a status that is none', 'HTTP/1.1 999 Odd\r\n\r\n'],
  ['less than the announced length', 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}'],
  ['a length beyond the limit', 'HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n'],
  ['a chunk without a size', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n'],
  ['chunks without an end', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n'],
  ['a head without an end', `HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(4_000)}`],
  ['a body without an end', `HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(40_000)}`],
];

for (const [what, text] of BROKEN) {
  test(`${what} is refused as no answer of an agent`, () => {
    const isProtocol = (error: unknown): boolean =>
      error instanceof Failure && error.code === 'agent.protocol';

    assert.throws(() => readAll(Buffer.from(text), []), isProtocol);
  });
}

test('whatever an agent sends is an answer or a failure, never anything else', () => {
  const start = fc.constantFrom('', 'HTTP/1.1 200 OK\r\n', 'HTTP/1.1 200 OK\r\n\r\n');

  fc.assert(
    fc.property(start, fc.uint8Array({ maxLength: 3_000 }), (head, noise) => {
      try {
        readAll(Buffer.concat([Buffer.from(head), noise, Buffer.from(' ')]), []);
      } catch (error) {
        assert.ok(error instanceof Failure);
      }
    }),
  );
});
