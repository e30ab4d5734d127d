import { isMpcError } from '../../errors.ts'
import type { ShareStore, StoredValue } from '../../storage/types.ts'

/**
 * What a store holds under a key that is about to be written over: where it says that the value is damaged, the value is
 * deleted, and there is none.
 */
export async function readToReplace(
  { storage }: { readonly storage: ShareStore },
  key: string,
): Promise<StoredValue | undefined> {
  try {
    return await storage.read(key)
  } catch (error) {
    if (!isMpcError(error, 'SHARE_PARSING_FAILED')) throw error
    await storage.delete(key)
    return undefined
  }
}
