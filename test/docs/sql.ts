import type { Database } from '../../src/service/database/types.ts'
import type { Block } from './blocks.ts'

/** `$1 text: …` in a remark of the block. */
const PARAMETER = /\$(\d+) (\w+):/g

/** The types of a block's parameters, as its remarks tell them. */
function typesOf({ code }: Block): string[] {
  return [...code.matchAll(PARAMETER)].map(([, number, type], i) => {
    if (Number(number) !== i + 1) throw new Error(`$${i + 1} is not told`)
    return type!
  })
}

/** Runs each statement of a block with values for its parameters, which have the types that the block says in all of them. */
export async function runStatements(database: Database, block: Block, values: readonly string[]): Promise<void> {
  const types = typesOf(block)
  if (types.length !== values.length) throw new Error(`${types.length} parameters are told, ${values.length} are given`)
  const statements = block.code.replace(/^--.*$/gm, '').split(/;\n/)
  for (const [i, statement] of statements.filter((text) => text.trim() !== '').entries()) {
    const name = `statement_${i + 1}`
    await database.query(`prepare ${name} (${types.join(', ')}) as ${statement}`)
    const given = values.map((value) => `'${value.replaceAll("'", "''")}'`)
    await database.query(`execute ${name} (${given.join(', ')})`)
    await database.query(`deallocate ${name}`)
  }
}
