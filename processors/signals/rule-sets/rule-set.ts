import type { z } from "zod";
import type { Detector } from "../detectors/detector.ts";
import type { RuleConfig } from "../rule-config.ts";
import type { Subjects } from "../sources/subjects.ts";

/** A rule that is ready to be compiled. */
export interface RuleDefinition {
  readonly rule: RuleConfig;
  /**
   * Makes what finds the signals of spans that meet `rule.when`, in place of `rule.name` and `rule.value`. What it
   * remembers over batches is made before, since rules are compiled anew when a file of rules changes.
   */
  readonly detector?: (subjects: Subjects) => Detector;
}

/** A ready-made rule. The version of its rule counts up when it finds other things than before. */
export interface RuleSet<Shape extends z.ZodRawShape> {
  /** Its name in `rule_sets:`, and the id of its rule. */
  readonly name: string;
  /** Of its parameters. */
  readonly configSchema: z.ZodObject<Shape, z.core.$strict>;
  create(config: z.output<z.ZodObject<Shape, z.core.$strict>>): RuleDefinition;
}

/** Kinds of spans that are calls of models. */
export const modelKinds = ["llm"];
/** Kinds of spans that are calls of tools. */
export const toolKinds = ["tool"];
