// Server-sent events: the text format, and a reader that connects again after the last event it saw.

import type { JournalEntry } from '@bessemer/protocol/node/journal-entry';
import type { Clock } from '../clock.ts';
import { CliFailure } from '../cli-failure.ts';
import type { Session } from '../session.ts';
import { asJournalEntry } from './journal.ts';

/** A journal line is a few hundred bytes; a peer that never ends a line is not the service. */
const LINE_BYTES_MAX = 1024 * 1024;
const RECONNECT_MS = 1_000;
/** A service that is restarted is back within seconds; half a minute also covers a slow host. */
const RECONNECTS_MAX = 30;

/** The data of each event. Comments, ids and event names are not needed: the data carries its sequence number. */
export async function* readEvents(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  let data: string[] = [];
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split(/\r?\n/);
    rest = lines.pop() ?? '';
    if (rest.length > LINE_BYTES_MAX) {
      throw new CliFailure('failed', `an event of the service is over ${LINE_BYTES_MAX} bytes`);
    }
    for (const line of lines) {
      if (line.startsWith('data:')) data.push(line.slice('data:'.length).trimStart());
      if (line !== '' || data.length === 0) continue;
      yield data.join('\n');
      data = [];
    }
  }
}

/** Journal lines after `afterSeq` for ever, over lost connections, until `signal` is aborted. */
export async function* followJournal(
  session: Session,
  node: string,
  options: { readonly afterSeq: number; readonly signal: AbortSignal; readonly clock: Clock },
): AsyncGenerator<JournalEntry> {
  let { afterSeq } = options;
  let failures = 0;
  while (!options.signal.aborted) {
    const path = `/bessemer/nodes/${encodeURIComponent(node)}/events?after=${afterSeq}`;
    try {
      const chunks = await session.open(path, options.signal);
      for await (const text of readEvents(chunks)) {
        failures = 0;
        const entry = asJournalEntry(JSON.parse(text));
        if (entry === undefined || entry.seq <= afterSeq) continue;
        afterSeq = entry.seq;
        yield entry;
      }
    } catch (error) {
      if (options.signal.aborted) return;
      const isLost = !(error instanceof CliFailure) || error.message.startsWith('cannot reach');
      failures += 1;
      if (!isLost || failures > RECONNECTS_MAX) throw error;
    }
    await options.clock.pause(RECONNECT_MS, options.signal);
  }
}
