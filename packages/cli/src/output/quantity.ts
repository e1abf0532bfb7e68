// Durations, sizes and rates as people read them.

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const SIZE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;
const STEP = 1024;

const two = (value: number): string => String(value).padStart(2, '0');

/** `0.4 s`, `12.3 s`, `3:05 min`, `1:02:03 h`. */
export const durationText = (ms: number): string => {
  const tenths = Math.round(ms / 100) * 100;
  if (tenths < MINUTE_MS) return `${(tenths / SECOND_MS).toFixed(1)} s`;
  const seconds = Math.round(ms / SECOND_MS);
  const minutes = Math.floor(seconds / 60);
  if (seconds * SECOND_MS < HOUR_MS) return `${minutes}:${two(seconds % 60)} min`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)} h`;
};

/** `512 B`, `64.0 MiB`. */
export const sizeText = (bytes: number): string => {
  let value = bytes;
  let unit = 0;
  while (value >= STEP && unit < SIZE_UNITS.length - 1) {
    value /= STEP;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${SIZE_UNITS[unit]}`;
};
