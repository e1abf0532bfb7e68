// What the routes work with. Drivers are known here only by what they are called and what they are made of.

import type { Clock } from '#clock';
import type { Conductor } from '#conductor/conductor';
import type { Log } from '#observe/log';
import type { Metrics } from '#observe/metrics';
import type { Policy } from '#policy/policy';
import type { Store } from '#store/database';

import type { JsonObject, JsonValue } from '@bessemer/protocol/json';
import { RAW_COMMAND } from '@bessemer/protocol/node/disallowed-steps';
import type { NodeRecord } from '@bessemer/protocol/node/record';

/** What a hardware type can do beside its nodes. */
export type DriverMethod = {
  readonly httpMethods: readonly string[];
  readonly description: string;
  /** The caller does not wait for it, and is told nothing of what comes out. */
  readonly isAsync: boolean;
  /** Throws Refusal(400) that names the argument. */
  readonly validate: (args: JsonObject) => void;
  readonly run: (args: JsonObject) => Promise<JsonValue>;
};

export type HardwareTypeFacts = {
  readonly name: string;
  readonly defaults: { readonly [interfaceKind: string]: string };
  readonly enabled: { readonly [interfaceKind: string]: readonly string[] };
  readonly properties: { readonly [key: string]: string };
  readonly logicalDiskProperties?: { readonly [key: string]: string };
  readonly methods?: { readonly [name: string]: DriverMethod };
};

/** The part of the driver registry that the API may use. */
export type DriverCatalog = {
  readonly hardwareTypes: readonly HardwareTypeFacts[];
  readonly chooseInterfaces: (
    hardwareType: string,
    asked: { readonly [interfaceKind: string]: string },
  ) => NodeRecord['interfaces'];
};

export type ApiOptions = {
  /** `[api] public_endpoint`: base of links; the request's host when undefined. */
  readonly publicEndpoint: string | undefined;
  /** `[api] max_limit`: default and ceiling of list pages. */
  readonly maxLimit: number;
  /** `[DEFAULT] default_resource_class`. */
  readonly defaultResourceClass: string | null;
  /** `[conductor] allow_deleting_available_nodes`. */
  readonly isDeletingAvailableAllowed: boolean;
  /** `[api] enable_docs`. */
  readonly isReferenceServed: boolean;
  /** `[api] project_admin_can_manage_own_nodes`. */
  readonly canProjectsManageOwnNodes: boolean;
  /** `[conductor] heartbeat_timeout`: a conductor silent for longer is not alive. */
  readonly conductorTimeoutMs: number;
  /** `[conductor] disallowed_steps`, as `interface.step`: refused in every request. */
  readonly disallowedSteps: readonly string[];
  /** `[api] public_agent_routes`. */
  readonly publicAgentRoutes: '404' | 'policy';
  /** `[bmc_credentials] allow_show_password`: off, no rule shows passwords of driver_info. */
  readonly isShowPasswordAllowed: boolean;
  /** `[api] disable_agent_api`. */
  readonly isAgentApiOff: boolean;
};

export const DEFAULT_API_OPTIONS: ApiOptions = {
  publicEndpoint: undefined,
  maxLimit: 1_000,
  defaultResourceClass: null,
  isDeletingAvailableAllowed: true,
  isReferenceServed: false,
  canProjectsManageOwnNodes: true,
  conductorTimeoutMs: 60_000,
  disallowedSteps: [RAW_COMMAND],
  publicAgentRoutes: '404',
  isShowPasswordAllowed: true,
  isAgentApiOff: false,
};

export type ApiParts = {
  readonly store: Store;
  readonly conductor: Conductor;
  readonly drivers: DriverCatalog;
  readonly policy: Policy;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly options: ApiOptions;
};
