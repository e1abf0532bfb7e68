// One question and its answer over datagrams that may be lost, doubled, late or forged. The wait is bounded in
// time and in packets; what was heard instead of the answer decides which failure it ends in.

import type { Clock } from '#clock';

import { IpmiFailure, type IpmiTrouble } from './failures.ts';
import type { Transport } from './transport.ts';

export type Verdict<T> =
  | { readonly kind: 'answer'; readonly value: T }
  /** Not the answer, and nothing to wonder about: late, doubled, another's. */
  | { readonly kind: 'ignored' }
  | { readonly kind: 'not-ipmi' }
  | { readonly kind: 'altered' };

export const IGNORED = { kind: 'ignored' } as const;

/** Datagrams looked at while waiting for one answer; whoever sends more is flooding us. */
const PACKETS_MAX = 256;

export const exchange = <T>(
  { transport, clock }: { readonly transport: Transport; readonly clock: Clock },
  question: {
    /** The packet of one sending: a repeat is a new packet where numbers in it must be new. */
    readonly packet: () => Buffer;
    /** A thrown failure ends the exchange. */
    readonly judge: (datagram: Buffer) => Verdict<T>;
    /** How long to wait after each sending; as many sendings as there are waits. */
    readonly waitsMs: readonly number[];
  },
): Promise<T> =>
  new Promise((resolve, reject) => {
    let sentCount = 0;
    let heardCount = 0;
    let trouble: IpmiTrouble = 'no-answer';
    let cancel = (): void => undefined;
    const end = (settle: () => void): void => {
      cancel();
      transport.listen(() => undefined);
      settle();
    };
    const fail = (error: unknown): void =>
      end(() => reject(error instanceof Error ? error : new Error(String(error))));
    const send = (): void => {
      const waitMs = question.waitsMs[sentCount];
      if (waitMs === undefined) return fail(new IpmiFailure(trouble));
      sentCount += 1;
      cancel = clock.after(waitMs, send);
      transport.send(question.packet());
    };
    transport.listen((datagram) => {
      heardCount += 1;
      if (heardCount > PACKETS_MAX) {
        return fail(new IpmiFailure(trouble, 'More packets than any BMC sends were in the way.'));
      }
      try {
        const verdict = question.judge(datagram);
        if (verdict.kind === 'answer') return end(() => resolve(verdict.value));
        if (verdict.kind === 'altered') trouble = 'altered';
        if (verdict.kind === 'not-ipmi' && trouble === 'no-answer') trouble = 'not-ipmi';
      } catch (error) {
        fail(error);
      }
    });
    send();
  });
