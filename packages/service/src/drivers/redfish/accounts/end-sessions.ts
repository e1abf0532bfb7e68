// Ending what was opened with an old password. Not all BMCs do it by themselves.

import { isChangeDemanded } from '../../change-demanded.ts';
import type { Bmc } from '../bmc-pool.ts';
import { textAt } from '../json-guard.ts';
import { linkAt, linksAt } from '../links.ts';
import { BmcRefused } from '../refused.ts';
import { unlessGone } from './account-service.ts';

import { Failure } from '@bessemer/protocol/errors/failure';

/** All sessions of the account but that of this call. A BMC that shows none has none to end. */
export const endSessionsOf = async (bmc: Bmc, username: string): Promise<void> => {
  const { client, operation } = bmc;
  try {
    for (const path of await sessionPaths(bmc)) {
      if (path === client.sessionPath()) continue;
      const session = await unlessGone(client.fetch(path, operation));
      if (session !== undefined && textAt(session.body, 'UserName') === username) {
        await client.remove(path, operation);
      }
    }
  } catch (error) {
    if (!isNotShown(error)) throw error;
  }
};

const sessionPaths = async ({ client, operation }: Bmc): Promise<readonly string[]> => {
  const root = await client.fetch('/redfish/v1/', operation);
  const sessions = linkAt(client.origin, root.body, 'Links', 'Sessions');
  if (sessions === undefined) return [];
  const collection = await client.fetch(sessions, operation);
  return linksAt(client.origin, collection.body, 'Members');
};

const isNotShown = (error: unknown): boolean =>
  error instanceof BmcRefused || (error instanceof Failure && isChangeDemanded(error));
