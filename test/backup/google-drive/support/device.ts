import { driveStorage } from '../../../../src/backup/google-drive/google-drive.ts'
import type { GetToken } from '../../../../src/backup/google-drive/requests.ts'
import { abortedBy } from '../../../../src/util/exchange.ts'
import { driveEmulator, stoppedClock, type DriveEmulator } from '../../../../src/emulators/index.ts'

/** Google Drive with a clock that only pauses move on. */
export function stoppedDrive(seed = 1): DriveEmulator {
  return driveEmulator({ clock: stoppedClock(), seed })
}

/** A device of the account, which keeps its token until a fresh one is forced, and waits by the clock of `drive`. */
export function deviceOf(
  drive: DriveEmulator,
  account = 'alice',
  {
    getToken = cachedToken(drive, account),
    fetch = drive.fetch,
    timeoutMs = 60_000,
  }: { getToken?: GetToken; fetch?: (url: string, init: RequestInit) => Promise<Response>; timeoutMs?: number } = {},
) {
  const pauses: number[] = []
  const connection = {
    getToken,
    fetch,
    endpoint: 'https://www.googleapis.com',
    timeoutMs,
    sleep: async (ms: number, signal: AbortSignal | undefined) => {
      if (signal?.aborted) throw abortedBy(signal)
      pauses.push(ms)
      drive.clock.advance(ms)
    },
  }
  return { ...driveStorage(connection), pauses, connection }
}

function cachedToken(drive: DriveEmulator, account: string): GetToken {
  let token: string | undefined
  return ({ force }) => {
    if (token === undefined || force) token = drive.token(account)
    return token
  }
}

/** What each request of the emulator was: `GET /drive/v3/files`. */
export function requestsOf({ calls }: DriveEmulator): string[] {
  return calls.map(({ method, url }) => `${method} ${url.pathname}`.replace(/files\/(?!generateIds).*/, 'files/ID'))
}
