// The interface names of a node: what was asked for, and the hardware type's defaults for the rest. The texts
// are the API's; clients and their tests match on them.

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { INTERFACE_KINDS, type InterfaceKind } from '@bessemer/protocol/node/record';

import type { HardwareType, Interfaces } from './hardware-type.ts';

export const requireHardwareType = (
  types: ReadonlyMap<string, HardwareType>,
  name: string,
): HardwareType => {
  const type = types.get(name);
  if (type !== undefined) return type;
  throw new Refusal(
    400,
    'No valid host was found. Reason: No conductor service registered which supports driver ' +
      `${name} for conductor group "". Ensure the driver is valid and enabled.`,
  );
};

export const chooseInterfaces = (
  types: ReadonlyMap<string, HardwareType>,
  hardwareType: string,
  asked: { readonly [interfaceKind: string]: string },
): Interfaces => {
  const type = requireHardwareType(types, hardwareType);
  const chosen: { [kind in InterfaceKind]: string } = { ...type.defaults };
  for (const [kind, name] of Object.entries(asked)) {
    if (!isInterfaceKind(kind)) throw new Refusal(400, `Unknown interface kind: ${kind}`);
    requireInterface(types, type, kind, name);
    chosen[kind] = name;
  }
  return chosen;
};

export const requireInterface = (
  types: ReadonlyMap<string, HardwareType>,
  type: HardwareType,
  kind: InterfaceKind,
  name: string,
): void => {
  if (type.enabled[kind].includes(name)) return;
  const known = new Set([...types.values()].flatMap((each) => each.enabled[kind]));
  if (known.has(name)) {
    throw new Refusal(
      400,
      `${kind} interface implementation '${name}' is not supported by hardware type ${type.name}.`,
    );
  }
  const valid = [...known].sort().map((each) => `'${each}'`);
  throw new Refusal(
    400,
    `Could not find the following interface in the 'ironic.hardware.interfaces.${kind}' entrypoint: ` +
      `${name}. Valid interfaces are [${valid.join(', ')}].`,
  );
};

const isInterfaceKind = (text: string): text is InterfaceKind =>
  (INTERFACE_KINDS as readonly string[]).includes(text);
