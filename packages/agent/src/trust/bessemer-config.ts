// The part of a lookup answer that only our own service sends.

import type { BessemerConfig, SealedToken } from '@bessemer/protocol/agent/trust';
import { isJsonObject, type JsonValue } from '@bessemer/protocol/json';

/** Null when a stock service answered, or the part is not as it should be. */
export const parseBessemerConfig = (value: JsonValue | undefined): BessemerConfig | null => {
  if (!isJsonObject(value) || typeof value['session'] !== 'string') return null;
  const trust = isJsonObject(value['trust']) ? value['trust'] : {};
  const sealed = parseSealedToken(value['sealed_token']);
  return {
    session: value['session'],
    boot_number: Number(value['boot_number'] ?? 0),
    trust: {
      signatures: trust['signatures'] === true,
      client_certificate: trust['client_certificate'] === true,
    },
    ...(sealed === null ? {} : { sealed_token: sealed }),
  };
};

const parseSealedToken = (value: JsonValue | undefined): SealedToken | null => {
  if (!isJsonObject(value)) return null;
  const { key, nonce, ciphertext, tag } = value;
  return typeof key === 'string' &&
    typeof nonce === 'string' &&
    typeof ciphertext === 'string' &&
    typeof tag === 'string'
    ? { key, nonce, ciphertext, tag }
    : null;
};
