/** What arrays a piece of code has made, to see what it has left in them. */
export interface Allocations {
  /** All of them as bytes, views of others too. */
  readonly made: readonly Uint8Array[]
  /** Those that hold these bytes somewhere now, views of `own` left out. */
  holding(secret: Uint8Array, own?: readonly Uint8Array[]): Uint8Array[]
}

type Kind = 'Uint8Array' | 'Int32Array' | 'Float64Array'
type Numbers = Uint8Array | Int32Array | Float64Array

/**
 * Remembers every array that is made, by a constructor or as a copy, until `run` is over. Node alone.
 *
 * @param kinds of arrays
 */
export async function allocationsOf(run: () => unknown, kinds: readonly Kind[] = ['Uint8Array']): Promise<Allocations> {
  const OriginalBytes = globalThis.Uint8Array
  const made: Uint8Array[] = []
  const keep = <T extends Numbers>(array: T): T => {
    made.push(
      array instanceof OriginalBytes ? array : new OriginalBytes(array.buffer, array.byteOffset, array.byteLength),
    )
    return array
  }
  const restore = kinds.map((kind) => record(kind, keep))
  try {
    await run()
  } finally {
    for (const undo of restore) undo()
  }
  const holding = (secret: Uint8Array, own: readonly Uint8Array[] = []) =>
    made
      // A view of memory that has grown since is empty.
      .filter(({ buffer, length }) => length >= secret.length && own.every((bytes) => bytes.buffer !== buffer))
      .filter(({ buffer, byteOffset, length }) => Buffer.from(buffer, byteOffset, length).includes(Buffer.from(secret)))
  return { made, holding }
}

/** Replaces a constructor of arrays. @returns what puts it back */
function record(kind: Kind, keep: <T extends Numbers>(array: T) => T): () => void {
  const original = globalThis[kind] as typeof Uint8Array
  const recording: typeof original = new Proxy(original, {
    construct: (target, args, newTarget): Uint8Array =>
      keep(Reflect.construct(target, args, newTarget === recording ? target : newTarget) as Uint8Array),
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name)
      if (name !== 'from' && name !== 'of') return value
      return (...args: unknown[]) => keep((value as (...all: unknown[]) => Uint8Array).apply(target, args))
    },
  })
  const { slice } = original.prototype
  const globals = globalThis as Record<Kind, unknown>
  globals[kind] = recording
  original.prototype.slice = function (...args) {
    return keep(slice.apply(this, args))
  }
  return () => {
    globals[kind] = original
    // It is inherited from what all typed arrays have.
    Reflect.deleteProperty(original.prototype, 'slice')
  }
}
