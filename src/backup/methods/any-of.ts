import { textAge } from '../age-keys/text-age.ts'
import { openFile } from '../open-file.ts'
import { sealOpenable } from '../seal.ts'
import type { BackupKeys, BackupMethod } from '../types.ts'
import { keysArgument } from '../keys.ts'

/**
 * A backup that any one of several methods opens, such as a password and a cloud key.
 *
 * Sealing opens what was sealed with each that can. Opening tries them in order.
 *
 * @param methods the first one gives the name
 */
export function anyOf(...methods: readonly [BackupKeys, ...BackupKeys[]]): BackupMethod {
  if (methods.length === 0) throw new TypeError('at least one method is needed')
  methods.forEach(keysArgument)
  return {
    name: methods[0].name,
    ...(methods.some(({ sharesKey }) => sharesKey === true) && { sharesKey: true }),
    async probe(options) {
      for (const method of methods) await method.probe(options)
    },
    seal: (plaintext, options) => sealOpenable({ ...options, plaintext, methods }),
    open: (cipherText, options) => openFile(textAge, { ...options, cipherText, methods }),
  }
}
