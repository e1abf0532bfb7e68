// What of a node its caller gets to see. Secrets are masked in the store already; the few who may see them have them
// put back here. Callers below the threshold, tenants mostly, have whole fields replaced by a sentence instead.

import type { FastifyRequest } from 'fastify';

import type { PolicyTarget } from '#policy/policy';
import type { RuleName } from '#policy/rules';
import { findClearTexts } from '#store/clear-texts';
import type { NodeView } from '#store/node-views';

import type { NodeFieldName } from '@bessemer/protocol/node/fields';

import { may } from '../access/authorize.ts';
import { type NodeOwners, nodeTarget } from '../access/node-access.ts';
import type { ApiParts } from '../api-parts.ts';
import { noteShownPasswords, type ShownInfo } from './note-shown-passwords.ts';

const content = (text: string): string => JSON.stringify({ content: text });

type GuardedField = 'last_error' | 'reservation' | 'driver_internal_info' | 'driver_info';

const GUARDED: {
  readonly [field in GuardedField]: { readonly rule: RuleName; readonly instead: string };
} = {
  last_error: {
    rule: 'baremetal:node:get:last_error',
    instead: '** Value Redacted - Requires baremetal:node:get:last_error permission. **',
  },
  reservation: {
    rule: 'baremetal:node:get:reservation',
    instead: '** Redacted - requires baremetal:node:get:reservation permission. **',
  },
  driver_internal_info: {
    rule: 'baremetal:node:get:driver_internal_info',
    instead: content(
      '** Redacted - Requires baremetal:node:get:driver_internal_info permission. **',
    ),
  },
  driver_info: {
    rule: 'baremetal:node:get:driver_info',
    instead: content('** Redacted - requires baremetal:node:get:driver_info permission. **'),
  },
};

const GUARDED_FIELDS = Object.keys(GUARDED) as readonly GuardedField[];
const SECRET_FIELDS: readonly NodeFieldName[] = [
  'driver_info',
  'driver_internal_info',
  'instance_info',
];

/** `target` is that of the one node that was asked for; lists are judged as a whole, without one. */
export const shownViews = async (
  parts: ApiParts,
  request: FastifyRequest,
  fields: readonly NodeFieldName[],
  views: readonly NodeView[],
  target?: PolicyTarget,
): Promise<readonly NodeView[]> => {
  const guarded = GUARDED_FIELDS.filter((field) => fields.includes(field));
  const secret = SECRET_FIELDS.filter((field) => fields.includes(field));
  const ask = async (rule: RuleName): Promise<boolean> => may(parts, request, rule, target);
  const revealed =
    secret.length === 0
      ? views
      : await withSecrets(parts, request, views, {
          isPasswordShown: parts.options.isShowPasswordAllowed && (await ask('show_password')),
          isInstanceSecretShown: await ask('show_instance_secrets'),
        });
  if (guarded.length === 0 || (await ask('baremetal:node:get:filter_threshold'))) return revealed;
  return withoutGuarded(parts, request, guarded, revealed);
};

/** One view, judged with its own owner and lessee. */
export const shownView = async (
  parts: ApiParts,
  request: FastifyRequest,
  fields: readonly NodeFieldName[],
  view: NodeView,
): Promise<NodeView> =>
  (await shownViews(parts, request, fields, [view], nodeTarget(view)))[0] ?? view;

const withSecrets = async (
  parts: ApiParts,
  request: FastifyRequest,
  views: readonly NodeView[],
  shown: { readonly isPasswordShown: boolean; readonly isInstanceSecretShown: boolean },
): Promise<readonly NodeView[]> => {
  if (!shown.isPasswordShown && !shown.isInstanceSecretShown) return views;
  const clear = await findClearTexts(
    parts.store.db,
    views.map((view) => view.uuid),
  );
  const infos: ShownInfo[] = [];
  const opened = await Promise.all(
    views.map(async (view) => {
      const texts = clear.get(view.uuid);
      if (texts === undefined) return view;
      const instance = shown.isInstanceSecretShown ? { instance_info: texts.instanceInfo } : {};
      if (!shown.isPasswordShown) return { ...view, ...instance };
      const driverInfo = await parts.conductor.openDriverInfo(texts.node);
      infos.push({ uuid: view.uuid, driverInfo });
      return {
        ...view,
        ...instance,
        driver_info: JSON.stringify(driverInfo),
        driver_internal_info: texts.driverInternalInfo,
      };
    }),
  );
  await noteShownPasswords(parts, request, infos);
  return opened;
};

/** What stands for `last_error` where this caller may not see it, however else it would be told. */
export const hiddenLastError = async (
  parts: ApiParts,
  request: FastifyRequest,
  node: NodeOwners,
): Promise<string | undefined> => {
  const target = nodeTarget(node);
  const { rule, instead } = GUARDED.last_error;
  const isShown =
    (await may(parts, request, 'baremetal:node:get:filter_threshold', target)) ||
    (await may(parts, request, rule, target));
  return isShown ? undefined : instead;
};

/** Most nodes of a page belong to the same few projects: each pair is judged once. */
const withoutGuarded = async (
  parts: ApiParts,
  request: FastifyRequest,
  guarded: readonly GuardedField[],
  views: readonly NodeView[],
): Promise<readonly NodeView[]> => {
  const judged = new Map<string, Partial<NodeView>>();
  const shown: NodeView[] = [];
  for (const view of views) {
    const key = JSON.stringify([view.owner, view.lessee]);
    const known = judged.get(key) ?? (await replacements(parts, request, guarded, view));
    judged.set(key, known);
    shown.push({ ...view, ...known });
  }
  return shown;
};

const replacements = async (
  parts: ApiParts,
  request: FastifyRequest,
  guarded: readonly GuardedField[],
  view: NodeView,
): Promise<Partial<NodeView>> => {
  const replaced: { [column: string]: string | null } = {};
  for (const field of guarded) {
    const { rule, instead } = GUARDED[field];
    if (await may(parts, request, rule, nodeTarget(view))) continue;
    replaced[field] = instead;
    // What is known of the agent is put into the same map when it is written.
    if (field === 'driver_internal_info') replaced['session_state'] = null;
  }
  return replaced;
};
