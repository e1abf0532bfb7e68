// The resources of the fake BMC: systems, managers, virtual drives, secure boot, tasks.

import { isJsonObject, type JsonObject } from '@bessemer/protocol/json';

import { extended, take, type FakeBmc, type Reply, type SeenRequest } from './fake-bmc-state.ts';

const SYSTEM = '/redfish/v1/Systems/1';
const MANAGER = '/redfish/v1/Managers/1';

export const answerResource = (bmc: FakeBmc, request: SeenRequest): Reply => {
  const media = `${bmc.habits.mediaHome === 'system' ? SYSTEM : MANAGER}/VirtualMedia`;
  switch (`${request.method} ${request.path}`) {
    case 'GET /redfish/v1/Systems':
      return collection(
        Array.from(
          { length: bmc.habits.systemsCount },
          (_, index) => `/redfish/v1/Systems/${index + 1}`,
        ),
      );
    case `GET ${SYSTEM}`:
      return tagged(bmc, systemOf(bmc, media));
    case `PATCH ${SYSTEM}`:
      return guarded(bmc, request, () => patchBoot(bmc, request));
    case `POST ${SYSTEM}/Actions/ComputerSystem.Reset`:
      return reset(bmc, request);
    case `GET ${SYSTEM}/ResetActionInfo`:
      return {
        status: 200,
        body: { Parameters: [{ Name: 'ResetType', AllowableValues: [...bmc.habits.resetTypes] }] },
      };
    case `GET ${SYSTEM}/SecureBoot`:
      return tagged(bmc, { SecureBootEnable: bmc.machine.isSecureBootOn });
    case `PATCH ${SYSTEM}/SecureBoot`:
      return guarded(bmc, request, () => {
        bmc.machine.isSecureBootOn = request.body['SecureBootEnable'] === true;
      });
    case `GET ${MANAGER}`:
      return {
        status: 200,
        body: bmc.habits.mediaHome === 'manager' ? { VirtualMedia: { '@odata.id': media } } : {},
      };
    case `GET ${media}`:
      return collection([`${media}/Usb`, `${media}/Cd`]);
    case `GET ${media}/Usb`:
      return { status: 200, body: { MediaTypes: ['USBStick'], Inserted: false, Image: null } };
    case `GET ${media}/Cd`:
      return tagged(bmc, slotOf(bmc, media));
    case `PATCH ${media}/Cd`:
      if (bmc.habits.mediaDialect !== 'patch') return { status: 405 };
      return guarded(bmc, request, () => {
        const { Image: image } = request.body;
        bmc.machine.image = typeof image === 'string' ? image : null;
      });
    case `POST ${media}/Cd/Actions/VirtualMedia.InsertMedia`:
      return insert(bmc, request);
    case `POST ${media}/Cd/Actions/VirtualMedia.EjectMedia`:
      bmc.machine.image = null;
      return { status: 204 };
    default:
      return request.path.startsWith('/redfish/v1/TaskService/')
        ? task(bmc, request)
        : { status: 404 };
  }
};

const collection = (paths: readonly string[]): Reply => ({
  status: 200,
  body: { Members: paths.map((path) => ({ '@odata.id': path })) },
});

const etagNow = (bmc: FakeBmc): string => `W/"${bmc.machine.version}"`;

const tagged = (bmc: FakeBmc, body: JsonObject): Reply => ({
  status: 200,
  body,
  headers: { etag: etagNow(bmc) },
});

const systemOf = (bmc: FakeBmc, media: string): JsonObject => ({
  '@odata.id': SYSTEM,
  UUID: '4C4C4544-0000-2010-8020-80C04F202020',
  SerialNumber: ' SN-1 ',
  Manufacturer: 'Fake\u0007Works',
  Model: 'F1',
  BiosVersion: null,
  ...(bmc.machine.led === null ? {} : { IndicatorLED: bmc.machine.led }),
  PowerState: shownPower(bmc),
  Boot: bmc.machine.boot,
  SecureBoot: { '@odata.id': `${SYSTEM}/SecureBoot` },
  Links: { ManagedBy: [{ '@odata.id': MANAGER }] },
  ...(bmc.habits.mediaHome === 'system' ? { VirtualMedia: { '@odata.id': media } } : {}),
  Actions: {
    '#ComputerSystem.Reset': {
      target: `${SYSTEM}/Actions/ComputerSystem.Reset`,
      ...(bmc.habits.hasActionInfo
        ? { '@Redfish.ActionInfo': `${SYSTEM}/ResetActionInfo` }
        : { 'ResetType@Redfish.AllowableValues': [...bmc.habits.resetTypes] }),
    },
  },
});

