/** An amount that is added to a counter. */
interface Counted {
  readonly counter: string
  readonly amount: bigint
  readonly most: bigint
  readonly periodMs: number
}

/** Adds up what different things add to one counter over the same time. The lowest maximum holds. */
export function addUp<T extends Counted>(amounts: readonly T[]): readonly T[] {
  return amounts.reduce<readonly T[]>((kept, one) => {
    const before = kept.find(({ counter, periodMs }) => counter === one.counter && periodMs === one.periodMs)
    if (before === undefined) return [...kept, one]
    const most = one.most < before.most ? one.most : before.most
    return kept.map((other) => (other === before ? { ...one, amount: before.amount + one.amount, most } : other))
  }, [])
}
