// Queries whose text is always the same: built once for each engine, since building one takes longer than to run it.

import { type Compilable, CompiledQuery, type QueryResult } from 'kysely';

import type { Queryable } from './database.ts';

/** Stands for a value while the query is built. */
class Mark {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

type Cell = string | number | null;

type Template = { readonly text: string; readonly parameters: readonly unknown[] };

export type OnceBuilt<Values, Row> = (
  queryable: Queryable,
  values: Values,
) => Promise<QueryResult<Row>>;

/**
 * `build` gets marks instead of values, and may do nothing with them but hand them on to the query: each becomes a
 * parameter, so that no value is ever part of the text.
 */
export const onceBuilt = <Values extends { readonly [name: string]: Cell }, Row>(
  build: (queryable: Queryable, values: Values) => Compilable<Row>,
): OnceBuilt<Values, Row> => {
  const templates = new Map<string, Template>();

  const templateFor = (queryable: Queryable): Template => {
    const engine = queryable.getExecutor().adapter.constructor.name;
    const known = templates.get(engine);
    if (known !== undefined) return known;
    const marks = new Proxy({}, { get: (_, name) => new Mark(String(name)) }) as Values;
    const { sql: text, parameters } = build(queryable, marks).compile();
    const made = { text, parameters };
    templates.set(engine, made);
    return made;
  };

  return (queryable, values) => {
    const { text, parameters } = templateFor(queryable);
    const given = parameters.map((each) => (each instanceof Mark ? values[each.name] : each));
    return queryable.executeQuery<Row>(CompiledQuery.raw(text, given));
  };
};
