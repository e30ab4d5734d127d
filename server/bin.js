#!/usr/bin/env node
// @ts-check
import { serve } from '@hono/node-server'
import { runProgram } from 'reshare/server/program'

await runProgram(process.argv.slice(2), serve)
