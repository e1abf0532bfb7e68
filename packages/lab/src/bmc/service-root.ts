// The entry of the service: what there is, and where.

import type { JsonObject } from '@bessemer/protocol/json';
import type { BmcState, ResourceFinder } from './bmc-state.ts';

const FOREIGN_HOST = 'https://elsewhere.invalid';

export const serviceRoot =
  (state: BmcState): ResourceFinder =>
  (path) => {
    if (path === '/redfish') return { open: ['GET'], get: () => ({ v1: '/redfish/v1/' }) };
    if (path !== '/redfish/v1') return undefined;
    return {
      open: ['GET'],
      get: () => rootBody(state, state.faults.isOn('foreign-links') ? FOREIGN_HOST : ''),
    };
  };

const rootBody = (state: BmcState, host: string): JsonObject => {
  const link = (name: string): JsonObject => ({ '@odata.id': `${host}/redfish/v1/${name}` });
  return {
    '@odata.id': '/redfish/v1/',
    '@odata.type': '#ServiceRoot.v1_9_0.ServiceRoot',
    Id: 'RootService',
    Name: 'Bessemer lab BMC',
    RedfishVersion: '1.13.0',
    UUID: state.managerUuid,
    Vendor: 'Bessemer',
    Product: 'Lab BMC',
    ProtocolFeaturesSupported: { ExpandQuery: {}, SelectQuery: false, FilterQuery: false },
    Systems: link('Systems'),
    Chassis: link('Chassis'),
    Managers: link('Managers'),
    AccountService: link('AccountService'),
    SessionService: link('SessionService'),
    Tasks: link('TaskService'),
    Links: { Sessions: link('SessionService/Sessions') },
  };
};
