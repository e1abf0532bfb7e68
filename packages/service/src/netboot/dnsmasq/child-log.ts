// Lines of dnsmasq in our log. Strangers cause them at will, one and more per packet, so there is a limit.

import type { Clock } from '#clock';
import type { Log } from '#observe/log';

export type ChildLog = {
  readonly add: (line: string) => void;
  /** The last lines, for who has to say why it ended. */
  readonly last: () => string;
};

const LINES_PER_MINUTE = 300;
const MINUTE_MS = 60_000;
const LINE_CHARS_MAX = 300;
const LAST_LINES = 3;
/** Each packet of DHCP, each file that is read again: of interest to who searches. */
const CHATTER = / (DHCP[A-Z]+\(|inotify: |read |sent |compile time options)/u;
/** A closed boot's file is gone before dnsmasq looks why it was told. */
const EXPECTED = / cannot read .*: No such file or directory$/u;
/** Repeated by pino with its own time and name. */
const NAME = /^dnsmasq(?:-[a-z]+)?(?:\[\d+\])?: /u;

const printable = (line: string): string =>
  line.replace(/[^\x20-\x7e]/gu, '?').slice(0, LINE_CHARS_MAX);

export const makeChildLog = (log: Log, clock: Pick<Clock, 'monotonicMs'>): ChildLog => {
  const last: string[] = [];
  let windowMs = -Infinity;
  let count = 0;
  let suppressed = 0;
  const mayWrite = (): boolean => {
    const nowMs = clock.monotonicMs();
    if (nowMs - windowMs >= MINUTE_MS) {
      if (suppressed > 0) log.warn({ suppressed }, 'dnsmasq said more than is logged');
      windowMs = nowMs;
      count = 0;
      suppressed = 0;
    }
    count += 1;
    if (count <= LINES_PER_MINUTE) return true;
    suppressed += 1;
    return false;
  };
  return {
    add: (raw) => {
      const line = printable(raw);
      if (line.trim() === '') return;
      const isChatter = CHATTER.test(line) || EXPECTED.test(line);
      if (!isChatter) {
        last.push(line.replace(NAME, ''));
        if (last.length > LAST_LINES) last.shift();
      }
      if (!mayWrite()) return;
      if (isChatter) log.debug({ dnsmasq: line.replace(NAME, '') }, 'dnsmasq');
      else log.info({ dnsmasq: line.replace(NAME, '') }, 'dnsmasq');
    },
    last: () => last.join('; '),
  };
};
