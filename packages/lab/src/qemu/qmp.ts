// A client of QEMU's machine protocol: one JSON object per line over a unix socket, answers in order, events
// in between.

import { connect, type Socket } from 'node:net';
import { isJsonObject, type JsonObject, type JsonValue } from '@bessemer/protocol/json';
import { pause, type Clock } from '../clock.ts';
import { LabFailure } from '../lab-failure.ts';

/** QEMU answers at once; under full load of an emulated processor it may take seconds. */
const ANSWER_MS_MAX = 20_000;
const SOCKET_LOOK_MS = 20;
const LINE_CHARACTERS_MAX = 4 * 1024 ** 2;

export type QmpEvent = { readonly name: string; readonly data: JsonObject };

export type QmpClient = {
  readonly execute: (command: string, args?: JsonObject) => Promise<JsonValue>;
  readonly close: () => void;
};

export type QmpOptions = {
  readonly path: string;
  readonly clock: Clock;
  readonly connectMs: number;
  /** False ends the waiting for the socket: the process is gone. */
  readonly isAlive: () => boolean;
  readonly onEvent: (event: QmpEvent) => void;
};

type Pending = {
  readonly resolve: (value: JsonValue) => void;
  readonly reject: (e: Error) => void;
};

export const connectQmp = async (options: QmpOptions): Promise<QmpClient> => {
  const socket = await connectWhenThere(options);
  const pending: Pending[] = [];
  let text = '';
  const fail = (error: Error): void => {
    for (const each of pending.splice(0)) each.reject(error);
  };
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    text += chunk;
    if (text.length > LINE_CHARACTERS_MAX) socket.destroy(new Error('QMP line too long'));
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) take(line, pending, options.onEvent);
  });
  socket.on('error', fail);
  socket.on('close', () => fail(new LabFailure('QEMU has closed its control socket')));
  const execute = (command: string, args: JsonObject = {}): Promise<JsonValue> =>
    new Promise((resolve, reject) => {
      if (socket.destroyed) {
        reject(new LabFailure('QEMU has closed its control socket'));
        return;
      }
      const cancel = options.clock.after(ANSWER_MS_MAX, () => {
        reject(new LabFailure(`QEMU did not answer ${command} in ${ANSWER_MS_MAX} ms`));
      });
      pending.push({
        resolve: (value) => {
          cancel();
          resolve(value);
        },
        reject: (error) => {
          cancel();
          reject(error);
        },
      });
      socket.write(`${JSON.stringify({ execute: command, arguments: args })}\n`);
    });
  await execute('qmp_capabilities');
  return { execute, close: () => socket.destroy() };
};

const take = (line: string, pending: Pending[], onEvent: (event: QmpEvent) => void): void => {
  if (line.trim() === '') return;
  const message: unknown = JSON.parse(line);
  if (!isJsonObject(message)) return;
  if (typeof message['event'] === 'string') {
    const data = message['data'];
    onEvent({ name: message['event'], data: isJsonObject(data) ? data : {} });
    return;
  }
  if (message['QMP'] !== undefined) return;
  const waiting = pending.shift();
  const error = message['error'];
  if (isJsonObject(error)) {
    const text = typeof error['desc'] === 'string' ? error['desc'] : JSON.stringify(error);
    waiting?.reject(new LabFailure(`QEMU refused: ${text}`));
  } else waiting?.resolve(message['return'] ?? null);
};

const connectWhenThere = async (options: QmpOptions): Promise<Socket> => {
  const untilMs = options.clock.monotonicMs() + options.connectMs;
  for (;;) {
    const socket = await connectOnce(options.path);
    if (socket !== undefined) return socket;
    if (!options.isAlive()) throw new LabFailure('QEMU ended before it answered; see qemu.log');
    if (options.clock.monotonicMs() > untilMs) {
      throw new LabFailure(`QEMU opened no control socket in ${options.connectMs} ms`);
    }
    await pause(options.clock, SOCKET_LOOK_MS);
  }
};

const connectOnce = (path: string): Promise<Socket | undefined> =>
  new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
    socket.once('error', () => resolve(undefined));
  });
