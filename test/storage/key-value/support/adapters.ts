import type { KeyValueAdapter } from '../../../../src/storage/key-value.ts'

/** A storage as AsyncStorage is one: texts, and promises that resolve later. */
export function asyncStorage(
  items = new Map<string, string>(),
): KeyValueAdapter & { readonly items: Map<string, string> } {
  const later = () => new Promise((resolve) => setTimeout(resolve))
  return {
    items,
    getItem: async (item) => (await later(), items.get(item) ?? null),
    setItem: async (item, text) => (await later(), void items.set(item, text)),
    removeItem: async (item) => (await later(), void items.delete(item)),
    getAllKeys: async () => (await later(), [...items.keys()]),
  }
}

/** A storage as MMKV is one: no promises, and `undefined` for what is absent. */
export function mmkv(items = new Map<string, string>()): KeyValueAdapter {
  return {
    getItem: (item) => items.get(item),
    setItem: (item, text) => void items.set(item, text),
    removeItem: (item) => void items.delete(item),
    getAllKeys: () => [...items.keys()],
  }
}
