/** JSON with an attribute to a line, so that a recording can be read and a change of it reviewed. */
export function pretty(value, indent = "") {
  const flat = JSON.stringify(value);
  if (typeof value !== "object" || value === null) return flat;
  if (isLeaf(value) || flat.length + indent.length <= 100) return flat;
  const deeper = `${indent}  `;
  const isList = Array.isArray(value);
  const lines = isList
    ? value.map((item) => deeper + pretty(item, deeper))
    : Object.entries(value).map(([key, inner]) => `${deeper}${JSON.stringify(key)}: ${pretty(inner, deeper)}`);
  const [open, close] = isList ? "[]" : "{}";
  return `${open}\n${lines.join(",\n")}\n${indent}${close}`;
}

const isLeaf = (value) => "key" in value && "value" in value;
