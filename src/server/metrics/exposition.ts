// The text format of Prometheus, version 0.0.4.

/** The content type of {@link Family.lines} put together. */
export const METRICS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** A metric with its samples. */
export interface Family {
  /** The lines of its exposition, each with its line break. */
  readonly lines: () => string
}

export interface Counter extends Family {
  /** @param labels the values, in the order of the names */
  readonly add: (labels: readonly string[], by?: number) => void
}

export interface Histogram extends Family {
  /** @param seconds the observed value */
  readonly observe: (labels: readonly string[], seconds: number) => void
}

/** What a metric is called, and what it says. */
export interface Description {
  readonly name: string
  readonly help: string
  readonly labels?: readonly string[]
}

/**
 * The upper bounds of the buckets of all histograms, in seconds. A Schnorr signature takes a few milliseconds, an ECDSA
 * setup some tens, and a request is refused after `requestMs`.
 */
export const BUCKETS: readonly number[] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** @param initial label values that are exposed as 0 before they occur, so that their first increase is seen */
export function createCounter(description: Description, initial: readonly (readonly string[])[] = []): Counter {
  const values = new Map<string, number>(initial.map((labels) => [labelText(description, labels), 0]))
  return {
    add(labels, by = 1) {
      const key = labelText(description, labels)
      values.set(key, (values.get(key) ?? 0) + by)
    },
    lines: () =>
      [...values].reduce(
        (text, [labels, value]) => `${text}${description.name}${braces(labels)} ${value}\n`,
        header(description, 'counter'),
      ),
  }
}

export function createHistogram(description: Description): Histogram {
  const { name } = description
  const series = new Map<string, { readonly counts: number[]; sum: number; count: number }>()
  return {
    observe(labels, seconds) {
      const key = labelText(description, labels)
      const one = series.get(key) ?? { counts: BUCKETS.map(() => 0), sum: 0, count: 0 }
      series.set(key, one)
      const bucket = BUCKETS.findIndex((bound) => seconds <= bound)
      if (bucket >= 0) one.counts[bucket] = (one.counts[bucket] as number) + 1
      one.sum += seconds
      one.count += 1
    },
    lines() {
      let text = header(description, 'histogram')
      for (const [labels, { counts, sum, count }] of series) {
        const bucket = (bound: string) => braces([labels, `le="${bound}"`].filter((part) => part !== '').join(','))
        let total = 0
        counts.forEach((added, i) => {
          total += added
          text += `${name}_bucket${bucket(String(BUCKETS[i]))} ${total}\n`
        })
        text += `${name}_bucket${bucket('+Inf')} ${count}\n`
        text += `${name}_sum${braces(labels)} ${sum}\n${name}_count${braces(labels)} ${count}\n`
      }
      return text
    },
  }
}

/** The lines of a metric that has one value now. */
export function gaugeLines(description: Description, value: number): string {
  return `${header(description, 'gauge')}${description.name} ${value}\n`
}

function header({ name, help }: Description, type: 'counter' | 'gauge' | 'histogram'): string {
  return `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${type}\n`
}

function labelText({ labels = [] }: Description, values: readonly string[]): string {
  return labels.map((label, i) => `${label}="${escaped(values[i] ?? '')}"`).join(',')
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

function braces(labels: string): string {
  return labels === '' ? '' : `{${labels}}`
}
