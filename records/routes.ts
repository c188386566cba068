import { readLimitsOf } from "../extensions/api/config.ts";
import type { Route } from "../extensions/api/http/route.ts";
import type { Services } from "../extensions/api/routes.ts";
import { abRoutes } from "./ab/routes.ts";
import { AbTests } from "./ab/tests.ts";
import { completionRoutes } from "./completions/routes.ts";
import { Datasets } from "./datasets/datasets.ts";
import { ParquetReader } from "./datasets/parquet.ts";
import { datasetRoutes } from "./datasets/routes.ts";
import { DatasetVersions } from "./datasets/versions.ts";
import { Evals } from "./evals/evals.ts";
import { Results } from "./evals/results.ts";
import { evalRoutes } from "./evals/routes.ts";
import { Scorers } from "./evals/scorers.ts";
import { Experiments } from "./experiments/experiments.ts";
import { experimentRoutes } from "./experiments/routes.ts";
import { FeedbackBook } from "./feedback/feedback.ts";
import { Resolver } from "./feedback/resolve.ts";
import { feedbackRoutes } from "./feedback/routes.ts";
import { evaluationRoutes } from "./judges/evaluation-routes.ts";
import { Evaluations } from "./judges/evaluations.ts";
import { Judges } from "./judges/judges.ts";
import { manageRoutes } from "./judges/manage-routes.ts";
import { organizationRoutes } from "./organizations/routes.ts";
import { gatewayRoutes } from "./prompts/gateway.ts";
import { Prompts } from "./prompts/prompts.ts";
import { promptRoutes } from "./prompts/routes.ts";
import { PromptVersions } from "./prompts/versions.ts";
import { Records } from "./store/records.ts";

/** Routes of what is stored besides telemetry: prompts, feedback, judges, datasets, experiments, A/B tests. */
export function recordRoutes({ store, reader, config, logger }: Services): readonly Route[] {
  const records = new Records(store, reader, config.records);
  const prompts = new Prompts(records);
  const versions = new PromptVersions(records, logger);
  const judges = new Judges(records, prompts, versions);
  const evaluations = new Evaluations(records);
  const feedback = new FeedbackBook(records, new Resolver(records, prompts, versions), judges, evaluations);
  const datasets = new Datasets(records);
  const datasetVersions = new DatasetVersions(records);
  const parquet = new ParquetReader(store, readLimitsOf(config), config.datasets);
  const evals = new Evals(records, datasets, datasetVersions);
  const results = new Results(records, evals);
  return [
    ...promptRoutes({ records, prompts, versions }),
    ...completionRoutes({ records, prompts }),
    ...gatewayRoutes,
    ...feedbackRoutes({ records, judges, feedback }),
    ...manageRoutes({ judges, evaluations, prompts }),
    ...evaluationRoutes({ judges, evaluations, prompts, records }),
    ...organizationRoutes,
    ...datasetRoutes({ datasets, versions: datasetVersions, parquet, limits: config.datasets }),
    ...experimentRoutes(new Experiments(records, datasetVersions)),
    ...evalRoutes({ evals, results, scorers: new Scorers(records, evals, results), limits: config.records }),
    ...abRoutes(new AbTests(records)),
  ];
}
