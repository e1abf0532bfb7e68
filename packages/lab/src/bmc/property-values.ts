// Reading what a client sent, with the refusals that a strict BMC gives.

import { isJsonObject, type JsonObject } from '@bessemer/protocol/json';
import { RedfishRefusal } from './redfish-refusal.ts';

export const refuseUnknown = (body: JsonObject, known: readonly string[]): void => {
  for (const name of Object.keys(body)) {
    if (!known.includes(name)) {
      const text = `The property ${name} is not known here.`;
      throw new RedfishRefusal(400, 'PropertyUnknown', text, [name]);
    }
  }
};

const wrongType = (name: string): RedfishRefusal =>
  new RedfishRefusal(400, 'PropertyValueTypeError', `The value of ${name} has the wrong type.`);

export const textProperty = (body: JsonObject, name: string): string | undefined => {
  const value = body[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw wrongType(name);
  return value;
};

export const requiredText = (body: JsonObject, name: string): string => {
  const value = textProperty(body, name);
  if (value === undefined || value === '') {
    throw new RedfishRefusal(400, 'ActionParameterMissing', `The parameter ${name} is missing.`);
  }
  return value;
};

export const flagProperty = (body: JsonObject, name: string): boolean | undefined => {
  const value = body[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'boolean') throw wrongType(name);
  return value;
};

export const objectProperty = (body: JsonObject, name: string): JsonObject | undefined => {
  const value = body[name];
  if (value === undefined) return undefined;
  if (!isJsonObject(value)) throw wrongType(name);
  return value;
};

export const oneOf = <T extends string>(name: string, value: string, allowed: readonly T[]): T => {
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) {
    throw new RedfishRefusal(
      400,
      'PropertyValueNotInList',
      `The value ${value} of ${name} is not one of ${allowed.join(', ')}.`,
    );
  }
  return found;
};
