// Policy files: what counts, what is refused, and what happens when they change under a running service.

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import { type Credentials, makeCredentials, PUBLIC_CREDENTIALS } from '#policy/credentials';
import { openPolicy, type PolicyEvent } from '#policy/open-policy';
import type { Policy } from '#policy/policy';
import { DEFAULT_POLICY_OPTIONS, type PolicyOptions } from '#policy/policy-options';
import { PolicyInvalid } from '#policy/policy-problem';

type Opened = {
  readonly policy: Policy;
  readonly path: string;
  readonly directory: string;
  readonly events: PolicyEvent[];
  readonly warnings: string[];
  /** Puts a new policy file in place and lets the time pass until it is looked at. */
  readonly change: (text: string) => Promise<void>;
  readonly pass: (ms: number) => void;
};

const directoryFor = async (context: TestContext): Promise<string> => {
  const directory = await mkdtemp(join(tmpdir(), 'bessemer-policy-'));
  context.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
};

const open = async (
  context: TestContext,
  text?: string,
  options: Partial<PolicyOptions> = {},
): Promise<Opened> => {
  const directory = await directoryFor(context);
  const path = join(directory, 'policy.yaml');
  if (text !== undefined) await writeFile(path, text);
  const events: PolicyEvent[] = [];
  const warnings: string[] = [];
  let nowMs = 0;
  const policy = await openPolicy({
    clock: { wallMs: () => nowMs, monotonicMs: () => nowMs, after: () => () => undefined },
    options: {
      ...DEFAULT_POLICY_OPTIONS,
      files: [path],
      directories: [join(directory, 'policy.d')],
      ...options,
    },
    warn: (line) => warnings.push(line),
    onEvent: (event) => events.push(event),
  });
  return {
    policy,
    path,
    directory,
    events,
    warnings,
    change: async (next) => {
      await writeFile(`${path}.new`, next);
      await rename(`${path}.new`, path);
      nowMs += 1_001;
    },
    pass: (ms) => {
      nowMs += ms;
    },
  };
};

const ADMIN = makeCredentials({ roles: ['admin'], system_scope: 'all' });
const READER = makeCredentials({ roles: ['reader'], project_id: 'p1', project_name: 'p1' });
const LEGACY_ADMIN = makeCredentials({
  roles: ['baremetal_admin'],
  project_id: 'b',
  project_name: 'baremetal',
  project_domain_id: 'default',
});

test('without a policy file the defaults count', async (context) => {
  const { policy, warnings } = await open(context);

  assert.equal(await policy.allows('baremetal:node:create', ADMIN), true);
  assert.equal(await policy.allows('baremetal:node:create', READER), false);
  assert.equal(await policy.allows('show_password', ADMIN), false);
  assert.deepEqual(warnings, []);
});

test('the snippet that shows passwords to administrators works as pasted', async (context) => {
  const { policy } = await open(context, '"show_password": "rule:is_admin"\n');

  assert.equal(await policy.allows('show_password', ADMIN), true);
  assert.equal(await policy.allows('show_password', LEGACY_ADMIN), true);
  assert.equal(await policy.allows('show_password', READER), false);
  assert.equal(await policy.allows('show_instance_secrets', ADMIN), false);
});

test('the snippet that closes the routes of agents works as pasted', async (context) => {
  const { policy } = await open(
    context,
    '"baremetal:node:ipa_heartbeat": "rule:is_admin"\n"baremetal:driver:ipa_lookup": "rule:is_admin"\n',
  );

  assert.equal(await policy.allows('baremetal:node:ipa_heartbeat', PUBLIC_CREDENTIALS), false);
  assert.equal(await policy.allows('baremetal:driver:ipa_lookup', PUBLIC_CREDENTIALS), false);
  assert.equal(await policy.allows('baremetal:driver:ipa_lookup', ADMIN), true);
  assert.equal(await policy.allows('baremetal:driver:ipa_lookup', LEGACY_ADMIN), true);
  assert.equal(await policy.allows('baremetal:node:ipa_heartbeat', LEGACY_ADMIN), true);
  assert.equal(await policy.allows('baremetal:node:ipa_heartbeat', READER), false);
});

