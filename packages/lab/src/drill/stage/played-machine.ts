// A machine whose agent is played by the drill: booted by the product itself, with the token, key and certificate that
// the product put into its boot medium.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { AGENT_PORT } from '@bessemer/protocol/agent/command';
import { type AgentConfig, parseAgentConfig } from '@bessemer/protocol/media/agent-config';
import {
  AGENT_CERT_PATH,
  AGENT_CONFIG_PATH,
  AGENT_KEY_PATH,
} from '@bessemer/protocol/media/reserved-region';

import { pause, systemClock } from '../../clock.ts';
import { LabFailure } from '../../lab-failure.ts';
import { type Beat, beatBody, beatSignature } from './agent-words.ts';
import { askFor, type DrillNode, waitForState } from './nodes.ts';
import type { Product } from './product.ts';
import type { WireAnswer } from './wire.ts';

const LOOK_EACH_MS = 30;
const BOOT_MS_MAX = 60_000;

export type PlayedMachine = DrillNode & {
  readonly config: AgentConfig;
  /** Empty when the boot was told none: it gets its token by lookup. */
  readonly token: string;
  readonly certificate: string;
  readonly key: string;
  readonly callbackUrl: string;
  /** A heartbeat as the true agent sends it, unless changed. */
  readonly beat: (change?: BeatChange) => Promise<WireAnswer>;
};

export type BeatChange = Partial<Beat> & {
  /** Source address; the machine's own when left out. */
  readonly from?: string;
  /** Signed with this sequence number; not signed when left out. */
  readonly sequence?: number;
};

const readIfThere = (path: string): Promise<string> =>
  readFile(path, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  });

/** Waits until the machine's firmware unpacked what the product gave this boot. */
export const bootedConfig = async (root: string, bootAfter = 0): Promise<AgentConfig> => {
  const untilMs = systemClock.monotonicMs() + BOOT_MS_MAX;
  for (;;) {
    const config = parseAgentConfig(await readIfThere(join(root, AGENT_CONFIG_PATH)));
    if (config !== undefined && config.bootNumber > bootAfter) return config;
    if (systemClock.monotonicMs() > untilMs) {
      throw new LabFailure('the machine was not started into a ramdisk of this boot');
    }
    await pause(systemClock, LOOK_EACH_MS);
  }
};

export const playedMachine = async (
  product: Product,
  node: DrillNode,
  config: AgentConfig,
): Promise<PlayedMachine> => {
  const { root, address } = node.machine;
  const [certificate, key] = await Promise.all([
    readIfThere(join(root, AGENT_CERT_PATH)),
    readIfThere(join(root, AGENT_KEY_PATH)),
  ]);
  const callbackUrl = `https://${address}:${AGENT_PORT}`;
  const token = config.token ?? '';
  return {
    ...node,
    config,
    token,
    certificate,
    key,
    callbackUrl,
    beat: ({ from = address, sequence, ...change } = {}) => {
      const beat = { callbackUrl, token, certificate, ...change };
      const body = beatBody(beat);
      const path = `/v1/heartbeat/${node.uuid}`;
      const { session } = config;
      const signature =
        sequence === undefined ? {} : beatSignature({ token, session, sequence }, path, body);
      return product.ramdisk(path, {
        method: 'POST',
        from,
        body,
        headers: { 'content-type': 'application/json', ...signature },
      });
    },
  };
};

const WAIT_OF = { inspect: 'inspect wait', provide: 'clean wait' } as const;

/** Starts work that needs a ramdisk of ours. The drill is its agent from then on. */
export const bootFor = async (
  product: Product,
  node: DrillNode,
  verb: keyof typeof WAIT_OF,
): Promise<PlayedMachine> => {
  await askFor(product, node.uuid, verb);
  const config = await bootedConfig(node.machine.root);
  await waitForState(product, node.uuid, [WAIT_OF[verb]]);
  return playedMachine(product, node, config);
};

/** The shortest way to a ramdisk. */
export const bootForInspection = (product: Product, node: DrillNode): Promise<PlayedMachine> =>
  bootFor(product, node, 'inspect');
