import type { Hex } from 'viem'

/** Opcodes of the EVM, as far as they are needed here. */
const OPCODES: Readonly<Record<string, number>> = {
  STOP: 0x00, ADD: 0x01, EQ: 0x14, SHL: 0x1b, SHR: 0x1c, ADDRESS: 0x30, CALLER: 0x33, CALLDATALOAD: 0x35,
  CALLDATACOPY: 0x37, POP: 0x50, MSTORE: 0x52, JUMP: 0x56, JUMPI: 0x57, GAS: 0x5a, PUSH0: 0x5f, PUSH1: 0x60, PUSH4: 0x63,
  DUP1: 0x80, DUP2: 0x81, DUP3: 0x82, DUP7: 0x86, DUP8: 0x87, CALL: 0xf1, RETURN: 0xf3, REVERT: 0xfd,
} // prettier-ignore

/**
 * The least of ERC-7821: `supportsExecutionMode` is true for every mode, `execute` does the calls of a batch for the account
 * itself and reverts with the first that does, and anything else takes ether.
 */
const SOURCE = `
  PUSH0 CALLDATALOAD PUSH1 e0 SHR
  DUP1 PUSH4 d03c7914 EQ PUSH1 @supports JUMPI
  PUSH4 e9ae5c53 EQ PUSH1 @execute JUMPI
  STOP
supports:
  PUSH1 01 PUSH0 MSTORE PUSH1 20 PUSH0 RETURN
execute:
  CALLER ADDRESS EQ PUSH1 @own JUMPI
  PUSH0 PUSH0 REVERT
own:
  PUSH0
loop:
  DUP1 PUSH1 84 CALLDATALOAD EQ PUSH1 @end JUMPI
  DUP1 PUSH1 05 SHL PUSH1 a4 ADD CALLDATALOAD PUSH1 a4 ADD
  DUP1 PUSH1 40 ADD CALLDATALOAD DUP2 ADD
  DUP1 CALLDATALOAD
  DUP1 DUP3 PUSH1 20 ADD PUSH0 CALLDATACOPY
  PUSH0 PUSH0 DUP3 PUSH0 DUP7 PUSH1 20 ADD CALLDATALOAD DUP8 CALLDATALOAD GAS CALL
  PUSH1 @next JUMPI
  PUSH0 PUSH0 REVERT
next:
  POP POP POP PUSH1 01 ADD PUSH1 @loop JUMP
end:
  STOP
`

const JUMPDEST = 0x5b

/** The code of a contract with ERC-7821's `execute`. */
export const BATCH_EXECUTOR: Hex = assemble(SOURCE)

function assemble(source: string): Hex {
  const tokens = source.trim().split(/\s+/)
  const labels = new Map<string, string>()
  const bytes: string[] = []
  for (const token of tokens) {
    if (token.endsWith(':')) labels.set(token.slice(0, -1), hex(bytes.length))
    bytes.push(...bytesOf(token))
  }
  return `0x${bytes.map((byte) => (byte.startsWith('@') ? labels.get(byte.slice(1)) : byte)).join('')}`
}

/** The bytes of one token. That of a label's place is known when all labels are. */
function bytesOf(token: string): readonly string[] {
  const opcode = OPCODES[token]
  if (opcode !== undefined) return [hex(opcode)]
  if (token.endsWith(':')) return [hex(JUMPDEST)]
  return token.startsWith('@') ? [token] : (token.match(/../g) ?? [])
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0')
}
