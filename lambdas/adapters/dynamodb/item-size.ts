import { type AttributeValue } from '@aws-sdk/client-dynamodb';
import { type WireItem } from './items.ts';

/** How many bytes DynamoDB charges for an item. */
export function itemBytes(item: WireItem): number {
  return Object.entries(item).reduce((sum, [name, value]) => sum + textBytes(name) + valueBytes(value), 0);
}

function textBytes(text: string): number {
  return Buffer.byteLength(text, 'utf8');
}

/** A list or a map takes three bytes, and one more for each of its elements. */
const CONTAINER = 3;

function valueBytes(value: AttributeValue): number {
  if (value.S !== undefined) {
    return textBytes(value.S);
  }
  if (value.N !== undefined) {
    return numberBytes(value.N);
  }
  if (value.SS !== undefined) {
    return value.SS.reduce((sum, text) => sum + textBytes(text), 0);
  }
  if (value.L !== undefined) {
    return value.L.reduce((sum, element) => sum + 1 + valueBytes(element), CONTAINER);
  }
  if (value.M !== undefined) {
    return CONTAINER + Object.keys(value.M).length + itemBytes(value.M);
  }
  // True, false and null.
  return 1;
}

/** A byte for two digits, leading and trailing zeros left out, and one more. */
function numberBytes(text: string): number {
  const digits = text.replace(/[-.]/g, '').replace(/^0+|0+$/g, '');
  return Math.ceil(digits.length / 2) + 1;
}
