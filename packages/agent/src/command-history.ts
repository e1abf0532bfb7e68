// Every command of this boot with its result, oldest first; at most one asynchronous command runs at a time.
//
// Modes of an entry: RUNNING until its work settles, then SUCCEEDED, FAILED or CLEAN_VERSION_MISMATCH for good.
// Busy means: an entry is RUNNING. Synchronous commands are entered when they have ended, so the history
// never shows one running; a second one waits for the first. Nothing of the agent's own is ever entered, because
// the conductor takes a foreign entry for a sign that the agent was not freshly booted.

import { randomUUID } from 'node:crypto';
import type { CommandProgress, CommandResult } from '@bessemer/protocol/agent/command';
import type { JsonObject, JsonValue } from '@bessemer/protocol/json';
import type { Command } from '#commands/command';
import { commandError, CommandFailure } from './command-failure.ts';

/** A boot runs some dozens; beyond this the oldest are forgotten. */
const ENTRIES_MAX = 1_000;
/** Synchronous commands that may wait for their turn. */
const WAITING_MAX = 16;

type Entry = {
  result: CommandResult;
  readonly ended: Promise<void>;
};

export type CommandHistory = {
  readonly list: () => CommandResult[];
  readonly find: (id: string) => CommandResult | undefined;
  /** Resolves with the final result; undefined for an unknown id. */
  readonly waitFor: (id: string) => Promise<CommandResult | undefined>;
  /** Throws AgentIsBusy. */
  readonly refuseIfBusy: () => void;
  readonly start: (command: Command, params: JsonObject) => Promise<CommandResult>;
};

export const makeCommandHistory = (onAsyncEnd: () => void): CommandHistory => {
  const entries: Entry[] = [];
  let lastSync: Promise<unknown> = Promise.resolve();
  let waiting = 0;

  const add = (entry: Entry): void => {
    entries.push(entry);
    if (entries.length > ENTRIES_MAX) entries.shift();
  };

  const refuseIfBusy = (): void => {
    const running = entries.find(({ result }) => result.command_status === 'RUNNING')?.result;
    if (running === undefined) return;
    throw new CommandFailure('AgentIsBusy', `executing command ${running.command_name}`);
  };

  const startAsync = (command: Command, params: JsonObject): CommandResult => {
    const shortName = shortNameOf(command.name);
    const running: CommandResult = {
      id: randomUUID(),
      command_name: shortName,
      command_status: 'RUNNING',
      command_error: null,
      command_result: null,
    };
    const work = async (): Promise<void> => {
      const report = (progress: CommandProgress): void => {
        entry.result = { ...running, command_result: { progress } };
      };
      try {
        const value = await command.run({ params, report });
        entry.result = {
          ...running,
          command_status: 'SUCCEEDED',
          command_result: typeof value === 'string' ? { result: `${shortName}: ${value}` } : value,
        };
      } catch (error) {
        entry.result = { ...running, ...failureOf(error) };
      }
      onAsyncEnd();
    };
    let begin: () => void = () => {};
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const entry: Entry = { result: running, ended: begun.then(work) };
    add(entry);
    begin();
    return running;
  };

  const runSync = async (command: Command, params: JsonObject): Promise<CommandResult> => {
    if (waiting >= WAITING_MAX) {
      throw new CommandFailure('AgentIsBusy', `${waiting} commands wait already`);
    }
    waiting += 1;
    const before = lastSync;
    const turn = before.then(() => syncResult(command, params));
    lastSync = turn;
    try {
      const result = await turn;
      add({ result, ended: Promise.resolve() });
      return result;
    } finally {
      waiting -= 1;
    }
  };

  const entryOf = (id: string): Entry | undefined => entries.find(({ result }) => result.id === id);

  return {
    list: () => entries.map(({ result }) => result),
    find: (id) => entryOf(id)?.result,
    waitFor: async (id) => {
      const entry = entryOf(id);
      await entry?.ended;
      return entry?.result;
    },
    refuseIfBusy,
    start: async (command, params) =>
      command.kind === 'async' ? startAsync(command, params) : runSync(command, params),
  };
};

const shortNameOf = (name: string): string => name.slice(name.indexOf('.') + 1);

const failureOf = (
  error: unknown,
): Pick<CommandResult, 'command_status' | 'command_error' | 'command_result'> => ({
  command_status:
    error instanceof CommandFailure && error.kind === 'VersionMismatch'
      ? 'CLEAN_VERSION_MISMATCH'
      : 'FAILED',
  command_error: commandError(error),
  command_result: null,
});

const syncResult = async (command: Command, params: JsonObject): Promise<CommandResult> => {
  const id = randomUUID();
  try {
    const value: JsonValue = await command.run({ params, report: () => {} });
    return {
      id,
      command_name: shortNameOf(command.name),
      command_status: 'SUCCEEDED',
      command_error: null,
      command_result: typeof value === 'string' ? { result: value } : value,
    };
  } catch (error) {
    // Refusals of parameters are answered as such and leave no entry.
    if (error instanceof CommandFailure && error.status === 400) throw error;
    return { id, command_name: command.name, ...failureOf(error) };
  }
};
