// Barbican is spoken to with tokens of Keystone, got as those that tokens of users are validated with.

import { KeystoneAway } from '#api/auth/keystone/keystone-away';
import type { KeystoneAccount } from '#api/auth/keystone/login';
import { makeOwnToken, type OwnToken } from '#api/auth/keystone/own-token';
import type { Clock } from '#clock';
import type { BarbicanTokens } from '#trust/secret-store/barbican';
import type { Exchange } from '#trust/secret-store/exchange';
import { storeFailure, troubleOf } from '#trust/secret-store/store-failure';

import { isJsonObject, type JsonObject } from '@bessemer/protocol/json';

const objectIn = (text: string): JsonObject | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    // Proxies in front of it answer with pages.
    return undefined;
  }
};

const isRefusal = (status: number): boolean => status === 401 || status === 403 || status === 404;

/** `keystone` is reached without `/v3`. */
export const makeBarbicanTokens = (
  keystone: Exchange,
  account: KeystoneAccount,
  clock: Pick<Clock, 'wallMs' | 'monotonicMs'>,
): BarbicanTokens => {
  let lastStatus = 0;
  const own = makeOwnToken(
    account,
    async (body) => {
      const path = '/v3/auth/tokens?nocatalog';
      const answer = await keystone({ method: 'POST', path, body: JSON.parse(body) as JsonObject });
      lastStatus = answer.status;
      return { status: answer.status, headers: answer.headers, body: objectIn(answer.text) };
    },
    clock,
  );
  const told = async (asked: Promise<OwnToken>): Promise<OwnToken> => {
    try {
      return await asked;
    } catch (error) {
      if (!(error instanceof KeystoneAway)) throw error;
      // The secret of the account could not be read.
      if (troubleOf(error.cause) !== undefined) throw error.cause;
      throw storeFailure(isRefusal(lastStatus) ? 'unauthorised' : 'away', error.message, error);
    }
  };
  let held: OwnToken | undefined;
  const hold = (token: OwnToken) => (held = token).token;
  return {
    current: async () => hold(await told(own.current())),
    after: async (refused) =>
      // Somebody else may have logged in again meanwhile.
      held?.token === refused ? hold(await told(own.after(held))) : hold(await told(own.current())),
  };
};
