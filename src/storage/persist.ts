import { assertObject } from '../util/arguments.ts'

/** Whether, and how, a store asks the browser to keep its data. */
export interface PersistOptions {
  /**
   * Whether to ask the browser not to evict this origin's data (`navigator.storage.persist()`), at the first write. Firefox
   * asks the user; Chrome and Safari decide without asking. Default: `true`. An app that asks at a moment of its own turns
   * it off.
   */
  readonly persist?: boolean
  /**
   * Called once with the browser's answer. After `false`, also where the browser cannot be asked, it may evict the data when
   * space is short, and Safari after seven days without a visit: the wallet must then be recovered.
   */
  readonly onPersist?: (persisted: boolean) => void
}

/**
 * Something that asks, the first time that it is called. Nobody waits for it, and it never throws.
 *
 * @throws {TypeError} if an option is wrong
 */
export function persistence(options: PersistOptions): () => void {
  const { persist = true, onPersist } = assertObject(options, 'indexedDbStore')
  if (typeof persist !== 'boolean') throw new TypeError('persist must be a boolean')
  if (onPersist !== undefined && typeof onPersist !== 'function') throw new TypeError('onPersist must be a function')
  let isAsked = !persist
  return () => {
    if (isAsked) return
    isAsked = true
    void ask().then((persisted) => tell(onPersist, persisted))
  }
}

async function ask(): Promise<boolean> {
  try {
    // Older browsers, other runtimes and insecure contexts do not have it.
    const { storage } = (globalThis.navigator ?? {}) as Partial<Navigator>
    return (await storage?.persist?.()) === true
  } catch {
    return false
  }
}

function tell(onPersist: PersistOptions['onPersist'], persisted: boolean): void {
  try {
    onPersist?.(persisted)
  } catch (error) {
    // As an error of any other listener of the page.
    globalThis.reportError?.(error)
  }
}
