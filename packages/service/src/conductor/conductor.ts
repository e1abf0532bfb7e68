// The one door between the API and the conductor. Everything that touches a machine, a key or a workflow goes
// through here; the API itself never holds a key. In one process these are plain calls.

import type { JsonObject } from '@bessemer/protocol/json';
import type { NodeRecord, PowerTarget } from '@bessemer/protocol/node/record';
import type { JournalEntry } from '@bessemer/protocol/node/journal-entry';
import type { ProvisionVerb } from '@bessemer/protocol/node/verbs';
import type { WhyReport } from '@bessemer/protocol/node/why-report';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import type { Secret } from '#trust/secret';

import type { BreakGlassDoor } from './bmc-credential/break-glass/break-glass-door.ts';
import type { BmcCredentialDoor } from './bmc-credential/credential-door.ts';
import type { HardwareDoor, VendorMethodFacts } from './hardware-door.ts';
import type { TrustEvent } from './trust-events.ts';

export type { TrustEvent, VendorMethodFacts };

export type StepRequest = {
  readonly interface: string;
  readonly step: string;
  readonly args: JsonObject;
  readonly priority?: number;
  /** Done on the children of the node instead of on the node. */
  readonly isOnChildren?: boolean;
  /** UUIDs; undefined: all children. */
  readonly children?: readonly string[];
};

/** Who asks, as history tells it. */
export type Caller = { readonly user: string | null; readonly project: string | null };

export type ProvisionRequest = {
  readonly verb: ProvisionVerb;
  /** Already checked for shape: text (base64 of gzip, or URL) or object with meta_data, user_data, ... */
  readonly configDrive?: string | JsonObject;
  readonly steps?: readonly StepRequest[];
  readonly isRamdiskDisabled?: boolean;
  readonly rescuePassword?: Secret<string>;
  readonly caller?: Caller;
};

export type LookupRequest = {
  readonly addresses: readonly string[];
  readonly nodeUuid: NodeUuid | undefined;
  readonly sourceAddress: string;
  /** Minor number of the microversion in use. */
  readonly minor: number;
  readonly requestId?: string | undefined;
  /** Only our agent sends one. As it was sent: nothing of it is checked yet. */
  readonly proof?: LookupProof | undefined;
};

/** That the asker holds the key which it will listen with; see `lookupProofText`. */
export type LookupProof = {
  readonly certificatePem: string;
  readonly signature: string;
  readonly dateMs: number;
  readonly sealKey: string;
  readonly host: string;
  /** Path and query, as they were sent. */
  readonly target: string;
};

/** A signature over a whole request, as it was sent: nothing of it is checked yet; see `signedText`. */
export type RequestSignature = {
  readonly signature: string;
  readonly sequence: string;
  readonly method: string;
  /** As it was sent, without the query. */
  readonly path: string;
  readonly body: string;
};

/** Body of a 200 without the links, which the API adds. */
export type LookupAnswer = {
  readonly node: {
    readonly uuid: NodeUuid;
    readonly properties: JsonObject;
    readonly instance_info: JsonObject;
    readonly driver_internal_info: JsonObject;
  };
  readonly config: JsonObject;
};

export type HeartbeatRequest = {
  /** UUID or name, as the agent wrote it. */
  readonly nodeIdent: string;
  readonly callbackUrl: string;
  readonly token: string | undefined;
  readonly agentVersion: string | undefined;
  readonly certificatePem: string | undefined;
  /** start, end or error, when it is one that is known. */
  readonly status: string | undefined;
  readonly statusMessage: string | undefined;
  readonly sourceAddress: string;
  readonly requestId?: string | undefined;
  /** Only our agent signs. */
  readonly signed?: RequestSignature | undefined;
};

export type InspectionRequest = {
  readonly inventory: JsonObject;
  readonly pluginData: JsonObject;
  readonly nodeUuid: NodeUuid | undefined;
  readonly sourceAddress: string;
};

/** One boot of an agent on a node, without anything secret. */
export type AgentSessionReport = { readonly [field: string]: string | number | null };

