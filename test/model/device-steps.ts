import { add, remove, type Bounds, type Device, type Operation, type Rules, type State, type Step } from './state.ts'

/** What a device does on its own and on the answers that have come. */
export function deviceSteps(state: State, operations: readonly Operation[], rules: Rules): Step[] {
  return operations.flatMap(({ makes: id, kind, device: name, source }): Step[] => {
    const list: Step[] = []
    const step = (what: string, run: (device: Device, state: State) => void) =>
      list.push([`${name}: ${what} ${id}`, (next) => run(next.devices[name], next)])
    const { doing, record, started, unwritten } = state.devices[name]
    const heard = (message: string) => state.sent.includes(`${message} ${id}`)
    const makesShare = kind !== 'backup'
    const ready =
      kind === 'keep' || kind === 'retire' ? state.cipherTexts.includes(source) : record[source] === 'ACTIVE'

    if (!started.includes(id) && ready) {
      step('begin', (device, { sent }) => {
        add(device.started, id)
        device.doing[id] = 'asked'
        add(sent, `begin ${id}`)
      })
    }
    if (doing[id] === 'asked' && heard('dealt')) {
      step(makesShare ? 'write' : 'seal', (device) => {
        device.doing[id] = 'written'
        if (!makesShare) return
        if (!rules.writesBeforeLastMessage) return add(device.unwritten, id)
        if (!rules.keepsOldShares) device.shares = []
        add(device.shares, id)
      })
    }
    if (doing[id] === 'written') {
      step('note', (device) => {
        device.doing[id] = 'noted'
        if (makesShare) device.record[id] = 'PREPARED'
      })
    }
    if (doing[id] === 'noted') {
      step('final', (device, { sent }) => {
        device.doing[id] = 'waiting'
        add(sent, `final ${id}`)
      })
    }
    if (unwritten.includes(id)) {
      step('write at last', (device) => {
        remove(device.unwritten, id)
        add(device.shares, id)
      })
    }
    if (makesShare && record[id] === 'PREPARED') {
      if (heard('COMMIT')) step('activate', (device) => (device.record[id] = 'OWES PROOF'))
      if (heard('ABORT')) step('discard', (device) => discard(device, id))
    }
    if (record[id] === 'OWES PROOF') {
      step('prove', (_, { sent }) => add(sent, `prove ${id}`))
      if (heard('proved')) {
        step('hear of the proof', (device) => {
          device.record[id] = 'ACTIVE'
          if (kind === 'refresh' && device.record[source] !== undefined) device.record[source] = 'RETIRED'
        })
      }
    }
    if (record[source] === 'RETIRED') step('delete what is replaced by', (device) => discard(device, source))
    if (!makesShare && doing[id] === 'waiting' && heard('COMMIT')) {
      step('store', (device, { cipherTexts }) => {
        device.doing[id] = 'stored'
        add(cipherTexts, id)
      })
    }
    if (doing[id] === 'stored') step('confirm', (_, { sent }) => add(sent, `confirm ${id}`))
    return list
  })
}

function discard(device: Device, id: string): void {
  delete device.record[id]
  remove(device.shares, id)
}

/** A device that has no answer asks the server to abort, which settles it for ever. */
export function settlingSteps(state: State, operations: readonly Operation[], rules: Rules): Step[] {
  return operations.flatMap(({ makes: id, device: name, kind }): Step[] => {
    const { record, doing } = state.devices[name]
    const waits = kind !== 'backup' && record[id] === 'PREPARED' && (doing[id] === undefined || doing[id] === 'waiting')
    if (!waits) return []
    if (!rules.asksBeforeActivating) {
      return [[`${name}: activate unasked ${id}`, (next) => (next.devices[name].record[id] = 'OWES PROOF')]]
    }
    return [[`${name}: abort ${id}`, (next) => add(next.sent, `abort ${id}`)]]
  })
}

/** A process ends and forgets what is not on the disk; a device is lost with all it stores. */
export function endingSteps({ devices }: State, bounds: Bounds): Step[] {
  const ends = (['A', 'B'] as const).flatMap((name): Step[] => {
    const { ends, doing } = devices[name]
    if (ends >= bounds.ends || Object.keys(doing).length === 0) return []
    const forgotten = { doing: {}, unwritten: [], ends: ends + 1 } satisfies Partial<Device>
    return [[`${name}: end`, (next) => Object.assign(next.devices[name], forgotten)]]
  })
  if (!bounds.wipes || devices.B.wiped) return ends
  const lost = { shares: [], record: {}, doing: {}, unwritten: [], wiped: true } satisfies Partial<Device>
  return [...ends, ['B: lose everything', (next) => Object.assign(next.devices.B, lost)]]
}
