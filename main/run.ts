import type { Logger } from "pino";
import { loadConfig } from "../config/load.ts";
import type { LoadedConfig } from "../config/validate.ts";
import { loadComponents } from "../pipeline/components.ts";
import { messageOf } from "../pipeline/errors.ts";
import { createLogger } from "../telemetry/logger.ts";
import { startTelemetry, type Telemetry } from "../telemetry/metrics.ts";
import type { RunOptions } from "./options.ts";
import { Service } from "./service.ts";
import { Signals } from "./signals.ts";
import { packageVersion } from "./version.ts";

/**
 * Runs the pipelines until SIGTERM or SIGINT; SIGHUP reads the configuration again. Resolves after an orderly shutdown.
 *
 * @throws {ConfigError} the configuration has problems; nothing was started
 * @throws {Error} a component did not start, or could not go on
 */
export async function run(options: RunOptions): Promise<void> {
  const load = (): Promise<LoadedConfig> => loadConfig(options.configs, options.sets, loadComponents);
  const config = await load();
  const logger = createLogger(config.service.telemetry.logs);
  const { metrics, resource } = config.service.telemetry;
  const telemetry = await startTelemetry(metrics, { "service.version": packageVersion(), ...texts(resource) }, logger);
  const signals = new Signals();
  const service = new Service({ logger, meter: telemetry.meter, onFatal: (error) => signals.fatal(error) });
  try {
    warn(logger, config);
    await service.start(config);
    announce(logger, service, telemetry);
    await serve(service, signals, load, logger);
  } finally {
    logger.info("stopping: draining what is on its way");
    await service.shutdown();
    await telemetry.shutdown();
    signals.close();
    logger.info("stopped");
  }
}

/** Waits for signals; returns at the one that ends the process. */
async function serve(
  service: Service,
  signals: Signals,
  load: () => Promise<LoadedConfig>,
  logger: Logger,
): Promise<void> {
  for (;;) {
    if ((await signals.next()) === "stop") return;
    await reload(service, load, logger);
  }
}

async function reload(service: Service, load: () => Promise<LoadedConfig>, logger: Logger): Promise<void> {
  logger.info("reloading the configuration");
  try {
    const config = await load();
    warn(logger, config);
    await service.reload(config);
    logger.info("reloaded; changes under service.telemetry take effect at the next start");
  } catch (error) {
    logger.error({ err: error }, `reload failed, the former configuration goes on: ${messageOf(error)}`);
  }
}

function warn(logger: Logger, config: LoadedConfig): void {
  for (const warning of config.warnings) logger.warn(warning);
}

function announce(logger: Logger, service: Service, telemetry: Telemetry): void {
  logger.info(`signalbox ${packageVersion()} is ready`);
  for (const line of service.describe()) logger.info(line);
  for (const address of telemetry.prometheusAddresses) logger.info(`metrics: http://${address}/metrics`);
}

function texts(attributes: Readonly<Record<string, string | number | boolean | null>>): Record<string, string | null> {
  return Object.fromEntries(
    Object.entries(attributes).map(([key, value]) => [key, value === null ? null : String(value)]),
  );
}