/** Who asks for something that is written into the audit log. */
export type SessionCaller = {
  readonly user: string | null;
  readonly sourceAddress: string;
  readonly requestId: string;
};

/** driver_info as it is stored: masked, and its secrets sealed. */
export type KeptDriverInfo = Pick<NodeRecord, 'driverInfo' | 'driverSecrets'>;

type Doors = HardwareDoor & BreakGlassDoor & BmcCredentialDoor;

/** Every method throws `Refusal` with the status and text of the contract, and changes nothing when it does. */
export type Conductor = Doors & {
  readonly hostname: string;

  /** PUT states/provision: state change and workflow row in one transaction; returns when both are stored. */
  readonly requestProvision: (node: NodeUuid, request: ProvisionRequest) => Promise<void>;
  /** PUT states/power: stored as a workflow; returns when stored. */
  readonly requestPower: (
    node: NodeUuid,
    target: PowerTarget,
    options: { readonly timeoutMs: number | undefined; readonly caller?: Caller },
  ) => Promise<void>;
  readonly fetchBootDevice: (
    node: NodeUuid,
  ) => Promise<{ readonly device: string | null; readonly isPersistent: boolean | null }>;
  readonly setBootDevice: (
    node: NodeUuid,
    device: string,
    options: { readonly isPersistent: boolean },
  ) => Promise<void>;
  readonly supportedBootDevices: (node: NodeUuid) => Promise<readonly string[]>;
  readonly injectNmi: (node: NodeUuid) => Promise<void>;
  readonly validate: (node: NodeUuid) => Promise<{
    readonly [kind: string]: { readonly result: boolean | null; readonly reason?: string };
  }>;

  /** There is a new allocation in the store; a node is looked for in the background. */
  readonly nudgeAllocation: (uuid: string) => void;

  /** Undefined: not found, wrong state or closed window; the API answers one and the same 404. */
  readonly lookup: (request: LookupRequest) => Promise<LookupAnswer | undefined>;
  /** Resolves once the heartbeat is durable: only then may 202 be sent. */
  readonly heartbeat: (request: HeartbeatRequest) => Promise<void>;
  /** Undefined: no node in `inspect wait` matches. */
  readonly continueInspection: (request: InspectionRequest) => Promise<LookupAnswer | undefined>;

  /** Newest first. */
  readonly agentSessions: (node: NodeUuid) => Promise<readonly AgentSessionReport[]>;
  /** Lets the next lookup of a boot that is awaited have a new token. */
  readonly openAgentWindow: (node: NodeUuid, caller: SessionCaller) => Promise<void>;
  /** Resolves when the token is dead. */
  readonly revokeAgentSession: (
    node: NodeUuid,
    caller: SessionCaller & { readonly reason: string | undefined },
  ) => Promise<void>;

  /** For what the listeners refuse by themselves, before the conductor is asked. */
  readonly noteEvent: (event: TrustEvent) => Promise<void>;

  /**
   * Takes the secrets out of a driver_info that a client gave and seals them; `before` is what the node has. The API
   * stores what comes back, and cannot open it.
   */
  readonly keepDriverInfo: (
    node: NodeUuid,
    given: JsonObject,
    before?: KeptDriverInfo,
  ) => Promise<KeptDriverInfo>;
  /** With the secrets in their places: for callers who may see them. */
  readonly openDriverInfo: (
    node: KeptDriverInfo & { readonly uuid: string },
  ) => Promise<JsonObject>;

  readonly why: (node: NodeUuid) => Promise<WhyReport>;
  /** Entries after `afterSeq`, oldest first, at most `limit`. */
  readonly journal: (
    node: NodeUuid,
    options: { readonly afterSeq: number; readonly limit: number },
  ) => Promise<readonly JournalEntry[]>;
  /** Calls `listener` after each committed journal line of `node`; the returned function ends it. */
  readonly onJournal: (node: NodeUuid, listener: () => void) => () => void;

  /** Stops claiming, lets running steps reach a safe point, releases leases. */
  readonly stop: () => Promise<void>;
};
