import { describeMatrix } from './support/describe-matrix.ts'

describeMatrix(['client', 'device'])
