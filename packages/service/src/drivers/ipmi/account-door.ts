// The door to accounts over IPMI as hardware types use it: for nodes that give `ipmi_address`, whatever else they give.

import type { Clock } from '#clock';
import type { Credential } from '#trust/secret-store/secret-store';

import type { JsonObject } from '@bessemer/protocol/json';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import { makeAddressRules } from '../address-rules.ts';
import type { BmcAccountDoor } from '../bmc-accounts.ts';
import type { LoginBudget } from '../login-budget.ts';
import { readIpmiAccess, type IpmiAccess } from './access.ts';
import { makeIpmiAccountDoor } from './accounts.ts';
import { makeIpmiBmcs, type IpmiBmcs } from './bmcs.ts';
import type { IpmiOptions } from './options.ts';
import { makeResolveHost } from './resolve-host.ts';

export type IpmiReach = {
  readonly bmcs: IpmiBmcs;
  /** The node's BMC, logged in to as somebody else than driver_info says. */
  readonly accessOf: (node: NodeRecord, as: Credential) => IpmiAccess;
  readonly door: BmcAccountDoor;
};

export const makeIpmiReach = (parts: {
  readonly options: IpmiOptions;
  readonly clock: Clock;
  readonly budget: LoginBudget;
  readonly openDriverInfo: (node: NodeRecord) => JsonObject;
  /** Where a BMC has a name already: refused logins of all protocols count together. */
  readonly originOf?: (node: NodeRecord, as: Credential) => string;
}): IpmiReach => {
  const { options, clock, budget } = parts;
  const rules = makeAddressRules(options, 'ipmi');
  const bmcs = makeIpmiBmcs({ options, budget, resolveHost: makeResolveHost(rules), clock });
  const accessOf = (node: NodeRecord, as: Credential): IpmiAccess => {
    // Its rules are about what people type; these were made, or are guessed by an audit.
    const login = { ipmi_username: 'x', ipmi_password: 'x' };
    const access = readIpmiAccess({ ...parts.openDriverInfo(node), ...login }, rules, options);
    const origin = parts.originOf?.(node, as) ?? access.origin;
    return { ...access, ...as, origin, privilege: 'administrator' };
  };
  return { bmcs, accessOf, door: makeIpmiAccountDoor({ bmcs, budget, accessOf }) };
};

export const hasIpmi = ({ driverInfo }: NodeRecord): boolean =>
  typeof driverInfo['ipmi_address'] === 'string' && driverInfo['ipmi_address'] !== '';
