// @ts-check
// JSON Schemas of an OpenAPI document in words.

/** @typedef {Record<string, any>} Schema */

/** A table of Markdown. @param {readonly string[]} head @param {readonly (readonly (string | undefined)[])[]} rows */
export function table(head, rows) {
  const line = (/** @type {readonly (string | undefined)[]} */ cells) =>
    `| ${cells.map((cell) => (cell ?? '').replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

/** A type in a few words, with a link to a named one. @param {Schema} schema @returns {string} */
export function typeOf(schema) {
  if (schema['$ref'] !== undefined) {
    const name = schema['$ref'].split('/').at(-1)
    return `[${name}](#${name.toLowerCase()})`
  }
  const choices = schema['anyOf'] ?? schema['oneOf']
  if (choices !== undefined) return choices.map(typeOf).join(' or ')
  if (schema['const'] !== undefined) return code(schema['const'])
  if (schema['enum'] !== undefined) return schema['enum'].map(code).join(', ')
  if (schema['type'] === 'array') return `list of ${typeOf(schema['items'] ?? {})}${boundsOf(schema, 'Items', 'items')}`
  return `${schema['type'] ?? 'any'}${limitsOf(schema)}`
}

/** What a named type is: its description, and its fields or what it is one of. @param {Schema} schema @returns {string[]} */
export function shapeOf(schema) {
  const choices = schema['anyOf'] ?? schema['oneOf']
  const blocks = schema['description'] === undefined ? [] : [schema['description']]
  if (schema['properties'] !== undefined) blocks.push(fieldsOf(schema))
  else if (choices !== undefined) blocks.push('One of:', ...choices.map(choiceOf))
  else blocks.push(typeOf(schema))
  if (schema['not'] !== undefined) blocks.push(`Not: ${typeOf(schema['not'])}.`)
  return [...blocks, ...(schema['examples'] ?? []).map(exampleOf)]
}

/** @param {Schema} choice */
function choiceOf(choice) {
  return choice['properties'] === undefined ? `- ${typeOf(choice)}` : fieldsOf(choice)
}

/** @param {unknown} example */
function exampleOf(example) {
  const text = typeof example === 'string' ? example : JSON.stringify(example, null, 2)
  return `Example:\n\n\`\`\`json\n${text}\n\`\`\``
}

/** Fields of an object, those of objects in it under the name `outer.inner`. @param {Schema} schema */
function fieldsOf(schema) {
  const rows = fieldRows(schema, '')
  const others = schema['additionalProperties']
  if (others !== undefined && others !== false)
    rows.push(['any other', others === true ? 'any' : typeOf(others), undefined])
  return rows.length === 0 ? 'An empty object: `{}`.' : table(['field', 'type', 'what'], rows)
}

/** @param {Schema} schema @param {string} prefix @returns {(string | undefined)[][]} */
function fieldRows(schema, prefix) {
  return Object.entries(schema['properties'] ?? {}).flatMap(([name, field]) => {
    const optional = schema['required']?.includes(name) ? '' : ', optional'
    const variants = [field, field.items ?? {}, ...(field.anyOf ?? field.oneOf ?? [])]
    const inner = variants.filter(({ properties }) => properties !== undefined)
    const suffix = field.items?.properties === undefined ? '.' : '[].'
    const rows = inner.flatMap((variant) => fieldRows(variant, `${prefix}${name}${suffix}`))
    return [[`\`${prefix}${name}\``, `${typeOf(field)}${optional}`, field.description], ...rows]
  })
}

/** @param {Schema} schema */
function limitsOf(schema) {
  const { pattern, format, minimum, maximum, contentMediaType } = schema
  const hex = /^\^\[0-9a-f\]\{(\d+)\}\$$/.exec(pattern ?? '')
  if (hex) return `: ${hex[1]} hex digits`
  const parts = [
    format,
    contentMediaType && `\`${contentMediaType}\``,
    minimum !== undefined && maximum !== undefined
      ? `${minimum} to ${maximum}`
      : minimum !== undefined && `at least ${minimum}`,
    boundsOf(schema, 'Length', 'long').slice(2),
    pattern && `matches \`${pattern}\``,
  ].filter(Boolean)
  return parts.length === 0 ? '' : `: ${parts.join(', ')}`
}

/** @param {Schema} schema @param {'Length' | 'Items'} what @param {string} unit */
function boundsOf(schema, what, unit) {
  const [least, most] = [schema[`min${what}`], schema[`max${what}`]]
  if (least === undefined && most === undefined) return ''
  if (most === undefined) return `, at least ${least} ${unit}`
  return least ? `, ${least} to ${most} ${unit}` : `, at most ${most} ${unit}`
}

/** @param {unknown} value */
function code(value) {
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``
}
