import type { WalletSet, Progress } from 'reshare'

/** Where the demo shows what happens. */
export interface Screen {
  heading(text: string): void
  line(text: string): void
  /** A step's progress; `end` leaves its last state standing. */
  bar(title: string): { report(progress: Progress): void; end(durationMs: number): void }
  sets(sets: readonly WalletSet[]): void
}

const BAR_WIDTH = 28
const TITLE_WIDTH = 34

/** For `--json`: the report says it all. */
export const silentScreen: Screen = {
  heading() {},
  line() {},
  bar: () => ({ report() {}, end() {} }),
  sets() {},
}

/** A terminal redraws a step's bar in place; anything else gets one line a status. */
export function createScreen(out: NodeJS.WriteStream): Screen {
  const line = (text: string) => void out.write(`${text}\n`)
  return {
    heading: (text) => line(`\n${text}`),
    line: (text) => line(`  ${text}`),
    bar: (title) => (out.isTTY ? liveBar(out, title) : lineBar(line, title)),
    sets: (sets) => table(sets).forEach((row) => line(`  ${row}`)),
  }
}

function liveBar(out: NodeJS.WriteStream, title: string): ReturnType<Screen['bar']> {
  const draw = (fraction: number, text: string) => {
    const full = Math.round(fraction * BAR_WIDTH)
    const bar = '█'.repeat(full) + '░'.repeat(BAR_WIDTH - full)
    out.write(`\r\u001b[K  ${title.padEnd(TITLE_WIDTH)} ${bar} ${text}`)
  }
  return {
    report: ({ fraction, status }) => draw(fraction, status),
    end: (durationMs) => {
      draw(1, `${durationMs} ms`)
      out.write('\n')
    },
  }
}

function lineBar(line: (text: string) => void, title: string): ReturnType<Screen['bar']> {
  let last = ''
  return {
    report({ status, fraction }) {
      if (status === last) return
      last = status
      line(`  ${title.padEnd(TITLE_WIDTH)} ${`${Math.round(100 * fraction)} %`.padStart(5)}  ${status}`)
    },
    end: (durationMs) => line(`  ${title.padEnd(TITLE_WIDTH)}        ${durationMs} ms`),
  }
}

function table(sets: readonly WalletSet[]): string[] {
  const rows = sets.map(({ setId, purpose, label, state, proven }) => [
    setId.slice(0, 12),
    purpose,
    label || '–',
    state,
    proven ? 'yes' : 'no',
  ])
  const all = [['set', 'purpose', 'device', 'state', 'proven'], ...rows]
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)))
  return all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  )
}
