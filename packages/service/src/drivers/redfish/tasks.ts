// Work that the BMC goes on with after its answer: 202, and a place to ask how it goes.

import { Failure } from '@bessemer/protocol/errors/failure';

import type { Answer } from './exchange.ts';
import { linkAt, pathAt } from './links.ts';
import { memberAt, textAt } from './json-guard.ts';
import { messagesOf, textOf } from './messages.ts';
import type { Operation } from './operation.ts';

const TASK_POLL_MS_MAX = 10_000;
/** At the slowest pace this is over half an hour; the operation's own limit ends it long before. */
const TASK_POLLS_MAX = 200;

const DONE_STATES: readonly string[] = ['Completed'];
const FAILED_STATES: readonly string[] = ['Exception', 'Killed', 'Cancelled', 'Interrupted'];

/**
 * Waits until the task behind a 202 has ended; any other answer passes at once. A task that has vanished counts
 * as ended: the caller reads back what it changed anyway.
 */
export const awaitTask = async (
  origin: string,
  accepted: Answer,
  operation: Operation,
  pollMs: number,
  ask: (path: string) => Promise<Answer>,
): Promise<void> => {
  if (accepted.status !== 202) return;
  const location = accepted.header('location');
  const path = location === undefined ? linkAt(origin, accepted.body) : pathAt(origin, location);
  // Some BMCs answer 202 to everything and have no task.
  if (path === undefined) return;
  let delayMs = pollMs;
  for (let polls = 0; polls < TASK_POLLS_MAX; polls += 1) {
    const answer = await ask(path);
    if (isOver(origin, answer)) return;
    if (!(await operation.pause(retryAfterMs(answer) ?? delayMs))) break;
    delayMs = Math.min(delayMs * 2, TASK_POLL_MS_MAX);
  }
  throw new Failure('bmc.unreachable', `A task of the BMC at ${origin} did not end in time`, {
    isRetryable: true,
    details: { task: path },
  });
};

const isOver = (origin: string, answer: Answer): boolean => {
  if (answer.status === 404 || answer.status === 410) return true;
  const state = textAt(answer.body, 'TaskState');
  if (answer.status >= 400 || (state !== undefined && FAILED_STATES.includes(state))) {
    const said = textOf(messagesOf(memberAt(answer.body, 'Messages') ?? answer.body, []));
    throw new Failure(
      'bmc.refused',
      `A task of the BMC at ${origin} failed (${state ?? `status ${answer.status}`})${said === '' ? '' : `: ${said}`}`,
    );
  }
  if (state !== undefined) return DONE_STATES.includes(state);
  return answer.status !== 202;
};

/** Milliseconds; undefined when absent or a date, which says nothing while clocks differ. */
export const retryAfterMs = (answer: Answer): number | undefined => {
  const text = answer.header('retry-after');
  return text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) * 1_000 : undefined;
};
