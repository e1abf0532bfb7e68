// `bmc freeze|thaw|repair|adopt NODE`: one call each, and what it means.

import type { JsonObject } from '@bessemer/protocol/json';

import type { Session } from '../session.ts';
import { callMethod } from './passthru.ts';

export const bmcFreeze = async (
  session: Session,
  node: string,
  reason: string,
): Promise<string> => {
  await callMethod(session, node, 'freeze_bmc_credentials', { reason });
  return `the credentials of the BMC of ${node} stay as they are until \`./bessemer bmc thaw ${node}\``;
};

export const bmcThaw = async (session: Session, node: string): Promise<string> => {
  await callMethod(session, node, 'thaw_bmc_credentials');
  return `the credentials of the BMC of ${node} are held no more; a password that somebody saw is changed now`;
};

const followed = (node: string): string => `; \`./bessemer bmc status ${node}\` shows the result`;

export const bmcRepair = async (session: Session, node: string): Promise<string> => {
  await callMethod(session, node, 'repair_bmc_credentials');
  return `logins that may work are tried at the BMC of ${node}${followed(node)}`;
};

export const bmcAdopt = async (
  session: Session,
  node: string,
  isGivenDisabled: boolean,
): Promise<string> => {
  const args: JsonObject = isGivenDisabled ? { given: 'disable' } : {};
  await callMethod(session, node, 'adopt_bmc_account', args);
  return `the service makes accounts of its own at the BMC of ${node}${followed(node)}`;
};
