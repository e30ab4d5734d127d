// @ts-check
// Bugs that a load run must find: `--plant server`, `--plant client`.

/** The bug of a server that loses share rows. @param {import('reshare/server').Database} database */
export function dropShares(database) {
  setInterval(() => {
    // Of those that clients of this run have, which are named by UUIDs.
    const one = `select set_id from reshare_shares join reshare_sets using (set_id) where client_id like '%-%'
      order by random() limit 1`
    database.query(`delete from reshare_shares where set_id in (${one})`).catch(() => undefined)
  }, 1000)
}

/**
 * The bug of a client that keeps some of its shares in memory only, and forgets them. Reading back what was just
 * written gives it.
 *
 * @param {import('reshare').ShareStore} store
 * @param {() => boolean} forgets
 * @returns {import('reshare').ShareStore}
 */
export function forgetfulStore(store, forgets) {
  let reads = 0
  const forgotten = new Set()
  return {
    probe: () => store.probe(),
    list: (prefix) => store.list(prefix),
    delete: (key) => store.delete(key),
    async write(key, value, version) {
      if (key.startsWith('share/') && forgets()) forgotten.add(key)
      return store.write(key, value, version)
    },
    async read(key) {
      if (forgotten.has(key) && ++reads > 2) {
        forgotten.delete(key)
        await store.delete(key)
      }
      return store.read(key)
    },
  }
}
