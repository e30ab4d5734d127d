import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { custodianSchema } from '../../src/custodian/backend/schema.ts'
import { serverSchema } from '../../src/server/schema.ts'

/**
 * SHA-256 of each migration. Databases have run them: one that stands here is never edited. What changes the tables is a
 * migration after the last, and a line here.
 */
const PINNED = {
  server: [
    '763ea3b2a09624638144bfe3d5df71ed34508b99bfc2ce855ecf5e0a771f3a36',
    '1f32f5f14445f167d4977663ccc62ca5843cf3ddc28505a95e027ef41085700b',
    '39d48ceb3dae8fe93f2792be13b8dc5eec7880a65ab5e100e9fdf97423d10543',
    'a22b80c275c0f3945376ab2e12316bae58317e8ed498cc82d1506c5189e41cfc',
    'c1f15b8ec125a755de92d8598717cf58ffba4f59c58b7dba6a586b195ea344c0',
  ],
  custodian: ['6e14ee933568dcb2cadf567f635900ab9594cb076d5e093d5a3beed834829706'],
}

test.each([serverSchema, custodianSchema])(
  'the migrations of the $component are those that databases have run',
  ({ component, migrations, oldest }) => {
    const hashes = migrations.map((one) => createHash('sha256').update(JSON.stringify(one)).digest('hex'))
    expect(hashes).toEqual(PINNED[component])
    expect(oldest).toBeGreaterThanOrEqual(1)
    expect(oldest).toBeLessThanOrEqual(migrations.length)
  },
)
