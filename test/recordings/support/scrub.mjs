import { homedir, hostname, userInfo } from "node:os";

/** Attributes of the resource that tell of the machine and not of the call. */
const machineAttribute = /^(host|process|os)\./;

/**
 * Takes the machine out of a request: attributes of the resource about host, process and operating system, and in every
 * text the folder that was recorded in, the home folder, host and user names. Nothing else is changed.
 */
export function scrub(request, folder) {
  const replacements = [
    [new RegExp(`(file://)?${escaped(folder)}`, "g"), "/app"],
    [/unknown_service:[^"\s]*/g, "unknown_service:node"],
  ];
  if (homedir().length > 1) replacements.push([new RegExp(`${escaped(homedir())}(?=/)`, "g"), "/home/user"]);
  replacements.push([new RegExp(`\\b${escaped(hostname())}\\b`, "g"), "host"]);
  if (userInfo().username !== "root")
    replacements.push([new RegExp(`\\b${escaped(userInfo().username)}\\b`, "g"), "user"]);
  const cleaned = mapTexts(request, (text) => replacements.reduce((all, [from, to]) => all.replace(from, to), text));
  for (const { resource } of [...(cleaned.resourceSpans ?? []), ...(cleaned.resourceLogs ?? [])]) {
    if (resource?.attributes)
      resource.attributes = resource.attributes.filter(({ key }) => !machineAttribute.test(key));
  }
  return cleaned;
}

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

function mapTexts(value, change) {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, change));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, mapTexts(inner, change)]));
}
