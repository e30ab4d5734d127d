import type * as Fs from 'node:fs/promises'

/** What goes wrong at one call of the file system. */
export type DiskFault =
  /** It fails and has done nothing. */
  | { readonly fails: string }
  /** It is done, and fails all the same: the answer was lost. */
  | { readonly doneAndFails: string }
  /** Half of the bytes are written or read, and it fails, or says that all is well if the code is `silent`. */
  | { readonly half: string }
  /** The disk is gone: this call and every later one fail. */
  | { readonly gone: true }

/** A disk that fails at one call, for tests that mock `node:fs/promises` by {@link faultyFs}. */
export const disk = {
  /** The calls since the last fault was set. */
  calls: [] as string[],
  fault: undefined as DiskFault | undefined,
  /** The call at which it strikes, counted from 1. */
  at: 0,
  /** Whether it has. */
  struck: false,
}

/** Runs `work` on a disk that fails at one call, and gives what it gave or threw. */
export async function onFaultyDisk<T>(
  fault: DiskFault,
  at: number,
  work: () => Promise<T>,
): Promise<{ readonly value?: T; readonly error?: unknown; readonly struck: boolean; readonly call: string }> {
  Object.assign(disk, { calls: [], fault, at, struck: false })
  try {
    return { value: await work(), struck: disk.struck, call: disk.calls[at - 1] ?? '' }
  } catch (error) {
    return { error, struck: disk.struck, call: disk.calls[at - 1] ?? '' }
  } finally {
    disk.fault = undefined
  }
}

/** `node:fs/promises` with {@link disk}'s fault in it. */
export function faultyFs(real: typeof Fs): typeof Fs {
  async function step<T>(name: string, work: () => Promise<T>, half?: () => Promise<T>): Promise<T> {
    const { fault } = disk
    if (fault === undefined) return work()
    disk.calls.push(name)
    if (disk.struck && 'gone' in fault) throw failure('EIO')
    if (disk.calls.length !== disk.at) return work()
    disk.struck = true
    if ('gone' in fault) throw failure('EIO')
    if ('fails' in fault) throw failure(fault.fails)
    if ('doneAndFails' in fault) {
      await work()
      throw failure(fault.doneAndFails)
    }
    const result = await (half ?? work)()
    if (fault.half === 'silent') return result
    throw failure(fault.half)
  }

  function faultyHandle(handle: Fs.FileHandle): Fs.FileHandle {
    const { writeFile, close } = handle
    const bytesOf = (data: unknown) => data as Uint8Array
    handle.writeFile = (data) =>
      step(
        'write',
        () => writeFile.call(handle, data),
        () => writeFile.call(handle, bytesOf(data).subarray(0, bytesOf(data).length >> 1)),
      )
    // Flushing for good takes long, and what is flushed here is thrown away.
    handle.sync = () => step('sync', () => Promise.resolve())
    handle.close = () => step('close', () => close.call(handle)).finally(() => close.call(handle))
    return handle
  }

  async function open(...args: Parameters<typeof real.open>): Promise<Fs.FileHandle> {
    let handle: Fs.FileHandle | undefined
    try {
      return faultyHandle(await step('open', async () => (handle = await real.open(...args))))
    } catch (error) {
      await handle?.close()
      throw error
    }
  }

  const readFile = (path: string, encoding?: 'utf8') =>
    step<Buffer | string>(
      'read',
      () => real.readFile(path, encoding),
      async () => {
        const whole = await real.readFile(path, encoding)
        return whole.slice(0, whole.length >> 1)
      },
    )
  return {
    ...real,
    readFile: readFile as typeof real.readFile,
    open,
    rename: (...args) => step('rename', () => real.rename(...args)),
    link: (...args) => step('link', () => real.link(...args)),
    rm: (...args) => step('rm', () => real.rm(...args)),
    mkdir: ((...args: Parameters<typeof real.mkdir>) => step('mkdir', () => real.mkdir(...args))) as typeof real.mkdir,
    readdir: ((path: string) => step('readdir', () => real.readdir(path))) as unknown as typeof real.readdir,
    stat: ((path: string) => step('stat', () => real.stat(path))) as typeof real.stat,
  }
}

function failure(code: string): Error {
  return Object.assign(new Error(code), { code })
}
