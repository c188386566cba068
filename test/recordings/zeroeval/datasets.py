"""Datasets and evals of the Python SDK from release 0.10 on: push, pull, rows, scorers, repetitions, resuming."""

import os

import zeroeval as ze
from zeroeval.core.execution import ExecutionConfig, ResumeConfig, RetryPolicy

ze.init(api_key=os.environ["ZEROEVAL_API_KEY"], api_url=os.environ["ZEROEVAL_API_URL"], service_name="recorder")


def same(what, got, expected):
    if got != expected:
        raise SystemExit(f"{what}: {got!r} instead of {expected!r}")


ROWS = [
    {"question": "France?", "answer": "Paris", "rank": 1, "share": 0.5, "capital": True, "tags": ["a", "b"], "at": {"x": 1}},
    {"question": "Spain?", "answer": "Madrid", "rank": 2, "share": 1.5, "capital": False, "tags": ["c"], "at": {"x": 2}},
    {"question": "Peru?", "answer": "Lima", "rank": None, "share": None, "capital": None, "tags": [], "at": {"x": None}},
]


def without_id(row):
    return {key: value for key, value in row.items() if key != "row_id"}


dataset = ze.Dataset("capitals-of-countries", data=ROWS, description="Capitals")
dataset.push()
same("version", dataset.version_number, 1)
same("rows", [without_id(row) for row in dataset], ROWS)
dataset.push()
same("second version", dataset.version_number, 2)
pulled = ze.Dataset.pull("capitals-of-countries")
same("pulled", [without_id(row) for row in pulled], ROWS)
same("ids stay", [row["row_id"] for row in pulled], [row["row_id"] for row in dataset])
first = ze.Dataset.pull("capitals-of-countries", version_number=1)
same("first version", (first.version_number, len(first)), (1, 3))
try:
    ze.Dataset.pull("absent")
    raise SystemExit("an absent dataset was found")
except ValueError as error:
    print("absent ->", error)
empty = ze.Dataset("nothing", data=[])
empty.push()
same("empty", len(ze.Dataset.pull("nothing")), 0)

broken = {"Peru?"}


@ze.task(outputs=["prediction"])
def solve(row):
    if row["question"] in broken:
        raise ValueError("no idea")
    return {"prediction": row["answer"]}


@ze.evaluation(mode="row", outputs=["exact"], output_formats={"exact": "percentage"})
def exact(row):
    return {"exact": int(row.get("prediction") == row["answer"])}


@ze.evaluation(mode="column", outputs=["accuracy"])
def accuracy(rows):
    return {"accuracy": sum(row.get("prediction") == row["answer"] for row in rows) / len(rows)}


@ze.evaluation(mode="run", outputs=["best"])
def best(runs):
    return {"best": max(run.metrics.get("accuracy", 0) for run in runs)}


once = ExecutionConfig(workers=1, retry=RetryPolicy(max_attempts=1))
run = pulled.eval(solve, execution=once, parameters={"temperature": 0})
same("health", (run.health["success_count"], run.health["error_count"]), (2, 1))
run.score([exact, accuracy])
broken.clear()
again = run.resume(retry_errors=True, resume=ResumeConfig(mode="force"))
same("resumed", (again.health["skipped_count"], again.health["success_count"]), (2, 1))
same("hydrated", [row["prediction"] for row in again.rows], ["Paris", "Madrid", "Lima"])
again.score([exact, accuracy])
same("scored again", again.rows[2]["exact"], 1)
same("accuracy", again.metrics["accuracy"], 1.0)


@ze.evaluation(mode="row", outputs=["exact"], name="exact")
def renamed(row):
    return {"exact": int(row.get("prediction") == row["answer"])}


again.score([renamed])
runs = again.repeat(2)
runs.eval([best])
ze.tracer.flush()
print("eval", run.id)
