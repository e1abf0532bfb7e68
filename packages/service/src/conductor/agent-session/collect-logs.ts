// What the ramdisk has to say when something failed in it: its logs, kept as a file for a person to read. Best effort,
// bounded in size and number, and only while the agent still answers.

import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { isJsonObject } from '@bessemer/protocol/json';

import { findOpenSession } from '#store/agent-sessions';

import type { Job } from '../workflow/step.ts';
import { withAgent } from './with-agent.ts';

const LOG_BYTES_MAX = 8 * 1_048_576;
const KEPT_PER_NODE = 5;

const dropOldest = async (directory: string, nodeUuid: string): Promise<void> => {
  const own = (await readdir(directory)).filter((name) => name.startsWith(`${nodeUuid}_`)).sort();
  for (const name of own.slice(0, -KEPT_PER_NODE)) await rm(join(directory, name), { force: true });
};

/** Does nothing when no agent has called, or no directory is set for logs. */
export const collectLogs = async (job: Job): Promise<void> => {
  const directory = job.parts.options.agentLogsDirectory;
  const session = await findOpenSession(job.parts.store.db, job.node.uuid);
  if (directory === undefined || session?.state !== 'BOUND') return;
  const result = await withAgent(job, (agent) =>
    agent.send('log.collect_system_logs', {}, { isWaiting: true }),
  );
  const text = isJsonObject(result.command_result)
    ? result.command_result['system_logs']
    : undefined;
  if (typeof text !== 'string') return;
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length > LOG_BYTES_MAX) return;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const time = new Date(job.parts.clock.wallMs()).toISOString().replaceAll(/[:.]/g, '-');
  const path = join(directory, `${job.node.uuid}_${job.workflow.kind}_${time}.tar.gz`);
  await writeFile(path, bytes, { mode: 0o600 });
  await dropOldest(directory, job.node.uuid);
  job.log.info({ path }, 'the logs of the ramdisk are kept');
};
