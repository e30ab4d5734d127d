import type { CustodianApp } from '../../../src/custodian/index.ts'
import type { Database } from '../../../src/service/database/types.ts'
import { toBase64 } from '../../../src/util/bytes.ts'
import { request, type AppRequest } from '../../support/custodian-app.ts'
import { fileCustodian, type CustodianWorld } from './world.ts'

/**
 * The app that the tests of a file or suite share, whose database has the tables.
 *
 * @param take gets it before the first test
 */
export function fileHandler(
  open: () => Promise<Database>,
  take: (made: { readonly world: CustodianWorld; readonly app: CustodianApp }) => void,
) {
  let world: CustodianWorld
  let app: CustodianApp
  async function call(method: string, path: string, options?: AppRequest) {
    const { status, json } = await request(app, method, path, options)
    return { status, json }
  }
  fileCustodian(open, async (made) => {
    world = made
    app = made.app({ allowedOrigins: ['https://app.test'] })
    take({ world, app })
    await call('POST', '/backup/fetch', { body: { clientId: 'nobody' } })
  })
  return {
    call,
    /** What stands for a custodian's share: random bytes in base64. */
    share: () => toBase64(world.random(40)),
  }
}