const REFUSED: readonly (readonly [what: string, text: string, message: RegExp])[] = [
  ['a mistyped rule', '"baremetal:node:gett": "role:admin"', /no such rule.*baremetal:node:get"\?/],
  ['a syntax error', '"baremetal:node:get": "role:admin and"', /expected a check after "and"/],
  ['a reference to nothing', '"show_password": "rule:is_admni"', /does not exist.*"is_admin"\?/],
  ['a circle', '"is_admin": "rule:is_observer"\n"is_observer": "rule:is_admin"', /in a circle/],
  ['a circle through a default', '"admin_api": "rule:is_admin"', /in a circle/],
  ['a tab', 'a:\n\t- b', /a tab at the beginning of the line/],
  ['YAML that ends early', '"show_password": "role:admin', /policy\.yaml:1/],
  ['a rule without quotes', 'show_password: !', /there is no rule; rules need quotes/],
  ['an empty value', 'show_password:', /there is no rule; rules need quotes/],
  ['a flag', 'show_password: true', /true is not a rule/],
  ['a mapping as rule', 'show_password: {role: admin}', /a text, or a list of lists/],
  ['a list at the top', '- show_password', /expected a mapping/],
  ['a word at the top', 'show_password', /expected a mapping/],
  ['a rule twice', '"show_password": "!"\n"show_password": "@"', /twice/],
  ['an alias', '"show_password": &a "!"\n"show_instance_secrets": *a', /aliases are not for rules/],
  ['an HTTP service', '"show_password": "http://x/y"', /allow_http_checks/],
  ['a rule of blanks', '"show_password": "  "', /only blanks/],
  ['two documents', '"show_password": "!"\n---\n"show_password": "@"', /multiple documents/],
];

for (const [what, text, message] of REFUSED) {
  test(`T-50: ${what} stops the start`, async (context) => {
    await assert.rejects(open(context, text), (error) => {
      assert.ok(error instanceof PolicyInvalid);
      assert.match(error.message, message);
      return true;
    });
  });
}

test('T-50: a directory, bytes that are no text and a missing named file stop the start', async (context) => {
  const directory = await directoryFor(context);
  const bytes = join(directory, 'bytes.yaml');
  await writeFile(bytes, new Uint8Array([0x22, 0xff, 0xfe, 0x22]));

  await assert.rejects(open(context, undefined, { files: [directory] }), /not a file/);
  await assert.rejects(open(context, undefined, { files: [bytes] }), PolicyInvalid);
  await assert.rejects(
    open(context, undefined, { files: [join(directory, 'none.yaml')], isFileNeeded: true }),
    /does not exist/,
  );
});

test('T-50: two policy files are refused: nobody knows which one is meant', async (context) => {
  const directory = await directoryFor(context);
  const paths = [join(directory, 'a.yaml'), join(directory, 'b.yaml')];
  await Promise.all(paths.map((path) => writeFile(path, '')));

  await assert.rejects(open(context, undefined, { files: paths }), /exists too/);
});

test('T-50: an empty rule is lawful, always true, and warned of', async (context) => {
  const { policy, warnings } = await open(context, '"baremetal:node:delete": ""\n');

  assert.equal(await policy.allows('baremetal:node:delete', READER), true);
  assert.match(warnings.join(), /baremetal:node:delete.*always true/);
});

test('a changed file counts within a second and is told of', async (context) => {
  const { policy, change, events } = await open(context, '{}');

  await change('"show_password": "rule:is_admin"\n');
  const allowed = await policy.allows('show_password', ADMIN);

  assert.equal(allowed, true);
  assert.deepEqual(
    events.map(({ name }) => name),
    ['policy.reloaded'],
  );
});

test('a file that appears counts', async (context) => {
  const { policy, change } = await open(context);

  await change('"show_password": "rule:is_admin"\n');

  assert.equal(await policy.allows('show_password', ADMIN), true);
});

test('requests that come while files are read are all judged by the new rules', async (context) => {
  const { policy, change, events } = await open(context, '{}');

  await change('"show_password": "rule:is_admin"\n');
  const answers = await Promise.all(
    Array.from({ length: 20 }, async () => policy.allows('show_password', ADMIN)),
  );

  assert.deepEqual([...new Set(answers)], [true]);
  assert.equal(events.length, 1);
});

test('the disk is not asked more than once a second', async (context) => {
  const { policy, path, pass } = await open(context, '{}');

  await writeFile(path, '"show_password": "rule:is_admin"\n');
  pass(999);

  assert.equal(policy.allows('show_password', ADMIN), false);
});

test('T-50: a bad change keeps the last good rules and is told of', async (context) => {
  const { policy, change, events } = await open(context, '"show_password": "rule:is_admin"\n');

  await change('"show_password": "rule:is_admni"\n');

  assert.equal(await policy.allows('show_password', ADMIN), true);
  assert.deepEqual(
    events.map(({ name }) => name),
    ['policy.rejected'],
  );
  assert.match(events[0]?.text ?? '', /policy\.yaml:1: "show_password".*is_admin/);
});

test('T-50: after a bad change a good one counts', async (context) => {
  const { policy, change, events } = await open(context, '{}');
  await change('"show_password": "role:admin or"\n');
  await policy.allows('show_password', ADMIN);

  await change('"show_password": "role:admin"\n');

  assert.equal(await policy.allows('show_password', ADMIN), true);
  assert.deepEqual(
    events.map(({ name }) => name),
    ['policy.rejected', 'policy.reloaded'],
  );
});

test('T-50: a policy file that is gone does not bring the defaults back', async (context) => {
  const { policy, path, pass, events } = await open(context, '"baremetal:node:create": "!"\n');

  await rm(path);
  pass(1_001);

  assert.equal(await policy.allows('baremetal:node:create', ADMIN), false);
  assert.match(events[0]?.text ?? '', /is gone/);
});

test('the files of policy.d are read after the policy file, in the order of their names', async (context) => {
  const { policy, directory, pass } = await open(context, '"show_password": "!"\n');

  await mkdir(join(directory, 'policy.d'));
  await writeFile(join(directory, 'policy.d', '20-b.json'), '{"show_password": "role:reader"}');
  await writeFile(join(directory, 'policy.d', '10-a.yaml'), '"show_password": "role:admin"\n');
  await writeFile(join(directory, 'policy.d', '.30-c.yaml.swp'), 'not ours');
  pass(1_001);

  assert.equal(await policy.allows('show_password', READER), true);
});

const ALLOWED: readonly (readonly [
  what: string,
  text: string,
  credentials: Credentials,
  expected: boolean,
])[] = [
  [
    'a list of lists',
    '"show_password": [["role:admin"], ["role:reader", "project_id:p1"]]',
    READER,
    true,
  ],
  ['a list of one list', '"show_password": [["role:reader", "project_id:p2"]]', READER, false],
  ['an empty list', '"show_password": []', READER, true],
  ['a list of an empty list', '"show_password": [[]]', READER, false],
  [
    'an alias of the operator',
    '"ours": "project_id:p1"\n"show_password": "rule:ours"',
    READER,
    true,
  ],
  ['a default rule', '"default": "role:reader"\n"show_password": "rule:whatever"', READER, true],
  ['JSON', '{"show_password": "project_id:%(project_id)s"}', READER, true],
];

for (const [what, text, credentials, expected] of ALLOWED) {
  test(`${what} counts as the language says`, async (context) => {
    const { policy } = await open(context, text);

    assert.equal(await policy.allows('show_password', credentials), expected);
  });
}

test('an override of an older name counts for the rules that came from it', async (context) => {
  const text = '"baremetal:node:update": "role:reader"\n"baremetal:node:update:name": "!"\n';
  const { policy } = await open(context, text);

  assert.equal(await policy.allows('baremetal:node:update:properties', READER), true);
  assert.equal(await policy.allows('baremetal:node:update:name', READER), false);
});

test('an override replaces both generations of a default', async (context) => {
  const { policy } = await open(context, '"baremetal:node:create": "!"\n', {
    areNewDefaultsEnforced: false,
  });

  assert.equal(await policy.allows('baremetal:node:create', ADMIN), false);
  assert.equal(await policy.allows('baremetal:node:delete', LEGACY_ADMIN), true);
});

test('a rule for another scope is refused before it is looked at', async (context) => {
  const text = '"baremetal:events:post": "@"\n';
  const enforced = await open(context, text);
  const loose = await open(context, text, { isScopeEnforced: false });

  assert.equal(await enforced.policy.allows('baremetal:events:post', READER), false);
  assert.equal(await enforced.policy.allows('baremetal:events:post', ADMIN), true);
  assert.equal(await loose.policy.allows('baremetal:events:post', READER), true);
});

test('T-50: a directory of policy files that is gone does not take its rules along', async (context) => {
  const { policy, directory, pass, events } = await open(context, '{}');
  await mkdir(join(directory, 'policy.d'));
  await writeFile(join(directory, 'policy.d', 'a.yaml'), '"baremetal:node:create": "!"\n');
  pass(1_001);
  await policy.allows('baremetal:node:create', ADMIN);

  await rm(join(directory, 'policy.d'), { recursive: true });
  pass(1_001);

  assert.equal(await policy.allows('baremetal:node:create', ADMIN), false);
  assert.deepEqual(
    events.map(({ name }) => name),
    ['policy.reloaded', 'policy.rejected'],
  );
});

test('a rule for a step is asked only where the operator wrote one', async (context) => {
  const { policy, warnings } = await open(
    context,
    '"baremetal:step:execute:deploy.erase_devices": "role:admin"\n',
  );

  assert.equal(policy.allowsIfDefined('baremetal:step:execute:bios.reset', READER), undefined);
  assert.equal(
    await policy.allowsIfDefined('baremetal:step:execute:deploy.erase_devices', READER),
    false,
  );
  assert.deepEqual(warnings, []);
});

test('service accounts of the service project work for the system only where that is on', async (context) => {
  const service = makeCredentials({ roles: ['service'], project_id: 's', project_name: 'service' });
  const off = await open(context);
  const on = await open(context, undefined, { serviceProject: 'service' });

  assert.equal(await off.policy.allows('baremetal:node:list_all', service), false);
  assert.equal(await on.policy.allows('baremetal:node:list_all', service), true);
});
