// Identifiers as branded strings, made and checked in one place.

export type NodeUuid = string & { readonly __brand: 'NodeUuid' };
export type PortUuid = string & { readonly __brand: 'PortUuid' };
export type PortgroupUuid = string & { readonly __brand: 'PortgroupUuid' };

const UUID_PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export const isUuid = (text: string): boolean => UUID_PATTERN.test(text);

/** Lower-cased; undefined when `text` is not a UUID. */
export const asNodeUuid = (text: string): NodeUuid | undefined =>
  isUuid(text) ? (text.toLowerCase() as NodeUuid) : undefined;

export const asPortUuid = (text: string): PortUuid | undefined =>
  isUuid(text) ? (text.toLowerCase() as PortUuid) : undefined;

export const asPortgroupUuid = (text: string): PortgroupUuid | undefined =>
  isUuid(text) ? (text.toLowerCase() as PortgroupUuid) : undefined;
