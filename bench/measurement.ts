// One line of the result: what was measured, the limit measured in the same run, and whether the goal was met.

export type Measurement = {
  readonly what: string;
  readonly measured: number;
  readonly unit: string;
  /** What a program that does nothing else reaches here and now; null where the goal is a plain number. */
  readonly limit: { readonly value: number; readonly what: string } | null;
  readonly goal: string;
  readonly isMet: boolean;
};

export type BenchSize = {
  readonly isQuick: boolean;
  /** How long each rate is measured. */
  readonly seconds: number;
  readonly nodes: number;
  /** How many the store holds while lists of `nodes` are read. */
  readonly stored: number;
  readonly fleet: number;
  readonly imageMiB: number;
  /** How many are polled in one sweep. */
  readonly agents: number;
  /** How many agents are watched until they die. */
  readonly watched: number;
  /** How much faster than the world their clock runs. */
  readonly clockScale: number;
  /** How many nodes look up. */
  readonly sessions: number;
  /** Whether other kinds of agent keys are measured too. */
  readonly isComparingKeys: boolean;
};

export type Bench = {
  readonly name: string;
  readonly run: (size: BenchSize) => Promise<readonly Measurement[]>;
};

const numberText = (value: number): string =>
  value >= 1_000 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);

export const lineOf = (each: Measurement): string => {
  const { what, measured, unit, limit, goal, isMet } = each;
  const ratio = limit === null ? '' : (measured / limit.value).toFixed(2);
  const limitText = limit === null ? '-' : `${numberText(limit.value)} ${unit} (${limit.what})`;
  return [
    isMet ? 'ok    ' : 'MISSED',
    what.padEnd(44),
    `${numberText(measured)} ${unit}`.padStart(16),
    ratio.padStart(6),
    limitText.padEnd(58),
    goal,
  ].join('  ');
};

export const headLine = (): string =>
  [
    '      ',
    'what'.padEnd(44),
    'measured'.padStart(16),
    ' ratio',
    'limit in the same run'.padEnd(58),
    'goal',
  ].join('  ');

export const medianOf = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
