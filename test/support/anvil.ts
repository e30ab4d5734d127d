import { createTestClient, http, publicActions, walletActions, type Hex } from 'viem'
import { foundry } from 'viem/chains'
import type { Anvil } from '../../demo/anvil.ts'

export { startAnvil, type Anvil } from '../../demo/anvil.ts'

/** A client that reads the chain and gives coins away. */
export function anvilClient(anvil: Anvil) {
  const transport = http(anvil.url)
  return createTestClient({ chain: foundry, mode: 'anvil', transport }).extend(publicActions).extend(walletActions)
}

/** Creation code of a contract whose code is `runtime`. */
export function creationCode(runtime: Hex): Hex {
  const length = ((runtime.length - 2) / 2).toString(16).padStart(2, '0')
  // PUSH1 length, DUP1, PUSH1 11, PUSH1 0, CODECOPY, PUSH1 0, RETURN
  return `0x60${length}80600b6000396000f3${runtime.slice(2)}`
}
