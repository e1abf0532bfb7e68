// One disk, erased by the best method that it knows and that proves itself: after each method the disk is read
// back at the same places as before and at new ones. A method that leaves data (or lies) is followed by the next.

import type { InventoryDisk } from '@bessemer/protocol/agent/inventory';
import type { DiskErasure, EraseAttempt } from '@bessemer/protocol/agent/step';
import type { EraseMethod } from '#hardware/hardware';
import type { AgentContext, Report } from '../agent-context.ts';
import { makeProgress } from '#image/progress';
import type { DiskWritePermit } from '../may-write-disks.ts';
import { choosePlaces, type DiskLook, lookAt } from './sample-disk.ts';

export const eraseDisk = async (
  context: AgentContext,
  disk: InventoryDisk,
  permit: DiskWritePermit,
  report: Report,
): Promise<DiskErasure> => {
  const before = await look(context, disk, choosePlaces(disk.size));
  const attempts: EraseAttempt[] = [];
  let after: DiskLook = before;
  let proven: string | null = null;
  for (const method of await context.hardware.eraseMethods(disk)) {
    const tried = await attempt(context, { disk, permit, report, method, before });
    attempts.push(tried.attempt);
    after = tried.after ?? after;
    context.log.say(`${disk.name}: ${method.name}: ${tried.attempt.outcome}`);
    if (tried.attempt.outcome !== 'erased') continue;
    proven = method.name;
    break;
  }
  const samples = {
    count: after.places.length,
    nonZero: after.nonZeroPlaces.length,
    digestBefore: before.digest,
  };
  const erasure = { name: disk.name, serial: disk.serial, sizeBytes: disk.size, attempts, samples };
  return { ...erasure, method: proven, summary: summaryOf(disk, attempts, before, after) };
};

type Try = {
  readonly disk: InventoryDisk;
  readonly permit: DiskWritePermit;
  readonly report: Report;
  readonly method: EraseMethod;
  readonly before: DiskLook;
};

const attempt = async (
  context: AgentContext,
  { disk, permit, report, method, before }: Try,
): Promise<{ readonly attempt: EraseAttempt; readonly after: DiskLook | null }> => {
  const { clock, hardware } = context;
  const startedAtMs = clock.monotonicMs();
  const phase = `erasing ${disk.name} by ${method.name}`;
  const progress = makeProgress(clock, report, phase, disk.size);
  const secondsSoFar = (): number => Math.round((clock.monotonicMs() - startedAtMs) / 10) / 100;
  progress.set(0);
  try {
    await method.run(permit, progress.set);
    await hardware.rereadPartitions(disk);
    const places = [...new Set([...before.places, ...choosePlaces(disk.size)])];
    const after = await look(context, disk, places);
    const seconds = secondsSoFar();
    if (after.nonZeroPlaces.length === 0) {
      return { attempt: { method: method.name, outcome: 'erased', seconds }, after };
    }
    const reason = `${after.nonZeroPlaces.length} of ${places.length} places still hold data`;
    const found = {
      method: method.name,
      outcome: 'read-back found data',
      seconds,
      reason,
    } as const;
    return { attempt: found, after };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const failed = {
      method: method.name,
      outcome: 'failed',
      seconds: secondsSoFar(),
      reason,
    } as const;
    return { attempt: failed, after: null };
  }
};

const look = async (
  { hardware }: AgentContext,
  disk: InventoryDisk,
  places: readonly number[],
): Promise<DiskLook> => {
  const file = await hardware.openForReading(disk);
  try {
    return await lookAt(file, disk.size, places);
  } finally {
    await file.close();
  }
};

const summaryOf = (
  disk: InventoryDisk,
  attempts: readonly EraseAttempt[],
  before: DiskLook,
  after: DiskLook,
): string => {
  const named = `${disk.name}${disk.serial === null ? '' : ` (serial ${disk.serial})`}`;
  const found = `${before.nonZeroPlaces.length} of ${before.places.length} sampled places held data before`;
  const last = attempts.at(-1);
  const failed = attempts.filter(({ outcome }) => outcome !== 'erased');
  const tried = failed.map(({ method, outcome, reason }) => `${method}: ${reason ?? outcome}`);
  if (last?.outcome !== 'erased') {
    return `${named} is NOT erased (${tried.join('; ') || 'it knows no method'}); ${found}.`;
  }
  const earlier = tried.length === 0 ? '' : ` after ${tried.join('; ')}`;
  return (
    `${named} was erased by ${last.method} in ${last.seconds} s${earlier}; ${found}, ` +
    `all ${after.places.length} places read back after it were zero.`
  );
};
