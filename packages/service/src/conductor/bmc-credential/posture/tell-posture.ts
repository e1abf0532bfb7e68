// What an audit found, as events and as the answer of the API.

import type { BMC_EVENTS } from '@bessemer/protocol/events/bmc-events';
import type { JsonObject } from '@bessemer/protocol/json';

import type { PostureFixes } from './fix-posture.ts';
import type { PostureItem, PostureKind, PostureReport } from './posture-item.ts';

type PostureEvent = { readonly name: keyof typeof BMC_EVENTS; readonly detail: JsonObject };

/** Null: it is no event by itself. */
const EVENT_OF: { readonly [kind in PostureKind]: keyof typeof BMC_EVENTS | null } = {
  'cipher-suite-0': 'bmc.ipmi.insecure',
  'anonymous-user': 'bmc.ipmi.insecure',
  'empty-password': 'bmc.ipmi.insecure',
  'default-password': 'bmc.account.factory_still_open',
  'unexpected-account': 'bmc.account.unexpected',
  'tls-unverified': 'bmc.tls.unverified',
  'ipmi-on': null,
};

export const eventsOf = (items: readonly PostureItem[]): readonly PostureEvent[] =>
  items.flatMap(({ kind, username, text, fix }) => {
    const name = EVENT_OF[kind];
    return name === null
      ? []
      : [{ name, detail: { reason: kind, username, text, accounts: placesIn(fix) } }];
  });

const placesIn = (fix: PostureItem['fix']): JsonObject[] =>
  fix?.kind === 'disable-account' ? fix.places.map((each) => ({ ...each })) : [];

export const fixEventsOf = (
  { fixed }: PostureFixes,
  user: string | null,
): readonly PostureEvent[] =>
  fixed.map(({ fix, kind, username }) =>
    fix?.kind === 'disable-account'
      ? { name: 'bmc.account.disabled', detail: { username, reason: kind, user } }
      : { name: 'bmc.posture.fixed', detail: { reason: kind, user } },
  );

export const shownReport = (
  { items, gaps, accounts }: PostureReport,
  fixes?: PostureFixes,
): JsonObject => ({
  items: items.map((item) => ({
    kind: item.kind,
    severity: item.severity,
    text: item.text,
    remedy: item.remedy,
    username: item.username,
    can_be_fixed: item.fix !== null,
    ...(fixes === undefined ? {} : { outcome: outcomeOf(item, fixes) }),
  })),
  gaps: gaps.map((gap) => ({ ...gap })),
  accounts: accounts.map((account) => ({ ...account })),
});

/** Null: it is for a person. */
const outcomeOf = (item: PostureItem, { fixed, failed }: PostureFixes): string | null => {
  if (fixed.includes(item)) return 'fixed';
  const failure = failed.find((each) => each.item === item)?.failure;
  return failure === undefined ? null : `not fixed: ${failure.message}`;
};
