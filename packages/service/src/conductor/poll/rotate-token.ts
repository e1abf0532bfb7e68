// The token of a boot medium was readable on its way; after the first contact it is replaced by one that was never
// anywhere else. In two phases, so that a crash at any point leaves exactly one token that both sides know:
//
//   nothing pending     make a token, store it as pending, send it
//   pending stored      the agent may have it or not: ask with it. It answers: that is the token. It does not: send
//                       the same one again
//   sent and answered   the caller stores it as the token, together with what else the contact changed
//   refused             the old token stands, the pending one is destroyed
//
// The agent takes both until the new one is used for the first time; then the old one is dead on its side too.

import type { Secret } from '#trust/secret';

export type PendingToken = { readonly token: Secret<string>; readonly hash: string };

export type TokenLine = {
  readonly makeToken: () => PendingToken;
  /** Durable when it resolves. */
  readonly storePending: (pending: PendingToken) => Promise<void>;
  readonly dropPending: (pending: PendingToken) => Promise<void>;
  /** Sends the new token in an otherwise idempotent command that is authorised by the present one. */
  readonly send: (pending: PendingToken) => Promise<'taken' | 'unsupported'>;
  /** Whether the agent answers to this token. */
  readonly isAlive: (pending: PendingToken) => Promise<boolean>;
};

export type Rotation =
  | { readonly kind: 'rotated'; readonly pending: PendingToken }
  | { readonly kind: 'kept'; readonly reason: 'unsupported' | 'refused' };

const SEND_TRIES_MAX = 2;

/** `left` is what an earlier attempt stored and did not finish; it is known not to be in use. */
export const rotateToken = async (
  line: TokenLine,
  left: PendingToken | undefined,
): Promise<Rotation> => {
  const pending = left ?? line.makeToken();
  if (left === undefined) await line.storePending(pending);
  for (let tries = 1; tries <= SEND_TRIES_MAX; tries += 1) {
    if ((await line.send(pending)) === 'unsupported') {
      await line.dropPending(pending);
      return { kind: 'kept', reason: 'unsupported' };
    }
    if (await line.isAlive(pending)) return { kind: 'rotated', pending };
  }
  await line.dropPending(pending);
  return { kind: 'kept', reason: 'refused' };
};
