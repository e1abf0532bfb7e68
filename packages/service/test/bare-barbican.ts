// The store on a Barbican that takes everybody: each has a project of its own.

import { randomUUID } from 'node:crypto';

import { Secret } from '#trust/secret';
import { makeBarbicanSecretStore } from '#trust/secret-store/barbican';
import type { Exchange } from '#trust/secret-store/exchange';
import type { SecretStore } from '#trust/secret-store/secret-store';

import { makeExchange } from '../src/serve/secret-store-exchange.ts';

export type BareBarbican = {
  readonly store: SecretStore;
  /** As the store speaks to it. */
  readonly exchange: Exchange;
  readonly project: string;
  readonly close: () => Promise<void>;
};

type Opening = {
  /** One of its own when undefined. */
  readonly project?: string;
  readonly timeoutMs?: number;
  readonly authorityPem?: string;
};

/** It answers one question after the other, on machines that have other work. */
const ANSWER_MS_MAX = 20_000;

/** Whoever is anybody shows any token. */
const nobody = async (): Promise<Secret<string>> => new Secret('none');

export const openBareBarbican = (url: string, opening: Opening = {}): BareBarbican => {
  const project = opening.project ?? randomUUID().replaceAll('-', '');
  const { ask, close } = makeExchange({
    name: 'Barbican',
    url,
    authorityPem: opening.authorityPem,
    timeoutMs: opening.timeoutMs ?? ANSWER_MS_MAX,
  });
  const exchange: Exchange = (asked) =>
    ask({ ...asked, headers: { ...asked.headers, 'x-project-id': project } });
  const tokens = { current: nobody, after: nobody };
  return {
    store: makeBarbicanSecretStore({ exchange, tokens, close }),
    exchange,
    project,
    close,
  };
};
