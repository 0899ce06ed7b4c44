// Tools as the reader writes them: JSON, an array of definitions.

export const example = '[{ "type": "function", "function": { "name": … } }]';

/** The tools of a text, none for an empty one; null when it is no array of objects in JSON. */
export function readTools(text: string): unknown[] | null {
  if (text.trim() === '') return [];
  try {
    const read: unknown = JSON.parse(text);
    const objects = Array.isArray(read) && read.every((tool) => typeof tool === 'object' && tool !== null);
    return objects ? read : null;
  } catch {
    return null;
  }
}
