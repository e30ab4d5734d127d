// What needs the packages hono and valibot, which only servers install: create-server.ts imports it at the first use.
export { createApp } from './http/app.ts'
export { rotate } from './maintenance/rotate.ts'
export { sweep } from './maintenance/sweep.ts'
