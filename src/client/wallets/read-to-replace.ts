import { isMpcError } from '../../errors.ts'
import type { ShareStore, StoredValue } from '../../storage/types.ts'

/**
 * Reads a value that is about to be overwritten. A value that the store reports as damaged is deleted, and the result
 * is undefined, as it is for a value that only a lost lock opens.
 */
export async function readToReplace(
  { storage }: { readonly storage: ShareStore },
  key: string,
): Promise<StoredValue | undefined> {
  try {
    return await storage.read(key)
  } catch (error) {
    if (isMpcError(error, 'SHARE_NOT_FOUND')) return undefined
    if (!isMpcError(error, 'SHARE_PARSING_FAILED')) throw error
    await storage.delete(key)
    return undefined
  }
}
