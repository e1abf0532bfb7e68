// The calls of Metal3's baremetal-operator against the real service with machines that are fake, each answer held to
// what its library takes.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import { uniqueName } from './clients/api-client.ts';
import { freeMac } from './clients/cli/node-cases.ts';
import { type ServiceInMode, startInMode } from './clients/modes.ts';
import {
  ABORT_INSPECTION,
  ADOPT,
  BMC_EVENTS,
  CHANGE_CREDENTIALS,
  CHANGE_WHILE_BUSY,
  CONNECT,
  DATA_IMAGE,
  DELETE,
  DELETE_IN_MAINTENANCE,
  DEPROVISION,
  INSPECT,
  POWER,
  PREPARE,
  PROVISION,
  RECOVER_FROM_FAILED_CLEANING,
  register,
  SERVICE,
} from './clients/metal3/sequences.ts';
import {
  ADOPT_BY_ADDRESS,
  DELETE_WHILE_DEPLOYED,
  DEPLOY_BY_STEPS,
  FAIL_THEN_DEPLOY_ANOTHER,
  FAIL_TO_SERVICE,
  LEAVE_MAINTENANCE,
  LOSE,
} from './clients/metal3/trouble-sequences.ts';
import {
  follow,
  type Known,
  type Operator,
  type Outcome,
  type Step,
} from './clients/metal3/step.ts';

const newHost = (): Known => ({
  namespace: 'metal3',
  host: uniqueName('host'),
  mac: freeMac(),
  instance: randomUUID(),
  image: 'http://127.0.0.1:9/data.iso',
});

// It knows these two.
for (const mode of ['none', 'basic'] as const) {
  describe(`the baremetal operator, authentication ${mode}`, () => {
    let inMode: ServiceInMode;
    let operator: Operator;
    before(async () => {
      inMode = await startInMode(mode, ['image.allowed_networks=127.0.0.0/8']);
      operator = { url: inMode.service.url, headers: inMode.headers };
    });
    after(() => inMode.stop());

    const manage = (driverInfo: object, ...sequences: readonly (readonly Step[])[]) =>
      follow(operator, [CONNECT, register(driverInfo), ...sequences].flat(), newHost());

    test('a host lives from its registration to its deletion', async () => {
      const { fallbacks } = await manage(
        { fake_password: 'pw' },
        CHANGE_CREDENTIALS,
        INSPECT,
        PREPARE,
        PROVISION,
        POWER,
        DATA_IMAGE,
        BMC_EVENTS,
        SERVICE,
        DEPROVISION,
        DELETE,
      );

      // The one soft power off that the machine refused.
      assert.equal(fallbacks, 1);
    });

    test('a host that runs already is adopted, and deleted from under its instance', async () => {
      await manage({}, ADOPT, DELETE_IN_MAINTENANCE);
    });

    test('an inspection that is aborted says so', async () => {
      await manage({ fake_callback_delay: 600 }, ABORT_INSPECTION);
    });

    test('a cleaning that failed is recovered from', async () => {
      await manage({ fake_fail: 'clean' }, RECOVER_FROM_FAILED_CLEANING);
    });

    test('a host that is lost is registered again, one without a name is found by its address', async () => {
      const host = newHost();
      const registered = [CONNECT, register({}), LOSE, register({})].flat();
      await follow(operator, registered, host);
      await follow(operator, [CONNECT, ADOPT_BY_ADDRESS].flat(), newHost());
    });

    test('a deployment that failed is tried with another image', async () => {
      await manage({ fake_fail: 'deploy' }, FAIL_THEN_DEPLOY_ANOTHER);
    });

    test('a deployment has the steps of the user', async () => {
      await manage({}, DEPLOY_BY_STEPS, DEPROVISION);
    });

    test('maintenance is left before a host is provisioned', async () => {
      await manage({}, LEAVE_MAINTENANCE);
    });

    test('servicing that failed is aborted, and the host is as it was', async () => {
      await manage({}, PROVISION, FAIL_TO_SERVICE);
    });

    test('a host is let go by force in the middle of its deployment, or of its inspection', async () => {
      await manage({}, DELETE_WHILE_DEPLOYED);
      await manage({ fake_callback_delay: 600 }, ABORT_INSPECTION, DELETE_IN_MAINTENANCE);
    });

    test('a host that is busy is asked again until it is not', async () => {
      const { busy }: Outcome = await manage({ fake_power_delay: 1 }, CHANGE_WHILE_BUSY);

      assert.ok(busy > 0);
    });
  });
}
