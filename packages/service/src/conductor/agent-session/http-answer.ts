// The bytes of one HTTP/1.1 answer, for a connection that carries one question only. Knows what agents send: a length,
// chunks, or neither, in which case the end of the connection is the end of the answer.

import { Failure } from '@bessemer/protocol/errors/failure';

export type RawAnswer = { readonly status: number; readonly text: string };

export type AnswerReader = {
  /** The answer, once it is whole. Throws `Failure` for what is no answer or too much of one. */
  readonly push: (bytes: Buffer) => RawAnswer | undefined;
  /** The other side has said all that it will. Throws `Failure` when the answer is not whole. */
  readonly end: () => RawAnswer;
};

const HEAD_END = '\r\n\r\n';
const HEAD_BYTES_MAX = 16 * 1_024;
/** More chunks than this for what an agent has to say is a way to keep us busy. */
const CHUNKS_MAX = 10_000;

const broken = (what: string): Failure => new Failure('agent.protocol', `The agent ${what}.`);

type Head = {
  readonly status: number;
  readonly bodyStart: number;
  readonly lengthBytes: number | undefined;
  readonly isChunked: boolean;
};

const readHead = (bytes: Buffer): Head | undefined => {
  const end = bytes.indexOf(HEAD_END);
  if (end === -1) {
    if (bytes.length > HEAD_BYTES_MAX) throw broken('sent no end of the head of its answer');
    return undefined;
  }
  const head = bytes.toString('latin1', 0, end);
  const status = /^HTTP\/1\.[01] ([2-5]\d\d)(?: |\r|$)/.exec(head)?.[1];
  if (status === undefined) throw broken('does not speak HTTP');
  const length = /\r\ncontent-length:[ \t]*(\d{1,15})[ \t]*(?:\r|$)/i.exec(head)?.[1];
  return {
    status: Number(status),
    bodyStart: end + HEAD_END.length,
    lengthBytes: length === undefined ? undefined : Number(length),
    isChunked: /\r\ntransfer-encoding:[ \t]*chunked[ \t]*(?:\r|$)/i.test(head),
  };
};

/** Undefined when chunks are missing. */
const joinChunks = (bytes: Buffer): Buffer | undefined => {
  const parts: Buffer[] = [];
  let at = 0;
  while (parts.length < CHUNKS_MAX) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd === -1) return undefined;
    const size = /^([0-9a-f]{1,8})[ \t]*(?:;|$)/i.exec(bytes.toString('latin1', at, lineEnd))?.[1];
    if (size === undefined) throw broken('sent a chunk without a size');
    const sizeBytes = Number.parseInt(size, 16);
    const start = lineEnd + 2;
    if (sizeBytes === 0) return Buffer.concat(parts);
    if (bytes.length < start + sizeBytes + 2) return undefined;
    parts.push(bytes.subarray(start, start + sizeBytes));
    at = start + sizeBytes + 2;
  }
  throw broken('sent its answer in too many chunks');
};

export const makeAnswerReader = (bytesMax: number): AnswerReader => {
  let received = Buffer.alloc(0);
  let head: Head | undefined;

  const whole = (isEnd: boolean): RawAnswer | undefined => {
    head ??= readHead(received);
    if (head === undefined) return undefined;
    const { status, bodyStart, lengthBytes, isChunked } = head;
    const body = received.subarray(bodyStart);
    if (isChunked) {
      const joined = joinChunks(body);
      return joined === undefined ? undefined : { status, text: joined.toString() };
    }
    if (lengthBytes === undefined) return isEnd ? { status, text: body.toString() } : undefined;
    if (lengthBytes > bytesMax) throw broken('answered more than it may');
    if (body.length < lengthBytes) return undefined;
    return { status, text: body.toString('utf8', 0, lengthBytes) };
  };

  return {
    push: (bytes) => {
      received = received.length === 0 ? Buffer.from(bytes) : Buffer.concat([received, bytes]);
      if (received.length > bytesMax + HEAD_BYTES_MAX) throw broken('answered more than it may');
      return whole(false);
    },
    end: () => {
      const answer = whole(true);
      if (answer === undefined) throw broken('ended the connection within its answer');
      return answer;
    },
  };
};
