// Tells of each survivor as soon as it is known: a group takes long, and Stryker writes its report at the end.
import { declareClassPlugin, PluginKind } from '@stryker-mutator/api/plugin'

const UNDETECTED = new Set(['Survived', 'NoCoverage', 'Timeout'])

class SurvivorsReporter {
  static inject = /** @type {[]} */ ([])

  /** @param {import('@stryker-mutator/api/core').MutantResult} mutant */
  onMutantTested({ status, statusReason, fileName, location, mutatorName, replacement }) {
    if (!UNDETECTED.has(status)) return
    const { line, column } = location.start
    const { line: lastLine, column: lastColumn } = location.end
    const place = `${fileName}:${line}:${column}-${lastLine}:${lastColumn}`
    process.stdout.write(`${status} ${place} ${mutatorName}: ${replacement} ${statusReason ?? ''}\n`)
  }
}

export const strykerPlugins = [declareClassPlugin(PluginKind.Reporter, 'survivors', SurvivorsReporter)]
