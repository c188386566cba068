import type { Signal } from "../pipeline/batch.ts";
import { PermanentError, StatusCode } from "../pipeline/errors.ts";
import { WireError, type WireReader } from "../pipeline/span-batch/wire.ts";

/**
 * Runs `read` over a whole request.
 *
 * @throws {PermanentError} INVALID_ARGUMENT with the position, when the bytes are no such message
 */
export function readRequest(signal: Signal, reader: WireReader, read: () => void): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    const message = `malformed ${signal} request at byte ${reader.position}: ${error.message}`;
    throw new PermanentError(message, { code: StatusCode.INVALID_ARGUMENT, cause: error });
  }
}
