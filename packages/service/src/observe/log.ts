// The service's log: JSON lines on stderr. Secrets never come here: they live in Secret<T>, which prints as
// ***, and addresses are written without their query (it may hold a token or a signature).

import { destination, type Logger, pino } from 'pino';

export type Log = Logger;

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const STDERR = 2;

export const makeLog = (options: { readonly level: LogLevel }): Log =>
  pino(
    {
      level: options.level,
      // Host and process id are known to whoever collects the lines.
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: errorFacts },
    },
    destination({ fd: STDERR, sync: true }),
  );

/** Longest text that a foreign peer can put into one line of ours. */
const TEXT_CHARS_MAX = 2_000;

const errorFacts = (error: unknown): unknown => {
  if (!(error instanceof Error)) return error;
  return {
    type: error.name,
    message: error.message.slice(0, TEXT_CHARS_MAX),
    stack: error.stack,
    cause: error.cause instanceof Error ? error.cause.message.slice(0, TEXT_CHARS_MAX) : undefined,
  };
};

/** An address as it may be logged: no query, no user, bounded. */
export const loggedUrl = (url: string): string => {
  const end = url.search(/[?#]/);
  return (end === -1 ? url : url.slice(0, end)).slice(0, 300);
};
