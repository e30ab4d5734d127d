// @ts-check
import { eventsOf } from '../support/events.mjs'

export const name = 'events-bun'
export const what = 'Bun'
export const group = 'events'
export const { version, run } = eventsOf('@oven/bun-linux-x64/bin/bun', ['story/events-bun.mjs'])
