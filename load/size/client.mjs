// @ts-check
import pg from 'pg'

/** @template T @param {string} url @param {(client: pg.Client) => Promise<T>} work */
export async function withClient(url, work) {
  const client = await connect(url)
  try {
    return await work(client)
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** @param {string} url */
export async function connect(url) {
  const client = new pg.Client({ connectionString: url })
  // A run that is told to end stops PostgreSQL first.
  client.on('error', () => undefined)
  await client.connect()
  return client
}
