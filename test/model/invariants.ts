import { isUsable, type Device, type State } from './state.ts'

function signsOn({ shares, record }: Device, { server }: State): boolean {
  return shares.some((id) => {
    const known = record[id] === 'ACTIVE' || record[id] === 'OWES PROOF'
    return known && server[id]?.state === 'ACTIVE' && server[id].half
  })
}

export function wrongNow(state: State): string | undefined {
  const { server, decisions, custodian, cipherTexts, devices, signed } = state
  if (signed.length > 0) return `signed with ${signed[0]}`
  for (const [id, made] of Object.entries(decisions)) if (made.length > 1) return `two decisions for ${id}`
  const proven = Object.values(server).filter((set) => set.proven)
  for (const [id, { state: is }] of Object.entries(server)) {
    const over = is === 'RETIRING' || is === 'DESTROYED'
    if (id.startsWith('S') && over && !proven.some(({ retires }) => retires.includes(id)))
      return `${id} retired before proof`
  }
  const recovers = cipherTexts.some((id) => custodian.includes(id) && isUsable(server[id]))
  if (!recovers) return 'no backup recovers'
  const signs = signsOn(devices.A, state) || signsOn(devices.B, state)
  // Whoever retires the others, and then loses the only device, has the backup.
  if (!signs && !devices.B.wiped) return 'no set signs'
  return undefined
}

/** With no more faults all is decided, nothing is left over, and every device knows what is so. */
export function wrongAtRest(end: State): string | undefined {
  const { server, devices } = end
  for (const [id, { state: is }] of Object.entries(server)) {
    if (is === 'PREPARED' || is === 'RETIRING') return `${id} stays ${is}`
  }
  for (const { record, shares } of Object.values(devices)) {
    for (const [id, is] of Object.entries(record)) {
      if (is === 'PREPARED' || is === 'RETIRED') return `a device keeps ${id} ${is}`
      if (server[id]?.state === 'ABORTED') return `a device uses ${id}, which was aborted`
      if (!shares.includes(id)) return `a device has lost its share of ${id}`
    }
  }
  return wrongNow(end)
}