const shownPower = (bmc: FakeBmc): string => bmc.machine.shown.shift() ?? bmc.machine.power;

const slotOf = (bmc: FakeBmc, media: string): JsonObject => ({
  MediaTypes: ['CD', 'DVD'],
  Image: bmc.machine.image,
  Inserted: bmc.machine.image !== null,
  ...(bmc.habits.mediaDialect === 'action'
    ? {
        Actions: {
          '#VirtualMedia.InsertMedia': { target: `${media}/Cd/Actions/VirtualMedia.InsertMedia` },
          '#VirtualMedia.EjectMedia': { target: `${media}/Cd/Actions/VirtualMedia.EjectMedia` },
        },
      }
    : {}),
});

const guarded = (bmc: FakeBmc, request: SeenRequest, change: () => void): Reply => {
  if (take(bmc.habits, 'preconditionTimes')) {
    bmc.machine.version += 1;
    return { status: 412 };
  }
  if (request.ifMatch === undefined) return { status: 428 };
  const expected = bmc.habits.isEtagStrict ? etagNow(bmc).replace('W/', '') : etagNow(bmc);
  if (request.ifMatch !== expected) return { status: 412 };
  change();
  bmc.machine.version += 1;
  return accepted(bmc);
};

const patchBoot = (bmc: FakeBmc, request: SeenRequest): void => {
  const { Boot: boot, IndicatorLED: led } = request.body;
  if (typeof led === 'string') bmc.machine.led = led;
  if (bmc.habits.isForgetfulAboutBoot || !isJsonObject(boot)) return;
  bmc.machine.boot = { ...bmc.machine.boot, ...boot };
};

const reset = (bmc: FakeBmc, request: SeenRequest): Reply => {
  const { ResetType: type } = request.body;
  if (typeof type !== 'string' || !bmc.habits.resetTypes.includes(type)) {
    return extended(
      400,
      'Base.1.12.ActionParameterNotSupported',
      `No reset ${JSON.stringify(type)}.`,
    );
  }
  bmc.machine.resets.push(type);
  if (take(bmc.habits, 'deafTimes') || type === 'Nmi') return accepted(bmc);
  bmc.machine.shown = bmc.habits.readingsAfterReset.splice(0);
  bmc.machine.power = type === 'On' ? 'On' : 'Off';
  return accepted(bmc);
};

const insert = (bmc: FakeBmc, request: SeenRequest): Reply => {
  const { demandedParameter, unknownParameter } = bmc.habits;
  if (demandedParameter !== null && request.body[demandedParameter] === undefined) {
    return extended(400, 'Base.1.12.ActionParameterMissing', 'A parameter is missing.', [
      'VirtualMedia.InsertMedia',
      demandedParameter,
    ]);
  }
  if (unknownParameter !== null && request.body[unknownParameter] !== undefined) {
    return extended(400, 'Base.1.12.ActionParameterUnknown', 'A parameter is unknown.', [
      'VirtualMedia.InsertMedia',
      unknownParameter,
    ]);
  }
  const { Image: image } = request.body;
  if (bmc.machine.image !== null) {
    return extended(
      400,
      'Base.1.12.ResourceInUse',
      `There is a medium already; no ${JSON.stringify(image)}.`,
    );
  }
  bmc.machine.image = typeof image === 'string' ? image : null;
  return accepted(bmc);
};

/** 204, or a task that is found running a few times before it is done. */
const accepted = (bmc: FakeBmc): Reply => {
  if (!bmc.habits.hasTasks) return { status: 204 };
  const path = `/redfish/v1/TaskService/TaskMonitors/${bmc.tasks.size + 1}`;
  bmc.tasks.set(path, 2);
  return { status: 202, headers: { location: path } };
};

const task = (bmc: FakeBmc, request: SeenRequest): Reply => {
  const left = bmc.tasks.get(request.path);
  if (left === undefined) return { status: 404 };
  bmc.tasks.set(request.path, left - 1);
  if (left <= 0) return { status: 200, body: { TaskState: 'Completed' } };
  return { status: 202, body: { TaskState: 'Running' }, headers: { 'retry-after': '0' } };
};
