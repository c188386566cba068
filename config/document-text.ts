/** What stands before the tables in `docs/configuration.md`. */
export const documentIntroduction = `# Configuration

<!-- Generated from the schemas by \`npm run docs\`. Change the schemas, not this file. -->

A configuration is YAML with the sections \`receivers\`, \`processors\`, \`exporters\`, \`extensions\` and \`service\`, as the
OpenTelemetry Collector reads it. A component stands in its section under its id, which is its type, or its type and a
name: \`otlp\`, \`clickhouse/eu\`. An id without a value takes all defaults. Only components that \`service\` names are
started; all are checked.

\`\`\`yaml
receivers:
  otlp:
    protocols:
      grpc:
      http:
exporters:
  debug:
service:
  pipelines:
    traces:
      receivers: [otlp]
      exporters: [debug]
\`\`\`

\`signalbox validate --config FILE\` finds every problem at once without starting anything, and says what has no effect;
\`signalbox print-config --config FILE\` shows what came out of all sources, without secrets. When the keys are right,
\`validate\` also reads the files that they name, such as prices, rules, certificates and passwords, and says of them what
a start would say. It listens nowhere and asks no server.

A key that Signalbox accepts without effect, and an extension or receiver of the Collector that it lacks, is a warning.
Whatever would change or lose data is a problem, and so is an unknown key.

## Sources

\`--config\` may stand several times; later sources lie on earlier ones. Maps merge key by key; lists and scalars, \`null\`
among them, replace what was there.

| source | is |
|---|---|
| \`--config FILE\`, \`--config file:FILE\` | a file; read once, at most 4 MiB |
| \`--config env:NAME\` | the YAML in an environment variable |
| \`--config 'yaml:exporters::debug::verbosity: detailed'\` | the text itself; \`::\` separates keys |
| \`--config https://HOST/FILE\` | what GET answers within 10 s, at most 4 MiB; \`http:\` too |
| \`--set exporters.debug.verbosity=detailed\` | one value, on top of all sources; \`::\` may separate keys that hold dots |

## References

| text | is replaced by |
|---|---|
| \`\${env:NAME}\`, \`\${NAME}\` | the environment variable; when it is not set, nothing, with a warning |
| \`\${env:NAME:-default}\` | the environment variable, or the default when it is not set |
| \`\${file:FILE}\` | the content of the file, without the line break at its end |
| \`\${yaml:TEXT}\`, \`\${https://HOST/FILE}\` | the text, or what GET answers |
| \`$$\` | \`$\`, so that \`$\${NAME}\` is the text \`\${NAME}\` |

A reference that is the whole value is read as YAML, so that it may stand for a number, a list or a map. A key that wants
a string gets the text as it is: \`0123\`, \`1e5\` and \`true\` stay what they are. Inside a longer text a reference must
stand for a string, a number or a boolean. What a reference stands for may hold references again, and \`$$\` means \`$\`
there too. \`$NAME\` without braces is left alone, with a warning when there is
such a variable.

## Durations and sizes

A duration is a number with a unit, \`ns\`, \`us\`, \`ms\`, \`s\`, \`m\` or \`h\`, or several of them: \`200ms\`, \`1.5h\`, \`1m30s\`.
A number without a unit counts nanoseconds, as in the Collector.

A size is a number of bytes, or a number with a unit: \`512B\`, \`64MiB\` (1024 x 1024 bytes each), \`10MB\` (1,000,000 bytes
each).
`;
