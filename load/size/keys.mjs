// @ts-check
// Takes the keys and indexes of tables away while rows are written, and makes them again as they were.

/** @typedef {{ table: string, drop: string, make: string, isForeign: boolean }} Key */
/** Works off a list on a few connections. @typedef {<T>(list: readonly T[], work: (client: import('pg').Client, one: T) => Promise<void>) => Promise<void>} SideBySide */

/** @param {import('pg').Client} client @param {readonly string[]} tables @returns {Promise<Key[]>} */
export async function dropKeys(client, tables) {
  const keys = await readKeys(client, tables)
  for (const { drop } of keys) await client.query(drop)
  return keys
}

/** @param {readonly Key[]} keys @param {SideBySide} sideBySide */
export async function makeKeys(keys, sideBySide) {
  // Of one table one after the other: each locks it.
  const tables = [...new Set(keys.map(({ table }) => table))]
  await sideBySide(tables, async (client, table) => {
    for (const key of keys) if (key.table === table && !key.isForeign) await client.query(key.make)
  })
  // Each locks two tables.
  await sideBySide([keys.filter(({ isForeign }) => isForeign)], async (client, foreign) => {
    for (const { make } of foreign) await client.query(make)
  })
}

/** Foreign keys first, then other constraints, then indexes: in the order in which they can be dropped. @param {import('pg').Client} client @param {readonly string[]} tables @returns {Promise<Key[]>} */
export async function readKeys(client, tables) {
  const { rows } = await client.query(
    `with filled as (select oid from pg_class where relname = any($1) and pg_table_is_visible(oid))
     select conrelid::regclass::text as "table", format('alter table %s drop constraint %I', conrelid::regclass, conname) as drop,
       format('alter table %s add constraint %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) as make,
       contype = 'f' as "isForeign", case contype when 'f' then 1 else 2 end as turn
     from pg_constraint where contype in ('f', 'p', 'u') and conparentid = 0
       and (conrelid in (select oid from filled) or confrelid in (select oid from filled))
     union all
     select indrelid::regclass::text, format('drop index %s', indexrelid::regclass),
       -- Of a partitioned table the definition has only its own.
       replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON '), false, 3
     from pg_index where indrelid in (select oid from filled)
       and not exists (select 1 from pg_constraint where conindid = indexrelid and contype in ('p', 'u'))
     order by turn, 1, 2`,
    [tables],
  )
  return rows
}
