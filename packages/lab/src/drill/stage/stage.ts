// Everything that drills share: one product, one lab of machines, and addresses for attackers.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort } from '../../free-ports.ts';
import { LabFailure } from '../../lab-failure.ts';
import { type DrillMachine, startDrillLab } from './labs.ts';
import { type DrillNode, enrol } from './nodes.ts';
import { bootForInspection, type PlayedMachine } from './played-machine.ts';
import { type Product, startProduct } from './product.ts';
import { makeStrangers } from './strangers.ts';

export type Stage = {
  readonly directory: string;
  readonly product: Product;
  /** A machine that no other drill uses, powered off. */
  readonly machine: () => DrillMachine;
  /** A node with a machine of its own, `manageable`. */
  readonly node: (more?: { readonly [field: string]: unknown }) => Promise<DrillNode>;
  /** A node in inspection, whose agent is played by the drill. */
  readonly played: () => Promise<PlayedMachine>;
  /** The same, started over the network: it has no token, and may ask for one. */
  readonly networked: () => Promise<PlayedMachine>;
  /** Source address that nobody used before. */
  readonly stranger: () => string;
  readonly close: () => Promise<void>;
};

/** Each drill takes fresh ones. */
const MACHINES = 64;
/** Reached within seconds and not a quarter of a minute: heartbeats are limited too, and to fewer. */
const SETTINGS = ['agent.wrong_tokens_per_minute=3'];

/** `settings` as `--set` of the service takes them: to see what a drill says without the defence that it tries. */
export const openStage = async (settings: readonly string[] = []): Promise<Stage> => {
  const directory = await mkdtemp(join(tmpdir(), 'bessemer-drill-'));
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const each of closers.splice(0).toReversed()) await each();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const netbootPort = await freePort();
    const netbootUrl = `http://127.0.0.1:${netbootPort}`;
    const lab = await startDrillLab(directory, { machineCount: MACHINES, netbootUrl });
    closers.push(lab.close);
    const product = await startProduct({
      directory,
      netbootUrl,
      settings: [...SETTINGS, ...settings],
    });
    closers.push(product.stop);
    let used = 0;
    const machine = (): DrillMachine => {
      const found = lab.machines[used];
      if (found === undefined) throw new LabFailure('all machines of the lab are taken');
      used += 1;
      return found;
    };
    const node: Stage['node'] = (more) => enrol(product, machine(), more);
    return {
      directory,
      product,
      machine,
      node,
      played: async () => bootForInspection(product, await node()),
      networked: async () => bootForInspection(product, await node({ boot_interface: 'ipxe' })),
      stranger: makeStrangers(),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};
