// IndexedDB's requests and transactions as promises.

/** Resolves to what a request gives. */
export function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result))
    request.addEventListener('error', () => reject(request.error ?? aborted()))
  })
}

/** Resolves once a transaction is kept, and rejects once it is not: an error of one of its requests ends it. */
export function endOf(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.addEventListener('complete', () => resolve())
    transaction.addEventListener('abort', () => reject(transaction.error ?? aborted()))
  })
}

function aborted(): DOMException {
  return new DOMException('the transaction was aborted', 'AbortError')
}

/**
 * Opens a database, and makes its object stores if it is new.
 *
 * @param onClosed called when the browser closes the connection, or another one needs it closed, which is done before
 */
export async function openDatabase(
  name: string,
  stores: readonly string[],
  onClosed: () => void,
): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1)
  request.onupgradeneeded = () => stores.forEach((store) => request.result.createObjectStore(store))
  const database = await resultOf(request)
  database.onversionchange = () => {
    database.close()
    onClosed()
  }
  database.onclose = onClosed
  return database
}
