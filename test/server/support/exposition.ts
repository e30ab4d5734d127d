/** A sample of the text format of Prometheus. */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** A metric with its samples. */
export interface ParsedFamily {
  readonly type: string
  readonly help: string
  readonly samples: readonly Sample[]
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\[\\\\"n])*"'
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(${LABEL}(?:,${LABEL})*)\\})? (\\S+)$`)

/**
 * Reads the text format of Prometheus 0.0.4, strictly: each family once, HELP and TYPE before its samples, each series once,
 * buckets that grow up to `+Inf`.
 */
export function parseExposition(text: string): ReadonlyMap<string, ParsedFamily> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end')
  const families = new Map<string, { type: string; help: string; samples: Sample[] }>()
  const series = new Set<string>()
  let current = ''
  for (const line of text.slice(0, -1).split('\n')) {
    const [, help, helpText] = new RegExp(`^# HELP (${NAME}) (.*)$`).exec(line) ?? []
    const [, typed, type] = new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram)$`).exec(line) ?? []
    if (help !== undefined) {
      if (families.has(help)) throw new Error(`${help} twice`)
      families.set((current = help), { type: '', help: helpText as string, samples: [] })
    } else if (typed !== undefined) {
      if (typed !== current) throw new Error(`the type of ${typed} without its help`)
      families.get(current)!.type = type as string
    } else {
      const [, name, labels = '', value] = SAMPLE.exec(line) ?? []
      if (name === undefined) throw new Error(`no line of the format: ${line}`)
      const family = families.get(current)
      const suffixes = family?.type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']
      if (!suffixes.some((suffix) => name === current + suffix)) throw new Error(`${name} is not of ${current}`)
      if (series.has(`${name}{${labels}}`)) throw new Error(`${name}{${labels}} twice`)
      series.add(`${name}{${labels}}`)
      const number = Number(value)
      if (!Number.isFinite(number)) throw new Error(`${line}: no number`)
      const pairs = [...labels.matchAll(/([a-zA-Z_]+)="((?:[^"\\]|\\.)*)"/g)]
      const named = Object.fromEntries(pairs.map(([, key, one]) => [key as string, one as string]))
      family!.samples.push({ name, labels: named, value: number })
    }
  }
  for (const [name, { type, samples }] of families) if (type === 'histogram') checkBuckets(name, samples)
  return families
}

function checkBuckets(name: string, samples: readonly Sample[]): void {
  const counts = samples.filter((sample) => sample.name === `${name}_count`)
  for (const { labels, value } of counts) {
    const isSame = (sample: Sample) => Object.entries(labels).every(([key, one]) => sample.labels[key] === one)
    const buckets = samples.filter((sample) => sample.name === `${name}_bucket` && isSame(sample))
    const values = buckets.map((bucket) => bucket.value)
    const isSorted = values.every((one, i) => i === 0 || one >= (values[i - 1] as number))
    if (!isSorted || buckets.at(-1)?.labels['le'] !== '+Inf' || values.at(-1) !== value) {
      throw new Error(`the buckets of ${name} do not add up`)
    }
  }
}

/** The value of the one series with these labels, among others; 0 without one. */
export function valueOf(text: string, name: string, labels: Readonly<Record<string, string>> = {}): number {
  const samples = [...parseExposition(text).values()].flatMap((family) => family.samples)
  const found = samples.filter(
    (sample) => sample.name === name && Object.entries(labels).every(([key, one]) => sample.labels[key] === one),
  )
  return found.reduce((sum, { value }) => sum + value, 0)
}
