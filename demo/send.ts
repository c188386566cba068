import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { DemoError } from "./options.ts";
import { type PlannedTrace, type ServiceName, services } from "./plan.ts";
import { Random } from "./random.ts";
import { Recorder, StepError } from "./recorder.ts";

/** Traces told between two waits for the server, so that no span is dropped by a full queue of the SDK. */
const tracesAtATime = 50;

/** Attribute of the resource that tells the spans of one run from those of another. */
export const runAttribute = "demo.run.id";

/**
 * Fails early when nothing listens.
 *
 * @throws {DemoError} that says how to start a Signalbox
 */
export async function assertListening(endpoint: string): Promise<void> {
  const request = { method: "POST", headers: { "content-type": "application/json" }, body: "{}" };
  const answer = await fetch(`${endpoint}/v1/traces`, { ...request, signal: AbortSignal.timeout(10_000) }).catch(
    (error: unknown) => {
      throw new DemoError(
        `no Signalbox answers at ${endpoint}: start one in another terminal with "npm start", ` +
          "or say where one listens with --endpoint",
        { cause: error },
      );
    },
  );
  await answer.body?.cancel();
  if (!answer.ok) throw new DemoError(`${endpoint} does not take traces: it answers with status ${answer.status}`);
}

/**
 * Sends `traces` with the OpenTelemetry SDK, one tracer provider a service, as applications do.
 *
 * @param onProgress told how many traces the server has acknowledged
 * @returns how many spans were sent
 * @throws {DemoError} the server did not take them
 */
export async function sendTraces(
  endpoint: string,
  runId: string,
  seed: number,
  traces: readonly PlannedTrace[],
  onProgress: (sent: number) => void,
): Promise<number> {
  const providers = new Map(services.map((service) => [service, providerOf(endpoint, service, runId)]));
  const random = new Random(seed + 1);
  let spans = 0;
  try {
    for (const [i, planned] of traces.entries()) {
      tell(providers.get(planned.service)!, planned, random, () => spans++);
      if ((i + 1) % tracesAtATime !== 0 && i + 1 < traces.length) continue;
      await Promise.all([...providers.values()].map((provider) => provider.forceFlush()));
      onProgress(i + 1);
    }
  } catch (error) {
    throw new DemoError(`${endpoint} did not take the spans: ${reasonOf(error)}`, { cause: error });
  } finally {
    await Promise.allSettled([...providers.values()].map((provider) => provider.shutdown()));
  }
  return spans;
}

function providerOf(endpoint: string, service: ServiceName, runId: string): NodeTracerProvider {
  const exporter = new OTLPTraceExporter({ url: `${endpoint}/v1/traces`, timeoutMillis: 30_000 });
  return new NodeTracerProvider({
    resource: resourceFromAttributes({
      "service.name": service,
      "service.version": "1.4.2",
      "service.namespace": "demo",
      "deployment.environment.name": "demo",
      [runAttribute]: runId,
    }),
    spanProcessors: [new BatchSpanProcessor(exporter, { maxQueueSize: 100_000, maxExportBatchSize: 2_048 })],
  });
}

function tell(provider: NodeTracerProvider, planned: PlannedTrace, random: Random, onSpan: () => void): void {
  const recorder = new Recorder(provider.getTracer(planned.scope, "1.0.0"), planned.startMs, onSpan);
  const conversation = {
    "session.id": planned.sessionId,
    "gen_ai.conversation.id": planned.sessionId,
    "user.id": planned.userId,
  };
  try {
    planned.tell({ recorder, random, conversation });
  } catch (error) {
    // The story told of a fault, which its spans show.
    if (!(error instanceof StepError)) throw error;
  }
}

function reasonOf(error: unknown): string {
  const [first] = Array.isArray(error) ? (error as unknown[]) : [error];
  return first instanceof Error ? first.message : String(first);
}
