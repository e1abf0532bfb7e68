// An account is switched off at the BMC, by each protocol that the node is spoken to with, if it is there.

import type { BmcSlotName } from '#store/bmc-credentials';

import { loginCredential } from './known-logins.ts';
import { tryAs } from './login-tries.ts';
import type { RotationRun } from './rotation-run.ts';

export const disableAccount = async (
  run: RotationRun,
  by: BmcSlotName,
  username: string,
): Promise<void> => {
  const as = await loginCredential(run, { by: 'slot', slot: by });
  const login = { username: as.username, isProven: true };
  for (const door of run.doors) {
    const accounts = await tryAs(run, `bmc.list.${door.protocol}`, login, () =>
      door.list(run.node, as),
    );
    const account = accounts.find((each) => each.username === username);
    if (account === undefined || account.isEnabled === false) continue;
    await tryAs(run, `bmc.disable.${door.protocol}`, login, () =>
      door.disable(run.node, as, account.id),
    );
  }
};
