// What commands and steps work with: the machine, the permit, what the service told about the node, and what was
// done in this boot.

import type { CommandProgress } from '@bessemer/protocol/agent/command';
import { isJsonObject, type JsonObject } from '@bessemer/protocol/json';
import type { Clock } from '#clock';
import type { Hardware } from '#hardware/hardware';
import type { AgentTrust } from '#trust/agent-trust';
import type { AgentLog } from './agent-log.ts';
import type { AgentConfiguration } from './configuration.ts';
import type { DiskWritePermit } from './may-write-disks.ts';

/** An image that was written in this boot. */
export type PreparedImage = {
  readonly id: string;
  readonly digest: string;
  readonly diskName: string;
  /** The identifier of the disk: GUID of its GPT, or `0x` and the signature of its MBR. */
  readonly diskIdentifier: string | null;
  readonly configDrivePartition: string | null;
};

export type AgentState = {
  /** As last sent by the service, in a lookup or with a command. */
  node: JsonObject | null;
  image: PreparedImage | null;
};

export type AgentContext = {
  readonly hardware: Hardware;
  readonly permit: DiskWritePermit | null;
  readonly configuration: AgentConfiguration;
  readonly trust: AgentTrust;
  readonly state: AgentState;
  readonly clock: Clock;
  readonly log: AgentLog;
  /** Stops the heartbeat, then ends the machine a moment later so that the answer still gets out. */
  readonly end: (how: 'power-off' | 'reboot') => Promise<void>;
  /** Stops heartbeat and listener and takes the network down, for good. */
  readonly lockDown: () => void;
};

export type Report = (progress: CommandProgress) => void;

/** Root device hints of the node; those of the instance are stronger. */
export const rootDeviceHints = (node: JsonObject | null): JsonObject | null => {
  for (const key of ['instance_info', 'properties']) {
    const part = node?.[key];
    const hints = isJsonObject(part) ? part['root_device'] : undefined;
    if (isJsonObject(hints) && Object.keys(hints).length > 0) return hints;
    if (typeof hints === 'string' && hints.trim().startsWith('{')) {
      const parsed: unknown = JSON.parse(hints);
      if (isJsonObject(parsed)) return parsed;
    }
  }
  return null;
};
