// An IPMI 2.0 BMC on a UDP port. Written apart from the client that is tested with it: what they agree on is on
// the wire.

import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import type { AddressInfo } from 'node:net';

import type { Clock } from '../../clock.ts';
import { loseUsers, useFault, type IpmiBmc } from './bmc-memory.ts';
import { runCommand } from './commands/command-table.ts';
import {
  oldDatagram,
  openingDatagram,
  pong,
  sealedDatagram,
  takeApart,
  unseal,
  type Datagram,
} from './datagrams.ts';
import { answerMessage, readAsked, type Asked } from './messages.ts';
import { answerOpening } from './session-opening.ts';
import { isNewNumber, makeSessionTable, type SessionTable } from './sessions.ts';

export type IpmiServer = {
  readonly port: number;
  /** Sessions that are open now. */
  readonly sessionCount: () => number;
  /** Of these and of those that are being opened: what a BMC has few places for. */
  readonly placesTaken: () => number;
  /** Forgets all sessions, and what else its faults say. */
  readonly restart: () => void;
  /** Forgets all sessions, as after a restart of the BMC. */
  readonly dropSessions: () => void;
  readonly close: () => Promise<void>;
};

const APP = 0x06;
const CLOSE_SESSION = 0x3c;
/** Payload type. */
const PLAIN_MESSAGE = 0x00;
/** Datagrams that wait while the machine does something slow; more are lost, as in a real BMC. */
const WAITING_MAX = 64;

export const startIpmiServer = async (
  bmc: IpmiBmc,
  options: {
    readonly clock: Clock;
    readonly host: string;
    readonly port: number;
    /** After each datagram, answered or not. */
    readonly onRequest?: () => void;
  },
): Promise<IpmiServer> => {
  const sessions = makeSessionTable(options.clock);
  const socket = createSocket('udp4');
  let waiting = 0;
  let last: Promise<void> = Promise.resolve();
  let isOpen = true;

  socket.on('message', (bytes, peer) => {
    if (waiting >= WAITING_MAX) return;
    waiting += 1;
    last = last.then(async () => {
      const answer = await answerTo(bmc, sessions, bytes);
      waiting -= 1;
      options.onRequest?.();
      if (answer !== undefined && isOpen) socket.send(answer, peer.port, peer.address);
    });
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(options.port, options.host, () => {
      socket.off('error', reject);
      resolve();
    });
  });
  return {
    port: (socket.address() satisfies AddressInfo).port,
    sessionCount: sessions.openCount,
    placesTaken: sessions.count,
    restart: () => {
      sessions.clear();
      loseUsers(bmc);
    },
    dropSessions: sessions.clear,
    close: async () => {
      isOpen = false;
      await last;
      await new Promise<void>((resolve) => {
        socket.close(() => resolve());
      });
    },
  };
};

const answerTo = (
  bmc: IpmiBmc,
  sessions: SessionTable,
  bytes: Buffer,
): Promise<Buffer | undefined> | Buffer | undefined => {
  const datagram = takeApart(bytes);
  if (datagram === undefined || !bmc.isOverLan) return undefined;
  switch (datagram.kind) {
    case 'ping':
      return pong(datagram.tag);
    case 'old':
      return answerOld(bmc, datagram.message);
    case 'opening': {
      if (datagram.payload === PLAIN_MESSAGE) return answerPlain(bmc, datagram.message);
      const answer = answerOpening(bmc, sessions, datagram.payload, datagram.message);
      return answer === undefined ? undefined : openingDatagram(answer.payload, answer.message);
    }
    case 'sealed':
      return answerSealed(bmc, sessions, datagram);
  }
};

const answerOld = async (bmc: IpmiBmc, message: Buffer): Promise<Buffer | undefined> => {
  const asked = readAsked(message);
  return asked === undefined ? undefined : oldDatagram(await obey(bmc, asked, null));
};

/** Asked before a login, in the newer format: ipmitool looks for cipher suites so. */
const answerPlain = async (bmc: IpmiBmc, message: Buffer): Promise<Buffer | undefined> => {
  const asked = readAsked(message);
  return asked === undefined
    ? undefined
    : openingDatagram(PLAIN_MESSAGE, await obey(bmc, asked, null));
};

const answerSealed = async (
  bmc: IpmiBmc,
  sessions: SessionTable,
  datagram: Datagram & { readonly kind: 'sealed' },
): Promise<Buffer | undefined> => {
  const session = sessions.find(datagram.sessionId);
  const keys = session?.admitted?.keys;
  if (session === undefined || keys === undefined) return undefined;
  const message = unseal(session.suite, keys, datagram.body);
  if (message === undefined || !isNewNumber(session, datagram.number)) return undefined;
  const asked = readAsked(message);
  if (asked === undefined) return undefined;

  const isRepeat = session.lastRequest?.message.equals(message) === true;
  if (isRepeat) bmc.counters.repeats += 1;
  const answer =
    session.lastRequest !== null && isRepeat
      ? session.lastRequest.answer
      : await obey(bmc, asked, session);
  session.lastRequest = { message: Buffer.from(message), answer };
  const isClosed = asked.netFn === APP && asked.command === CLOSE_SESSION && answer[6] === 0;
  if (isClosed) sessions.remove(session.bmcId);
  if (!isRepeat && useFault(bmc, 'drop-answers')) return undefined;
  session.numberSent += 1;
  return sealedDatagram(session.suite, keys, {
    sessionId: session.consoleId,
    number: session.numberSent,
    iv: randomBytes(16),
    message: answer,
  });
};

const obey = async (
  bmc: IpmiBmc,
  asked: Asked,
  session: Parameters<typeof runCommand>[2]['session'],
): Promise<Buffer> => {
  bmc.counters.commands += 1;
  const { code, data } = await runCommand(asked.netFn, asked.command, {
    bmc,
    data: asked.data,
    session,
  });
  return answerMessage(asked, code, data ?? Buffer.alloc(0));
};
