import { sha256 } from '@noble/hashes/sha2.js'
import { armor, identityToRecipient, Stanza, type Identity, type Recipient } from 'age-encryption'
import { readStanzas } from '../../src/backup/age-file.ts'
import { custom, type BackupKeys } from '../../src/backup/index.ts'
import { encodeArgument } from '../../src/backup/stanza.ts'
import { concatBytes, utf8 } from '../../src/util/bytes.ts'
import { generateUsableX25519Identity } from './fixtures.ts'

/** Somebody with an age key who keeps a part. */
export interface Guardian {
  /** Of the part, from 1. */
  readonly index: number
  readonly identity: string
  /** A method with the recipient only. */
  seals(): BackupKeys
  /** A method with the identity. */
  opens(): BackupKeys
}

export async function createGuardians(count: number): Promise<Guardian[]> {
  const guardians: Guardian[] = []
  for (let index = 1; index <= count; index++) {
    const identity = await generateUsableX25519Identity()
    const recipient = await identityToRecipient(identity)
    guardians.push({
      index,
      identity,
      seals: () => custom({ recipients: [recipient] }),
      opens: () => custom({ identities: [identity] }),
    })
  }
  return guardians
}

/** All ways to take `count` of the items. */
export function subsets<T>(items: readonly T[], count: number): T[][] {
  if (count === 0) return [[]]
  return items.flatMap((item, i) => subsets(items.slice(i + 1), count - 1).map((rest) => [item, ...rest]))
}

/** A guardian's key that costs nothing: the file key XORed with a pad, in a stanza that names it. */
export function createPad(name: string, random: (length: number) => Uint8Array): BackupKeys {
  const pad = random(16)
  const xor = (bytes: Uint8Array) => bytes.map((byte, i) => byte ^ (pad[i] as number))
  const keys: Recipient & Identity = {
    wrapFileKey: (fileKey) => [new Stanza(['test/pad', name], xor(fileKey))],
    unwrapFileKey: (stanzas) => {
      const own = stanzas.find(({ args }) => args[0] === 'test/pad' && args[1] === name)
      return own === undefined ? null : xor(own.body)
    },
  }
  return custom({ recipients: [keys], identities: [keys] })
}

/** The stanzas of a cipherText but its manifest. */
export function stanzasOf(cipherText: string): Stanza[] {
  return readStanzas(armor.decode(cipherText)).slice(0, -1).map(copyOf)
}

export function copyOf({ args, body }: Stanza): Stanza {
  return new Stanza([...args], body.slice())
}

/**
 * A cipherText whose header an attacker has changed who does not know its key: the checksum is in order, and the MAC is the
 * one that was there.
 */
export function editHeader(
  cipherText: string,
  edit: (stanzas: Stanza[]) => readonly Stanza[],
  choices?: string,
): string {
  const file = armor.decode(cipherText)
  const text = new TextDecoder('latin1').decode(file)
  const macAt = text.indexOf('\n--- ') + 5
  const manifest = readStanzas(file).at(-1) as Stanza
  const line = `-> ${manifest.args[0]} ${choices ?? manifest.args[1]} `
  const header = edit(stanzasOf(cipherText)).map(({ args, body }) => `-> ${args.join(' ')}\n${linesOf(body)}`)
  const start = `age-encryption.org/v1\n${header.join('')}${line}`
  const assemble = (checksum: string, mac: string) =>
    concatBytes(utf8(`${start}${checksum}\n\n--- ${mac}\n`), file.subarray(macAt + 44))
  const checksum = encodeArgument(sha256(assemble(BLANK, BLANK)))
  return armor.encode(assemble(checksum, text.slice(macAt, macAt + 43)))
}

const BLANK = 'A'.repeat(43)

function linesOf(body: Uint8Array): string {
  let text = ''
  for (let at = 0; at <= body.length; at += 48) text += `${encodeArgument(body.subarray(at, at + 48))}\n`
  return text
}
