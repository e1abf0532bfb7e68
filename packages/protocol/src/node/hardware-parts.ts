// Names of parts of machines that clients and drivers have in common.

export const INDICATOR_COMPONENTS = ['chassis', 'system', 'disk', 'power', 'nic'] as const;
export type IndicatorComponent = (typeof INDICATOR_COMPONENTS)[number];

export const INDICATOR_STATES = ['off', 'on', 'blinking', 'unknown'] as const;
export type IndicatorState = (typeof INDICATOR_STATES)[number];

/** Kinds of virtual drives. */
export const MEDIA_DEVICES = ['disk', 'cdrom', 'floppy'] as const;
export type MediaDevice = (typeof MEDIA_DEVICES)[number];
