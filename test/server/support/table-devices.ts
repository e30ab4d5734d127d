import { beforeEach } from 'vitest'
import type { DeviceStatus } from '../../../src/wire/devices.ts'
import type { Caller, CalledOperation } from '../../../src/server/access/caller.ts'
import type { ServerContext } from '../../../src/server/context.ts'
import { revokeDevice } from '../../../src/server/devices/revoke.ts'
import type { Row, SqlValue } from '../../../src/service/database/types.ts'
import { fileTables } from './file-tables.ts'
import { ACTIVE } from './rate-limits.ts'
import { START, type Tables } from './tables.ts'
import { recordDevice } from './insert-rows.ts'

export const PHONE = 'ab'.repeat(32)
export const TABLET = 'cd'.repeat(32)
export const OTHER_WALLET = '1'.repeat(32)
/** So long after the start of the clock. */
export const at = (ms = 0) => new Date(START + ms)

/** A client with two devices. */
export interface TwoDevices {
  readonly clientId: string
  readonly phone: CalledOperation
  readonly tablet: CalledOperation
}

/** Devices in the server's tables. */
export interface TableDevices {
  readonly tables: Tables
  /** Two devices that have made nothing. */
  newClient(): TwoDevices
  /** Two devices that can sign for one wallet: the phone's set and the tablet's. */
  newWallet(): Promise<TwoDevices & { readonly setId: string; readonly own: string }>
  record(caller: Caller): ReturnType<typeof recordDevice>
  row(caller: Caller): Promise<Row | undefined>
  revokedAt(caller: Caller): Promise<SqlValue | undefined>
  /** @param device the phone, unless it says otherwise */
  revoke(caller: Caller, device?: string, context?: ServerContext): Promise<DeviceStatus>
  /** The states of sets. */
  states(setIds: readonly string[]): Promise<(SqlValue | undefined)[]>
}

/**
 * The devices of a file, whose clock starts anew for each test.
 *
 * @param take gets them before the first test
 */
export function fileDevices(take: (devices: TableDevices) => void): void {
  let tables: Tables
  fileTables((made) => {
    tables = made
    take(createTableDevices(tables))
  })
  beforeEach(() => {
    tables.clock = START
  })
}

function createTableDevices(tables: Tables): TableDevices {
  const devices: TableDevices = {
    tables,
    newClient() {
      const phone = tables.key({ device: PHONE })
      return { clientId: phone.clientId, phone, tablet: tables.key({ clientId: phone.clientId, device: TABLET }) }
    },
    async newWallet() {
      const client = devices.newClient()
      for (const caller of [client.phone, client.tablet]) await devices.record(caller)
      const [setId, own] = [await tables.set(client.phone, {}, ACTIVE), await tables.set(client.tablet, {}, ACTIVE)]
      return { ...client, setId, own }
    },
    record: (caller) => recordDevice(tables.context, tables.database, caller),
    row: ({ clientId, device }) =>
      tables.row('select * from reshare_devices where client_id = $1 and device = $2', clientId, device),
    revokedAt: async (caller) => (await devices.row(caller))?.['revoked_at'],
    revoke: (caller, device = PHONE, context = tables.context) => revokeDevice(context, caller, device),
    states: (setIds) => Promise.all(setIds.map(tables.state)),
  }
  return devices
}
