// A secret store that somebody can take away, in each of the ways in which it says so.

import { storeFailure } from '#trust/secret-store/store-failure';
import type { SecretStore } from '#trust/secret-store/secret-store';

export type StoreTrouble = 'away' | 'sealed' | 'unauthorised';

export type SecretsSwitch = {
  /** Undefined: it works. */
  trouble: StoreTrouble | undefined;
  readonly over: (secrets: SecretStore) => SecretStore;
};

const TEXTS: { readonly [trouble in StoreTrouble]: string } = {
  away: 'Nobody answers there.',
  sealed: 'It is sealed.',
  unauthorised: 'It does not let us in.',
};

export const makeSecretsSwitch = (): SecretsSwitch => {
  const self: SecretsSwitch = {
    trouble: undefined,
    over: (secrets) => {
      const guarded =
        <A extends readonly unknown[], T>(work: (...args: A) => Promise<T>) =>
        async (...args: A): Promise<T> => {
          if (self.trouble !== undefined) throw storeFailure(self.trouble, TEXTS[self.trouble]);
          return work(...args);
        };
      return {
        ...secrets,
        put: guarded(secrets.put),
        get: guarded(secrets.get),
        getWrite: guarded(secrets.getWrite),
        findWrite: guarded(secrets.findWrite),
        list: guarded(secrets.list),
        destroy: guarded(secrets.destroy),
        health: async () => {
          if (self.trouble === undefined) return secrets.health();
          return {
            state: self.trouble,
            failure: storeFailure(self.trouble, TEXTS[self.trouble]),
          };
        },
      };
    },
  };
  return self;
};
