// An open session: commands one after another, each with new numbers, and the end of it.
//
//   open     commands run in the order they are asked; a lost packet is sent again as a new packet (new session
//            number, new IV) with the same request number, so that a BMC can recognise the repeat.
//   closed   entered by close(). Every command fails with 'session-ended'.
//
// A BMC that restarted knows the session no more and is silent: commands then end in 'no-answer', and only a new
// session helps.

import type { Clock } from '#clock';

import type { CipherSuite } from './cipher-suites.ts';
import type { IpmiCommand } from './command.ts';
import { closeSession } from './commands/session.ts';
import { exchange, IGNORED, type Verdict } from './exchange.ts';
import { IpmiFailure } from './failures.ts';
import {
  isAnswerTo,
  readIpmiResponse,
  REQUEST_NUMBERS,
  writeIpmiRequest,
  type IpmiRequest,
  type IpmiResponse,
} from './ipmi-message.ts';
import type { SessionKeys } from './key-material.ts';
import { parsed } from './packet-reader.ts';
import { openPacket, sealPacket } from './sealed-packet.ts';
import { makeSequenceWindow } from './sequence-window.ts';
import { commandFailure, COMPLETED } from './status-codes.ts';
import type { Random, Transport } from './transport.ts';

export type IpmiSession = {
  readonly suite: CipherSuite;
  readonly run: <T>(command: IpmiCommand<T>) => Promise<T>;
  /** Ends the session at the BMC, once; never throws for a BMC that is gone. */
  readonly close: () => Promise<void>;
};

export type SessionParts = {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly waitsMs: readonly number[];
};

export type OpenedSession = {
  readonly suite: CipherSuite;
  readonly keys: SessionKeys;
  readonly consoleSessionId: number;
  readonly bmcSessionId: number;
};

const IV_BYTES = 16;
/** Commands that wait for their turn; a caller with more has lost count. */
const WAITING_MAX = 32;
/** A session ends by itself at the BMC when this gets lost, so it is not worth a long wait. */
const CLOSE_WAITS_MS = [500];

export const makeSession = (parts: SessionParts, opened: OpenedSession): IpmiSession => {
  const { suite, keys } = opened;
  const window = makeSequenceWindow();
  let packetNumber = 0;
  let requestNumber = 0;
  let waitingCount = 0;
  let last: Promise<unknown> = Promise.resolve();
  let isOpen = true;

  const seal = (request: IpmiRequest): Buffer => {
    packetNumber += 1;
    return sealPacket(suite, keys, {
      sessionId: opened.bmcSessionId,
      number: packetNumber,
      iv: parts.random(IV_BYTES),
      message: writeIpmiRequest(request),
    });
  };

  const judge = (request: IpmiRequest, datagram: Buffer): Verdict<IpmiResponse> => {
    const result = openPacket(suite, keys, opened.consoleSessionId, datagram);
    if (result.kind === 'altered') return { kind: 'altered' };
    if (result.kind === 'foreign' || !window.take(result.packet.number)) return IGNORED;
    const response = readIpmiResponse(result.packet.message);
    return response !== undefined && isAnswerTo(request, response)
      ? { kind: 'answer', value: response }
      : IGNORED;
  };

  const runNow = async <T>(command: IpmiCommand<T>, waitsMs: readonly number[]): Promise<T> => {
    requestNumber = (requestNumber + 1) % REQUEST_NUMBERS;
    const number = requestNumber;
    const requestOf = (): IpmiRequest => ({
      netFn: command.netFn,
      command: command.command,
      ...(command.write === undefined ? {} : { data: command.write() }),
      number,
    });
    const asked: IpmiRequest = { netFn: command.netFn, command: command.command, number };
    const response = await exchange(parts, {
      packet: () => seal(requestOf()),
      judge: (datagram) => judge(asked, datagram),
      waitsMs: command.isRepeatable ? waitsMs : [waitsMs.reduce((sum, each) => sum + each, 0)],
    }).catch((error: unknown) => {
      throw error instanceof IpmiFailure && !command.isRepeatable
        ? new IpmiFailure(error.trouble, `Whether ${command.name} was obeyed is not known.`, {
            isOutcomeUnknown: true,
          })
        : error;
    });
    return readAnswer(command, response);
  };

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work);
    last = turn.catch(() => undefined);
    return turn;
  };

  return {
    suite,
    run: async (command) => {
      if (waitingCount >= WAITING_MAX) {
        throw new IpmiFailure('busy', 'Too many commands wait in this session.');
      }
      waitingCount += 1;
      return inTurn(async () => {
        if (!isOpen) throw new IpmiFailure('session-ended');
        return runNow(command, parts.waitsMs);
      }).finally(() => {
        waitingCount -= 1;
      });
    },
    close: () =>
      inTurn(async () => {
        if (!isOpen) return;
        isOpen = false;
        await runNow(closeSession(opened.bmcSessionId), CLOSE_WAITS_MS).catch((error: unknown) => {
          if (!(error instanceof IpmiFailure)) throw error;
        });
        parts.transport.close();
      }),
  };
};

const readAnswer = <T>(command: IpmiCommand<T>, response: IpmiResponse): T => {
  const { completionCode, data } = response;
  if (completionCode !== COMPLETED && command.expected?.includes(completionCode) !== true) {
    throw commandFailure(command.name, completionCode);
  }
  const answer = parsed(data, (reader) => ({ value: command.read(reader, completionCode) }));
  if (answer === undefined) throw new IpmiFailure('malformed', `${command.name}.`);
  return answer.value;
};
