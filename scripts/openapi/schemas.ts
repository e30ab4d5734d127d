import { toJsonSchema, toJsonSchemaDefs, type ConversionConfig } from '@valibot/to-json-schema'
import type * as v from 'valibot'

/** A part of a document. */
export type Json = Readonly<Record<string, unknown>>

export type Schema = v.GenericSchema

/** The schemas of a document: the named ones, and references to them in all others. */
export interface Schemas {
  /** By name, for `components/schemas`. */
  readonly components: Readonly<Record<string, Json>>
  /** The JSON Schema of what the schema takes. */
  readonly of: (schema: Schema) => Json
}

/** @param named the schemas that others refer to; each is known by its identity */
export function createSchemas(named: Readonly<Record<string, Schema>>): Schemas {
  const config: Omit<ConversionConfig, 'definitions'> = {
    target: 'draft-2020-12',
    typeMode: 'input',
    // What a check requires and JSON Schema can say stands beside it.
    ignoreActions: ['check'],
    overrideRef: ({ referenceId }) => `#/components/schemas/${referenceId}`,
  }
  return {
    components: toJsonSchemaDefs(named, config) as Record<string, Json>,
    of(schema) {
      const { $schema: _schema, $defs: _defs, ...json } = toJsonSchema(schema, { ...config, definitions: named })
      return json
    },
  }
}

export const ref = (name: string): Json => ({ $ref: `#/components/schemas/${name}` })
