/** What byte arrays a piece of code has made, to see what it has left in them. */
export interface Allocations {
  /** All of them, views of others too. */
  readonly made: readonly Uint8Array[]
  /** Those that hold these bytes somewhere now, views of `own` left out. */
  holding(secret: Uint8Array, own?: readonly Uint8Array[]): Uint8Array[]
}

/** Remembers every byte array that is made, by a constructor or as a copy, until `run` is over. Node alone. */
export async function allocationsOf(run: () => unknown): Promise<Allocations> {
  const original = globalThis.Uint8Array
  const made: Uint8Array[] = []
  const keep = <T extends Uint8Array>(bytes: T): T => {
    made.push(bytes)
    return bytes
  }
  const recording: typeof Uint8Array = new Proxy(original, {
    construct: (target, args, newTarget): Uint8Array =>
      keep(Reflect.construct(target, args, newTarget === recording ? target : newTarget) as Uint8Array),
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name)
      if (name !== 'from' && name !== 'of') return value
      return (...args: unknown[]) => keep((value as (...all: unknown[]) => Uint8Array).apply(target, args))
    },
  })
  const { slice } = original.prototype
  globalThis.Uint8Array = recording
  original.prototype.slice = function (...args) {
    return keep(slice.apply(this, args))
  }
  try {
    await run()
  } finally {
    globalThis.Uint8Array = original
    // It is inherited from what all typed arrays have.
    Reflect.deleteProperty(original.prototype, 'slice')
  }
  const holding = (secret: Uint8Array, own: readonly Uint8Array[] = []) =>
    made
      // A view of memory that has grown since is empty.
      .filter(({ buffer, length }) => length >= secret.length && own.every((bytes) => bytes.buffer !== buffer))
      .filter(({ buffer, byteOffset, length }) => Buffer.from(buffer, byteOffset, length).includes(Buffer.from(secret)))
  return { made, holding }
}
