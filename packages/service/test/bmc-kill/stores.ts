// The secret stores of the matrix, each begun when the first scene asks for it.

import { randomUUID } from 'node:crypto';

import { type Barbican, startBarbican } from '../../../../test/barbican/start-barbican.ts';
import { ROOT_TOKEN, startVaultFake, type VaultFake } from '../vault-fake.ts';
import type { SecretsAt } from './life.ts';

export type Stores = {
  /** Of one scene. */
  readonly at: (kind: SecretsAt['kind']) => Promise<SecretsAt>;
  readonly stop: () => Promise<void>;
};

export const makeStores = (): Stores => {
  let vault: Promise<VaultFake> | undefined;
  let barbican: Promise<Barbican> | undefined;
  return {
    at: async (kind) => {
      if (kind === 'embedded') return { kind };
      if (kind === 'vault') {
        vault ??= startVaultFake();
        return { kind, url: (await vault).url, token: ROOT_TOKEN };
      }
      barbican ??= startBarbican();
      return { kind, url: (await barbican).url, project: randomUUID().replaceAll('-', '') };
    },
    stop: async () => {
      await (await vault)?.stop();
      await (await barbican)?.stop();
    },
  };
};
